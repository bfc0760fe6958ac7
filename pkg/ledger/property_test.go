package ledger

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// world is a book, the disk below it and the telephone network around it, as
// the property test plays them. A permission is spoken only when the disk has
// it; a call that is talking goes on whatever happens to the daemon, until
// somebody hangs up or the timer on its trunk leg ends it.
type world struct {
	t       *rapid.T
	limits  []toll.Limit
	book    *Book
	now     time.Time
	epoch   int64
	disk    []toll.Entry // committed
	pending []toll.Entry // decided, not yet committed
	moves   []toll.Order // orders that wait for their entry
	phones  map[string]*phone
	asking  map[string]bool // channels that wait for an answer, and so do not dial
	n       int
	linked  bool // events reach the book
	billed  []bill
}

// dawdle is how long a dialplan may take from the verdict to Dial. The promise
// ends there: an unused lease is given back some time after.
const dawdle = 2 * time.Minute

// phone is a call in the real world.
type phone struct {
	lease             toll.Lease
	dialled, answered bool
	since             time.Time
	deadline          time.Duration // of the trunk leg's timer, from the answer
	late              time.Duration // by which Asterisk cuts too late
}

// bill is what the carrier charged.
type bill struct {
	question toll.Question
	at       time.Time
	talked   time.Duration
	cost     toll.Money
}

var numbers = []toll.Destination{
	{E164: "+442079460000", Country: "GB", Class: toll.IntlFixed, Range: "+44207946"},
	{E164: "+442079460001", Country: "GB", Class: toll.IntlFixed, Range: "+44207946"},
	{E164: "+447400123456", Country: "GB", Class: toll.IntlMobile, Range: "+44740012"},
	{E164: "+33142685300", Country: "FR", Class: toll.IntlFixed, Range: "+3314268", Valid: true},
}

func (w *world) question() toll.Question {
	w.n++
	to := rapid.SampledFrom(numbers).Draw(w.t, "to")
	key := rapid.IntRange(max(0, w.n-5), w.n).Draw(w.t, "uniqueid") // now and then one that asked before
	return toll.Question{
		Purpose: toll.Ask,
		Key:     toll.Key{PBX: "pbx1", Uniqueid: id(key), Number: to.E164},
		Caller:  toll.Caller{Kind: toll.Extension, ID: rapid.SampledFrom([]string{"1001", "1002"}).Draw(w.t, "caller")},
		To:      to,
		Price: toll.Price{
			PerMinute: toll.Money(rapid.SampledFrom([]int64{0, 33_333, 600_000, 1_500_000}).Draw(w.t, "price")),
			Connect:   toll.Money(rapid.SampledFrom([]int64{0, 50_000}).Draw(w.t, "connect")),
			Minimum:   time.Duration(rapid.SampledFrom([]int64{0, 30}).Draw(w.t, "minimum")) * time.Second,
			Increment: time.Duration(rapid.SampledFrom([]int64{0, 6, 60}).Draw(w.t, "increment")) * time.Second,
		},
		Trunk: rapid.SampledFrom([]string{"carrier", "backup"}).Draw(w.t, "trunk"),
	}
}

// commit writes what is pending. If it fails, permissions are taken back and
// the rest waits for the next commit.
func (w *world) commit(fails bool) {
	written := w.pending
	w.pending = nil
	defer clear(w.asking)
	if fails {
		w.moves = nil
		for _, e := range written {
			if !e.Extends() {
				w.pending = append(w.pending, e)
			}
		}
		for _, e := range written {
			if e.Extends() {
				w.pending = append(w.pending, w.book.Withdraw(w.now, e)...)
				w.refuse(e.Lease.Key.Uniqueid)
			}
		}
		return
	}
	w.disk = append(w.disk, written...)
	for _, e := range written {
		if _, live := w.book.Lease(e.Lease.ID); live && e.Kind == toll.EntryGranted {
			w.speak(e.Lease)
		}
	}
	for _, o := range w.moves {
		if p := w.phones[o.Lease.ID]; p != nil && p.answered && w.linked {
			p.deadline = o.Lease.Timer // the order is made anew when it goes out
		}
	}
	w.moves = nil
}

