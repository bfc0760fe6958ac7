package watch

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// rack is a ledger with many leases that only listens.
type rack struct {
	shelf
	leases []toll.Lease
}

func (r *rack) Record(context.Context, toll.Event) error             { return nil }
func (r *rack) Leases(context.Context, string) ([]toll.Lease, error) { return r.leases, nil }

// BenchmarkPicture is what a watcher does with a picture of 5,000 calls, each of
// them two channels and a lease, once it has come over the wire.
func BenchmarkPicture(b *testing.B) {
	const live = 5000
	now := time.Now()
	ledger := &rack{shelf: shelf{now: now}}
	items := make([]ami.Message, 0, 2*live)
	for i := range live {
		asker, leg, lease := fmt.Sprintf("%d.0", i), fmt.Sprintf("%d.1", i), fmt.Sprintf("1-%d", i)
		items = append(items,
			shownChannel(b, now, "PJSIP/1001-", asker, asker, "Dial", "PJSIP/00442079460000@carrier,60,S(600)", lease, "(null)"),
			shownChannel(b, now, "PJSIP/carrier-", leg, asker, "AppDial", "(Outgoing Line)", lease, "00442079460000@carrier"))
		ledger.leases = append(ledger.leases, toll.Lease{
			ID: lease, State: toll.Answered, Key: toll.Key{PBX: "pbx1", Uniqueid: asker, Number: "+442079460000"}, Leg: leg,
			To: toll.Destination{Class: toll.HomeFixed}, Answered: now, Timer: time.Hour, Covered: time.Hour,
		})
	}
	w := New(nil, ledger, Options{
		PBX: "pbx1", Trunks: []Trunk{{Name: "carrier"}}, Callers: caller.Site{Trunks: []string{"carrier"}}, Numbering: homeOnly{}, Rates: homeOnly{},
		Log: slog.New(slog.DiscardHandler),
	})
	b.ReportAllocs()
	for b.Loop() {
		now := time.Now() // timers run on
		shown, whole := w.read(now, items)
		if !whole || len(shown) != 2*live {
			b.Fatalf("%d channels, whole: %t", len(shown), whole)
		}
		changes := w.model.Replace(now, w.channels(shown, whole))
		covered := w.settleLeases(b.Context(), now, ledger.leases, shown, whole)
		if len(covered) != live {
			b.Fatalf("%d legs are covered", len(covered))
		}
		w.followPicture(b.Context(), changes, shown, covered)
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "picture-of-5000-ms,aim<=5")
}

// shownChannel is a channel in a picture, whose timer ends in an hour from now.
func shownChannel(b *testing.B, now time.Time, name, id, linked, application, data, mark, peer string) ami.Message {
	b.Helper()
	text := strings.NewReplacer(
		"PJSIP/carrier-00000001", name+id, "Uniqueid: 17.1", "Uniqueid: "+id, "Linkedid: 17.0", "Linkedid: "+linked,
		"TimeToHangup: 0", fmt.Sprintf("TimeToHangup: %d", now.Add(time.Hour).Unix()),
		"Application: AppDial", "Application: "+application+"\nData: "+data,
		"TOLLFUSE_LEASE=(null)", "TOLLFUSE_LEASE="+mark, "DIALEDPEERNUMBER=00442079460000@carrier", "DIALEDPEERNUMBER="+peer,
	).Replace(legUp)
	var fields []ami.Field
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		fields = append(fields, ami.Field{Name: name, Value: value})
	}
	m, err := ami.NewMessage(fields...)
	if err != nil {
		b.Fatal(err)
	}
	return m
}
