package doctor

import (
	"net/netip"
	"slices"
	"strings"
)

// endpointChecks judges who can call, and by what.
func (p *PBX) endpointChecks() []Finding {
	g := &gathering{}
	if why := p.unreadEndpoints(); why != "" {
		g.add(notChecked("endpoint.settings", "the endpoints' settings, or some of them", why))
	}
	all := p.endpoints()
	carriers := carrierHosts(all)
	global := p.globalContactACL()
	for _, e := range all {
		if e.isPhone() {
			p.judgeContact(g, e, global, carriers)
		}
		p.judgeEndpoint(g, e)
	}
	if p.letsGuests("sip.conf") {
		s := p.Files.Confs["sip.conf"].Section("general")
		g.add(Finding{ID: "endpoint.guests", Level: Critical, Title: "chan_sip lets anybody call (%s)", Detail: "allowguest is yes unless it says no.",
			Where: s.at("allowguest"), Mend: []string{"; sip.conf", "[general]", "allowguest = no"}}, "sip.conf")
	}
	for _, name := range p.Console.Endpoints {
		if !slices.ContainsFunc(all, func(e endpoint) bool { return e.Tech == "PJSIP" && e.Name == name }) {
			g.add(Finding{ID: "endpoint.elsewhere", Level: Unchecked, Title: "the settings of some endpoints stand in no file: %s",
				Detail: "Asterisk has them from a database; look at each with: asterisk -rx 'pjsip show endpoint NAME'"}, name)
		}
	}
	if len(g.found) == 0 {
		return []Finding{fine("endpoint.settings", "%d endpoints have settings that leave no way round", len(all))}
	}
	return g.findings()
}

// unreadEndpoints says why not all endpoints are known, if so.
func (p *PBX) unreadEndpoints() string {
	if p.Files.Missing != "" {
		return p.Files.Missing
	}
	for _, name := range []string{"pjsip.conf", "pjsip_wizard.conf", "sip.conf", "iax.conf"} {
		if why := p.Files.Failed[name]; why != "" {
			return why
		}
		if c := p.Files.Confs[name]; c != nil && len(c.Missing) > 0 {
			return "what " + name + " includes cannot be read: " + listed(c.Missing)
		}
	}
	return ""
}

// carrierHosts are the addresses of the trunks.
func carrierHosts(all []endpoint) []string {
	var hosts []string
	for _, e := range all {
		if e.Trunk {
			hosts = append(hosts, e.hosts()...)
		}
	}
	return hosts
}

// judgeContact tells whether a phone can register with the carrier's address:
// then whoever calls it makes Asterisk call the carrier, under the phone's name.
func (p *PBX) judgeContact(g *gathering, e endpoint, global []*Section, carriers []string) {
	if isYes(e.Section.Get("rewrite_contact")) {
		return
	}
	rules := append([]*Section{e.Section}, global...)
	ruled := slices.ContainsFunc(rules, func(s *Section) bool {
		return s.Get("contact_acl") != "" || s.Get("contact_deny") != ""
	})
	mend := []string{"; in the section of each such endpoint, or in its template", "rewrite_contact = yes"}
	if !ruled {
		g.add(Finding{ID: "endpoint.rewrite_contact", Level: Warning, Title: "phones may register any address as their own: %s",
			Detail: "With the carrier's, everybody who calls the phone calls the carrier, under the phone's name.",
			Where:  e.Section.at("rewrite_contact"), Mend: mend}, e.Name)
		return
	}
	for _, host := range carriers {
		if lets(rules, host) {
			g.add(Finding{ID: "endpoint.contact_acl", Level: Warning, Title: "contact_acl lets phones register the carrier's address: %s",
				Detail: host + " is an address of a trunk.", Where: e.Section.at("contact_permit"),
				Mend: append(mend, "; or permit the phones' own network only: contact_permit = 192.168.0.0/16")}, e.Name)
			return
		}
	}
}

// lets tells whether rules let an address be registered. Later rules win, as in
// Asterisk; an access list of acl.conf is taken at its word.
func lets(rules []*Section, host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, s := range rules {
		if s.Get("contact_acl") != "" && s.Get("contact_deny") == "" {
			return false
		}
		let := true
		for _, e := range s.Entries {
			name := strings.ToLower(e.Name)
			if name != "contact_deny" && name != "contact_permit" {
				continue
			}
			for one := range strings.SplitSeq(e.Value, ",") {
				if network, ok := maskedNetwork(strings.TrimSpace(one)); ok && network.Contains(ip) {
					let = name == "contact_permit"
				}
			}
		}
		if !let {
			return false
		}
	}
	return true
}

