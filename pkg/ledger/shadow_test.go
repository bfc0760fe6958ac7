package ledger

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// observed is a setting that only observes.
func observed(l toll.Limit) toll.Limit { l.Observe = true; return l }

// observing is a desk whose site only observes.
func observing(t *testing.T, limits ...toll.Limit) *desk {
	t.Helper()
	d := &desk{t: t, now: start, book: NewBook(siteJudge(t, policy.Options{Countries: []string{"GB"}, Observe: true}), Options{Epoch: 1})}
	d.book.Begin(start)
	d.book.Record(start, toll.Event{Kind: toll.LinkFound, PBX: "pbx1"})
	for i := range limits {
		d.change(toll.Setting{Limit: &limits[i]})
	}
	return d
}

func siteJudge(t *testing.T, o policy.Options) Judge {
	t.Helper()
	p, err := policy.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return judge{p}
}

func (d *desk) change(s toll.Setting) Changed {
	d.t.Helper()
	c, err := d.book.Change(d.now, s)
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

// shadows are the entries that say of a call that it would have been cut.
func shadows(entries []toll.Entry) (all []toll.Lease) {
	for _, e := range entries {
		if e.Kind == toll.EntryShadow {
			all = append(all, e.Lease)
		}
	}
	return all
}

// wantShadow wants one call of 1001's that would have been cut, for a reason, and
// the incident about it.
func (d *desk) wantShadow(entries []toll.Entry, why toll.Reason, by string) {
	d.t.Helper()
	all := shadows(entries)
	if len(all) != 1 || all[0].Denied != why || all[0].By != by || all[0].Cut != "" {
		d.t.Fatalf("would have been cut: %+v; want one, for %s by %s", all, why, by)
	}
	for _, i := range d.book.Incidents() {
		if i.Kind == toll.Attack && i.Observed && i.Caller == "1001" && i.Refused == 1 && i.Causes[0].Kind == string(why) && i.Causes[0].Name == by {
			return
		}
	}
	d.t.Fatalf("incidents: %+v", d.book.Incidents())
}

func TestObservedBudgetNotesWhenItWouldHaveEndedACall(t *testing.T) {
	limit := observed(budget(2*toll.Unit, toll.PerCaller))
	for name, d := range map[string]*desk{"the limit observes": newDesk(t, limit), "the site observes": observing(t, budget(2*toll.Unit, toll.PerCaller))} {
		t.Run(name, func(t *testing.T) {
			l := d.allowed(abroad(id(1), "1001"))
			d.talk(l)
			var orders []toll.Order
			var entries []toll.Entry
			for range 30 * 60 {
				d.now = d.now.Add(time.Second)
				o, e := d.book.Tick(d.now)
				orders, entries = append(orders, o...), append(entries, e...)
			}
			if cuts(orders) > 0 {
				t.Fatalf("orders: %+v", orders)
			}
			d.wantShadow(entries, toll.ReasonSpent, "budget-caller")
		})
	}
}

func TestObservedLimitLendsNoTime(t *testing.T) {
	d := newDesk(t, observed(concurrent(0, toll.PerCaller)), budget(10*toll.Unit, toll.PerSite))
	l := d.allowed(abroad(id(1), "1001"))
	if l.Denied != toll.ReasonLimit || l.Timer != l.Covered {
		t.Errorf("would be refused for %q; timer %s, covered %s", l.Denied, l.Timer, l.Covered)
	}
}

func TestObservedLimitTolerates(t *testing.T) {
	d := newDesk(t, observed(concurrent(0, toll.PerCaller)))
	q := abroad(id(1), "1001")
	orders, entries := d.book.Record(d.now, toll.Event{Kind: toll.LegFound, PBX: "pbx1", Channel: "leg", Found: &q, Up: true, Why: toll.ReasonUnseen})
	d.wantShadow(entries, toll.ReasonLimit, "concurrent-caller")
	if len(orders) != 1 || orders[0].Kind != toll.OrderTimer {
		t.Fatalf("orders: %+v, want the timer of any found call", orders)
	}
	shut := concurrent(0, toll.PerSite)
	if c := d.change(toll.Setting{Limit: &shut}); cuts(c.Orders) != 1 {
		t.Errorf("a limit that is enforced ends it; orders: %+v", c.Orders)
	}
}

func TestObservedLockEndsNothing(t *testing.T) {
	d := observing(t)
	l := d.allowed(abroad(id(1), "1001"))
	d.talk(l)
	lock := toll.Lock{Scope: toll.PerCaller, Subject: "1001", Since: start}
	c := d.change(toll.Setting{Lock: &lock})
	if len(c.Orders) > 0 {
		t.Fatalf("orders: %+v", c.Orders)
	}
	d.wantShadow(c.Entries, toll.ReasonLocked, lock.ID())
	forbid := toll.Rule{ID: "no-gb", Country: "GB", Do: toll.Forbid}
	if c := d.change(toll.Setting{Rule: &forbid}); len(c.Orders) > 0 || len(shadows(c.Entries)) > 0 {
		t.Errorf("the same call is noted twice: %+v", c.Entries)
	}
}

func TestObservedRuleEndsNothing(t *testing.T) {
	d := newDesk(t)
	d.talk(d.allowed(abroad(id(1), "1001")))
	forbid := toll.Rule{ID: "no-gb", Country: "GB", Do: toll.Forbid, Observe: true}
	c := d.change(toll.Setting{Rule: &forbid})
	if len(c.Orders) > 0 {
		t.Fatalf("orders: %+v", c.Orders)
	}
	d.wantShadow(c.Entries, toll.ReasonDeniedRule, "no-gb")
}

// What a limit would have done while the site observed is not done, so it does it
// when the site begins to block and the figure stands there still.
func TestSiteThatObservesNoLongerActs(t *testing.T) {
	five := fivePerMinute(toll.Deny, toll.LockCaller, toll.BlowFuse)
	five.Meter.Window = time.Hour
	d := observing(t, five)
	var kept []toll.Entry
	for n := 1; n <= 7; n++ {
		_, entries := d.book.Decide(d.now, abroad(id(n), "1001"))
		_, rung := d.book.Tick(d.now)
		kept = append(append(kept, entries...), rung...)
		d.now = d.now.Add(time.Second)
	}
	if _, locked := d.locked("1001"); locked {
		t.Fatal("a site that only observes has locked")
	}
	if _, blown := d.book.Fuse(); blown {
		t.Fatal("a site that only observes has blown the fuse")
	}

	b := NewBook(newJudge(t, five), Options{Epoch: 2})
	b.settings[settingKey{"limit", five.ID}] = toll.Setting{Limit: &five}
	for _, e := range kept {
		if err := b.Apply(e); err != nil {
			t.Fatal(err)
		}
	}
	b.Begin(d.now)
	d.book = b
	if v := d.ask(abroad(id(8), "1001")); v.Allow || v.Reason != toll.ReasonLimit {
		t.Fatalf("after the site has begun to block: %+v", v)
	}
	b.Tick(d.now)
	if _, locked := d.locked("1001"); !locked {
		t.Error("nobody is locked")
	}
	if _, blown := b.Fuse(); !blown {
		t.Error("the fuse has not blown")
	}
}

// What only observes never reaches what is enforced: a site with rules and limits
// that observe gives every call, and hangs up, what it would give without them.
func TestShadowsReachNothingThatIsEnforced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := []toll.Limit{budget(toll.Money(rapid.IntRange(1, 8).Draw(t, "budget"))*toll.Unit, toll.PerSite), concurrent(3, toll.PerCaller), fivePerMinute(toll.Deny, toll.LockCaller)}
		plain, shadowed := NewBook(newJudge(t, limits...), Options{Epoch: 1}), NewBook(newJudge(t, limits...), Options{Epoch: 1})
		both := []*Book{plain, shadowed}
		for _, b := range both {
			b.Begin(start)
			b.Record(start, toll.Event{Kind: toll.LinkFound, PBX: "pbx1"})
		}
		now, asked := start, 0
		for range rapid.IntRange(5, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 200).Draw(t, "passes")) * time.Second)
			var orders [2][]toll.Order
			one, do := rapid.IntRange(1, asked+1).Draw(t, "call"), rapid.IntRange(0, 6).Draw(t, "do")
			if do <= 2 {
				asked++
			}
			from := []string{"1001", "1002"}[one%2]
			for i, b := range both {
				o, _ := b.Tick(now)
				orders[i] = append(orders[i], o...)
				q := abroad(id(one), from)
				lease, _ := b.Find(q.Key)
				switch do {
				case 0, 1, 2:
					q = abroad(id(asked), from)
					v, _ := b.Decide(now, q)
					o = []toll.Order{{Lease: v.Lease}}
					if !v.Allow {
						o[0].Why, o[0].By = v.Reason, v.By
					}
				case 3:
					b.Record(now, toll.Event{Kind: toll.LegDialled, PBX: "pbx1", Channel: "leg" + q.Key.Uniqueid, Lease: lease.ID})
					o, _ = b.Record(now, toll.Event{Kind: toll.LegAnswered, PBX: "pbx1", Channel: "leg" + q.Key.Uniqueid})
				case 4:
					o, _ = b.Record(now, toll.Event{Kind: toll.ChannelGone, PBX: "pbx1", Channel: "leg" + q.Key.Uniqueid})
				case 5:
					o, _ = b.Record(now, toll.Event{Kind: toll.LegFound, PBX: "pbx1", Channel: "leg" + q.Key.Uniqueid, Found: &q, Up: true, Why: toll.ReasonUnseen})
				case 6:
					if b == shadowed {
						o = observeMore(t, b, now)
					} else {
						o, _ = b.Review(now) // as any change does
					}
				}
				orders[i] = append(orders[i], o...)
			}
			if a, b := seen(orders[0]), seen(orders[1]); !slices.Equal(a, b) {
				t.Fatalf("without shadows %v\nwith them %v", a, b)
			}
		}
	})
}

