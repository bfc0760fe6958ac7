package ledger

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// untilOne are opening hours that end half an hour after start.
func untilOne() toll.Setting {
	return toll.Setting{Schedule: &toll.Schedule{Name: "open", Hours: []string{"daily 00:00-01:00"}}, Revision: 1}
}

// newDeskWithHours is a desk with opening hours and limits that may name them.
func newDeskWithHours(t *testing.T, limits ...toll.Limit) *desk {
	d := newDesk(t)
	if _, err := d.book.Change(d.now, untilOne()); err != nil {
		t.Fatal(err)
	}
	for i := range limits {
		if _, err := d.book.Change(d.now, toll.Setting{Limit: &limits[i]}); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// A conversation goes on over the closing hour and is renewed, and nobody begins
// another one.
func TestClosingHourEndsNoConversation(t *testing.T) {
	closed := concurrent(0, toll.PerSite)
	closed.Meter.When = "!open"
	d := newDeskWithHours(t, closed)
	l := d.allowed(abroad(id(1), "1001"))
	d.talk(l)
	renewed := 0
	for _, o := range d.pass(45 * time.Minute) {
		switch o.Kind {
		case toll.OrderCut:
			t.Fatalf("cut at %s: %s by %s", d.now, o.Why, o.By)
		case toll.OrderTimer:
			renewed++
		}
	}
	if renewed < 3 {
		t.Errorf("renewed %d times only", renewed)
	}
	if v := d.ask(abroad(id(2), "1002")); v.Allow || v.By != closed.ID {
		t.Errorf("a call after hours: %+v", v.Judgement)
	}
	if live, _ := d.book.Lease(l.ID); live.Times != "open" || live.Cut != "" {
		t.Errorf("the lease says that it began in %q", live.Times)
	}
	d.hangUp(l)
	d.now = start.Add(24 * time.Hour)
	d.allowed(abroad(id(3), "1001"))
}

// What was spent in opening hours takes nothing from the budget of the night,
// and the night takes nothing from the day.
func TestBudgetOfTheNightIsItsOwn(t *testing.T) {
	night := budget(3*toll.Unit, toll.PerSite)
	night.Meter.When = "!open"
	d := newDeskWithHours(t, night)
	day := abroad(id(1), "1001")
	l := d.allowed(day)
	d.talk(l)
	d.pass(20 * time.Minute) // 12.00
	d.hangUp(l)
	during := abroad(id(2), "1001")
	during.Times = ""
	d.wantUsage(night, during, 0, 0)
	d.now = start.Add(time.Hour)
	l = d.allowed(abroad(id(3), "1001"))
	d.talk(l)
	cut := false
	for _, o := range d.pass(10 * time.Minute) {
		cut = cut || o.Kind == toll.OrderCut
	}
	if !cut {
		t.Error("the night spends without end")
	}
	d.hangUp(l)
	if u := d.usage(night, during); u.Value == 0 || u.Value > night.Act || u.Held != 0 {
		t.Errorf("the night's budget after it: %+v", u)
	}
}

// The same trunk again, across the closing hour, is the same call.
func TestFailoverOverTheClosingHour(t *testing.T) {
	closed := concurrent(0, toll.PerSite)
	closed.Meter.When = "!open"
	d := newDeskWithHours(t, closed)
	d.now = start.Add(30*time.Minute - time.Second)
	q := abroad(id(1), "1001")
	first := d.allowed(q)
	d.now = d.now.Add(3 * time.Second)
	q.Trunk = "second"
	if again := d.allowed(q); again.ID != first.ID || again.Times != "open" {
		t.Errorf("asked again: %+v", again)
	}
}

func TestScheduleInUseStays(t *testing.T) {
	closed := concurrent(0, toll.PerSite)
	closed.Meter.When = "!open"
	d := newDeskWithHours(t, closed)
	gone := untilOne()
	gone.Removed = true
	if _, err := d.book.Change(d.now, gone); err == nil {
		t.Error("a schedule that a limit names was taken away")
	}
	if _, err := d.book.Change(d.now, toll.Setting{Limit: &closed, Removed: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.book.Change(d.now, gone); err != nil {
		t.Error(err)
	}
}
