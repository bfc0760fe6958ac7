package ledger

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Who calls where by which way in the story.
var (
	callers = []string{"1001", "1002"}
	trunks  = []string{"carrier", "backup"}
	numbers = []toll.Destination{
		{E164: "+442079460000", Country: "GB", Class: toll.IntlFixed, Range: "+44207946"},
		{E164: "+442079460001", Country: "GB", Class: toll.IntlFixed, Range: "+44207946"},
		{E164: "+447400123456", Country: "GB", Class: toll.IntlMobile, Range: "+44740012"},
		{E164: "+33142685300", Country: "FR", Class: toll.IntlFixed, Range: "+3314268", Valid: true},
		{E164: "+12025550123", Country: "US", Class: toll.HomeFixed, Range: "+1202555"},
	}
)

// one draws from a list, since small numbers, which rapid prefers, would refuse
// nearly everything and so test nearly nothing.
func one[T any](t *rapid.T, label string, from ...T) T { return rapid.SampledFrom(from).Draw(t, label) }

// newWorld begins a story with limits of several scopes and measures.
func newWorld(t *rapid.T) *world {
	w := &world{
		t: t, now: start, linked: true, home: one(t, "home", false, false, true),
		phones: map[string]*phone{}, gone: map[string]bool{}, asked: map[int64]asked{},
		tariffs: map[string]tariff{}, durable: map[string]toll.Lease{}, since: map[string]time.Time{},
	}
	w.book = w.replayed()
	w.own(toll.Setting{Schedule: &toll.Schedule{Name: "night", Hours: []string{"daily 22:00-02:00"}}}, maps.Clone(w.since))
	window := time.Duration(one(t, "window", 30, 60, 1440)) * time.Minute
	site, country := budget(one[toll.Money](t, "site budget", 1_000_000, 4_000_000, 20_000_000), toll.PerSite), budget(one[toll.Money](t, "country budget", 500_000, 2_500_000, 9_000_000), toll.PerCountry)
	site.Meter.Window, country.Meter.Window = window, window
	busy := concurrent(one[int64](t, "concurrent", 1, 2, 4), toll.PerCaller)
	busy.Do = one(t, "concurrent does", nil, []toll.Action{toll.Cut}, []toll.Action{toll.Deny, toll.Alert})
	calls := toll.Limit{ID: "calls", Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerRange, Window: window}, Act: one[int64](t, "calls", 3, 30, 100)}
	calls.Do = one(t, "calls does", nil, []toll.Action{toll.Deny, toll.LockCaller}, []toll.Action{toll.Deny, toll.LockRange})
	if calls.Do != nil {
		calls.LockFor = time.Duration(one(t, "lock for", 0, 10)) * time.Minute
	}
	seconds := toll.Limit{ID: "seconds", Meter: toll.Meter{Measure: toll.Seconds, Scope: toll.PerCaller, Window: window}, Act: one[int64](t, "seconds", 300, 3600, 100_000)}
	fresh := toll.Limit{ID: "new", Meter: toll.Meter{Measure: toll.NewCountries, Scope: toll.PerCaller, Window: window}, Act: one[int64](t, "new countries", 1, 2)}
	countries := toll.Limit{ID: "countries", Meter: toll.Meter{Measure: toll.Countries, Scope: toll.PerTrunk, Window: window}, Act: one[int64](t, "countries", 1, 2)}
	for _, l := range []toll.Limit{site, country, busy, calls, seconds, fresh, countries} {
		w.commit(false)
		w.own(toll.Setting{Limit: &l}, maps.Clone(w.since))
	}
	w.commit(false)
	w.link()
	w.touched = false
	return w
}

// step is one thing that happens.
func (w *world) step() {
	steps := []func(){
		w.ask, w.ask, w.dial, w.answer, w.answer, w.hangOne,
		w.send, w.landSome, w.landSome, w.landSome,
		w.passSome, w.passSome, w.talk, w.talk, w.talk, w.talk,
		w.unlink, w.relink, w.relink, w.relink, w.die, w.checkReplay,
		w.outage, w.failOver, w.failOver, w.transfer, w.find,
		w.setClock, w.changeLimit, w.changeLimit, w.changeRule, w.changeLock, w.changeDeck, w.changeDeck,
	}
	one(w.t, "step", steps...)()
}

