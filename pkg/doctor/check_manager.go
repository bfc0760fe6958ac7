package doctor

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// The classes that Tollfuse's manager user needs, and none beside them.
var (
	readClasses  = []string{"call", "security", "system"}
	writeClasses = []string{"call", "reporting"}
)

// leastWriteTimeout is below what a busy machine needs to read on, in
// milliseconds. Asterisk's default is 100.
const leastWriteTimeout = 1000

// shortSecret is a length below which a secret can be tried out.
const shortSecret = 10

// managerChecks judges manager.conf.
func (p *PBX) managerChecks() []Finding {
	const what = "manager.conf"
	if p.Files.Missing != "" {
		return []Finding{notChecked("manager.settings", what, p.Files.Missing)}
	}
	c := p.Files.Confs[what]
	if c == nil {
		return []Finding{notChecked("manager.settings", what, p.Files.failure(what))}
	}
	all := p.generalManager(c)
	user := c.Section(p.Asterisk.AMI.User)
	if user == nil && len(c.Missing) > 0 {
		return append(all, notChecked("manager.settings", "the manager user "+p.Asterisk.AMI.User, "what manager.conf includes cannot be read: "+listed(c.Missing)))
	}
	if user == nil {
		return append(all, Finding{
			ID: "manager.user", Level: Critical, Title: fmt.Sprintf("manager.conf has no user %q", p.Asterisk.AMI.User),
			Detail: "Without it the daemon sees no call and cannot cut one.",
			Mend:   []string{"tollfuse dialplan --force", "# and in manager.conf: #include manager.d/*.conf", "asterisk -rx 'manager reload'"},
		})
	}
	all = append(all, p.rights(user)...)
	all = append(all, p.managerUser(user)...)
	if Worst(all) == OK {
		all = append(all, fine("manager.settings", "the manager user %s has the rights it needs, and no others", user.Name))
	}
	return all
}

// failure is why a file could not be had.
func (f *Files) failure(name string) string {
	if why := f.Failed[name]; why != "" {
		return why
	}
	return "there is no " + name + " in " + f.Dir
}

// generalManager judges what holds for all users of the manager.
func (p *PBX) generalManager(c *Conf) []Finding {
	g := c.Section("general")
	if g == nil {
		g = &Section{Place: Place{File: "manager.conf"}}
	}
	var all []Finding
	if !isYes(g.Get("enabled")) {
		all = append(all, Finding{ID: "manager.enabled", Level: Critical, Title: "the manager interface is switched off", Where: g.at("enabled"),
			Mend: []string{"[general]", "enabled = yes"}})
	}
	if open := openTo(g.Get("bindaddr")); open != "" {
		level, detail := Warning, "Nobody but this machine needs it."
		if users := withoutACL(c); len(users) > 0 {
			detail = "These users may log in from anywhere: " + listed(users) + ". " + detail
		}
		if !p.local() {
			level = Note
			detail += " The daemon is on another machine: let a firewall and permit= admit that one only."
		}
		all = append(all, Finding{ID: "manager.open", Level: level, Title: "the manager interface listens " + open, Detail: detail,
			Where: g.at("bindaddr"), Mend: []string{"[general]", "bindaddr = 127.0.0.1"}})
	}
	if !isYes(g.Get("timestampevents")) {
		all = append(all, Finding{ID: "manager.timestampevents", Level: Note, Title: "events carry no time of their own",
			Detail: "With it a transcript shows how late an event was read.", Where: g.at("timestampevents"),
			Mend: []string{"[general]", "timestampevents = yes"}})
	}
	if off := g.Get("disabledevents"); off != "" {
		all = append(all, Finding{ID: "manager.events", Level: Critical, Title: "events are switched off: " + off,
			Detail: "A call whose events do not come is not seen, and not cut.", Where: g.at("disabledevents"), Mend: []string{"; take this line away"}})
	}
	return all
}

// at is where an entry stands, or else its section.
func (s *Section) at(name string) []Place {
	if e := s.entry(name); e != nil {
		return []Place{e.Place}
	}
	return []Place{s.Place}
}

// openTo says for whom an address to listen at is open, beyond this machine.
func openTo(address string) string {
	host := strings.Trim(address, "[]")
	if host == "" {
		return "on every address, because bindaddr is not set"
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil || ip.IsLoopback():
		return ""
	case ip.IsUnspecified():
		return "on every address"
	}
	return "on " + host
}

// withoutACL are the users who may log in from anywhere.
func withoutACL(c *Conf) []string {
	var names []string
	for _, s := range c.Sections {
		if !s.Template && !strings.EqualFold(s.Name, "general") && s.Get("secret") != "" && s.Get("deny") == "" && s.Get("acl") == "" {
			names = append(names, s.Name)
		}
	}
	return names
}

