package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// exactly is one argument of that name.
func exactly(name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return fmt.Errorf("%s is missing", name)
		case len(args) > 1:
			return fmt.Errorf("only one %s can be named at a time; %q is too much", name, args[1])
		case args[0] == "":
			return fmt.Errorf("%s is empty", name)
		}
		return nil
	}
}

// atLeast wants one argument of that name, or more.
func atLeast(name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("%s is missing", name)
		}
		return nil
	}
}

// atMost is one argument of that name, or none.
func atMost(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return exactly(name)(cmd, args)
	}
}

// stated refuses those of the flags that were given without a value, as by a
// script whose variable is empty: what is not named means any, which is the last
// thing that somebody means who names something.
func stated(cmd *cobra.Command, flags ...string) error {
	for _, name := range flags {
		if value, err := cmd.Flags().GetString(name); err != nil || value == "" && cmd.Flags().Changed(name) {
			return errors.Join(err, badUsage(cmd, "--%s is empty; leave it out if it does not matter", name))
		}
	}
	return nil
}

// changed makes a change and says what has become of it.
func changed(cmd *cobra.Command, o *options, s *session, setting toll.Setting) error {
	var before []toll.Lease
	if setting.Lock != nil {
		var err error
		if before, err = s.Live(cmd.Context()); err != nil {
			return err
		}
	}
	done, err := s.Change(cmd.Context(), setting)
	if err != nil {
		return err
	}
	if o.json {
		return printJSON(cmd.OutOrStdout(), done)
	}
	text, err := aboutChange(cmd, s, done, before)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), clean(text))
	return err
}

// aboutChange is the sentence for a change that was made, when these calls were
// live.
func aboutChange(cmd *cobra.Command, s *session, done toll.Setting, before []toll.Lease) (string, error) {
	if done.PIN != nil {
		return fmt.Sprintf("the PIN of %s is %s", done.PIN.Caller, map[bool]string{false: "set", true: "cleared"}[done.Removed]), nil
	}
	if done.Lock == nil {
		if done.Removed {
			return fmt.Sprintf("%s %s is removed", done.Kind(), done.ID()), nil
		}
		return fmt.Sprintf("%s %s stands", done.Kind(), done.ID()), nil
	}
	if done.Removed {
		return subjectOf(*done.Lock) + " is released", nil
	}
	text := subjectOf(*done.Lock) + " is locked until it is released"
	if !done.Lock.Until.IsZero() {
		text = subjectOf(*done.Lock) + " is locked until " + s.show(done.Lock.Until)
	}
	after, err := s.Live(cmd.Context())
	if err != nil {
		return "", err
	}
	cut := countCut(*done.Lock, before, after)
	status, err := s.Status(cmd.Context())
	if err != nil {
		return "", err
	}
	if !status.Process.Daemon {
		text += "; no daemon runs, so nobody asks for the lock until it is started: the failure policy answers"
		if cut > 0 {
			text += fmt.Sprintf(", and %d live calls go on until their timers end them", cut)
		}
		return text, nil
	}
	if cut > 0 {
		text += fmt.Sprintf("; live calls that end now: %d", cut)
	}
	return text, nil
}

// countCut is how many live calls the lock ended. Those that are still there
// say so themselves; a cut takes milliseconds, so one that was live before and
// is gone was ended too, if the lock is about it.
func countCut(lock toll.Lock, before, after []toll.Lease) int {
	n := 0
	there := make(map[string]bool, len(after))
	for i := range after {
		there[after[i].ID] = true
		if after[i].Cut == toll.ReasonLocked && after[i].By == lock.ID() {
			n++
		}
	}
	for i := range before {
		l := &before[i]
		subject, known := lock.Scope.Subject(l.Question(toll.Review))
		if !there[l.ID] && known && subject == lock.Subject && l.Cut == "" && l.To.Class != toll.Emergency {
			n++
		}
	}
	return n
}

// list prints the settings of one kind, a row each.
func (p program) list(cmd *cobra.Command, o *options, kind string, head []string, row func(*session, toll.Setting) []string) error {
	return p.with(cmd.Context(), o, func(s *session) error {
		settings, err := settingsOf(cmd, s, kind)
		if err != nil {
			return err
		}
		if o.json {
			return printJSON(cmd.OutOrStdout(), settings)
		}
		if len(settings) == 0 {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "there is no %s\n", kind)
			return err
		}
		rows := [][]string{head}
		for _, setting := range settings {
			rows = append(rows, row(s, setting))
		}
		return table(cmd.OutOrStdout(), rows)
	})
}

// settingsOf are the settings of one kind; an empty list where there is none.
func settingsOf(cmd *cobra.Command, s admin.Service, kind string) ([]toll.Setting, error) {
	all, err := s.Settings(cmd.Context())
	if err != nil {
		return nil, err
	}
	settings := []toll.Setting{}
	for _, setting := range all {
		if setting.Kind() == kind {
			settings = append(settings, setting)
		}
	}
	return settings, nil
}
