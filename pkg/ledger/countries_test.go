package ledger

import (
	"log/slog"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func countries(m toll.Measure, s toll.Scope, act int64) toll.Limit {
	return toll.Limit{ID: string(m) + "-" + string(s), Meter: toll.Meter{Measure: m, Scope: s, Window: 7 * 24 * time.Hour}, Act: act}
}

// Who has called two new countries this week calls no third, but goes on calling
// those, and what others have called before is new to him all the same.
func TestLimitOnNewCountries(t *testing.T) {
	limit := countries(toll.NewCountries, toll.PerCaller, 2)
	d := newDesk(t, limit)
	d.allowed(to("GB", id(1), "1002"))
	d.hangUp(d.allowed(to("GB", id(2), "1001")))
	d.allowed(to("FR", id(3), "1001"))
	d.allowed(to("GB", id(4), "1001"))
	d.wantUsage(limit, to("DE", id(5), "1001"), 2, 0)
	refused := to("DE", id(5), "1001")
	for range 3 {
		if v := d.ask(refused); v.Allow || v.By != limit.ID {
			t.Fatalf("a third country: %+v", v.Judgement)
		}
	}
	d.wantUsage(limit, refused, 2, 0)
	d.allowed(to("FR", id(6), "1001"))
	d.allowed(to("DE", id(7), "1002")) // others call it
	refused.Purpose = toll.Explain
	if v := d.ask(refused); v.Allow || v.Figures[len(v.Figures)-1].Need != 1 {
		t.Errorf("explained: %+v", v.Judgement)
	}
	d.now = start.Add(8 * 24 * time.Hour)
	d.allowed(to("DE", id(8), "1001"))
	d.wantUsage(limit, to("GB", id(9), "1001"), 1, 0) // GB is not new again
	d.allowed(to("GB", id(9), "1001"))
	d.wantUsage(limit, to("GB", id(10), "1001"), 1, 0)
}

// A call counts once, whatever becomes of its lease on its way.
func TestCountryOfAChangingLease(t *testing.T) {
	site, trunk := countries(toll.Countries, toll.PerSite, 5), countries(toll.NewCountries, toll.PerTrunk, 5)
	d := newDesk(t, site, trunk)
	q := to("GB", id(1), "1001")
	first := d.allowed(q)
	q.Trunk = "second"
	l := d.allowed(q)
	if l.ID != first.ID {
		t.Fatal("another lease")
	}
	d.wantUsage(trunk, q, 1, 0)
	by := q
	by.Trunk = "carrier"
	d.wantUsage(trunk, by, 0, 0) // it left by another
	d.talk(l)
	d.pass(20 * time.Minute)
	d.wantUsage(site, q, 1, 0)
	d.hangUp(l)
	d.wantUsage(site, q, 1, 0)
	d.wantUsage(trunk, q, 1, 0)
	d.now = start.Add(8 * 24 * time.Hour)
	d.book.Tick(d.now)
	d.wantUsage(site, q, 0, 0)
}

// No country but those that were called before: what the owner freezes.
func TestNoNewCountries(t *testing.T) {
	limit := countries(toll.NewCountries, toll.PerSite, 0)
	d := newDesk(t)
	d.allowed(to("GB", id(1), "1001"))
	if _, err := d.book.Change(d.now, toll.Setting{Limit: &limit}); err != nil {
		t.Fatal(err)
	}
	d.allowed(to("GB", id(2), "1002"))
	if v := d.ask(to("FR", id(3), "1001")); v.Allow || v.By != limit.ID {
		t.Errorf("a new one: %+v", v.Judgement)
	}
}

// The owner is told once of who tries out countries, and nothing is refused.
func TestNewCountriesAlert(t *testing.T) {
	limit := countries(toll.NewCountries, toll.PerCaller, 2)
	limit.Do = []toll.Action{toll.Alert}
	d := newDesk(t, limit)
	told := 0
	for n, country := range []string{"GB", "FR", "GB", "DE", "IT"} {
		d.allowed(to(country, id(n), "1001"))
		d.now = d.now.Add(time.Minute)
		_, entries := d.book.Tick(d.now)
		for _, e := range entries {
			if e.Kind == toll.EntryIncident && e.Incident.Kind == toll.LimitReached {
				told++
			}
		}
		if want := n >= 3; (told > 0) != want {
			t.Fatalf("after %d calls told %d times", n+1, told)
		}
	}
}

// A restart gives the same figures, also when the log is gone of the call that
// made a country known.
func TestRestartKeepsFiguresOfCountries(t *testing.T) {
	all, fresh := countries(toll.Countries, toll.PerCaller, 9), countries(toll.NewCountries, toll.PerSite, 9)
	s := &shelf{}
	l, stop := open(t, s, all, fresh)
	for n, q := range []toll.Question{to("GB", id(1), "1001"), to("FR", id(2), "1001"), to("GB", id(3), "1002"), to("GB", id(4), "1001")} {
		if v, err := decide(t, l, q); err != nil || !v.Allow {
			t.Fatalf("call %d: %+v, %v", n, v, err)
		}
	}
	stop()
	again, err := Open(t.Context(), s, newJudge(t, all, fresh), Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	was, is := l.decider.book, again.decider.book
	for _, limit := range []toll.Limit{all, fresh} {
		for _, q := range []toll.Question{to("GB", id(5), "1001"), to("FR", id(5), "1002"), to("DE", id(5), "1001")} {
			before, after := was.meters.Usage(is.now, limit.Meter, q), is.meters.Usage(is.now, limit.Meter, q)
			if before != after || !after.Ready || after.Value == 0 {
				t.Errorf("%s of %s by %s: %+v, and after a restart %+v", limit.ID, q.To.Country, q.Caller.ID, before, after)
			}
		}
	}
}
