package doctor

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/config"
)

// trunkChecks compares the trunks of the configuration with those that exist
// and those that are dialled.
func (p *PBX) trunkChecks(ways []way) []Finding {
	g := &gathering{}
	endpoints := p.endpoints()
	var dialled []target
	for _, w := range ways {
		for _, d := range w.Dials {
			dialled = append(dialled, d.Target)
			if t := d.Target; p.isTrunkDial(d) && p.trunk(t.Tech, t.Peer) == nil && !strings.Contains(t.Peer, "${") && !p.namesLines(t) {
				g.add(Finding{ID: "trunk.unnamed", Level: Critical, Title: "a trunk is dialled that the configuration does not name: %s",
					Detail: "Calls on it are not metered, and a bypass there is not seen.", Where: []Place{d.Step.Place}, Mend: proposed(endpoints, t)}, t.name())
			}
		}
	}
	p.proposeTrunks(g, dialled)
	unread := p.unreadEndpoints()
	if unread != "" {
		g.add(notChecked("trunk.missing", "whether all trunks exist", unread))
	}
	for _, t := range p.Asterisk.Trunks {
		i := slices.IndexFunc(endpoints, func(e endpoint) bool { return t.Name == e.Name || strings.EqualFold(t.Name, e.Tech+"/"+e.Name) })
		switch {
		case i >= 0:
			p.addresses(g, t, endpoints[i])
		case strings.HasPrefix(t.Name, "DAHDI/"):
		case slices.Contains(p.Console.Endpoints, strings.TrimPrefix(t.Name, "PJSIP/")):
			g.add(Finding{ID: "trunk.elsewhere", Level: Unchecked, Title: "the settings of %s stand in no file", Detail: "Asterisk has them from a database."}, t.Name)
		case unread == "":
			g.add(Finding{ID: "trunk.missing", Level: Warning, Title: "the configuration names a trunk that does not exist: %s",
				Detail: "A misspelt name guards nothing.", Mend: []string{"# tollfuse.yaml, asterisk: trunks:", "# - name: one of " + listed(names(endpoints))}}, t.Name)
		}
	}
	if len(g.found) == 0 {
		return []Finding{fine("trunk.names", "the trunks that are dialled, those that exist and those named are the same")}
	}
	return g.findings()
}

// namesLines tells whether the target is a group of lines, and the configuration
// names lines: which are in the group only chan_dahdi.conf and the hardware know.
func (p *PBX) namesLines(t target) bool {
	return strings.EqualFold(t.Tech, "DAHDI") && slices.ContainsFunc(p.Asterisk.Trunks, func(t config.Trunk) bool { return strings.HasPrefix(t.Name, "DAHDI/") })
}

func names(all []endpoint) []string {
	var list []string
	for _, e := range all {
		if !e.isPhone() && !isAnonymous(e.Name) {
			list = append(list, e.Name)
		}
	}
	return list
}

// proposed are the lines that name a trunk.
func proposed(endpoints []endpoint, t target) []string {
	name := t.Peer
	if !strings.EqualFold(t.Tech, "PJSIP") {
		name = t.name()
	}
	lines := []string{"# tollfuse.yaml, asterisk: trunks:", "- name: " + name}
	if strings.EqualFold(t.Tech, "DAHDI") && isLineGroup(t.Peer) {
		lines = []string{lines[0] + " each line of the group, as dahdi show channels lists them", "- name: DAHDI/1 # line 1, where it is analogue", "- name: DAHDI/i1 # span 1, where it is ISDN"}
	}
	for _, e := range endpoints {
		if hosts := e.hosts(); e.Name == t.Peer && len(hosts) > 0 {
			lines = append(lines, `  addresses: ["`+strings.Join(hosts, `", "`)+`"]`)
		}
	}
	return append(lines, "# then: systemctl restart tollfuse")
}

// isLineGroup tells a group of lines, as DAHDI/g1 dials one of them, from a line or a
// span: the channel that comes of it bears the name of the line, never of the group.
func isLineGroup(peer string) bool { return peer != "" && strings.ContainsRune("gGrR", rune(peer[0])) }

// addresses wants every address of a trunk's endpoint in the configuration.
func (p *PBX) addresses(g *gathering, t config.Trunk, e endpoint) {
	var missing []string
	for _, host := range e.hosts() {
		if !slices.ContainsFunc(t.Addresses, func(a string) bool { return covers(a, host) }) {
			missing = append(missing, host)
		}
	}
	if len(missing) == 0 {
		return
	}
	all := append(slices.Clone(t.Addresses), missing...)
	g.add(Finding{ID: "trunk.address", Level: Warning, Title: "the configuration lacks addresses of a trunk: %s",
		Detail: "A phone that registers with the carrier's address dials out under its own name; only the address tells.", Where: []Place{e.Section.Place},
		Mend: []string{"# tollfuse.yaml, asterisk: trunks:", "- name: " + t.Name, `  addresses: ["` + strings.Join(all, `", "`) + `"]`}}, t.Name)
}

// covers tells whether a host or network of the configuration has the host or
// network in it.
func covers(address, host string) bool {
	if h, _, err := net.SplitHostPort(address); err == nil {
		address = h
	}
	if strings.EqualFold(address, host) {
		return true
	}
	outer, err := config.Network(address)
	if err != nil {
		return false
	}
	inner, err := config.Network(host)
	return err == nil && outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// hosts are where the endpoint's calls go, and where calls of it come from.
func (e endpoint) hosts() []string {
	var hosts []string
	add := func(host string) {
		host = strings.Trim(strings.TrimSpace(host), "[]")
		if prefix, err := netip.ParsePrefix(host); err == nil && prefix.IsSingleIP() {
			host = prefix.Addr().String()
		}
		if host != "" && !strings.Contains(host, "$") && !slices.Contains(hosts, host) && !strings.EqualFold(host, "dynamic") {
			hosts = append(hosts, host)
		}
	}
	for _, a := range e.AORs {
		for _, contact := range a.All("contact") {
			add(hostOf(contact))
		}
	}
	for _, r := range e.Register {
		add(hostOf(r.Get("server_uri")))
	}
	for _, i := range e.Identify {
		for _, match := range i.All("match") {
			for one := range strings.SplitSeq(match, ",") {
				add(one)
			}
		}
	}
	if e.Tech != "PJSIP" {
		add(e.Section.Get("host"))
	}
	return hosts
}

// hostOf is the host of a SIP URI.
func hostOf(uri string) string {
	uri = strings.Trim(strings.TrimSpace(uri), "<>")
	if _, rest, ok := strings.Cut(uri, ":"); ok {
		uri = rest
	}
	uri, _, _ = strings.Cut(uri, ";")
	if i := strings.LastIndexByte(uri, '@'); i >= 0 {
		uri = uri[i+1:]
	}
	if host, _, err := net.SplitHostPort(uri); err == nil {
		return host
	}
	return uri
}
