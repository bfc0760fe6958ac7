package app

import (
	"fmt"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// BenchmarkPolicySize is a whole decision in memory, from the question to the end
// of the call, with the default policy and with one of a thousand rules and two
// hundred limits. The two take turns.
func BenchmarkPolicySize(b *testing.B) {
	settings := policy.Default(10_000, "benchmark", time.Now())
	usual := benchmarkBook(b, settings)
	large := benchmarkBook(b, append(settings, manySettings(len(settings))...))
	for past, name := range []string{"abroad", "home"} { // as the calls of the past with these numbers
		b.Run(name, func(b *testing.B) {
			var took, ofUsual []float64
			for round := range max(b.N, 15) + 1 {
				u, l := bookRound(b, usual, past, round), bookRound(b, large, past, round)
				if round > 0 { // the first one warms up
					took, ofUsual = append(took, u), append(ofUsual, l/u)
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(took)*1e6, "us/decision")
			b.ReportMetric(median(ofUsual), "of-default,aim<=2")
		})
	}
}

// benchmarkBook is a book with these settings.
func benchmarkBook(b *testing.B, settings []toll.Setting) *ledger.Book {
	b.Helper()
	book := ledger.NewBook(benchmarkSite(b).judge, ledger.Options{Epoch: 1})
	for i := range settings {
		e := toll.Entry{Seq: int64(i + 1), At: settings[i].At, Kind: toll.EntrySetting, Setting: &settings[i]}
		if err := book.Apply(e); err != nil {
			b.Fatal(err)
		}
	}
	book.Begin(time.Now())
	book.Record(time.Now(), toll.Event{Kind: toll.LinkFound, PBX: "pbx1"})
	return book
}

// bookRound is how many seconds one of two thousand decisions takes, at home or
// abroad as the call of the past with that number.
func bookRound(b *testing.B, book *ledger.Book, past, round int) float64 {
	b.Helper()
	const calls = 2000
	begun := time.Now()
	for i := range calls {
		l := pastCall(past, i, time.Time{})
		q := l.Question(toll.Ask)
		q.Key.Uniqueid = fmt.Sprintf("now-%d.%d.%d", past, round, i)
		q.To.Range = fmt.Sprint("+44", i) // or it is an attack
		if v, _ := book.Decide(begun, q); !v.Allow {
			b.Fatal(v.Reason, v.By)
		}
		book.Record(begun, toll.Event{Kind: toll.ChannelGone, PBX: q.Key.PBX, Channel: q.Key.Uniqueid})
		if i%16 == 0 {
			book.Tick(begun)
		}
	}
	return time.Since(begun).Seconds() / calls
}

// manySettings are a thousand rules of all common shapes, and as many limits as are
// missing to two hundred where so many settings stand before.
func manySettings(before int) (all []toll.Setting) {
	for i := range 1000 {
		r := toll.Rule{ID: fmt.Sprintf("r-%d", i), Do: toll.Permit}
		switch i % 4 {
		case 0:
			r.Prefix = fmt.Sprintf("+%d", 2000+i)
		case 1:
			r.Prefix = fmt.Sprintf("+49%d", 10_000+i)
		case 2:
			r.Caller, r.Country = fmt.Sprint(5000+i), "FR"
		case 3:
			r.Caller, r.Where = fmt.Sprint(5000+i), toll.Abroad
		}
		all = append(all, toll.Setting{Rule: &r})
	}
	wheres := []toll.Where{
		toll.AtHome, toll.Where(toll.HomeFixed), toll.Where(toll.HomeMobile), toll.Where(toll.TollFree), toll.Where(toll.SharedCost),
		toll.Where(toll.HomePremium), toll.Where(toll.Personal), toll.Where(toll.ForeignNANP), toll.Where(toll.IntlFixed),
		toll.Where(toll.IntlMobile), toll.Where(toll.IntlPremium), toll.Where(toll.Global), toll.Where(toll.Unassigned),
	}
	measures := []toll.Measure{toll.Cost, toll.Calls, toll.Seconds, toll.Attempts}
	for i := range 200 - before {
		m := toll.Meter{
			Measure: measures[i/len(wheres)%len(measures)], Scope: toll.PerCaller, Window: time.Duration(1+i) * time.Hour, Where: wheres[i%len(wheres)],
		}
		all = append(all, toll.Setting{Limit: &toll.Limit{ID: fmt.Sprintf("l-%d", i), Meter: m, Act: 1 << 50}})
	}
	for i := range all {
		all[i].Revision, all[i].At, all[i].Author = int64(before+i+1), time.Now(), "benchmark"
	}
	return all
}
