// Package geoip says in which country an address is, by a file in MaxMind's format
// (GeoLite2-Country.mmdb and the like) that the owner supplies and something such as
// geoipupdate replaces now and then.
package geoip

import (
	"fmt"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

// Largest is how long a file may be, in bytes: one of cities has some 60 MB.
const Largest = 256 << 20

// Countries are those of a file; none before it could be read. It is safe for
// concurrent use.
type Countries struct {
	path    string
	current atomic.Pointer[edition]
}

// edition is the file as it was read. It lies in memory, since a file that is
// mapped and then written over would end the process.
type edition struct {
	reader   *maxminddb.Reader
	modified time.Time
	size     int64
}

// New is for a file that [Countries.Refresh] reads.
func New(path string) *Countries { return &Countries{path: path} }

// Refresh reads the file if it has changed, and tells whether it has. What was read
// before stays where that fails.
func (c *Countries) Refresh() (changed bool, err error) {
	info, err := os.Stat(c.path)
	if err != nil {
		return false, fmt.Errorf("the countries of addresses: %w", err)
	}
	if e := c.current.Load(); e != nil && e.modified.Equal(info.ModTime()) && e.size == info.Size() {
		return false, nil
	}
	if info.Size() > Largest || !info.Mode().IsRegular() {
		return false, fmt.Errorf("the countries of addresses: %s is no file of at most %d bytes", c.path, Largest)
	}
	text, err := os.ReadFile(c.path)
	if err != nil {
		return false, fmt.Errorf("the countries of addresses: %w", err)
	}
	reader, err := maxminddb.OpenBytes(text)
	if err != nil {
		return false, fmt.Errorf("the countries of addresses: %s is not in MaxMind's format: %w", c.path, err)
	}
	c.current.Store(&edition{reader, info.ModTime(), info.Size()})
	return true, nil
}

// Built is when the file's data was made; zero before it could be read.
func (c *Countries) Built() time.Time {
	e := c.current.Load()
	if e == nil {
		return time.Time{}
	}
	return e.reader.Metadata.BuildTime()
}

// Of is the country of an address, as ISO 3166-1 has it; nothing where the file does
// not know, as for a private address.
func (c *Countries) Of(a netip.Addr) string {
	e := c.current.Load()
	if e == nil || !a.IsValid() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return ""
	}
	var code string
	if err := e.reader.Lookup(a.Unmap().WithZone("")).DecodePath(&code, "country", "iso_code"); err != nil || !isCode(code) {
		return ""
	}
	return code
}

// isCode tells whether a text can be a country's code.
func isCode(s string) bool {
	isLetter := func(c byte) bool { return 'A' <= c && c <= 'Z' }
	return len(s) == 2 && isLetter(s[0]) && isLetter(s[1])
}