// speak gives a permission to the phone that asked for it.
func (w *world) speak(l toll.Lease) {
	if p := w.phones[l.ID]; p != nil {
		if !p.answered {
			p.lease = l
		}
		return
	}
	w.phones[l.ID] = &phone{lease: l, late: time.Duration(rapid.IntRange(0, 1).Draw(w.t, "late")) * time.Second}
}

func (w *world) take(orders []toll.Order, entries []toll.Entry) {
	w.pending = append(w.pending, entries...)
	for _, o := range orders {
		switch {
		case o.Kind == toll.OrderTimer:
			w.moves = append(w.moves, o)
		case o.Kind == toll.OrderCut && w.linked:
			w.end(o.Lease.ID)
		}
	}
}

func (w *world) event(kind toll.EventKind, channel, lease string) {
	if w.linked {
		w.take(w.book.Record(w.now, toll.Event{Kind: kind, PBX: "pbx1", Channel: channel, Lease: lease}))
	}
}

// phoneIDs are the calls of the real world, in a stable order.
func (w *world) phoneIDs() []string {
	ids := make([]string, 0, len(w.phones))
	for id := range w.phones {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (w *world) pick() *phone {
	if len(w.phones) == 0 {
		return nil
	}
	return w.phones[rapid.SampledFrom(w.phoneIDs()).Draw(w.t, "phone")]
}

// end hangs a call up; the carrier bills what was talked.
func (w *world) end(id string) {
	p := w.phones[id]
	if p == nil {
		return
	}
	delete(w.phones, id)
	if p.answered {
		talked := w.now.Sub(p.since)
		w.billed = append(w.billed, bill{p.lease.Question(toll.Ask), w.now, talked, p.lease.Price.Cost(talked)})
	}
	if p.dialled {
		w.event(toll.ChannelGone, "leg-"+id, "")
	}
	w.event(toll.ChannelGone, p.lease.Key.Uniqueid, "")
	for _, other := range w.phoneIDs() { // what has gone dials nothing more
		if q := w.phones[other]; q.lease.Key.Uniqueid == p.lease.Key.Uniqueid && !q.dialled {
			delete(w.phones, other)
		}
	}
}

// pass lets time go by. Timers on trunk legs end calls without anybody's help.
func (w *world) pass(by time.Duration) {
	for end := w.now.Add(by); w.now.Before(end); {
		w.now = w.now.Add(min(end.Sub(w.now), time.Second))
		for _, id := range w.phoneIDs() {
			if p := w.phones[id]; p != nil && p.answered && !w.now.Before(p.since.Add(p.deadline+p.late)) {
				w.end(id)
			}
		}
		w.take(w.book.Tick(w.now))
	}
}

// kill ends the daemon: what was not committed is forgotten, calls go on, and
// a new book is made of what the disk has.
func (w *world) kill() {
	w.pending, w.moves = nil, nil
	w.book = w.replayed()
	w.linked = false
	w.take(w.book.Review(w.now))
}

func (w *world) replayed() *Book {
	w.epoch++
	b := NewBook(newJudge(w.t, w.limits...), Options{Epoch: w.epoch})
	for _, e := range w.disk {
		if err := b.Apply(e); err != nil {
			w.t.Fatalf("replay: %v", err)
		}
	}
	b.Begin(w.now)
	return b
}

func (w *world) unlink() {
	w.linked = false
	w.take(w.book.Record(w.now, toll.Event{Kind: toll.LinkLost, PBX: "pbx1"}))
}

// link restores the flow of events: what happened meanwhile is found out.
func (w *world) link() {
	w.linked = true
	defer func() { w.take(w.book.Record(w.now, toll.Event{Kind: toll.LinkFound, PBX: "pbx1"})) }()
	leases := w.book.Leases()
	slices.SortFunc(leases, func(a, b toll.Lease) int { return compare(a.ID, b.ID) })
	for _, l := range leases {
		p := w.phones[l.ID]
		switch {
		case p == nil:
			w.take(w.book.Record(w.now, toll.Event{Kind: toll.LeaseGone, PBX: "pbx1", Lease: l.ID, Why: toll.EndedLost}))
		case p.dialled:
			w.event(toll.LegDialled, "leg-"+l.ID, l.ID)
			if p.answered {
				w.take(w.book.Record(w.now, toll.Event{Kind: toll.LegAnswered, PBX: "pbx1", Channel: "leg-" + l.ID, Talk: w.now.Sub(p.since)}))
			}
		}
	}
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// check is the invariant.
func (w *world) check() {
	for _, l := range w.limits {
		for _, from := range []string{"1001", "1002"} {
			for _, to := range numbers {
				q := toll.Question{Key: toll.Key{PBX: "pbx1"}, Caller: toll.Caller{ID: from}, To: to, Trunk: "carrier"}
				u := w.book.meters.Usage(w.book.now, l.Meter, q)
				if u.Held < 0 || u.Value < 0 {
					w.t.Fatalf("%s: %d spent, %d held", l.ID, u.Value, u.Held)
				}
				if u.Value+u.Held > l.Act {
					w.t.Fatalf("%s: %d spent and %d held exceed %d", l.ID, u.Value, u.Held, l.Act)
				}
				w.checkBill(l, q)
			}
		}
	}
}

// checkBill compares a budget with what the carrier charged inside its window.
func (w *world) checkBill(l toll.Limit, q toll.Question) {
	if l.Meter.Measure != toll.Cost {
		return
	}
	subject, _ := l.Meter.Subject(q)
	var sum toll.Money
	for _, b := range w.billed {
		if s, counts := l.Meter.Subject(b.question); counts && s == subject && b.at.After(w.now.Add(-l.Meter.Window)) {
			sum += b.cost
		}
	}
	if int64(sum) > l.Act {
		w.t.Fatalf("%s: the carrier charged %s, the budget is %s", l.ID, sum, toll.Money(l.Act))
	}
}

// same tells whether a replayed book equals the living one.
func (w *world) checkReplay() {
	if len(w.pending) > 0 {
		return
	}
	other := w.replayed()
	living, replayed := w.book.Leases(), other.Leases()
	byID := func(a, b toll.Lease) int { return compare(a.ID, b.ID) }
	slices.SortFunc(living, byID)
	slices.SortFunc(replayed, byID)
	if fmt.Sprint(living) != fmt.Sprint(replayed) {
		w.t.Fatalf("leases\nliving   %v\nreplayed %v", living, replayed)
	}
	for _, l := range w.limits {
		for _, from := range []string{"1001", "1002"} {
			for _, to := range numbers {
				q := toll.Question{Key: toll.Key{PBX: "pbx1"}, Caller: toll.Caller{ID: from}, To: to, Trunk: "carrier"}
				if a, b := w.book.past.news(&q), other.past.news(&q); a != b {
					w.t.Fatalf("%s is new to %q by %s, replayed to %q", to.Country, a, from, b)
				}
				if a, b := w.book.meters.Usage(w.now, l.Meter, q), other.meters.Usage(w.now, l.Meter, q); a != b {
					w.t.Fatalf("%s: living %+v, replayed %+v", l.ID, a, b)
				}
			}
		}
	}
}

// The promise: reserved and spent never exceed a limit that is enforced, nor
// does what the carrier charges, whatever happens to daemon, disk and link; a
// replayed book equals the living one; no reservation outlives its lease.
func TestTheInvariant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Drawn from lists, since small numbers, which rapid prefers, would refuse
		// nearly everything and so test nearly nothing.
		one := func(label string, from ...int64) int64 { return rapid.SampledFrom(from).Draw(t, label) }
		window := time.Duration(one("window", 30, 60, 1440)) * time.Minute
		limits := []toll.Limit{
			budget(toll.Money(one("site budget", 1_000_000, 4_000_000, 20_000_000)), toll.PerSite),
			budget(toll.Money(one("country budget", 500_000, 2_500_000, 9_000_000)), toll.PerCountry),
			concurrent(one("concurrent", 1, 2, 4), toll.PerCaller),
			{ID: "calls", Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerRange, Window: window}, Act: one("calls", 3, 30, 100)},
			{ID: "seconds", Meter: toll.Meter{Measure: toll.Seconds, Scope: toll.PerCaller, Window: window}, Act: one("seconds", 300, 3600, 100_000)},
			{ID: "new", Meter: toll.Meter{Measure: toll.NewCountries, Scope: toll.PerCaller, Window: window}, Act: one("new countries", 1, 2)},
			{ID: "countries", Meter: toll.Meter{Measure: toll.Countries, Scope: toll.PerTrunk, Window: window}, Act: one("countries", 1, 2)},
		}
		limits[0].Meter.Window, limits[1].Meter.Window = window, window
		limits[2].Do = rapid.SampledFrom([][]toll.Action{nil, {toll.Cut}, {toll.Deny, toll.Alert}}).Draw(t, "concurrent does")
		limits[3].Do = rapid.SampledFrom([][]toll.Action{nil, {toll.Deny, toll.LockCaller}, {toll.Deny, toll.LockRange}}).Draw(t, "calls does")
		if limits[3].Do != nil {
			limits[3].LockFor = time.Duration(one("lock for", 0, 10)) * time.Minute
		}
		w := &world{t: t, limits: limits, now: start, phones: map[string]*phone{}, asking: map[string]bool{}, linked: true}
		w.book = w.replayed()
		w.link()
		for range one("steps", 20, 80, 200) {
			w.step()
			w.check()
		}
		w.commit(false)
		w.checkReplay()
		w.linked = true
		w.pass(6 * time.Hour)
		if left := w.book.Leases(); len(left) > 0 {
			t.Fatalf("reservations outlive their leases: %+v", left)
		}
		for _, l := range limits {
			q := toll.Question{Caller: toll.Caller{ID: "1001"}, To: numbers[0], Trunk: "carrier"}
			if u := w.book.meters.Usage(w.now, l.Meter, q); u.Held != 0 {
				t.Fatalf("%s: %d still held", l.ID, u.Held)
			}
		}
	})
}