// tariffOf is what the carrier charges now.
func (w *world) tariffOf(trunk string, to toll.Destination) tariff {
	key := trunk + to.E164
	f, known := w.tariffs[key]
	if !known {
		f = tariff{
			perMinute: one[int64](w.t, "price", 0, 33_333, 600_000, 1_500_000), connect: one[int64](w.t, "connect", 0, 0, 50_000),
			minimum: one[int64](w.t, "minimum", 0, 30), increment: one[int64](w.t, "increment", 0, 6, 60), free: one[int64](w.t, "free", 0, 0, 20),
		}
		w.tariffs[key] = f
	}
	return f
}

// ask lets a channel ask: a new one, or now and then one that asked before.
func (w *world) ask() {
	to := one(w.t, "to", numbers[:4]...)
	if w.home {
		to = one(w.t, "to", numbers...)
	}
	w.n++
	asker := id(rapid.IntRange(max(0, w.n-3), w.n).Draw(w.t, "uniqueid"))
	w.askFor(asker, one(w.t, "caller", callers...), to)
}

// askFor asks, unless the channel has gone, waits for an answer or dials.
func (w *world) askFor(asker, from string, to toll.Destination) (lease string) {
	for _, p := range w.phones {
		if p.lease.Key.Uniqueid == asker && p.dialled {
			return ""
		}
	}
	if w.gone[asker] || w.waits(asker) {
		return ""
	}
	trunk := one(w.t, "trunk", trunks...)
	a := asked{tariff: w.tariffOf(trunk, to)}
	a.q = toll.Question{
		Purpose: toll.Ask, Key: toll.Key{PBX: "pbx1", Uniqueid: asker, Number: to.E164}, To: to, Trunk: trunk,
		Caller: toll.Caller{Kind: toll.Extension, ID: from}, Price: a.tariff.price(),
	}
	w.shadows(a.q)
	v, entries := w.book.Decide(w.now, a.q)
	if v.AsksPIN(a.q) {
		w.pass(3 * time.Second)
		if a.q.Proof = one(w.t, "pin", toll.PINRight, toll.PINRight, toll.PINWrong, toll.PINNone); a.q.Proof == toll.PINWrong {
			orders, more, _ := w.book.WrongPIN(w.now, a.q)
			w.take(orders, more)
		}
		v, entries = w.book.Decide(w.now, a.q)
	}
	w.take(nil, entries)
	if !v.Allow {
		w.refuse(asker)
		return ""
	}
	for _, e := range entries {
		if e.Kind == toll.EntryGranted {
			w.asked[e.Seq] = a
			w.pending.askers = append(w.pending.askers, asker)
		}
	}
	if p := w.phones[v.Lease.ID]; p != nil && !w.waits(asker) {
		p.asked, p.tariff, p.spoken = a.q, a.tariff, w.now // the same lease, at once
	}
	if l, _ := w.book.Lease(v.Lease.ID); l.Cut != "" {
		w.refuse(asker)
	}
	return v.Lease.ID
}

// shadows compares the policy with the one that has nothing in it which only
// observes: neither verdict nor time may differ.
func (w *world) shadows(q toll.Question) {
	q.Times, q.New = w.book.judge.Times(w.book.now), w.book.past.news(&q)
	with := w.book.judge.Judge(w.book.now, q, &standing{w.book, q})
	without := w.bare.Judge(w.book.now, q, &standing{w.book, q})
	if with.Allow != without.Allow || with.Slice != without.Slice || with.Maximum != without.Maximum || !with.Allow && with.Reason != without.Reason {
		w.t.Fatalf("what only observes changes the verdict\nwith    %+v\nwithout %+v", with, without)
	}
}

func (w *world) dial() { w.dialBy(w.pick()) }

