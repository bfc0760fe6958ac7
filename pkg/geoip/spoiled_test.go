package geoip

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
)

// A file with wrong bytes in it may lose countries, but it ends no process and
// names none that is not one: such a caller would pass for one abroad.
func FuzzSpoiledFile(f *testing.F) {
	f.Add(uint16(0), byte(0), uint16(0))
	path := filepath.Join(f.TempDir(), "countries.mmdb")
	write(f, path, map[string]string{"81.2.69.0/24": "GB", "2a02:cf40::/29": "PS"})
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	for at := len(whole) / 2; at < len(whole); at++ { // behind the tree
		f.Add(uint16(at), byte(0x20), uint16(0))
		f.Add(uint16(0), byte(0), uint16(at))
	}
	f.Fuzz(func(t *testing.T, at uint16, flip byte, cut uint16) {
		text := append([]byte(nil), whole...)
		text[int(at)%len(text)] ^= flip
		text = text[:len(text)-int(cut)%len(text)]
		path := filepath.Join(t.TempDir(), "spoiled.mmdb")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c := New(path)
		_, _ = c.Refresh()
		for _, address := range []string{"81.2.69.160", "2a02:cf40::1", "::1:2", "203.0.113.1"} {
			if code := c.Of(netip.MustParseAddr(address)); code != "" && !isCode(code) {
				t.Errorf("%s is in %q", address, code)
			}
		}
	})
}
