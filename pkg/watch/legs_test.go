package watch

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/calls"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// fading is a ledger whose one lease is there when it is looked for and, if it
// fades, gone when its leg is reported.
type fading struct {
	lease toll.Lease
	fades bool
	told  []toll.Event
}

func (f *fading) Record(_ context.Context, e toll.Event) error {
	f.told = append(f.told, e)
	if e.Kind == toll.LegDialled && !f.fades {
		f.lease.Leg = e.Channel
	}
	return nil
}

func (f *fading) Find(context.Context, toll.Key) (toll.Lease, bool, error) { return f.lease, true, nil }

func (f *fading) Lease(_ context.Context, id string) (toll.Lease, bool, error) {
	return f.lease, !f.fades && id == f.lease.ID, nil
}

func (f *fading) Leases(context.Context, string) ([]toll.Lease, error) { return nil, nil }
func (f *fading) Now() time.Time                                       { return time.Time{} }

// homeOnly takes every number for an ordinary one at home.
type homeOnly struct{}

func (homeOnly) ResolveTrunk(number, _ string) toll.Destination {
	return toll.Destination{Dialled: number, E164: number, Class: toll.HomeFixed}
}

func (homeOnly) Resolve(number string) toll.Destination {
	return toll.Destination{Dialled: number, Class: toll.HomeFixed}
}

func (homeOnly) Price(toll.Destination, string) toll.Price { return toll.Price{} }

func TestLegOfALeaseThatIsTakenBackMeanwhileIsFound(t *testing.T) {
	client, err := ami.New(ami.Options{Address: "127.0.0.1:1", Username: "tollfuse"})
	if err != nil {
		t.Fatal(err)
	}
	for _, fades := range []bool{false, true} {
		ledger := &fading{fades: fades, lease: toll.Lease{
			ID: "1-1", State: toll.Granted, Key: toll.Key{PBX: "pbx1", Uniqueid: "1.1", Number: "+4930"},
		}}
		w := New(client, ledger, Options{
			PBX: "pbx1", Trunks: []Trunk{{Name: "carrier"}}, Callers: caller.Site{Trunks: []string{"carrier"}},
			Numbering: homeOnly{}, Rates: homeOnly{}, Log: slog.New(slog.DiscardHandler),
		})
		w.dialled(t.Context(), calls.Channel{
			Snapshot: calls.Snapshot{Uniqueid: "1.2", Name: "PJSIP/carrier-00000001"}, DialString: "+4930@carrier", DialledBy: "1.1",
		})
		kinds := make([]toll.EventKind, 0, len(ledger.told))
		for _, e := range ledger.told {
			kinds = append(kinds, e.Kind)
		}
		want := toll.LegDialled
		if fades {
			want = toll.LegFound
		}
		if len(kinds) == 0 || kinds[len(kinds)-1] != want {
			t.Errorf("fades %t: the ledger was told %v, want %s in the end", fades, kinds, want)
		}
	}
}
