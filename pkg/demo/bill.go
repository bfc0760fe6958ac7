package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/pbxsim"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// sums are what the ledger says.
type sums struct {
	calls   int             // that were answered
	legs    map[string]bool // theirs, by Uniqueid
	refused int64
	seconds int64
	cost    toll.Money
}

// ledgerSums adds the ledger up, page by page.
func ledgerSums(ctx context.Context, path string) (sums, error) {
	r, err := sqlite.OpenReadOnly(path)
	if err != nil {
		return sums{}, err
	}
	defer r.Close()
	s := sums{legs: make(map[string]bool)}
	const page = 500
	for q := (sqlite.HistoryQuery{Limit: page}); ; {
		entries, err := r.History(ctx, q)
		if err != nil {
			return sums{}, err
		}
		for _, e := range entries {
			s.add(e)
		}
		if len(entries) < page {
			return s, nil
		}
		q.Before = entries[len(entries)-1].Seq
	}
}

func (s *sums) add(e toll.Entry) {
	switch {
	case e.Kind == toll.EntryRefused:
		s.refused += max(e.Count, 1)
	case e.Kind == toll.EntryEnded && !e.Lease.Answered.IsZero(): // talked or not: one that is cut as it is answered is billed
		s.calls++
		s.legs[e.Lease.Leg] = true
		s.seconds += int64((e.Lease.Talked + time.Second - 1) / time.Second)
		s.cost += e.Lease.Cost
	}
}

// tally is what became of the calls of one side.
type tally struct {
	tried, out, refused, cut, emergency int
	billed                              int // legs that were answered
	cost                                int64
}

// tally counts the calls of the attack, or the firm's own, as Asterisk and the carrier saw them.
func (r result) tally(attack bool) tally {
	var t tally
	for _, p := range r.calls {
		if p.attack != attack {
			continue
		}
		t.tried++
		switch p.outcome.End {
		case pbxsim.EndRefused:
			t.refused++
		case pbxsim.EndCut, pbxsim.EndTimer:
			t.cut++
		}
		for _, leg := range p.outcome.Legs {
			t.out++
			if leg.Number == "911" && leg.Answered {
				t.emergency++
			}
			for _, charge := range r.bill {
				if charge.Leg == leg.Uniqueid {
					t.billed++
					t.cost += charge.Amount
				}
			}
		}
	}
	return t
}

// closing writes the bills, and where to look further.
func (s *screen) closing(r result, why admin.Explanation) error {
	own, bad := r.tally(false), r.tally(true)
	s.printf("\n%s", s.paint(bold, "What became of the calls, as Asterisk saw it"))
	s.printf("  %-24s %7s %9s %9s %7s %11s", "", "tried", "went out", "refused", "cut", "emergency")
	for _, row := range []struct {
		name string
		tally
	}{{"the firm's own", own}, {"the attack", bad}} {
		s.printf("  %-24s %7d %9d %9d %7d %11d", row.name, row.tried, row.out, row.refused, row.cut, row.emergency)
	}

	s.printf("\n%s", s.paint(bold, "The bill, as the carrier wrote it"))
	s.printf("  A minute costs 0.02 at home, 0.30 to GB and CA, 1.50 to other countries, 10.00 for premium.")
	s.line(red, "without Tollfuse", len(r.without), r.without.Seconds(), r.without.Total(), "the same calls, nobody asked")
	s.line(green, "with Tollfuse", len(r.bill), r.bill.Seconds(), r.bill.Total(), "")
	s.line(plain, "  of it the firm's own", own.billed, -1, own.cost, "")
	s.line(plain, "  of it the attack", bad.billed, -1, bad.cost, fmt.Sprintf("a day's budget is %s", cents(r.budget)))
	s.line(plain, "the ledger's own figure", r.ledger.calls, r.ledger.seconds, int64(r.ledger.cost),
		fmt.Sprintf("and %d refusals", r.ledger.refused))
	if err := s.mails(r.told); err != nil {
		return err
	}
	s.explain(why)
	return nil
}

// line writes one sum.
func (s *screen) line(c colour, name string, calls int, seconds, amount int64, note string) {
	minutes := ""
	if seconds >= 0 {
		minutes = fmt.Sprintf("%7d min", seconds*fast/60)
	}
	s.printf("%s", strings.TrimRight(fmt.Sprintf("  %-24s %5d calls %11s  %s  %s", name, calls, minutes,
		s.paint(c, fmt.Sprintf("%12s", cents(amount))), note), " "))
}

// cents writes an amount of millionths with two decimals, and its thousands apart.
func cents(millionths int64) string {
	hundredths := (millionths + 5000) / 10_000
	digits := fmt.Sprint(hundredths / 100)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return fmt.Sprintf("%s.%02d", digits, hundredths%100)
}

// explain shows the daemon's own answer to "why", and what could be typed.
func (s *screen) explain(e admin.Explanation) {
	s.printf("\n%s", s.paint(bold, "Why, and what to type: the daemon answers"))
	s.printf("  tollfuse explain --from %s --to %s", stolen, strings.Replace(e.To.E164, "+", "011", 1))
	verdict := "allowed"
	if !e.Verdict.Allow {
		verdict = "refused"
	}
	s.printf("    %s, reason %s, by %s", verdict, e.Verdict.Reason, e.Verdict.By)
	i := slices.IndexFunc(e.Verdict.Figures, func(f toll.Figure) bool { return f.Stops && f.By == e.Verdict.By })
	if i >= 0 {
		for _, line := range wrap(e.Verdict.Figures[i].Text, width-4) {
			s.printf("    %s", line)
		}
	}
	for _, h := range e.Hints {
		s.printf("    %-44s %s", h.Text+":", h.Command)
	}
	s.printf("\nNothing of this is left on the disk. For your own Asterisk begin with: %s", s.paint(bold, "tollfuse init"))
}
