package config

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The bounds of what can be configured.
const (
	largestSite    = 10_000
	largestPrice   = 10_000 * toll.Unit
	longestCall    = 24 * time.Hour // Asterisk's S() has no value for "for ever"
	longestSocket  = 107            // bytes in sun_path of unix(7), less the zero at its end
	mostConnection = 65_535
)

// checker looks at what was read and notes what makes no sense. A key that
// could not be read is left alone.
type checker struct{ *reader }

// that notes a problem with the key unless the condition holds.
func (c checker) that(ok bool, key, format string, args ...any) {
	if !ok && !c.broken(key) {
		c.problem(key, format, args...)
	}
}

func check(c *Config, r *reader) {
	k := checker{r}
	k.site(c.Site)
	k.that(filepath.IsAbs(c.Ledger.Path), "ledger.path", "want an absolute path, not %s", quote(c.Ledger.Path))
	k.fastAGI(c.FastAGI)
	k.control(c.Control)
	k.asterisks(c.Asterisk)
	k.numbering(c.Numbering)
	k.prices(c.Prices)
	k.calls(c.Calls)
	k.oneOf("failure.home", string(c.Failure.Home), string(Allow), string(Deny))
	k.oneOf("bypass", string(c.Bypass), string(BypassAlert), string(BypassCut), string(BypassLock), string(BypassFuse))
	k.alerts(c.Alerts)
	k.mail(c.Mail)
	k.fuse(c.Fuse)
	k.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	k.oneOf("log.format", c.Log.Format, "text", "json")
	k.that(c.Log.Decisions == "" || filepath.IsAbs(c.Log.Decisions), "log.decisions",
		"want an absolute path, or nothing for no decision log, not %s", quote(c.Log.Decisions))
}

func (c checker) oneOf(key, value string, allowed ...string) {
	most, last := allowed[:len(allowed)-1], allowed[len(allowed)-1]
	c.that(slices.Contains(allowed, value), key, "want %s or %s, not %s", strings.Join(most, ", "), last, quote(value))
}

func (c checker) site(s Site) {
	if s.Country == "" {
		c.that(false, "site.country", "the country of the site is missing; write two capitals of ISO 3166-1, such as US")
	} else {
		c.country("site.country", s.Country)
	}
	for i, country := range s.Countries {
		key := fmt.Sprintf("site.countries[%d]", i)
		c.country(key, country)
		c.that(!slices.Contains(s.Countries[:i], country), key, "%s stands twice", quote(country))
	}
	_, err := s.Location()
	c.that(err == nil && s.Timezone != "", "site.timezone",
		"%s is not a time zone; write an IANA name such as Europe/Berlin, or Local for that of the machine", quote(s.Timezone))
	c.that(currency(s.Currency), "site.currency", "want three capitals of ISO 4217, such as EUR, not %s", quote(s.Currency))
	c.that(s.GeoIP == "" || filepath.IsAbs(s.GeoIP), "site.geoip", "want an absolute path, or nothing for none, not %s", quote(s.GeoIP))
	c.that(s.Size >= 1 && s.Size <= largestSite, "site.size", "want the number of extensions, 1 to %d, not %d", largestSite, s.Size)
}

func (c checker) country(key, code string) {
	if code == "UK" {
		c.that(false, key, "the code of the United Kingdom is GB")
		return
	}
	c.that(len(code) == 2 && code == strings.ToUpper(code) && phonenumbers.GetCountryCodeForRegion(code) != 0, key,
		"%s is not a country with a number plan; write two capitals of ISO 3166-1, such as US", quote(code))
}