func (w *world) dialBy(p *phone) {
	if p == nil || p.dialled || w.waits(p.lease.Key.Uniqueid) {
		return
	}
	if w.now.Sub(p.spoken) > dawdle {
		w.end(p, false)
		return
	}
	w.n++
	p.dialled, p.leg = true, fmt.Sprintf("leg-%d", w.n)
	w.event(toll.LegDialled, p.leg, p.lease.ID)
}

func (w *world) answer() { w.answerBy(w.pick()) }

func (w *world) answerBy(p *phone) {
	if p == nil || !p.dialled || p.answered {
		return
	}
	if _, live := w.book.Lease(p.lease.ID); !live && w.now.Sub(p.spoken) > w.book.options.Ring {
		w.end(p, false) // nobody saw it ring, and Dial has given up long ago
		return
	}
	p.answered, p.since, p.deadline = true, w.now, w.now.Add(p.lease.Timer)
	w.event(toll.LegAnswered, p.leg, "")
}

func (w *world) hangOne() {
	if p := w.pick(); p != nil {
		w.end(p, false)
	}
}

func (w *world) landSome() {
	w.send()
	w.land(rapid.IntRange(0, 5).Draw(w.t, "fails") == 5)
}

func (w *world) passSome() {
	w.pass(time.Duration(rapid.IntRange(1, 400).Draw(w.t, "seconds")) * time.Second)
}

// talk is a call from question to answer.
func (w *world) talk() {
	w.n++
	to := one(w.t, "to", numbers[:4]...)
	lease := w.askFor(id(w.n), one(w.t, "caller", callers...), to)
	w.commit(false)
	if p := w.phones[lease]; p != nil {
		w.dialBy(p)
		w.answerBy(p)
	}
}

func (w *world) relink() {
	if !w.linked {
		w.link()
	}
}

func (w *world) die() {
	if rapid.IntRange(0, 1).Draw(w.t, "kill") == 0 {
		w.send()
		w.kill(one(w.t, "written", false, true))
	}
}

// outage is a time in which nobody sees that all calls end.
func (w *world) outage() {
	w.unlink()
	w.passSome()
	for _, p := range w.all() {
		w.end(p, false)
	}
	w.link()
}

// failOver lets a leg ring in vain; the channel asks again, by another trunk.
func (w *world) failOver() {
	w.dial()
	p := w.pick()
	if p == nil || !p.dialled || p.answered || p.askerGone || p.lease.Adopted {
		return
	}
	leg := p.leg
	p.dialled, p.leg = false, ""
	w.event(toll.ChannelGone, leg, "")
	if one(w.t, "new deck meanwhile", false, true) {
		w.changeDeck()
	}
	if w.linked {
		w.askFor(p.lease.Key.Uniqueid, p.lease.Caller.ID, p.lease.To)
		return
	}
	delete(w.phones, p.lease.ID) // nobody saw the leg, and the question makes a lease of its own
	w.askFor(p.lease.Key.Uniqueid, p.lease.Caller.ID, p.lease.To)
}

// transfer takes the channel that asked away; the leg lives on.
func (w *world) transfer() {
	if p := w.pick(); p != nil && p.answered {
		w.leave(p)
	}
}

// find is a leg that nobody asked for: the second of a forked call, or one around
// the dialplan. No budget is promised for it, but it counts.
func (w *world) find() {
	p := w.pick()
	if p == nil || !p.dialled || p.lease.Adopted || !w.linked {
		return
	}
	w.touched = true
	w.n++
	q, leg := p.asked, fmt.Sprintf("found-%d", w.n)
	e := toll.Event{Kind: toll.LegFound, PBX: "pbx1", Channel: leg, Found: &q, Why: toll.ReasonFork}
	if one(w.t, "around", false, true) {
		q.Key.Uniqueid, e.Why, e.Cut = leg, toll.ReasonBypass, true
	}
	orders, entries := w.book.Record(w.now, e)
	if l, live := w.book.Lease(w.book.byLeg[channelKey{"pbx1", leg}]); live && l.Cut == "" {
		w.phones[l.ID] = &phone{lease: l, asked: q, tariff: p.tariff, spoken: w.now, dialled: true, leg: leg}
	}
	w.take(orders, entries)
}

