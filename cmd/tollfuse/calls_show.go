package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) callsShowCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "show LEASE",
		Short: "Tell the story of one call",
		Long: withExits(`Tell what became of a call, in order: when it was asked for, what it was granted
and reserved, when it was dialled, answered and renewed, why it was cut, when it
ended and what it cost. Of a call that lies more than a month back only its end is
kept. calls live and calls history show the leases.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example:           "  tollfuse calls show 2-1f\n  tollfuse calls show 2-1f --json",
		Args:              exactly("LEASE"),
		ValidArgsFunction: o.complete(liveLeases),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd.Context(), o, func(s *session) error {
				life, err := s.Call(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(cmd.OutOrStdout(), life)
				}
				return printStory(cmd.OutOrStdout(), s, life)
			})
		},
	}
}

// chapter is one line of the story of a call.
type chapter struct {
	at   time.Time
	text string
	tone tone
}

func printStory(w io.Writer, s *session, life []toll.Entry) error {
	if len(life) == 0 {
		return fmt.Errorf("the call has no story")
	}
	l := &life[len(life)-1].Lease
	head := [][]string{
		{"call", fmt.Sprintf("%s: %s to %s", l.ID, l.Caller, l.To.Number())},
		{"to", whereOf(l.To)},
		{"on", l.Key.PBX},
		{"price", priceOf(s, l.Price)},
	}
	if l.Trunk != "" {
		head[2][1] += ", by trunk " + l.Trunk
	}
	if l.Caller.Group != "" {
		head[0][1] += ", group " + l.Caller.Group
	}
	if err := table(w, head); err != nil {
		return err
	}
	rows := [][]string{{""}}
	tones := []tone{plainTone}
	var before toll.Lease
	for i := range life {
		for _, c := range chapters(s, &before, &life[i], i == 0) {
			rows, tones = append(rows, []string{s.show(c.at), c.text}), append(tones, c.tone)
		}
		before = life[i].Lease
	}
	if l.Live() {
		rows, tones = append(rows, []string{s.show(s.status.At), "the call goes on"}), append(tones, plainTone)
	}
	return toned(w, rows, func(row, column int) tone {
		if column == 1 {
			return tones[row]
		}
		return plainTone
	})
}

// priceOf is what a minute costs, and how it is billed where that is not by the
// second.
func priceOf(s *session, p toll.Price) string {
	text := s.money(p.PerMinute) + " a minute"
	if p.Connect > 0 {
		text += ", " + s.money(p.Connect) + " as soon as it is answered"
	}
	if p.Minimum > time.Second || p.Increment > time.Second {
		text += ", billed " + billed(p)
	}
	if p.Free > 0 {
		text += ", " + toll.SayLength(p.Free) + " free"
	}
	if p.Assumed {
		text += ", assumed"
	}
	return text
}

// assumed says that the amount before it rests on an assumed price.
func assumed(l *toll.Lease) string {
	if l.Price.Assumed {
		return " at the assumed price"
	}
	return ""
}

// chapters are what one entry adds to the story, given how the lease stood
// before it.
func chapters(s *session, before *toll.Lease, e *toll.Entry, first bool) []chapter {
	l := &e.Lease
	switch e.Kind {
	case toll.EntryGranted:
		return []chapter{{e.At, "asked for and granted: " + because(l.Why, l.By) + wouldBe(l) + "; " + granted(s, l), plainTone}}
	case toll.EntryAdopted:
		return []chapter{{e.At, "found on the trunk: " + because(l.Why, l.By) + wouldBe(l) + "; " + granted(s, l), warnTone}}
	case toll.EntryRenewed:
		return []chapter{{e.At, "renewed: " + granted(s, l), plainTone}}
	case toll.EntryShadow:
		return []chapter{{e.At, "would have been cut: " + because(l.Denied, l.By) + "; it only observes, so the call goes on", warnTone}}
	case toll.EntryCutting:
		return []chapter{{e.At, "cut: " + because(l.Cut, l.By), badTone}}
	case toll.EntryEnded:
		told := answered(before, l, first)
		text := "ended: " + string(l.Why) + "; talked " + talk(l.Talked) + ", cost " + s.cost(l.Cost) + assumed(l)
		if first && l.Cut != "" {
			text += ", was cut: " + because(l.Cut, l.By)
		} else if first {
			text += wouldBe(l)
		}
		return append(told, chapter{later(l.Ended, e.At), text, plainTone})
	}
	return changes(s, before, e, first)
}

// changes are what an entry says that only notes how things stand.
func changes(s *session, before *toll.Lease, e *toll.Entry, first bool) []chapter {
	l := &e.Lease
	var told []chapter
	if l.Leg != "" && before.Leg == "" {
		text := "dialled"
		if l.Trunk != "" {
			text += " by trunk " + l.Trunk
		}
		told = append(told, chapter{e.At, text, plainTone})
	}
	told = append(told, answered(before, l, first)...)
	if !first && l.Price != before.Price {
		told = append(told, chapter{e.At, "costs " + priceOf(s, l.Price) + " from here on", plainTone})
	}
	if !first && l.Timer != before.Timer {
		told = append(told, chapter{e.At, "its timer was set to end it " + toll.SayLength(l.Timer) + " after the answer", plainTone})
	}
	if len(told) == 0 && !first {
		told = append(told, chapter{e.At, "looked at again; " + granted(s, l), plainTone})
	}
	return told
}

// answered tells of the answer, if it is news.
func answered(before, l *toll.Lease, first bool) []chapter {
	if l.Answered.IsZero() || !first && !before.Answered.IsZero() {
		return nil
	}
	return []chapter{{l.Answered, "answered", plainTone}}
}

// granted is for how long a call may talk, and what is reserved for it.
func granted(s *session, l *toll.Lease) string {
	text := "may talk for " + toll.SayLength(l.Covered) + " in all, " + s.cost(l.Reserved) + " reserved" + assumed(l)
	if l.Timer > l.Covered {
		text += ", its timer ends it after " + toll.SayLength(l.Timer)
	}
	return text
}

// wouldBe is what would have become of a call if anything were enforced.
func wouldBe(l *toll.Lease) string {
	if l.Denied == "" {
		return ""
	}
	return wouldHave(l) + string(l.Denied)
}

// later is the first of two times, or the second where there is no first.
func later(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t
}
