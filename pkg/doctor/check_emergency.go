package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// emergencyChecks follows each emergency number from each phone's context as
// Asterisk would, with the daemon dead, and wants it to reach a trunk whole.
func (p *PBX) emergencyChecks(numbers, plain []string) []Finding {
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
		p.emergencyCalls(g, v, b.Context, numbers, plain)
	}
	switch {
	case contexts == 0:
		return []Finding{notChecked("emergency.numbers", "emergency calls", "no phone's context is known")}
	case len(g.found) == 0:
		return []Finding{fine("emergency.numbers", "%s would go out from every phone's context with the daemon dead", listed(numbers))}
	}
	return g.findings()
}

// emergencyCalls follows the numbers from one context, and says how to mend it
// for all that fail there in the same way.
func (p *PBX) emergencyCalls(g *gathering, v values, context string, numbers, plain []string) {
	failed := map[string][]string{}
	first := map[string]Finding{}
	for _, number := range numbers {
		if f, bad := p.emergencyCall(v, context, number, plain); bad {
			if failed[f.ID] == nil {
				first[f.ID] = f
			}
			failed[f.ID] = append(failed[f.ID], number)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(failed)) {
		f := first[id]
		if f.Level.Wrong() && f.Mend == nil {
			f.Mend = p.emergencyLines(context, failed[id], plain)
		}
		g.add(f, strings.Join(failed[id], ", ")+" from "+context)
	}
}

// emergencyCall follows one number. A trunk must hear one of the plain ones: no
// carrier knows those behind an access code.
func (p *PBX) emergencyCall(v values, context, number string, plain []string) (f Finding, bad bool) {
	x, _ := p.Plan.find(context, number, 1)
	if x == nil {
		if slices.ContainsFunc(p.Plan.reach(context), func(c *Context) bool { return len(c.Switches) > 0 }) {
			return Finding{ID: "emergency.switch", Level: Unchecked, Title: "emergency calls were not followed: %s", Detail: "A switch looks for extensions elsewhere."}, true
		}
		return Finding{ID: "emergency.unreachable", Level: Critical, Title: "nothing takes an emergency call: %s"}, true
	}
	w := walk(p.Plan, v, context, number, p.preset)
	sent := ""
	for _, d := range w.Dials {
		if !p.isTrunkDial(d) {
			continue
		}
		sent = userOf(d.Target.Number)
		if t := p.trunk(d.Target.Tech, d.Target.Peer); t != nil {
			sent = strings.TrimPrefix(sent, t.Prefix)
		}
		if slices.Contains(plain, sent) {
			return Finding{}, false
		}
	}
	f.Where = []Place{x.Steps[0].Place}
	switch {
	case sent != "" && !strings.Contains(sent, "${"):
		f.ID, f.Level, f.Title = "emergency.number", Critical, "an emergency call goes out with another number: %s"
		f.Detail = fmt.Sprintf("The carrier would hear %q.", sent)
	case len(w.Lost) > 0:
		f.ID, f.Level, f.Title = "emergency.unreachable", Critical, "an emergency call ends where Tollfuse's subroutine is not loaded: %s"
		f.Detail, f.Mend = "A Gosub to what does not exist ends the call.", p.loadSubroutine()
	case len(w.Unfollowed) > 0 || !w.Whole || strings.Contains(sent, "${"):
		f.ID, f.Level, f.Title = "emergency.unfollowed", Unchecked, "emergency calls could not be followed to the end: %s"
		f.Detail = "A jump there, or the number that is dialled, depends on what only a call shows. Try it with your carrier's test number."
	default:
		f.ID, f.Level, f.Title = "emergency.refused", Critical, "an emergency call reaches no trunk: %s"
		f.Detail = "It is followed with the daemon dead. Its way begins here."
	}
	return f, true
}

// userOf is the number of a SIP URI, or the text itself where it is none.
func userOf(number string) string {
	if uri, is := strings.CutPrefix(number, "sip:"); is {
		number, _, _ = strings.Cut(uri, "@")
	}
	return number
}

// emergencyLines are an extension of its own for each of the numbers.
func (p *PBX) emergencyLines(context string, numbers, plain []string) []string {
	trunk := "carrier"
	if len(p.Asterisk.Trunks) > 0 {
		trunk = strings.TrimPrefix(p.Asterisk.Trunks[0].Name, "PJSIP/")
	}
	lines := []string{"[" + context + "]"}
	for _, number := range numbers {
		dial := "${TOLLFUSE_DIAL}"
		if n := p.codeLength(number); n > 0 && !slices.Contains(plain, number) {
			dial = fmt.Sprintf("${TOLLFUSE_DIAL:%d}", n)
		}
		lines = append(lines, "exten => "+number+",1,Gosub(tollfuse,s,1)",
			" same => n,Dial(PJSIP/"+dial+"@"+trunk+",60,S(${TOLLFUSE_SECONDS}))", " same => n,Hangup()")
	}
	return lines
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
