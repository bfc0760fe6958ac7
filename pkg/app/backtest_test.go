package app

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/replay"
)

// recordedSite is the firm whose records are played.
func recordedSite() config.Config {
	c := ScenarioConfig(replay.SiteFacts{Country: "US", Zone: "America/New_York", Currency: "USD", Countries: []string{"CA"}, Size: 200})
	c.Numbering.Extensions = []string{"1XXX"}
	return c
}

// BenchmarkBacktest plays the records of a PBX with five thousand numbers in use.
func BenchmarkBacktest(b *testing.B) {
	const rows = 100_000
	c := recordedSite()
	settings := policy.Default(200, "benchmark", time.Time{})
	b.ReportAllocs()
	var calls int
	for b.Loop() {
		r, err := Backtest(b.Context(), c, settings, Records{File: newMadeRecords(rows, 5000)})
		if err != nil {
			b.Fatal(err)
		}
		calls += r.Total.Calls
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N*rows), "ns/row")
	b.ReportMetric(float64(calls)/float64(b.N), "calls/op")
}
