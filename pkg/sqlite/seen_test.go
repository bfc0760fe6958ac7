package sqlite

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestSeenIsKept(t *testing.T) {
	s := newLedger(t)
	home := toll.Seen{PBX: "pbx1", Account: "1001", Network: netip.MustParsePrefix("192.0.2.0/24"), First: noon, Last: noon}
	far := toll.Seen{PBX: "pbx1", Account: "1001'; DROP TABLE seen", Network: netip.MustParsePrefix("2001:db8:1::/48"), First: noon, Last: noon.Add(time.Hour)}
	add := func(all ...toll.Seen) {
		t.Helper()
		if err := s.AddSeen(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	want := func(want ...toll.Seen) {
		t.Helper()
		var got []toll.Seen
		if err := s.Seen(t.Context(), func(s toll.Seen) error { got = append(got, s); return nil }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("seen:\n%+v, want\n%+v", got, want)
		}
	}
	add(home, far)
	want(home, far)
	home.Last = noon.AddDate(0, 0, 1)
	add(home)
	want(far, home)
	far.Gone = true
	add(far)
	want(home)
}