// maskedNetwork reads 10.0.0.0/8, 10.0.0.0/255.0.0.0 and single addresses.
func maskedNetwork(text string) (netip.Prefix, bool) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix, true
	}
	address, mask, masked := strings.Cut(text, "/")
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}, false
	}
	bits := ip.BitLen()
	if masked {
		m, err := netip.ParseAddr(mask)
		if err != nil {
			return netip.Prefix{}, false
		}
		bits = 0
		for _, b := range m.AsSlice() {
			for ; b&0x80 != 0; b <<= 1 {
				bits++
			}
		}
	}
	return netip.PrefixFrom(ip, bits), true
}

// globalContactACL are the sections that hold for all endpoints (type = acl).
func (p *PBX) globalContactACL() []*Section {
	var found []*Section
	if c := p.Files.Confs["pjsip.conf"]; c != nil {
		for _, s := range c.Sections {
			if !s.Template && strings.EqualFold(s.Get("type"), "acl") && (s.Get("contact_deny") != "" || s.Get("contact_acl") != "") {
				found = append(found, s)
			}
		}
	}
	return found
}

// judgeEndpoint judges one endpoint's own settings.
func (p *PBX) judgeEndpoint(g *gathering, e endpoint) {
	s := e.Section
	if isAnonymous(e.Name) {
		g.add(Finding{ID: "endpoint.anonymous", Level: p.anonymousLevel(e.Context), Title: "anybody may call without a password, by %s",
			Detail: "Its context is " + e.Context + ".", Where: []Place{s.Place}, Mend: []string{"; take the endpoint away, or give it a context without a way out"}}, e.Name)
	}
	if method := s.Get("redirect_method"); strings.HasPrefix(method, "uri") {
		g.add(Finding{ID: "endpoint.redirect_method", Level: Critical, Title: "a phone's 302 is followed round the dialplan: %s",
			Detail: "redirect_method = " + method + " dials the address in it at once.", Where: s.at("redirect_method"), Mend: []string{"redirect_method = user"}}, e.Name)
	}
	if e.Trunk && e.Tech == "PJSIP" && !isNo(s.Get("allow_transfer")) {
		g.add(Finding{ID: "endpoint.allow_transfer", Level: Warning, Title: "the carrier may transfer calls (REFER): %s",
			Detail: "A stranger behind it could send your call to another number.", Where: s.at("allow_transfer"), Mend: []string{"allow_transfer = no"}}, e.Name)
	}
	if e.isPhone() && len(e.Auths) == 0 && len(e.Identify) == 0 {
		g.add(Finding{ID: "endpoint.no-auth", Level: Critical, Title: "phones register without a password: %s", Where: []Place{s.Place},
			Mend: []string{"auth = NAME   ; of a section with type = auth"}}, e.Name)
	}
	for _, a := range e.Auths {
		if why := weakPassword(e.Name, a); why != "" {
			g.add(Finding{ID: "endpoint.password", Level: Critical, Title: "passwords can be guessed: %s", Detail: "The first one " + why + ". Scanners try such ones within hours.",
				Where: a.at("password"), Mend: []string{"password = " + "…   ; of its own for each phone: openssl rand -base64 18"}}, e.Name)
		}
	}
	if e.Tech != "PJSIP" && !e.Trunk {
		if why := weak(e.Name, s.Get("secret")); why != "" && s.entry("secret") != nil {
			g.add(Finding{ID: "endpoint.password", Level: Critical, Title: "passwords can be guessed: %s", Detail: "The first one " + why + ".",
				Where: s.at("secret"), Mend: []string{"secret = …   ; of its own for each phone: openssl rand -base64 18"}}, e.Name)
		}
	}
}

// anonymousLevel is critical where strangers get at a trunk.
func (p *PBX) anonymousLevel(context string) Level {
	if p.Plan != nil {
		for _, d := range walk(p.Plan, valuesOf(p.Plan), context, "", nil).Dials {
			if p.isTrunkDial(d) {
				return Critical
			}
		}
	}
	return Warning
}

// shortPassword is a length below which a password can be tried out over SIP.
const shortPassword = 10

// weakPassword says what is wrong with the password of an auth section, without
// the password. One that is stored as a hash only cannot be judged.
func weakPassword(endpoint string, a *Section) string {
	if a.entry("password") == nil {
		return ""
	}
	return weak(endpoint, a.Get("password"))
}

func weak(name, password string) string {
	lower := strings.ToLower(password)
	switch {
	case password == "":
		return "is empty"
	case strings.Contains(lower, strings.ToLower(name)):
		return "holds the name of the endpoint"
	case len(password) < shortPassword:
		return "has fewer than 10 characters"
	case strings.Trim(lower, lower[:1]) == "" || strings.Contains("01234567890123456789", lower) || strings.Contains(lower, "password"):
		return "is one that everybody tries"
	}
	return ""
}
