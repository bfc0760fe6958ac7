package ledger

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// policyOf writes what stands, but for revisions and times.
func policyOf(settings []toll.Setting) string {
	var all []string
	for _, s := range settings {
		text := s.Kind() + " " + s.ID()
		if s.Limit != nil {
			text += " " + s.Limit.Meter.String() + " " + time.Duration(s.Limit.Act).String()
		}
		if s.Rule != nil {
			text += " " + s.Rule.Country
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

func country(id, code string) toll.Setting {
	return toll.Setting{Rule: &toll.Rule{ID: id, Country: code, Do: toll.Forbid}}
}

func gone(s toll.Setting) toll.Setting {
	s.Removed = true
	return s
}

func limited(l toll.Limit) toll.Setting { return toll.Setting{Limit: &l} }

// standingPolicy is a book with something to change.
func standingPolicy(t *testing.T) *desk {
	d := newDesk(t)
	lim := concurrent(10, toll.PerSite)
	if _, err := d.book.ChangeAll(d.now, []toll.Setting{
		{Schedule: &toll.Schedule{Name: "open"}}, country("a", "GB"), country("b", "FR"), limited(lim),
		{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1009"}},
	}); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestChangeAllIsAllOrNothing ends in each case with what policy refuses or
// what is not there.
func TestChangeAllIsAllOrNothing(t *testing.T) {
	for name, last := range map[string]toll.Setting{
		"refused": country("b", "UK"), "not there": gone(country("c", "FR")), "nothing": {},
	} {
		t.Run(name, func(t *testing.T) {
			d := standingPolicy(t)
			before, revision := policyOf(d.book.Settings()), d.book.Revision()
			_, err := d.book.ChangeAll(d.now, []toll.Setting{gone(country("a", "")), limited(concurrent(2, toll.PerSite)), last})
			if err == nil {
				t.Fatal("it was taken")
			}
			if after := policyOf(d.book.Settings()); after != before || d.book.Revision() != revision {
				t.Errorf("%s at revision %d, was %s at %d", after, d.book.Revision(), before, revision)
			}
		})
	}
}

// TestChangeAllAndBack changes places of rules, which no order of single
// changes does, and takes all of it back.
func TestChangeAllAndBack(t *testing.T) {
	d := standingPolicy(t)
	before := policyOf(d.book.Settings())
	c, err := d.book.ChangeAll(d.now, []toll.Setting{
		gone(country("a", "")), country("b", "GB"), country("a", "FR"), limited(budget(toll.Unit, toll.PerSite)),
		gone(limited(concurrent(0, toll.PerSite))), gone(toll.Setting{Schedule: &toll.Schedule{Name: "open"}}),
		gone(toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1009"}}), {Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1008"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = "limit budget-site cost per site in 24h 1ms; lock caller=1008; rule a FR; rule b GB"
	if after := policyOf(d.book.Settings()); after != want {
		t.Fatalf("%s, want %s", after, want)
	}
	for i, e := range c.Entries {
		if i > 0 && e.Seq <= c.Entries[i-1].Seq {
			t.Errorf("entry %d follows entry %d", e.Seq, c.Entries[i-1].Seq)
		}
	}
	if err := d.book.Undo(d.now, c); err != nil {
		t.Fatal(err)
	}
	if after := policyOf(d.book.Settings()); after != before {
		t.Errorf("%s, was %s", after, before)
	}
}

// TestUndoLeavesWhatIsNewer: a lock that somebody has set by hand while the
// change was being written is not the change's to take back.
func TestUndoLeavesWhatIsNewer(t *testing.T) {
	d := standingPolicy(t)
	lock := toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1009", Reason: "the first"}}
	c, err := d.book.ChangeAll(d.now, []toll.Setting{gone(lock), country("c", "SL")})
	if err != nil {
		t.Fatal(err)
	}
	newer := toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1009", Reason: "the second"}}
	if _, err := d.book.Change(d.now, newer); err != nil {
		t.Fatal(err)
	}
	if err := d.book.Undo(d.now, c); err != nil {
		t.Fatal(err)
	}
	for _, s := range d.book.Settings() {
		if s.Lock != nil && s.Lock.Reason != "the second" || s.ID() == "c" {
			t.Errorf("%s %s stands: %+v", s.Kind(), s.ID(), s.Lock)
		}
	}
}

// TestChangeAllReviewsOnce lets one call go on that would have ended between
// two changes, and ends the one that must.
func TestChangeAllReviewsOnce(t *testing.T) {
	d := standingPolicy(t)
	if _, err := d.book.Change(d.now, gone(country("a", ""))); err != nil {
		t.Fatal(err)
	}
	stays, ends := d.allowed(abroad(id(1), "1001")), d.allowed(abroad(id(2), "1002"))
	d.talk(stays)
	d.talk(ends)
	c, err := d.book.ChangeAll(d.now, []toll.Setting{
		country("a", "GB"), {Rule: &toll.Rule{ID: "boss", Country: "GB", Caller: "1001", Do: toll.Permit}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Orders) != 1 || c.Orders[0].Lease.ID != ends.ID {
		t.Errorf("orders %+v, want one to end %s", c.Orders, ends.ID)
	}
}

// TestFailedBatchLeavesNothing: what came with a rule is taken back with it, a
// lock too, and is not written later.
func TestFailedBatchLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		l, stop := open(t, s)
		s.set(errors.New("disk full"), nil)
		err := l.ChangeAll(t.Context(), 0, []toll.Setting{
			{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}}, country("a", "GB"), limited(concurrent(1, toll.PerSite)),
		})
		if !errors.Is(err, ErrDown) {
			t.Errorf("error %v", err)
		}
		if v, _ := l.View(t.Context()); len(v.Settings) > 0 {
			t.Errorf("there stands %s", policyOf(v.Settings))
		}
		s.set(nil, nil)
		passes(5 * time.Second)
		stop()
		if n := s.count(toll.EntrySetting); n > 0 {
			t.Errorf("%d settings were written", n)
		}
	})
}

// TestChangeAllIsForOneRevision refuses what was made for another policy.
func TestChangeAllIsForOneRevision(t *testing.T) {
	s := &shelf{}
	l, stop := open(t, s)
	defer stop()
	v, err := l.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Change(t.Context(), country("a", "GB")); err != nil {
		t.Fatal(err)
	}
	if err := l.ChangeAll(t.Context(), v.Revision, []toll.Setting{country("b", "FR")}); !errors.Is(err, ErrMeanwhile) {
		t.Errorf("error %v", err)
	}
	if err := l.ChangeAll(t.Context(), v.Revision+1, []toll.Setting{country("b", "FR"), country("c", "DE")}); err != nil {
		t.Error(err)
	}
	if v, _ = l.View(t.Context()); policyOf(v.Settings) != "rule a GB; rule b FR; rule c DE" {
		t.Errorf("there stands %s", policyOf(v.Settings))
	}
}