func currency(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func (c checker) fastAGI(f FastAGI) {
	c.that(hostPort(f.Listen), "fastagi.listen", "want an address and a port, such as 127.0.0.1:4573, not %s", quote(f.Listen))
	c.that(len(f.Allow) > 0, "fastagi.allow", "nobody could ask; list the networks of your Asterisks, such as 127.0.0.0/8")
	for i, network := range f.Allow {
		_, err := Network(network)
		c.that(err == nil, fmt.Sprintf("fastagi.allow[%d]", i), "want an address or a network such as 10.0.0.0/8, not %s", quote(network))
	}
	c.that(f.MaxConnections >= 1 && f.MaxConnections <= mostConnection, "fastagi.max_connections", "want 1 to %d, not %d", mostConnection, f.MaxConnections)
	c.that(f.Deadline >= 10*time.Millisecond && f.Deadline <= 5*time.Second, "fastagi.deadline", "want 10ms to 5s, not %s; the caller hears nothing meanwhile", f.Deadline)
}

// Network reads an address or a network in CIDR notation. A network with bits
// beyond its prefix, such as 10.1.2.3/8, is an error: one of the two is a slip.
func Network(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%s is neither an address nor a network", quote(s))
	}
	if p != p.Masked() {
		return netip.Prefix{}, fmt.Errorf("%s has bits beyond its prefix; the network is %s", quote(s), p.Masked())
	}
	return p, nil
}

func (c checker) control(s Control) {
	c.that(filepath.IsAbs(s.Socket) && len(s.Socket) <= longestSocket, "control.socket",
		"want an absolute path of at most %d bytes, not %s", longestSocket, quote(s.Socket))
	c.that(s.Group == "" || match(`[a-z_][a-z0-9_-]{0,31}`, s.Group), "control.group", "want the name of a group, not %s", quote(s.Group))
}

func (c checker) prices(p Prices) {
	for _, price := range []struct {
		key   string
		value toll.Money
	}{
		{"home", p.Home}, {"shared_cost", p.SharedCost}, {"allowed", p.Allowed}, {"moderate", p.Moderate}, {"other", p.Other}, {"premium", p.Premium},
		{"toll_free", p.TollFree},
	} {
		c.that(price.value >= 0 && price.value <= largestPrice, "prices."+price.key, "want a price a minute of 0 to %s, not %s", largestPrice, price.value)
	}
	c.that(p.Other > 0 || c.broken("prices.other"), "prices.other", "a price of 0 abroad would let every budget in money through")
	c.that(p.Moderate > 0 || c.broken("prices.moderate"), "prices.moderate", "a price of 0 abroad would let every budget in money through")
	c.that(p.Other >= p.Allowed, "prices.other", "want no less than prices.allowed, %s, not %s", p.Allowed, p.Other)
	c.that(p.Premium >= p.Other, "prices.premium", "want no less than prices.other, %s, not %s", p.Other, p.Premium)
}

func (c checker) calls(s Calls) {
	for _, length := range []struct {
		key   string
		value time.Duration
	}{
		{"max", s.Max}, {"max_home", s.MaxHome}, {"min_slice", s.MinSlice}, {"max_slice", s.MaxSlice},
	} {
		c.that(length.value >= time.Second && length.value <= longestCall && length.value%time.Second == 0, "calls."+length.key,
			"want whole seconds from 1s to 24h, not %s", length.value)
	}
	c.that(s.MinSlice <= s.MaxSlice || c.broken("calls.max_slice"), "calls.min_slice", "the shortest slice, %s, is above the longest, %s", s.MinSlice, s.MaxSlice)
	c.that(s.Share >= 1 && s.Share <= 1000, "calls.share", "want 1 to 1000, not %d", s.Share)
}

// hostPort tells whether the text is an address or host name with a port.
func hostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && strconv.FormatUint(number, 10) == port && isHost(host)
}

// isHost tells whether the text is an IP address or a host name of RFC 1123,
// section 2.1.
func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return len(s) <= 253 && match(`([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*`, s) &&
		strings.Trim(s, "0123456789.") != ""
}

// match tells whether the expression covers the whole text. Files are read
// once, so expressions need not be kept.
func match(expression, s string) bool {
	return regexp.MustCompile(`\A(?:` + expression + `)\z`).MatchString(s)
}
