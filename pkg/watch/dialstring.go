package watch

import (
	"net"
	"net/netip"
	"strings"
)

// dialled is what a dial string says: the number sent out, and the endpoint
// or host that it is sent to.
type dialled struct {
	number string
	target string // endpoint, peer, group or host
	host   bool   // target is a host, with or without a port, not a name
}

// parseDialString reads what stands behind the technology in Dial(): a number
// and an endpoint ("0023222123456@carrier", chan_pjsip and chan_iax2), a name
// and a number ("carrier/0023222123456", chan_sip, chan_iax2 and DAHDI), or an
// endpoint and a URI ("1001/sip:0023222666666@192.0.2.1", chan_pjsip). It
// takes what is there and never fails.
func parseDialString(s string) dialled {
	if i := uriAt(s); i >= 0 {
		return parseURI(s[i:])
	}
	if name, number, found := strings.Cut(s, "/"); found {
		return dialled{number: number, target: lastAfter(name, '@')}
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		return dialled{number: s[:i], target: s[i+1:]}
	}
	return dialled{target: s}
}

// uriAt finds a SIP URI in a dial string.
func uriAt(s string) int {
	lower := strings.ToLower(s)
	for _, scheme := range []string{"sip:", "sips:"} {
		if strings.HasPrefix(lower, scheme) {
			return 0
		}
		if i := strings.Index(lower, "/"+scheme); i >= 0 {
			return i + 1
		}
	}
	return -1
}

// parseURI reads the user and host of sip:user@host:port;parameters. A host in the
// parameter maddr is where the request goes instead (RFC 3261, section 19.1.1).
func parseURI(uri string) dialled {
	_, rest, _ := strings.Cut(uri, ":")
	user, host := "", rest
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		user, host = rest[:i], rest[i+1:]
	}
	host, _, _ = strings.Cut(host, "?")
	host, parameters, _ := strings.Cut(host, ";")
	for parameter := range strings.SplitSeq(parameters, ";") {
		if name, value, _ := strings.Cut(parameter, "="); strings.EqualFold(name, "maddr") && value != "" {
			host = value
		}
	}
	number, _, _ := strings.Cut(user, ";") // tel parameters
	number, _, _ = strings.Cut(number, ":")
	return dialled{number: number, target: host, host: true}
}

func lastAfter(s string, sep byte) string { return s[strings.LastIndexByte(s, sep)+1:] }

// reaches tells whether a host is the carrier's: the address of a trunk is a
// network, an address or a name, and a port counts only where both have one. An
// address is the same however it is spelt.
func reaches(address, target string) bool {
	host, targetPort := splitPort(target)
	ip, err := netip.ParseAddr(host)
	isAddress := err == nil
	if network, err := netip.ParsePrefix(address); err == nil {
		return isAddress && network.Contains(ip.Unmap())
	}
	own, port := splitPort(address)
	if port != "" && targetPort != "" && port != targetPort {
		return false
	}
	if ownIP, err := netip.ParseAddr(own); err == nil && isAddress {
		return ownIP.Unmap() == ip.Unmap()
	}
	return strings.EqualFold(strings.TrimSuffix(own, "."), strings.TrimSuffix(host, "."))
}

func splitPort(s string) (host, port string) {
	if h, p, err := net.SplitHostPort(s); err == nil {
		return h, p
	}
	return strings.Trim(s, "[]"), ""
}
