package ledger

import (
	"strconv"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/incident"
	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// newDefaultDesk is a desk under the policy that a new site gets, with mail on.
func newDefaultDesk(t *testing.T, gather time.Duration) *desk {
	p, err := policy.New(policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	j := Judge(judge{p})
	for _, s := range policy.Default(10, "init", start) {
		if j, err = j.With(s); err != nil {
			t.Fatal(err)
		}
	}
	b := NewBook(j, Options{Epoch: 1, Incidents: incident.Options{Tell: true, Gather: gather}})
	b.Begin(start)
	b.Record(start, toll.Event{Kind: toll.LinkFound, PBX: "pbx1"})
	return &desk{t: t, book: b, now: start}
}

// blast is an attack of ten calls a minute abroad, by callers and into ranges in
// turn.
type blast struct {
	length, talk    time.Duration
	callers, ranges int
	price           toll.Money
}

const betweenCalls = 6 * time.Second

// question is what the attack's nth call asks.
func (a blast) question(n int) toll.Question {
	q := abroad(id(n), strconv.Itoa(1001+n%a.callers))
	number := "+2207" + strconv.Itoa(100000+1000*(n%a.ranges)+n%1000)
	q.Key.Number = number
	q.To = toll.Destination{Dialled: number, E164: number, Country: "GM", Class: toll.IntlMobile, Range: number[:7], Valid: true}
	q.Price.PerMinute = a.price
	return q
}

// on plays the attack and the hours after it, and gives the notices they make.
func (a blast) on(d *desk) (notices []toll.Notice) {
	note := func(entries []toll.Entry) {
		for _, e := range entries {
			if e.Kind == toll.EntryNotice {
				notices = append(notices, *e.Notice)
			}
		}
	}
	record := func(kind toll.EventKind, channel, lease string) {
		_, entries := d.book.Record(d.now, toll.Event{Kind: kind, PBX: "pbx1", Channel: channel, Lease: lease})
		note(entries)
	}
	hangUp := func(l toll.Lease) {
		record(toll.ChannelGone, "leg-"+l.ID, "")
		record(toll.ChannelGone, l.Key.Uniqueid, "")
	}
	ends := make(map[time.Time][]toll.Lease)
	for at := time.Duration(0); at < a.length+8*time.Hour; at += betweenCalls {
		d.now = start.Add(at)
		orders, entries := d.book.Tick(d.now)
		note(entries)
		for _, o := range orders {
			if o.Kind == toll.OrderCut {
				hangUp(o.Lease)
			}
		}
		for _, l := range ends[d.now] {
			hangUp(l)
		}
		if at >= a.length {
			continue
		}
		v, entries := d.book.Decide(d.now, a.question(int(at/betweenCalls)))
		note(entries)
		if v.Allow {
			record(toll.LegDialled, "leg-"+v.Lease.ID, v.Lease.ID)
			record(toll.LegAnswered, "leg-"+v.Lease.ID, "")
			end := d.now.Add(a.talk)
			ends[end] = append(ends[end], v.Lease)
		}
	}
	return notices
}

// An attack makes at most five mails in all, those about the thresholds that it
// comes to among them, whoever calls, wherever to, for how long and at what price,
// and however often it pauses because a limit holds it up.
func TestAnAttackMakesFiveMails(t *testing.T) {
	for _, price := range []toll.Money{20_000, 1_500_000} {
		for _, talk := range []time.Duration{betweenCalls, 30 * time.Second, 3 * time.Minute, 30 * time.Minute} {
			for _, callers := range []int{1, 3, 10, 40} {
				a := blast{length: 6 * time.Hour, talk: talk, callers: callers, ranges: 40, price: price}
				notices := a.on(newDefaultDesk(t, 5*time.Second))
				if len(notices) < 2 || len(notices) > 5 {
					t.Errorf("%d notices of %+v", len(notices), a)
				}
				if first := notices[0]; first.At.Sub(start) > time.Hour {
					t.Errorf("the first notice of %+v is one %s after it began", a, first.At.Sub(start))
				}
				firstUp(t, a, notices)
			}
		}
	}
}

// firstUp looks whether the owner soon hears that calls got through.
func firstUp(t *testing.T, a blast, notices []toll.Notice) {
	t.Helper()
	for _, n := range notices {
		if n.Incident.Kind == toll.Attack && n.Incident.Cut > 0 && len(n.Incident.Calls) > 0 {
			if late := n.At.Sub(n.Incident.Calls[0].Began); late > time.Hour {
				t.Errorf("%+v: a call that began at %s is told %s later", a, n.Incident.Calls[0].Began.Sub(start), late)
			}
			return
		}
	}
}

// What is shut out and tries on for days makes no more than that.
func TestAWeekendMakesFiveMails(t *testing.T) {
	a := blast{length: 60 * time.Hour, talk: 3 * time.Minute, callers: 10, ranges: 40, price: 1_500_000}
	notices := a.on(newDefaultDesk(t, time.Minute))
	if len(notices) < 2 || len(notices) > 5 {
		t.Errorf("%d notices", len(notices))
	}
	firstUp(t, a, notices)
}
