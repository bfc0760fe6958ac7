package ledger

import (
	"fmt"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

var start = time.Date(2026, 3, 7, 0, 30, 0, 0, time.UTC)

// judge makes a policy a Judge.
type judge struct{ *policy.Policy }

func (j judge) With(s toll.Setting) (Judge, error) {
	p, err := j.Policy.With(s)
	return judge{p}, err
}

type fatal interface{ Fatalf(string, ...any) }

// newJudge is a policy that allows Great Britain abroad, with these limits.
func newJudge(t fatal, limits ...toll.Limit) Judge {
	p, err := policy.New(policy.Options{Countries: []string{"GB"}})
	if err != nil {
		t.Fatalf("policy: %v", err)
	}
	j := Judge(judge{p})
	for i := range limits {
		if j, err = j.With(toll.Setting{Limit: &limits[i], Revision: int64(i + 1)}); err != nil {
			t.Fatalf("limit: %v", err)
		}
	}
	return j
}

func budget(act toll.Money, scope toll.Scope) toll.Limit {
	return toll.Limit{ID: "budget-" + string(scope), Meter: toll.Meter{Measure: toll.Cost, Scope: scope, Window: 24 * time.Hour}, Act: int64(act)}
}

func concurrent(act int64, scope toll.Scope) toll.Limit {
	return toll.Limit{ID: "concurrent-" + string(scope), Meter: toll.Meter{Measure: toll.Concurrent, Scope: scope}, Act: act}
}

// abroad is a question about a call to Great Britain at 0.60 a minute.
func abroad(uniqueid, from string) toll.Question {
	return toll.Question{
		Purpose: toll.Ask,
		Key:     toll.Key{PBX: "pbx1", Uniqueid: uniqueid, Number: "+442079460000"},
		Caller:  toll.Caller{Kind: toll.Extension, ID: from},
		To:      toll.Destination{Dialled: "01144" + "2079460000", E164: "+442079460000", Country: "GB", Class: toll.IntlFixed, Range: "+44207946", Valid: true},
		Price:   toll.Price{PerMinute: 600_000, Assumed: true},
		Trunk:   "carrier",
	}
}

func home(uniqueid, from string) toll.Question {
	q := abroad(uniqueid, from)
	q.Key.Number = "+12025550123"
	q.To = toll.Destination{Dialled: "2025550123", E164: "+12025550123", Country: "US", Class: toll.HomeFixed, Range: "+1202555", Valid: true}
	q.Price = toll.Price{PerMinute: 20_000, Assumed: true}
	return q
}

// desk is a book with what is needed to play calls on it.
type desk struct {
	t    *testing.T
	book *Book
	now  time.Time
}

func newDesk(t *testing.T, limits ...toll.Limit) *desk {
	b := NewBook(newJudge(t, limits...), Options{Epoch: 1})
	b.Begin(start)
	b.Record(start, toll.Event{Kind: toll.LinkFound, PBX: "pbx1"})
	return &desk{t: t, book: b, now: start}
}

func (d *desk) ask(q toll.Question) toll.Verdict {
	v, _ := d.book.Decide(d.now, q)
	return v
}

func (d *desk) allowed(q toll.Question) toll.Lease {
	d.t.Helper()
	v := d.ask(q)
	if !v.Allow {
		d.t.Fatalf("refused: %s by %s", v.Reason, v.By)
	}
	return v.Lease
}

func (d *desk) event(kind toll.EventKind, channel, lease string) []toll.Order {
	orders, _ := d.book.Record(d.now, toll.Event{Kind: kind, PBX: "pbx1", Channel: channel, Lease: lease})
	return orders
}

// talk begins and answers the trunk leg of a lease.
func (d *desk) talk(l toll.Lease) {
	d.event(toll.LegDialled, "leg-"+l.ID, l.ID)
	d.event(toll.LegAnswered, "leg-"+l.ID, "")
}

func (d *desk) hangUp(l toll.Lease) {
	d.event(toll.ChannelGone, "leg-"+l.ID, "")
	d.event(toll.ChannelGone, l.Key.Uniqueid, "")
}

// pass lets time go by, second by second, and gives the orders that came.
func (d *desk) pass(by time.Duration) (orders []toll.Order) {
	for end := d.now.Add(by); d.now.Before(end); {
		d.now = d.now.Add(time.Second)
		o, _ := d.book.Tick(d.now)
		orders = append(orders, o...)
	}
	return orders
}

func (d *desk) usage(l toll.Limit, q toll.Question) toll.Usage {
	return d.book.meters.Usage(d.book.now, l.Meter, q)
}

func (d *desk) wantUsage(l toll.Limit, q toll.Question, value, held int64) {
	d.t.Helper()
	if u := d.usage(l, q); u.Value != value || u.Held != held {
		d.t.Fatalf("%s: %d spent and %d held, want %d and %d", l.ID, u.Value, u.Held, value, held)
	}
}

func id(n int) string { return fmt.Sprintf("pbx1-1.%d", n) }

// passes lets time go by in a bubble of synctest.
func passes(d time.Duration) { time.Sleep(d) } //nolint:forbidigo // bubble clock