func (w *world) step() {
	switch rapid.IntRange(0, 17).Draw(w.t, "step") {
	case 0, 1, 2:
		w.ask()
	case 3:
		w.dial(w.pick())
	case 4, 5:
		w.answer(w.pick())
	case 6:
		if p := w.pick(); p != nil {
			w.end(p.lease.ID)
		}
	case 7, 8:
		w.commit(rapid.IntRange(0, 5).Draw(w.t, "fails") == 0)
	case 9, 10:
		w.pass(time.Duration(rapid.IntRange(1, 400).Draw(w.t, "seconds")) * time.Second)
	case 11:
		w.unlink()
	case 12:
		if !w.linked {
			w.link()
		}
	case 13:
		if rapid.IntRange(0, 3).Draw(w.t, "kill") == 0 {
			w.kill()
		} else {
			w.checkReplay()
		}
	case 14, 15, 16:
		v := w.ask()
		w.commit(false)
		w.dial(w.phones[v.Lease.ID])
		w.answer(w.phones[v.Lease.ID])
	case 17:
		w.unlink()
		w.pass(time.Duration(rapid.IntRange(1, 400).Draw(w.t, "outage")) * time.Second)
		for _, id := range w.phoneIDs() {
			w.end(id)
		}
		w.link()
	}
}

