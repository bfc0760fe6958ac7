package doctor

import (
	"net/netip"
	"slices"
	"strings"
)

// proposeTrunks proposes endpoints that look like a way out, and that neither the
// configuration names nor a Dial that was judged: calls to them may begin elsewhere,
// by Originate for instance.
func (p *PBX) proposeTrunks(g *gathering, dialled []target) {
	for _, e := range p.endpoints() {
		t := target{Tech: e.Tech, Peer: e.Name}
		why := e.leadsOut()
		if why == "" || e.outside() || p.isGateway(e) || slices.ContainsFunc(dialled, func(d target) bool { return strings.EqualFold(d.Tech, e.Tech) && d.Peer == e.Name }) {
			continue
		}
		g.add(Finding{ID: "trunk.proposed", Level: Warning, Title: "an endpoint looks like a trunk, and the configuration does not name it: %s",
			Detail: "The first one " + why + ". Calls on it are not metered. If it is no trunk but a gateway of yours, name it below gateways.",
			Where:  []Place{e.Section.Place}, Mend: proposed([]endpoint{e}, t)}, t.name())
	}
}

// leadsOut says by what an endpoint looks like a way out; empty if by nothing.
func (e endpoint) leadsOut() string {
	switch {
	case len(e.Register) > 0:
		return "registers with another exchange"
	case e.registers() || len(e.Auths) > 0 || !slices.ContainsFunc(e.hosts(), isOutside):
		return ""
	}
	return "has a fixed address outside the private networks"
}

// isOutside tells whether a host is not of the machine or a private network. A name
// may be anywhere.
func isOutside(host string) bool {
	address, _, _ := strings.Cut(host, "/")
	ip, err := netip.ParseAddr(address)
	return err != nil && !strings.EqualFold(host, "localhost") ||
		err == nil && !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() && !ip.IsUnspecified()
}
