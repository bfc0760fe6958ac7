package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) limitCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "limit",
		Short: "Set, remove and list limits",
		Long: withExits(`Limits bound what may be spent or done: a measure, counted for each subject of a
scope within a window, and a threshold.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse limit list\n  tollfuse limit set abroad-caller-day --act 200",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.limitSetCommand(o), p.limitListCommand(o), p.removeCommand(o, "limit", func(id string) toll.Setting {
		return toll.Setting{Limit: &toll.Limit{ID: id}}
	}))
	return cmd
}

// limitFlags are what a limit can be set to, as text.
type limitFlags struct {
	measure, scope, where, when, act, warn, comment string
	do                                              []string
	window, lockFor                                 length
	observe                                         bool
}

func (p program) limitSetCommand(o *options) *cobra.Command {
	var f limitFlags
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Set a limit, or change one",
		Long: withExits(`Set a limit. Of a limit that is there, only what is named changes. Thresholds are
an amount for the measure cost (150.00), a length for seconds (6h), a number for
the others. Live calls are judged anew at once. The measure countries counts the
different countries that were called; new-countries those of them that had never
been called before by the caller, or whose figure it is.

  measure  `+list(toll.Measures())+`
  scope    `+list(toll.Scopes())+`
  where    home, abroad, unlisted, dear, special, or a class such as intl_mobile; nothing: anywhere

What it does at its threshold, one or several. Only deny and cut refuse calls that
do not fit, and all but deny and pin tell the owner:

  deny         refuse such calls
  pin          let them go once the caller has entered his PIN; only alert can
               stand beside it
  cut          refuse them, and hang up the live calls that count in the figure
  lock_caller  lock the caller; --lock-for says for how long
  lock_range   lock the range of the number, likewise
  fuse         blow the main fuse
  alert        tell the owner, and nothing else`,
			exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse limit set abroad-caller-day --act 200 --warn 100\n" +
			"  tollfuse limit set scouts --measure new-countries --scope caller --window 7d --act 5 --do alert\n" +
			"  tollfuse limit set abroad-caller-day --do deny,lock_caller --lock-for 2h\n" +
			"  tollfuse limit set unlisted-pin --measure calls --scope site --where unlisted --window 24h --act 5 --do pin\n" +
			"  tollfuse limit set two-at-once --measure concurrent --scope caller --where abroad --act 2\n" +
			"  tollfuse limit set night --measure cost --scope site --where abroad --window 12h --when '!open' --act 5.00",
		Args:              exactly("NAME"),
		ValidArgsFunction: o.complete(settingNames("limit")),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd.Context(), o, func(s *session) error {
				limit := toll.Limit{ID: args[0]}
				settings, err := settingsOf(cmd, s, "limit")
				if err != nil {
					return err
				}
				for _, setting := range settings {
					if setting.Limit.ID == args[0] {
						limit = *setting.Limit
					}
				}
				if err := f.apply(cmd, &limit); err != nil {
					return err
				}
				return changed(cmd, o, s, toll.Setting{Limit: &limit})
			})
		},
	}
	cmd.Flags().StringVar(&f.measure, "measure", "", "what is counted")
	cmd.Flags().StringVar(&f.scope, "scope", "", "whose figure it is")
	cmd.Flags().StringVar(&f.where, "where", "", "which destinations count")
	cmd.Flags().StringVar(&f.when, "when", "", "count, and limit, only calls that begin during a schedule, such as open, or outside of it: '!open'")
	cmd.Flags().Var(&f.window, "window", "how far back it counts, such as 24h, 7d or 2w; 0 for what is live now")
	cmd.Flags().StringVar(&f.act, "act", "", "threshold at which it acts")
	cmd.Flags().StringVar(&f.warn, "warn", "", "threshold at which it warns; 0 for none")
	cmd.Flags().StringSliceVar(&f.do, "do", nil, "what it does: deny, pin, cut, lock_caller, lock_range, fuse, alert (default deny)")
	cmd.Flags().Var(&f.lockFor, "lock-for", "how long its locks last, such as 2h; 0 for until they are released")
	cmd.Flags().BoolVar(&f.observe, "observe", false, "only record what it would have done")
	cmd.Flags().StringVar(&f.comment, "comment", "", "why it is there")
	return cmd
}

// apply changes what was named on the command line, and nothing else.
func (f limitFlags) apply(cmd *cobra.Command, l *toll.Limit) error {
	given := cmd.Flags().Changed
	if l.Meter.Measure == "" && (!given("measure") || !given("scope") || !given("act")) {
		return badUsage(cmd, "there is no limit %q; a new one needs --measure, --scope and --act", l.ID)
	}
	set(given("measure"), &l.Meter.Measure, toll.Measure(f.measure))
	set(given("scope"), &l.Meter.Scope, toll.Scope(f.scope))
	set(given("where"), &l.Meter.Where, toll.Where(f.where))
	set(given("when"), &l.Meter.When, f.when)
	set(given("window"), &l.Meter.Window, time.Duration(f.window))
	set(given("observe"), &l.Observe, f.observe)
	set(given("comment"), &l.Comment, f.comment)
	if given("do") {
		l.Do = nil
		for _, action := range f.do {
			l.Do = append(l.Do, toll.Action(action))
		}
		if !l.Does(toll.LockCaller) && !l.Does(toll.LockRange) {
			l.LockFor = 0 // whoever takes the lock away means its time too
		}
	}
	set(given("lock-for"), &l.LockFor, time.Duration(f.lockFor))
	for _, threshold := range []struct {
		flag, text string
		value      *int64
	}{{"act", f.act, &l.Act}, {"warn", f.warn, &l.Warn}} {
		if !given(threshold.flag) {
			continue
		}
		v, err := toll.ParseFigure(l.Meter.Measure, threshold.text)
		if err != nil {
			return badUsage(cmd, "--%s: %v", threshold.flag, err)
		}
		*threshold.value = v
	}
	if given("act") && !given("warn") {
		l.Warn = min(l.Warn, l.Act) // a lowered threshold takes the warning with it
	}
	if l.Warn > l.Act {
		return badUsage(cmd, "it would warn at %s, after it acts at %s", figure(l, l.Warn, "0"), figure(l, l.Act, "0"))
	}
	return nil
}

func set[T any](given bool, to *T, value T) {
	if given {
		*to = value
	}
}

func (p program) limitListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the limits",
		Long:    withExits("List the limits with their thresholds, in the units of their measures.", exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse limit list\n  tollfuse limit list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.list(cmd, o, "limit", []string{"NAME", "WHAT", "WARN", "ACT", "DOES"}, func(_ *session, setting toll.Setting) []string {
				l := setting.Limit
				return []string{l.ID, l.Meter.String(), figure(l, l.Warn, "-"), figure(l, l.Act, "0"), does(l)}
			})
		},
	}
}

// figure writes a threshold for a person.
func figure(l *toll.Limit, v int64, zero string) string {
	w, known := l.Meter.Measure.Weigher()
	switch {
	case v == 0:
		return zero
	case l.Meter.Measure == toll.Seconds:
		return toll.SayLength(time.Duration(v) * time.Second)
	case !known:
		return strconv.FormatInt(v, 10)
	}
	return w.Format(v)
}

// does is what the limit does at its threshold.
func does(l *toll.Limit) string {
	text := list(l.Do)
	if len(l.Do) == 0 {
		text = string(toll.Deny)
	}
	if l.LockFor > 0 {
		text += " for " + toll.SayLength(l.LockFor)
	}
	if l.Observe {
		text += " (observes)"
	}
	return text
}

// list writes names one after the other.
func list[T ~string](all []T) string {
	names := make([]string, len(all))
	for i, v := range all {
		names[i] = string(v)
	}
	return strings.Join(names, ", ")
}