// observeMore adds a rule or limit to a book that only observes.
func observeMore(t *rapid.T, b *Book, now time.Time) []toll.Order {
	tight := observed(budget(toll.Unit/2, toll.PerCaller))
	tight.ID, tight.Do = "tight", []toll.Action{toll.Deny, toll.Cut, toll.LockCaller, toll.BlowFuse}
	none := observed(concurrent(0, toll.PerSite))
	s := rapid.SampledFrom([]toll.Setting{
		{Limit: &tight}, {Limit: &none},
		{Rule: &toll.Rule{ID: "no-gb", Country: "GB", Do: toll.Forbid, Observe: true}},
		{Rule: &toll.Rule{ID: "ask", Country: "GB", Kind: toll.Extension, Do: toll.AskPIN, Observe: true}},
	}).Draw(t, "setting")
	c, err := b.Change(now, s)
	if err != nil {
		t.Fatal(err)
	}
	return c.Orders
}

// seen is what a phone sees of orders and answers. Names of leases differ, since
// shadows are written too.
func seen(orders []toll.Order) (all []string) {
	for _, o := range orders {
		l := &o.Lease
		all = append(all, fmt.Sprintf("%s %s %s %s left %s, timer %s, covered %s, reserved %s, by %q", o.Kind, l.Key.Uniqueid, l.Cut, o.Why, o.Left, l.Timer, l.Covered, l.Reserved, o.By))
	}
	slices.Sort(all)
	return all
}
