package doctor

import (
	"slices"
	"strings"
)

// looseSteps are what other files than extensions.conf let Asterisk do, each as
// an extension of one step that stands in no dialplan: calling the members of a
// queue (app_queue), keys in a call (features.conf) and in a conference
// (confbridge.conf).
func (p *PBX) looseSteps() []*Extension {
	var all []*Extension
	add := func(file, section string, at Place, app, data string) {
		all = append(all, &Extension{Context: file + " [" + section + "]", Pattern: "s", Steps: []Step{{Priority: 1, App: app, Data: data, Place: at}}})
	}
	for file, read := range map[string]func(s *Section, e Entry) (app, data string){
		"queues.conf":     queueMember,
		"features.conf":   featureApplication,
		"confbridge.conf": menuKey,
	} {
		c := p.Files.Confs[file]
		if c == nil {
			continue
		}
		for _, s := range c.Sections {
			for _, e := range s.Entries {
				if app, data := read(s, e); app != "" && !s.Template {
					add(file, s.Name, e.Place, app, data)
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *Extension) int { return strings.Compare(a.Context, b.Context) })
	return all
}

// queueMember reads "member => interface[,penalty…]".
func queueMember(_ *Section, e Entry) (app, data string) {
	if !strings.EqualFold(e.Name, "member") {
		return "", ""
	}
	return "Dial", argument(arguments(e.Value), 0)
}

// featureApplication reads "name => keys,self|peer,application,data", whose data
// may stand in quotes or brackets.
func featureApplication(s *Section, e Entry) (app, data string) {
	parts := strings.SplitN(e.Value, ",", 4)
	if !strings.EqualFold(s.Name, "applicationmap") || len(parts) < 3 {
		return "", ""
	}
	if strings.Contains(parts[2], "(") {
		return splitApp(strings.Join(parts[2:], ","))
	}
	if len(parts) == 4 {
		data = strings.Trim(strings.TrimSpace(parts[3]), `"`)
	}
	return strings.TrimSpace(parts[2]), data
}

// menuKey reads "keys = action,…,dialplan_exec(context,extension,priority)".
func menuKey(_ *Section, e Entry) (app, data string) {
	_, place, is := strings.Cut(e.Value, "dialplan_exec(")
	place, _, _ = strings.Cut(place, ")")
	if !is {
		return "", ""
	}
	return "Goto", place
}
