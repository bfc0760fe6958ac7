package doctor

import (
	"slices"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/config"
)

// endpoint is who can call: a phone, a trunk, or anybody.
type endpoint struct {
	Tech     string // PJSIP, SIP, IAX2
	Name     string
	Context  string
	Trunk    bool // named as one in Tollfuse's configuration
	Section  *Section
	Auths    []*Section // with which it proves who it is
	AORs     []*Section
	Identify []*Section // the addresses by which it is known
	Register []*Section // where this Asterisk registers for it
}

// isPhone tells whether somebody's telephone registers as this endpoint.
func (e endpoint) isPhone() bool {
	return !e.Trunk && e.Tech == "PJSIP" && !isAnonymous(e.Name) && e.registers()
}

// registers tells whether a contact can be registered.
func (e endpoint) registers() bool {
	return slices.ContainsFunc(e.AORs, func(a *Section) bool { return a.Get("max_contacts") != "" && a.Get("max_contacts") != "0" })
}

// isAnonymous tells an endpoint for callers that are nobody's
// (res_pjsip_endpoint_identifier_anonymous).
func isAnonymous(name string) bool {
	return name == "anonymous" || strings.HasPrefix(name, "anonymous@")
}

// outside tells whether whoever calls by it is not of the site.
func (e endpoint) outside() bool { return e.Trunk || isAnonymous(e.Name) }

// hasUsers tells whether people of the site call by it: it registers, says who it
// is, or is named as a gateway.
func (p *PBX) hasUsers(e endpoint) bool {
	return !e.outside() && (p.isGateway(e) || e.Tech != "PJSIP" || e.registers() || len(e.Auths) > 0)
}

// isGateway tells whether the configuration names it as one.
func (p *PBX) isGateway(e endpoint) bool {
	return slices.Contains(p.Asterisk.Gateways, e.Name) || slices.Contains(p.Asterisk.Gateways, e.Tech+"/"+e.Name)
}

// endpoints are those of all channel drivers whose files could be read.
func (p *PBX) endpoints() []endpoint {
	if p.known == nil {
		p.known = p.lookThrough()
	}
	return p.known
}

func (p *PBX) lookThrough() []endpoint {
	all := append([]endpoint{}, p.pjsip()...)
	all = append(all, p.peers("SIP", "sip.conf")...)
	all = append(all, p.peers("IAX2", "iax.conf")...)
	for i := range all {
		all[i].Trunk = p.trunk(all[i].Tech, all[i].Name) != nil
	}
	return all
}

// trunk is the trunk of the configuration that is meant, or nil.
func (p *PBX) trunk(tech, name string) *config.Trunk {
	for i, t := range p.Asterisk.Trunks {
		if t.Name == name || strings.EqualFold(t.Name, tech+"/"+name) {
			return &p.Asterisk.Trunks[i]
		}
	}
	return nil
}

// pjsip reads the objects of pjsip.conf and pjsip_wizard.conf, which several
// sections of one name may make up.
func (p *PBX) pjsip() []endpoint {
	var sections []*Section
	if c := p.Files.Confs["pjsip.conf"]; c != nil {
		sections = append(sections, c.Sections...)
	}
	if c := p.Files.Confs["pjsip_wizard.conf"]; c != nil {
		for _, s := range c.Sections {
			if !s.Template && strings.EqualFold(s.Get("type"), "wizard") {
				sections = append(sections, unfold(s)...)
			}
		}
	}
	objects := map[string][]*Section{}
	for _, s := range sections {
		if !s.Template {
			kind := strings.ToLower(s.Get("type"))
			objects[kind] = append(objects[kind], s)
		}
	}
	var all []endpoint
	for _, s := range objects["endpoint"] {
		e := endpoint{Tech: "PJSIP", Name: s.Name, Context: s.Get("context"), Section: s}
		if e.Context == "" {
			e.Context = "default"
		}
		e.Auths = named(objects["auth"], s.Get("auth"))
		e.AORs = named(objects["aor"], s.Get("aors"))
		for _, i := range objects["identify"] {
			if i.Get("endpoint") == s.Name {
				e.Identify = append(e.Identify, i)
			}
		}
		for _, r := range objects["registration"] {
			if r.Get("endpoint") == s.Name || r.Name == s.Name {
				e.Register = append(e.Register, r)
			}
		}
		all = append(all, e)
	}
	return all
}

// named are the objects that a list of names means.
func named(objects []*Section, list string) []*Section {
	var found []*Section
	for name := range strings.SplitSeq(list, ",") {
		for _, o := range objects {
			if o.Name == strings.TrimSpace(name) {
				found = append(found, o)
			}
		}
	}
	return found
}

