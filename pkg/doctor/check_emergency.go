package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// emergencyChecks follows each emergency number from each phone's context as
// Asterisk would, with the daemon dead, and wants it to reach a trunk whole.
func (p *PBX) emergencyChecks(numbers []string) []Finding {
	if len(numbers) == 0 {
		return []Finding{notChecked("emergency.numbers", "emergency calls", "the configuration names no country whose numbers are known")}
	}
	v := valuesOf(p.Plan)
	g := &gathering{}
	contexts := 0
	for _, b := range p.beginnings() {
		if !b.Phones {
			continue
		}
		contexts++
		for _, number := range numbers {
			p.emergencyCall(g, v, b.Context, number, numbers)
		}
	}
	switch {
	case contexts == 0:
		return []Finding{notChecked("emergency.numbers", "emergency calls", "no phone's context is known")}
	case len(g.found) == 0:
		return []Finding{fine("emergency.numbers", "%s would go out from every phone's context with the daemon dead", listed(numbers))}
	}
	return g.findings()
}

// emergencyCall follows one number.
func (p *PBX) emergencyCall(g *gathering, v values, context, number string, numbers []string) {
	x, _ := p.Plan.find(context, number, 1)
	name := number + " from " + context
	if x == nil {
		if slices.ContainsFunc(p.Plan.reach(context), func(c *Context) bool { return len(c.Switches) > 0 }) {
			g.add(Finding{ID: "emergency.switch", Level: Unchecked, Title: "emergency calls were not followed: %s", Detail: "A switch looks for extensions elsewhere."}, name)
			return
		}
		g.add(Finding{ID: "emergency.unreachable", Level: Critical, Title: "nothing takes an emergency call: %s", Mend: p.emergencyLines(context, number)}, name)
		return
	}
	w := walk(p.Plan, v, context, number, p.preset)
	sent := ""
	for _, d := range w.Dials {
		if !p.isTrunkDial(d) {
			continue
		}
		sent = d.Target.Number
		if t := p.trunk(d.Target.Tech, d.Target.Peer); t != nil {
			sent = strings.TrimPrefix(sent, t.Prefix)
		}
		if slices.Contains(numbers, sent) {
			return
		}
	}
	where := []Place{x.Steps[0].Place}
	switch {
	case sent != "":
		g.add(Finding{ID: "emergency.number", Level: Critical, Title: "an emergency call goes out with another number: %s",
			Detail: fmt.Sprintf("The carrier would hear %q.", sent), Where: where, Mend: p.emergencyLines(context, number)}, name)
	case len(w.Unfollowed) > 0 || !w.Whole:
		g.add(Finding{ID: "emergency.unfollowed", Level: Unchecked, Title: "emergency calls could not be followed to the end: %s", Where: where,
			Detail: "A jump there depends on what only a call shows. Try it with your carrier's test number."}, name)
	default:
		g.add(Finding{ID: "emergency.refused", Level: Critical, Title: "an emergency call reaches no trunk: %s",
			Detail: "It is followed with the daemon dead. Its way begins here.", Where: where, Mend: p.emergencyLines(context, number)}, name)
	}
}

// emergencyLines are an extension of its own for the number.
func (p *PBX) emergencyLines(context, number string) []string {
	trunk := "carrier"
	if len(p.Asterisk.Trunks) > 0 {
		trunk = strings.TrimPrefix(p.Asterisk.Trunks[0].Name, "PJSIP/")
	}
	return []string{"[" + context + "]", "exten => " + number + ",1,Gosub(tollfuse,s,1)",
		" same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@" + trunk + ",60,S(${TOLLFUSE_SECONDS}))", " same => n,Hangup()"}
}

// preset is what the loaded subroutine answers while nobody else does.
func (p *PBX) preset(number string) answer {
	if x, i := p.Plan.find(classes, number, 1); x != nil {
		if class := x.Steps[i].Data; class == "emergency" || class == "home" {
			return allowed
		}
	}
	return denied
}
