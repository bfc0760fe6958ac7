package geoip

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// write makes a file of networks and their countries.
func write(t testing.TB, path string, countries map[string]string) {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "Test-Country", RecordSize: 24, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for network, code := range countries {
		_, n, err := net.ParseCIDR(network)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(n, mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(code)}}); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCountryOfAnAddress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "countries.mmdb")
	write(t, path, map[string]string{"81.2.69.0/24": "GB", "2a02:cf40::/29": "PS", "10.0.0.0/8": "ZZ"})
	c := New(path)
	if got := c.Of(netip.MustParseAddr("81.2.69.160")); got != "" || !c.Built().IsZero() {
		t.Errorf("before it is read it knows %q", got)
	}
	if changed, err := c.Refresh(); !changed || err != nil {
		t.Fatal(changed, err)
	}
	for address, want := range map[string]string{
		"81.2.69.160": "GB", "::ffff:81.2.69.160": "GB", "2a02:cf40::1": "PS", "198.51.100.1": "", "10.1.1.1": "", "127.0.0.1": "", "fe80::1%eth0": "", "fd00::1": "",
	} {
		if got := c.Of(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is in %q, want %q", address, got, want)
		}
	}
	if got := c.Of(netip.Addr{}); got != "" {
		t.Errorf("nowhere is in %q", got)
	}
	if c.Built().IsZero() {
		t.Error("nobody knows when it was made")
	}
}

// A file that is replaced counts at the next look; one that is spoiled does not.
func TestFileIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "countries.mmdb")
	where := netip.MustParseAddr("81.2.69.160")
	write(t, path, map[string]string{"81.2.69.0/24": "GB"})
	c := New(path)
	if got := c.Of(netip.MustParseAddr("81.2.69.160")); got != "" || !c.Built().IsZero() {
		t.Errorf("before it is read it knows %q", got)
	}
	if changed, err := c.Refresh(); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if changed, err := c.Refresh(); changed || err != nil {
		t.Errorf("nothing has changed: %v, %v", changed, err)
	}
	if err := os.WriteFile(path, []byte("half a download"), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, err := c.Refresh(); changed || err == nil || c.Of(where) != "GB" {
		t.Errorf("spoiled: %v, %v, %q", changed, err, c.Of(where))
	}
	write(t, path, map[string]string{"81.2.69.0/24": "FR"})
	if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if changed, err := c.Refresh(); !changed || err != nil || c.Of(where) != "FR" {
		t.Errorf("replaced: %v, %v, %q", changed, err, c.Of(where))
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Refresh(); err == nil || c.Of(where) != "FR" {
		t.Errorf("gone: %v, %q", err, c.Of(where))
	}
}

func TestWhatIsNoSuchFile(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("a text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): "no such file", text: "is not in MaxMind's format", dir: "is no file of at most",
	} {
		if _, err := New(path).Refresh(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
