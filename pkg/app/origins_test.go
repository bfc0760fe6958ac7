package app

import (
	"context"
	"log/slog"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/origin"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
)

// What was seen is known after a restart: the office is still settled, and a
// network that it was never seen in is new.
func TestOriginsSurviveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	now := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
	start := func() (*origins, func()) {
		store, err := sqlite.Open(path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o, err := newOrigins(t.Context(), store, func() time.Time { return now }, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return o, func() {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := o.run(ctx); err != nil {
				t.Error(err)
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	office, far := netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("203.0.113.7")
	o, stop := start()
	o.Accepted("pbx1", "1001", office)
	stop()

	now = now.Add(origin.Settling)
	o, stop = start()
	defer func() { stop() }()
	o.Accepted("pbx1", "1001", office)
	if got := o.Facts("pbx1", "1001", netip.Addr{}); got != "" {
		t.Errorf("in the office: %q", got)
	}
	o.Accepted("pbx1", "1001", far)
	if got := o.Facts("pbx1", "1001", netip.Addr{}); got != "new-network,many-networks" {
		t.Errorf("from afar: %q", got)
	}

	// A call tells by itself where it comes from.
	now = now.Add(origin.Within)
	o.Accepted("pbx1", "1001", office)
	if got := o.Facts("pbx1", "1001", far); got != "new-network,many-networks" {
		t.Errorf("called from afar: %q", got)
	}
}