// ask lets a channel ask. One that asks again does not dial meanwhile, and one
// that is refused hangs up.
func (w *world) ask() toll.Verdict {
	q := w.question()
	for _, id := range w.phoneIDs() {
		if p := w.phones[id]; p.lease.Key.Uniqueid == q.Key.Uniqueid && p.dialled {
			return toll.Verdict{}
		}
	}
	v, entries := w.book.Decide(w.now, q)
	w.take(nil, entries)
	w.asking[q.Key.Uniqueid] = true
	if !v.Allow {
		w.refuse(q.Key.Uniqueid)
	}
	return v
}

// refuse lets the calls of a channel end that were allowed and not dialled yet.
func (w *world) refuse(uniqueid string) {
	for _, id := range w.phoneIDs() {
		if p := w.phones[id]; p != nil && p.lease.Key.Uniqueid == uniqueid && !p.dialled {
			w.end(id)
		}
	}
}

func (w *world) dial(p *phone) {
	if p != nil && !p.dialled && !w.asking[p.lease.Key.Uniqueid] {
		if w.now.Sub(p.lease.Granted) > dawdle {
			w.end(p.lease.ID)
			return
		}
		p.dialled = true
		w.event(toll.LegDialled, "leg-"+p.lease.ID, p.lease.ID)
	}
}

func (w *world) answer(p *phone) {
	if p != nil && p.dialled && !p.answered {
		p.answered, p.since, p.deadline = true, w.now, p.lease.Timer
		w.event(toll.LegAnswered, "leg-"+p.lease.ID, "")
	}
}