// rights judges the classes of the user.
func (p *PBX) rights(user *Section) []Finding {
	var all []Finding
	mend := []string{"[" + user.Name + "]", "read = " + strings.Join(readClasses, ","), "write = " + strings.Join(writeClasses, ",")}
	for _, kind := range []struct {
		name string
		need []string
		few  string
		many string
	}{
		{"read", readClasses, "Without call no call is seen, without security no rule with an origin speaks, without system nobody says that Asterisk is up.", "More classes bring more events, which have to be read in time, and none is of use."},
		{"write", writeClasses, "Without call nothing can be cut, without reporting no picture of the channels is taken.", "Whoever gets at the secret could place calls, run commands or change the dialplan."},
	} {
		have := classesOf(user.Get(kind.name))
		var few, many []string
		for _, need := range kind.need {
			if !slices.Contains(have, need) && !slices.Contains(have, "all") {
				few = append(few, need)
			}
		}
		for _, class := range have {
			if !slices.Contains(kind.need, class) {
				many = append(many, class)
			}
		}
		if len(few) > 0 {
			all = append(all, Finding{ID: "manager.rights-few", Level: Critical, Title: fmt.Sprintf("%s may not %s: %s", user.Name, kind.name, strings.Join(few, ", ")),
				Detail: kind.few, Where: user.at(kind.name), Mend: mend})
		}
		if len(many) > 0 {
			all = append(all, Finding{ID: "manager.rights-many", Level: Warning, Title: fmt.Sprintf("%s may %s more than it needs: %s", user.Name, kind.name, strings.Join(many, ", ")),
				Detail: kind.many, Where: user.at(kind.name), Mend: mend})
		}
	}
	return all
}

func classesOf(list string) []string {
	var all []string
	for class := range strings.SplitSeq(list, ",") {
		if class = strings.ToLower(strings.TrimSpace(class)); class != "" {
			all = append(all, class)
		}
	}
	return all
}

// managerUser judges what else stands in the user's section.
func (p *PBX) managerUser(user *Section) []Finding {
	var all []Finding
	own := func(f Finding) { all = append(all, f) }
	head := "[" + user.Name + "]"
	if secret := p.Asterisk.AMI.Secret.Reveal(); secret != "" && user.Get("secret") != secret {
		own(Finding{ID: "manager.secret", Level: Critical, Title: "the secret is not the one in Tollfuse's configuration", Where: user.at("secret"),
			Detail: "The daemon cannot log in.", Mend: []string{"tollfuse dialplan --force", "asterisk -rx 'manager reload'"}})
	}
	if n := len(user.Get("secret")); n < shortSecret {
		own(Finding{ID: "manager.weak-secret", Level: Warning, Title: fmt.Sprintf("the secret has only %d characters", n), Where: user.at("secret"),
			Mend: []string{"openssl rand -hex 16   # write it in manager.d and in Tollfuse's configuration"}})
	}
	if ms, err := strconv.Atoi(user.Get("writetimeout")); err != nil || ms < leastWriteTimeout {
		own(Finding{ID: "manager.writetimeout", Level: Warning, Title: "Asterisk drops the link when it is not read at once",
			Detail: "Without writetimeout that is after 100 ms of a busy machine.", Where: user.at("writetimeout"), Mend: []string{head, "writetimeout = 5000"}})
	}
	if open := openACL(user); open != "" {
		own(Finding{ID: "manager.acl", Level: Warning, Title: user.Name + " may log in from anywhere", Detail: open, Where: []Place{user.Place},
			Mend: []string{head, "deny = 0.0.0.0/0", "deny = ::/0", "permit = 127.0.0.1/32"}})
	}
	for _, e := range user.Entries {
		if strings.HasPrefix(strings.ToLower(e.Name), "eventfilter") {
			own(Finding{ID: "manager.eventfilter", Level: Critical, Title: "a filter keeps events from Tollfuse",
				Detail: "It needs every event of the class call; what it does not use it skips itself.", Where: []Place{e.Place}, Mend: []string{"; take this line away"}})
			break
		}
	}
	return all
}

// openACL says why the user's access list keeps nobody away, if it does not.
func openACL(user *Section) string {
	switch {
	case user.Get("acl") != "":
		return ""
	case user.Get("deny") == "":
		return "There is no deny, so everybody is permitted."
	}
	for _, permit := range user.All("permit") {
		if network := strings.TrimSpace(permit); strings.HasPrefix(network, "0.0.0.0/0") || network == "::/0" {
			return "permit = " + network + " lets everybody in."
		}
	}
	return ""
}

// local tells whether the daemon and this Asterisk are on one machine.
func (p *PBX) local() bool {
	host := p.Asterisk.AMI.Address
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && ip.IsLoopback()
}
