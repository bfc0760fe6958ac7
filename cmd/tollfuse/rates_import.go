package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) ratesImportCommand(o *options) *cobra.Command {
	var in admin.RatesImport
	var trunk string
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Make a carrier's price list the rate deck of a trunk",
		Long: withExits(`Read a carrier's price list, a text with a row for each prefix, and make it the
rate deck of a trunk in the place of the one before. FILE is - for standard input.
Delimiter, decimal mark, order of dates and the usual headings of columns are
recognized, whatever is named with a flag is taken as named: a column by its
heading or its number from 1, none for one that is not to be read.

Nothing changes while there is a row that cannot be read, unless --skip-bad leaves
such rows out. The deck before counts until the new one is whole. Live calls keep
the price they were granted at.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse rates import carrier.csv --trunk carrier --dry-run\n" +
			"  tollfuse rates import carrier.csv --trunk carrier\n" +
			"  tollfuse rates import cents.csv --trunk '*' --times 0.01 --skip-bad\n" +
			"  tollfuse rates import list.txt --trunk backup --delimiter tab --decimal , --date dmy \\\n" +
			"      --prefix-column 'Dial code' --price-column 3 --increment-column none",
		Args: exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if trunk == "" {
				return badUsage(cmd, "name the trunk with --trunk, or --trunk '*' for every trunk without a deck of its own")
			}
			if trunk != toll.EveryTrunk {
				in.Trunk = trunk
			}
			in.File = args[0]
			list, done, err := openList(cmd.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			defer done()
			if in.File == "-" {
				in.File = "standard input"
			}
			return p.with(cmd.Context(), o, func(s *session) error {
				seen := watched(list, in.File, o.errOut)
				report, err := s.ImportRates(cmd.Context(), in, seen)
				seen.done()
				if err != nil {
					return err
				}
				if o.json {
					err = printJSON(cmd.OutOrStdout(), report)
				} else {
					err = printReport(cmd.OutOrStdout(), s, in, report)
				}
				if err != nil {
					return err
				}
				return refusedFor(in, report)
			})
		},
	}
	trunkFlag(cmd, o, &trunk, "whose calls it prices; '*': those of every trunk without a deck of its own")
	f, c := cmd.Flags(), &in.Format.Columns
	f.StringVar(&c.Prefix, "prefix-column", "", "column of the prefix; several and ranges can stand in a cell")
	f.StringVar(&c.CountryCode, "country-code-column", "", "column of the country code, where the prefix is only what follows it")
	f.StringVar(&c.Description, "description-column", "", "column of the description")
	f.StringVar(&c.PerMinute, "price-column", "", "column of the price a minute")
	f.StringVar(&c.Connect, "connect-column", "", "column of the connect fee")
	f.StringVar(&c.Minimum, "minimum-column", "", "column of the least seconds that are billed")
	f.StringVar(&c.Increment, "increment-column", "", "column of the step of billing, in seconds; 60/6 is minimum and step in one")
	f.StringVar(&c.Free, "free-column", "", "column of the seconds that are free")
	f.StringVar(&c.ValidFrom, "valid-from-column", "", "column of the day from which a row counts")
	f.StringVar(&in.Format.Delimiter, "delimiter", "", "what stands between cells: one character, or tab")
	f.StringVar(&in.Format.Decimal, "decimal", "", "decimal mark: . or ,")
	f.StringVar(&in.Format.Date, "date", "", "order of dates: ymd, dmy or mdy")
	f.StringVar(&in.Format.Times, "times", "", "what prices are multiplied with: 0.01 for cents, 60 for prices a second, or an exchange rate")
	f.BoolVar(&in.Format.NoHeading, "no-heading", false, "the first row is a price; columns are named by their numbers")
	f.BoolVar(&in.SkipBad, "skip-bad", false, "leave out rows that cannot be read")
	f.BoolVar(&in.DryRun, "dry-run", false, "only say what would change")
	return cmd
}

// openList opens a price list; the function closes it.
func openList(in io.Reader, name string) (io.Reader, func(), error) {
	if name == "-" {
		return in, func() {}, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder", name)
	}
	if err != nil {
		_ = file.Close() // it was only looked at
		return nil, nil, err
	}
	return file, func() { _ = file.Close() }, nil // it was only read
}

// refusedFor is the error for a list that was not taken, or would not be.
func refusedFor(in admin.RatesImport, r admin.RatesReport) error {
	switch {
	case r.Imported, r.BadRows == 0 && in.DryRun, in.SkipBad && in.DryRun:
		return nil
	case r.BadRows == 0:
		return fmt.Errorf("nothing has changed")
	}
	return &hinted{fmt.Errorf("%s cannot be read, so nothing has changed", rowsOf(r.BadRows)), "correct the list, name its columns with flags, or leave such rows out with --skip-bad"}
}

// rowsOf counts rows.
func rowsOf(n int) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}