// setClock steps the wall clock, by which Asterisk ends calls.
func (w *world) setClock() {
	if !w.linked {
		return
	}
	step := one(w.t, "clock", -time.Hour, -10*time.Second, 10*time.Second, time.Hour)
	for _, p := range w.phones {
		if p.answered {
			p.deadline = later(p.deadline.Add(-step), w.now)
		}
	}
	w.take(w.book.Record(w.now, toll.Event{Kind: toll.ClockStepped}))
}

// changing tells whether a change is not durable yet that others wait for.
func (w *world) changing() bool {
	all := w.pending.changes
	if w.flight != nil {
		all = append(slices.Clone(all), w.flight.changes...)
	}
	return slices.ContainsFunc(all, func(c change) bool { return slices.ContainsFunc(c.Undo, gates) })
}

// own is a change of the owner's. One that policy refuses changes nothing.
func (w *world) own(s toll.Setting, before map[string]time.Time) (stands bool) {
	if gates(s) && w.changing() {
		return false
	}
	c, err := w.book.Change(w.now, s)
	if err != nil {
		return false
	}
	w.learn()
	w.pending.changes = append(w.pending.changes, change{c, before})
	w.take(c.Orders, c.Entries)
	return true
}

// changeLimit adds, removes, raises or lowers a limit, or lets it observe. It is
// never lowered below what is spent and held: nothing is promised there.
func (w *world) changeLimit() {
	scope := one(w.t, "scope", toll.PerSite, toll.PerCountry, toll.PerCaller, toll.PerTrunk)
	l := budget(one[toll.Money](w.t, "budget", 1_500_000, 5_000_000, 12_000_000), scope)
	l.Meter.Window = time.Duration(one(w.t, "window", 30, 240)) * time.Minute
	l.Meter.Where = one(w.t, "where", toll.Anywhere, toll.Abroad)
	l.Meter.When = one(w.t, "when", "", "night", "!night")
	l.Observe = one(w.t, "observe", false, false, true)
	held := make(map[string]toll.Money)
	for _, lease := range w.book.Leases() {
		if subject, yes := l.Meter.Subject(lease.Question(toll.Ask)); yes {
			held[subject] += lease.Reserved
		}
	}
	for _, q := range w.everybody() {
		subject, _ := l.Meter.Subject(q)
		if u := w.book.meters.Usage(w.now, l.Meter, q); u.Value+int64(held[subject]) > l.Act {
			return
		}
	}
	w.touched = true
	before := maps.Clone(w.since)
	delete(w.since, l.ID)
	if !w.own(toll.Setting{Limit: &l, Removed: one(w.t, "removed", false, false, true)}, before) {
		w.since = before
	}
}

func (w *world) changeRule() {
	w.own(toll.Setting{PIN: &toll.PIN{Caller: "1002", Hash: "x"}}, maps.Clone(w.since))
	r := toll.Rule{
		ID: one(w.t, "rule", "a", "b"), Caller: one(w.t, "caller", callers...), Prefix: one(w.t, "prefix", "+44", "+4420", "+4474"),
		Do: one(w.t, "rule does", toll.Permit, toll.Forbid, toll.AskPIN), When: one(w.t, "when", "", "night"), Observe: one(w.t, "observe", false, true),
	}
	w.own(toll.Setting{Rule: &r, Removed: one(w.t, "removed", false, true)}, maps.Clone(w.since))
}

func (w *world) changeLock() {
	lock := toll.Lock{Scope: toll.PerCaller, Subject: one(w.t, "caller", callers...)}
	if one(w.t, "until", false, true) {
		lock.Until = w.now.Add(5 * time.Minute)
	}
	w.own(toll.Setting{Lock: &lock, Removed: one(w.t, "removed", false, true, true)}, maps.Clone(w.since))
}

// changeDeck is a new rate deck: what is asked from now on has other prices, and a
// call that goes on keeps the one it was granted at, with the carrier too.
func (w *world) changeDeck() { clear(w.tariffs) }
