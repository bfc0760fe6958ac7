package app

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/tollfuse/tollfuse/pkg/config"
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
		o, err := newOrigins(t.Context(), store, config.Site{}, func() time.Time { return now }, slog.New(slog.DiscardHandler))
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

// A phone is foreign where the owner's file says so. Without one nothing is, and
// everything else works.
func TestForeignAddresses(t *testing.T) {
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "Test-Country", RecordSize: 24, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for network, code := range map[string]string{"203.0.113.0/24": "PS", "198.51.100.0/24": "GB"} {
		_, n, err := net.ParseCIDR(network)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(n, mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(code)}}); err != nil {
			t.Fatal(err)
		}
	}
	var text bytes.Buffer
	if _, err := tree.WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	site := config.Site{Country: "US", Countries: []string{"GB"}, GeoIP: filepath.Join(t.TempDir(), "countries.mmdb")}
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "ledger.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	o, err := newOrigins(t.Context(), store, site, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if got := o.Facts("pbx1", "1006", netip.MustParseAddr("203.0.113.9")); got != "" {
		t.Errorf("without a file: %q", got)
	}
	if err := os.WriteFile(site.GeoIP, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	o.refresh()
	for account, test := range map[string]struct{ from, want string }{
		"1001": {"203.0.113.7", "foreign"}, "1002": {"198.51.100.7", ""}, "1003": {"192.0.2.7", ""}, "1004": {"10.0.0.7", ""},
	} {
		if got := o.Facts("pbx1", account, netip.MustParseAddr(test.from)); got != test.want {
			t.Errorf("from %s: %q, want %q", test.from, got, test.want)
		}
	}
	o.Accepted("pbx1", "1005", netip.MustParseAddr("203.0.113.8"))
	if got := o.Facts("pbx1", "1005", netip.Addr{}); got != "foreign" {
		t.Errorf("registered from afar: %q", got)
	}
}
