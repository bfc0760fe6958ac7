package policy

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// noon is when the tests ask.
var noon = time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)

// figures are the Usages of a test: the same for each meter that is not named.
type figures struct {
	every toll.Usage
	of    map[toll.Meter]toll.Usage
	lock  *toll.Lock
	asked int
}

func (f *figures) Usage(m toll.Meter) toll.Usage {
	f.asked++
	if u, ok := f.of[m]; ok {
		return u
	}
	return f.every
}

func (f *figures) Lock() (toll.Lock, bool) {
	f.asked++
	if f.lock == nil {
		return toll.Lock{}, false
	}
	return *f.lock, true
}

// quiet are the figures of a site where nothing has happened.
func quiet() *figures { return &figures{every: toll.Usage{Ready: true}} }

// build makes a policy of rules and limits.
func build(t testing.TB, o Options, settings ...any) *Policy {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range settings {
		setting := toll.Setting{Revision: int64(i + 1)}
		switch s := s.(type) {
		case toll.Rule:
			setting.Rule = &s
		case toll.Limit:
			setting.Limit = &s
		case toll.Setting:
			setting = s
		default:
			t.Fatalf("no setting: %T", s)
		}
		if p, err = p.With(setting); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// ask is a question of extension 1001's to a destination.
func ask(to toll.Destination, perMinute string) toll.Question {
	price, err := toll.ParseMoney(perMinute)
	if err != nil {
		panic(err)
	}
	return toll.Question{
		Purpose: toll.Ask,
		Key:     toll.Key{PBX: "pbx", Uniqueid: "1.1", Number: to.Number()},
		Caller:  toll.Caller{Kind: toll.Extension, ID: "1001", Group: "sales"},
		To:      to,
		Price:   toll.Price{PerMinute: price},
		Trunk:   "carrier",
	}
}

func again(q toll.Question, p toll.Purpose, covered time.Duration) toll.Question {
	q.Purpose, q.Covered = p, covered
	return q
}

// Some destinations of a site in Germany.
var (
	gambia  = toll.Destination{E164: "+2203991234", Country: "GM", Class: toll.IntlMobile, Range: "+220399", Valid: true}
	austria = toll.Destination{E164: "+431234567", Country: "AT", Class: toll.IntlFixed, Range: "+43123", Valid: true}
	munich  = toll.Destination{E164: "+498912345678", Country: "DE", Class: toll.HomeFixed, Range: "+4989123", Valid: true}
	bridge  = toll.Destination{E164: "+49180123456", Country: "DE", Class: toll.SharedCost, Range: "+49180", Valid: true}
	police  = toll.Destination{Dialled: "110", Country: "DE", Class: toll.Emergency}
	noise   = toll.Destination{Dialled: "00*#", Class: toll.Unplaced}
)

// per is a limit without actions, which denies.
func per(id string, m toll.Measure, s toll.Scope, window time.Duration, act int64) toll.Limit {
	return toll.Limit{ID: id, Meter: toll.Meter{Measure: m, Scope: s, Window: window}, Act: act}
}

// perCallOf makes a limit one per call.
func perCallOf(l toll.Limit) toll.Limit {
	l.Meter.Scope, l.Meter.Window = toll.PerCall, 0
	return l
}
