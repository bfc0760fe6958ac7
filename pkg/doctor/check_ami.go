package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// amiChecks are what the files do not say already. Where they say that the user
// has its rights and Asterisk disagrees, it has not read them yet.
func (p *PBX) amiChecks(fromFiles []Finding) []Finding {
	var all []Finding
	filesAreRight := p.Files.Confs["manager.conf"] != nil && !Worst(fromFiles).Wrong()
	for _, f := range p.askedManager() {
		if slices.ContainsFunc(fromFiles, func(o Finding) bool { return o.ID == f.ID }) {
			continue
		}
		if f.Level.Wrong() && f.ID != "manager.reach" && filesAreRight {
			f.Detail = strings.TrimSpace(f.Detail + " The files say otherwise: they are not loaded yet.")
			f.Mend = []string{"asterisk -rx 'manager reload'"}
		}
		all = append(all, f)
	}
	return all
}

// askedManager judges what the manager interface says to the daemon's own user.
// What Asterisk lets it do shows in the list of its actions, without doing any.
func (p *PBX) askedManager() []Finding {
	a, user := p.AMI, p.Asterisk.AMI.User
	switch {
	case a.Refused && p.oneLoginOnly():
		return []Finding{notChecked("manager.login", "the manager interface", "manager.conf lets "+user+" log in once only, and the daemon has")}
	case a.Refused:
		return []Finding{{ID: "manager.login", Level: Critical, Title: fmt.Sprintf("Asterisk refuses the login of %q", user),
			Detail: "The secret is another one, or the address is not permitted.",
			Mend:   []string{"tollfuse dialplan --force", "asterisk -rx 'manager reload'"}}}
	case a.Missing != "":
		return []Finding{{ID: "manager.reach", Level: Critical, Title: "the manager interface at " + p.Asterisk.AMI.Address + " cannot be reached", Detail: a.Missing,
			Mend: []string{"asterisk -rx 'manager show settings'   # is it enabled, and where does it listen?"}}}
	}
	var all []Finding
	if !a.Booted {
		all = append(all, Finding{ID: "manager.rights-few", Level: Critical, Title: user + " may not read: system", Detail: "Nobody told that Asterisk is up.",
			Mend: []string{"[" + user + "]", "read = " + strings.Join(readClasses, ",")}})
	}
	var few, many []string
	for _, need := range []string{"Hangup", "AbsoluteTimeout", "Status", "Getvar", "CoreShowChannels", "CoreStatus"} {
		if len(a.Actions) > 0 && a.Actions[need] == nil {
			few = append(few, need)
		}
	}
	for action, classes := range a.Actions {
		if len(classes) > 0 && !slices.ContainsFunc(classes, func(c string) bool { return slices.Contains(writeClasses, c) }) {
			many = append(many, action)
		}
	}
	if len(few) > 0 {
		all = append(all, Finding{ID: "manager.rights-few", Level: Critical, Title: user + " is not allowed " + listed(few),
			Mend: []string{"[" + user + "]", "write = " + strings.Join(writeClasses, ",")}})
	}
	if len(many) > 0 {
		all = append(all, Finding{ID: "manager.rights-many", Level: Warning, Title: user + " is allowed what it does not need: " + listed(many),
			Detail: "Whoever gets at the secret could do it too.", Mend: []string{"[" + user + "]", "write = " + strings.Join(writeClasses, ",")}})
	}
	if len(all) == 0 {
		all = append(all, fine("manager.login", "Asterisk %s answers %s", cmp.Or(a.Version, "of an unknown version"), user))
	}
	return all
}

// oneLoginOnly tells whether the daemon's link keeps us out.
func (p *PBX) oneLoginOnly() bool {
	c := p.Files.Confs["manager.conf"]
	for _, name := range []string{p.Asterisk.AMI.User, "general"} {
		if s := c.Section(name); s != nil && s.Get("allowmultiplelogin") != "" {
			return isNo(s.Get("allowmultiplelogin"))
		}
	}
	return false
}

// systemNames judges the names that keep the calls of several PBXs apart.
func systemNames(f *Facts) []Finding {
	seen := map[string]string{}
	var all []Finding
	for _, p := range f.PBXs {
		name, known := p.systemName()
		add := func(found Finding) {
			found.PBX = p.Asterisk.Name
			all = append(all, found)
		}
		mend := []string{"; asterisk.conf", "[options]", "systemname = " + p.Asterisk.Name, "# then restart Asterisk: a reload is not enough"}
		switch other := seen[name]; {
		case !known:
			add(notChecked("manager.systemname", "systemname", "neither the manager interface nor asterisk.conf could be asked"))
		case name == "" && len(f.PBXs) > 1:
			add(Finding{ID: "manager.systemname", Level: Warning, Title: "systemname is not set", Mend: mend,
				Detail: "Two PBXs can hand out the same Uniqueid. Tollfuse keeps them apart, other programs do not."})
		case name == "":
			add(Finding{ID: "manager.systemname", Level: Note, Title: "systemname is not set", Mend: mend,
				Detail: "After a restart with the clock set back a Uniqueid can come again."})
		case other != "":
			add(Finding{ID: "manager.systemname", Level: Warning, Title: fmt.Sprintf("systemname %q is that of %s too", name, other), Mend: mend})
		default:
			seen[name] = p.Asterisk.Name
		}
	}
	return all
}

func (p *PBX) systemName() (name string, known bool) {
	if p.AMI.Missing == "" && !p.AMI.Refused && p.AMI.Version != "" {
		return p.AMI.SystemName, true
	}
	c := p.Files.Confs["asterisk.conf"]
	if c == nil {
		return "", false
	}
	if s := c.Section("options"); s != nil {
		return s.Get("systemname"), true
	}
	return "", true
}