// unfold makes of a section of pjsip_wizard.conf the objects that it stands for.
func unfold(w *Section) []*Section {
	part := func(kind, prefix string) *Section {
		s := &Section{Name: w.Name, Place: w.Place, Entries: []Entry{{"type", kind, w.Place}}}
		for _, e := range w.Entries {
			if name, ok := strings.CutPrefix(e.Name, prefix+"/"); ok {
				s.Entries = append(s.Entries, Entry{name, e.Value, e.Place})
			}
		}
		return s
	}
	set := func(s *Section, name, value string) {
		s.Entries = append(s.Entries, Entry{name, value, w.Place})
	}
	e, aor, auth, identify := part("endpoint", "endpoint"), part("aor", "aor"), part("auth", "inbound_auth"), part("identify", "identify")
	set(e, "aors", w.Name)
	if w.Get("accepts_auth") == "yes" {
		set(e, "auth", w.Name)
	}
	if w.Get("accepts_registrations") == "yes" && aor.Get("max_contacts") == "" {
		set(aor, "max_contacts", "1")
	}
	set(identify, "endpoint", w.Name)
	for host := range strings.SplitSeq(w.Get("remote_hosts"), ",") {
		if host = strings.TrimSpace(host); host != "" {
			set(aor, "contact", "sip:"+host)
			set(identify, "match", host)
		}
	}
	return []*Section{e, aor, auth, identify}
}

// peers reads the users and peers of chan_sip or chan_iax2.
func (p *PBX) peers(tech, file string) []endpoint {
	c := p.Files.Confs[file]
	if c == nil {
		return nil
	}
	usual := "default"
	if g := c.Section("general"); g != nil && g.Get("context") != "" {
		usual = g.Get("context")
	}
	var all []endpoint
	for _, s := range c.Sections {
		switch strings.ToLower(s.Get("type")) {
		case "peer", "user", "friend":
			if s.Template {
				continue
			}
			e := endpoint{Tech: tech, Name: s.Name, Context: s.Get("context"), Section: s}
			if e.Context == "" {
				e.Context = usual
			}
			all = append(all, e)
		}
	}
	return all
}

// beginning is a context in which calls begin.
type beginning struct {
	Context string
	Who     []string // endpoints, or what else leads there
	Outside bool     // strangers call there too
	Phones  bool     // telephones of the site do
}

// namingContexts are settings of other files by which a call begins, or goes on,
// in a context.
var namingContexts = []struct{ file, setting, who string }{
	{"users.conf", "context", "users.conf"},
	{"voicemail.conf", "dialout", "voicemail dialout"},
	{"voicemail.conf", "callback", "voicemail callback"},
	{"followme.conf", "context", "follow-me"},
	{"queues.conf", "context", "queue"},
	{"res_parking.conf", "comebackcontext", "parking"},
}

// beginnings are all contexts in which calls begin, by name of the context.
func (p *PBX) beginnings() []beginning {
	var all []beginning
	add := func(context, who string, outside, phone bool) {
		if context == "" {
			return
		}
		i := slices.IndexFunc(all, func(b beginning) bool { return b.Context == context })
		if i < 0 {
			all = append(all, beginning{Context: context})
			i = len(all) - 1
		}
		all[i].Who = append(all[i].Who, who)
		all[i].Outside = all[i].Outside || outside
		all[i].Phones = all[i].Phones || phone
	}
	for _, e := range p.endpoints() {
		add(e.Context, e.Tech+"/"+e.Name, e.outside(), p.hasUsers(e))
	}
	for _, file := range []string{"sip.conf", "iax.conf"} {
		if g := p.Files.Confs[file].Section("general"); g != nil && p.letsGuests(file) {
			add(g.Get("context"), "guests of "+file, true, false)
		}
	}
	for _, other := range namingContexts {
		if c := p.Files.Confs[other.file]; c != nil {
			for _, s := range c.Sections {
				add(s.Get(other.setting), other.who, false, false)
			}
		}
	}
	for _, context := range p.transferContexts() {
		add(context, "transfers", false, false)
	}
	if c := p.Files.Confs["chan_dahdi.conf"]; c != nil {
		for _, s := range c.Sections {
			for _, context := range s.All("context") {
				add(context, "DAHDI", false, true)
			}
		}
	}
	return all
}

// transferContexts are where transferred and forwarded calls begin, if the
// dialplan or an endpoint sets them a context of their own.
func (p *PBX) transferContexts() []string {
	var all []string
	note := func(set map[string]string) {
		for _, name := range []string{"TRANSFER_CONTEXT", "FORWARD_CONTEXT"} {
			if context := set[name]; context != "" && !strings.Contains(context, "${") && !slices.Contains(all, context) {
				all = append(all, context)
			}
		}
	}
	if p.Plan != nil {
		note(p.Plan.Globals)
		for step := range p.Plan.steps() {
			note(settings(step.App, step.Data))
		}
	}
	for _, e := range p.endpoints() {
		for _, text := range append(e.Section.All("set_var"), e.Section.All("setvar")...) {
			note(settings("Set", text))
		}
	}
	return all
}

// letsGuests tells whether the old drivers let strangers call. Asterisk has no
// chan_sip any more from version 21 on; where the console cannot be asked, the
// file alone decides.
func (p *PBX) letsGuests(file string) bool {
	g := p.Files.Confs[file].Section("general")
	if g == nil || file != "sip.conf" {
		return false
	}
	if p.Console.Missing == "" && !p.Console.ChanSIP {
		return false
	}
	return !isNo(g.Get("allowguest"))
}

// isNo tells whether the value is one of Asterisk's words for no.
func isNo(value string) bool {
	return slices.Contains([]string{"no", "false", "n", "f", "0", "off"}, strings.ToLower(value))
}

// isYes tells whether the value is one of Asterisk's words for yes.
func isYes(value string) bool {
	return slices.Contains([]string{"yes", "true", "y", "t", "1", "on"}, strings.ToLower(value))
}
