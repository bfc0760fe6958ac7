package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/shell"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// numberFlags say what is classified and how it is shown.
type numberFlags struct {
	numbers []string
	classes []string
	column  int
	csv     bool
}

func (p program) numberCommand(o *options) *cobra.Command {
	var f numberFlags
	cmd := &cobra.Command{
		Use:   "number [FILE]",
		Short: "Classify a list of dialled numbers",
		Long: withExits(`Classify what was dialled, one number a line, by the number plan in the
configuration: E.164 number, country, class and range, as for a call. No daemon
and no ledger are needed, and nothing is changed.

Without FILE, or for a FILE of -, the list comes from standard input. Blanks,
dashes, dots, slashes and brackets between digits are left out, as explain does.
Blank lines are skipped, and lines that begin with # and no digit after it. Call
records are read with --column, such as those that Asterisk writes. What does not
resolve is the class unplaced: such calls are refused.

  class  `+strings.Join(wrap(list(toll.Classes()), 70), "\n         "), exitDone, exitFailed, exitUsage),
		Example: "  tollfuse number numbers.txt\n" +
			"  tollfuse number --number 0023222123456 --number 9911\n" +
			"  tollfuse number --class unplaced --column 3 /var/log/asterisk/cdr-csv/Master.csv\n" +
			"  tollfuse number --csv numbers.txt > numbers.csv",
		Args: atMost("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd, o, args); err != nil {
				return err
			}
			c, err := o.load()
			if err != nil {
				return err
			}
			resolver, err := app.Resolver(c)
			if err != nil {
				return admin.Errorf(admin.BadInput, "correct the configuration and try again", "%w", err)
			}
			shown := f.sheet(cmd.OutOrStdout(), o)
			take := func(n numbered) error {
				n.Destination = resolver.Resolve(asDialled(n.Text))
				if n.Class == toll.Unplaced {
					steps := resolver.Explain(asDialled(n.Text))
					n.Why = steps[max(0, len(steps)-2)].Text // the last one says the class
				}
				n.Text = clip(n.Text)
				return shown.take(n)
			}
			if err := f.each(cmd.InOrStdin(), args, take); err != nil {
				return err
			}
			return shown.done()
		},
	}
	cmd.Flags().StringArrayVar(&f.numbers, "number", nil, "this number, instead of a list; can stand several times")
	cmd.Flags().StringSliceVar(&f.classes, "class", nil, "show only these classes, such as unplaced,unassigned")
	cmd.Flags().IntVar(&f.column, "column", 0, "the list is comma-separated, and the number stands in this column, from 1")
	cmd.Flags().BoolVar(&f.csv, "csv", false, "print comma-separated values, with a heading")
	return cmd
}

// check says what is wrong with the command line.
func (f numberFlags) check(cmd *cobra.Command, o *options, args []string) error {
	for _, class := range f.classes {
		if !slices.Contains(toll.Classes(), toll.Class(class)) {
			return badUsage(cmd, "--class %q: want one of %s", class, list(toll.Classes()))
		}
	}
	terminal := false
	if len(args) == 0 && len(f.numbers) == 0 {
		_, terminal = terminalOf(cmd.InOrStdin())
	}
	switch {
	case f.csv && o.json:
		return badUsage(cmd, "--csv and --json exclude each other")
	case cmd.Flags().Changed("column") && f.column < 1:
		return badUsage(cmd, "--column %d: columns are counted from 1", f.column)
	case len(args) > 0 && len(f.numbers) > 0:
		return badUsage(cmd, "--number stands instead of a FILE")
	case terminal:
		return badUsage(cmd, "name a FILE with a number a line, or a number with --number")
	}
	return nil
}

// each takes each number: of the flags, of the file, or of standard input.
func (f numberFlags) each(in io.Reader, args []string, take func(numbered) error) error {
	for _, text := range f.numbers {
		if err := take(numbered{Text: text}); err != nil {
			return err
		}
	}
	switch {
	case len(f.numbers) > 0:
		return nil
	case len(args) == 0 || args[0] == "-":
		return eachNumber(in, f.column, take)
	}
	name := args[0]
	file, err := os.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && strings.Trim(asDialled(name), "+0123456789") == "":
		return &hinted{err, "classify a number itself with: tollfuse number --number " + shell.Quote(name)}
	case err != nil:
		return err
	}
	defer file.Close()
	if err := eachNumber(file, f.column, take); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// sheet is how the numbers are shown.
func (f numberFlags) sheet(w io.Writer, o *options) sheet {
	wanted := func(c toll.Class) bool { return len(f.classes) == 0 || slices.Contains(f.classes, string(c)) }
	if f.csv {
		return newValueSheet(w, wanted)
	}
	return &wholeSheet{w: w, wanted: wanted, json: o.json, column: f.column}
}
