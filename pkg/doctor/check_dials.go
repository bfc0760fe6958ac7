package doctor

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// dialChecks judges every Dial on the ways.
func (p *PBX) dialChecks(ways []way, emergency []string) []Finding {
	g := &gathering{}
	trunks := 0
	for _, w := range ways {
		for _, d := range w.Dials {
			if p.isTrunkDial(d) {
				trunks++
				p.judgeTrunk(g, w, d, emergency)
			} else {
				p.judgePhone(g, d)
			}
		}
	}
	all := g.findings()
	if trunks > 0 && !slices.ContainsFunc(all, func(f Finding) bool { return f.Level.Wrong() }) {
		all = append(all, fine("dialplan.dials", "every Dial to a trunk asks Tollfuse first and carries its timer"))
	}
	return all
}

// isTrunkDial tells whether a Dial leaves the site.
func (p *PBX) isTrunkDial(d dialling) bool {
	t := d.Target
	if t.Tech == "" || strings.EqualFold(t.Tech, "Local") {
		return false
	}
	if p.trunk(t.Tech, t.Peer) != nil {
		return true
	}
	if t.Number == "" {
		// PJSIP/${EXTEN} is a phone, unless a trunk has a name that can be dialled.
		return slices.ContainsFunc(p.endpoints(), func(e endpoint) bool {
			return e.Trunk && e.Tech == t.Tech && t.Peer == "${EXTEN}" && matches(d.Ext.Pattern, e.Name) ||
				!e.Trunk && e.Tech == t.Tech && t.Peer == e.Name && p.isAtCarrier(e)
		})
	}
	if slices.Contains(p.Asterisk.Gateways, t.Peer) || slices.Contains(p.Asterisk.Gateways, t.name()) {
		return false
	}
	return !slices.ContainsFunc(p.endpoints(), func(e endpoint) bool { return e.Name == t.Peer && e.isPhone() })
}

// isAtCarrier tells whether an endpoint's calls go to the address of a trunk,
// though it is not named as one.
func (p *PBX) isAtCarrier(e endpoint) bool {
	carriers := carrierHosts(p.endpoints())
	return slices.ContainsFunc(e.AORs, func(a *Section) bool {
		return slices.ContainsFunc(a.All("contact"), func(c string) bool { return slices.Contains(carriers, hostOf(c)) })
	})
}

// judgeTrunk judges one Dial to a trunk.
func (p *PBX) judgeTrunk(g *gathering, w way, d dialling, emergency []string) {
	where, context := []Place{d.Step.Place}, w.Context
	if slices.Contains(emergency, d.Target.Number) && !d.Guard.asked {
		return // goes out without being asked about, as it should
	}
	if w.Outside {
		g.add(Finding{ID: "dialplan.inbound-out", Level: Warning, Title: "strangers who call in can dial out (from %s)",
			Detail: "What a trunk or anybody sends leads to a trunk. Tollfuse limits it, but nobody of the site dials it.", Where: where,
			Mend: []string{"[" + context + "]   ; take out what includes or leads to the way out"}}, context)
	}
	if !d.Guard.asked && d.Fell != "" {
		g.add(Finding{ID: "dialplan.falls-through", Level: Critical, Title: "an extension that does not end goes on in a pattern, round Tollfuse: %s",
			Detail: "Asterisk looks for its next priority in every pattern that matches, and finds that of the Dial.", Where: where,
			Mend: []string{" same => n,Hangup()   ; at the end of extension " + d.Fell}}, d.Fell)
		return
	}
	if !d.Guard.asked {
		g.add(Finding{ID: "dialplan.bypass", Level: Critical, Title: "a trunk is dialled and nobody asks Tollfuse (from %s)",
			Detail: "Such a call is only found when it is up, and cut then.", Where: where, Mend: guarded(d.pattern(), mended(d))}, context)
		return
	}
	p.judgeAnswer(g, d, emergency)
	p.judgeNumber(g, d)
	p.judgeDigits(g, d)
	p.judgeOptions(g, d)
}

// pattern is where a Dial is asked about as it should be: for every number, or
// where digits are taken off where they are.
func (d dialling) pattern() string {
	if m := variable.FindStringSubmatch(d.Target.Number); m != nil && m[2] != "" && canBeNumber(d.Ext.Pattern) {
		return d.Ext.Pattern
	}
	return anyNumber
}

// judgeAnswer tells whether the dialplan does what it was answered.
func (p *PBX) judgeAnswer(g *gathering, d dialling, emergency []string) {
	where, at := []Place{d.Step.Place}, d.Ext.Context+","+d.Ext.Pattern
	switch {
	case d.Guard.verdict == denied:
		g.add(Finding{ID: "dialplan.denied", Level: Critical, Title: "a trunk is dialled where Tollfuse has said no (%s)", Where: where,
			Mend: []string{" same => n(denied),Hangup(${TOLLFUSE_CAUSE})"}}, at)
	case d.Guard.verdict == unknown && !slices.Contains(emergency, d.Ext.Pattern):
		g.add(Finding{ID: "dialplan.verdict", Level: Warning, Title: "a trunk is dialled without a look at the verdict (%s)",
			Detail: "A refused call fails only because TOLLFUSE_DIAL is empty then.", Where: where,
			Mend: []string{` same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)   ; before the Dial`}}, at)
	case d.Guard.spent:
		g.add(Finding{ID: "dialplan.second", Level: Warning, Title: "a second Dial uses up the answer to the first (%s)",
			Detail: "What was reserved was for one leg and its trunk.", Where: where,
			Mend: []string{" same => n,Gosub(tollfuse,s,1)   ; again, before this Dial"}}, at)
	}
}

// judgeNumber tells whether the number is what Tollfuse was asked about.
func (p *PBX) judgeNumber(g *gathering, d dialling) {
	where, at := []Place{d.Step.Place}, d.Ext.Context+","+d.Ext.Pattern
	rest := d.Target.Number
	for _, m := range variable.FindAllStringSubmatch(rest, -1) {
		if m[1] == "TOLLFUSE_DIAL" {
			rest = strings.ReplaceAll(rest, m[0], "")
		}
	}
	switch {
	case d.Target.Number == "" || !strings.Contains(rest, "${"):
		if rest == d.Target.Number && rest != "" && rest != d.Ext.Pattern && canBeNumber(rest) && isPattern(d.Ext.Pattern) {
			g.add(Finding{ID: "dialplan.number", Level: Warning, Title: "another number is dialled than Tollfuse was asked about (%s)", Where: where,
				Mend: []string{mended(d)}}, at)
		}
	case strings.Contains(rest, "${EXTEN") || strings.Contains(rest, "${"+typed) || strings.Contains(rest, "${MACRO_EXTEN"):
		g.add(Finding{ID: "dialplan.exten", Level: Critical, Title: "EXTEN is dialled instead of TOLLFUSE_DIAL (%s)",
			Detail: "It is what somebody typed: a comma in it brings options that take the timer away.", Where: where,
			Mend: []string{mended(d)}}, at)
	default:
		g.add(Finding{ID: "dialplan.number", Level: Warning, Title: "the dialled number does not come from TOLLFUSE_DIAL (%s)",
			Detail: "It is " + masked(d.Target.Number) + ".", Where: where,
			Mend: []string{mended(d)}}, at)
	}
}

// defeats are the options that take the timer away, or delay it.
var defeats = []struct {
	letter, id, title, detail string
	level                     Level
}{
	{"L", "dialplan.L", "L() replaces the timer of the call (%s)", "Beside L() the S() of the same Dial does nothing.", Critical},
	{"G", "dialplan.G", "G() takes the timer away (%s)", "The legs go on in the dialplan, and S() is never set.", Critical},
	{"g", "dialplan.g", "after a transfer, g lets the call go on without a timer (%s)", "The first leg goes on in the dialplan when the second has ended.", Warning},
	{"U", "dialplan.delay", "U() or A() delays the timer (%s)", "It starts only when the subroutine or the announcement has ended.", Warning},
	{"A", "dialplan.delay", "U() or A() delays the timer (%s)", "It starts only when the subroutine or the announcement has ended.", Warning},
	{"t", "dialplan.transfer", "t or T lets a call to a trunk be transferred by keys (%s)", "With t whoever is called can send your extension's call elsewhere; phones can transfer without T.", Warning},
	{"T", "dialplan.transfer", "t or T lets a call to a trunk be transferred by keys (%s)", "With t whoever is called can send your extension's call elsewhere; phones can transfer without T.", Warning},
}

// judgeOptions looks for the timer, and for what defeats it.
func (p *PBX) judgeOptions(g *gathering, d dialling) {
	where, at := []Place{d.Step.Place}, d.Ext.Context+","+d.Ext.Pattern
	all, whole := options(strings.ReplaceAll(d.Options, "S(${TOLLFUSE_SECONDS})", "S(seconds)"))
	mend := []string{mended(d)}
	if timer := has(all, "S"); timer == nil || timer.Argument != "seconds" {
		g.add(Finding{ID: "dialplan.no-timer", Level: Critical, Title: "a Dial to a trunk lacks S(${TOLLFUSE_SECONDS}) (%s)",
			Detail: "Nothing ends the call when the daemon is dead.", Where: where, Mend: mend}, at)
	}
	for _, x := range defeats {
		if has(all, x.letter) != nil {
			g.add(Finding{ID: x.id, Level: x.level, Title: x.title, Detail: x.detail, Where: where, Mend: mend}, at)
		}
	}
	if !whole {
		g.add(Finding{ID: "dialplan.options", Level: Warning, Title: "a variable among the options of a Dial can bring any option (%s)", Detail: "Options: " + d.Options, Where: where,
			Mend: mend}, at)
	}
}

// mended is the Dial as it should stand there: with the number that Tollfuse has
// seen, its timer, and without what defeats that.
func mended(d dialling) string {
	number := "${TOLLFUSE_DIAL}"
	if m := variable.FindStringSubmatch(d.Target.Number); m != nil && m[2] != "" {
		length := ""
		if m[3] != "" {
			length = ":" + m[3]
		}
		number = "${TOLLFUSE_DIAL:" + m[2] + length + "}"
	}
	kept := ""
	all, _ := options(strings.ReplaceAll(d.Options, "S(${TOLLFUSE_SECONDS})", "S(seconds)"))
	for _, o := range all {
		if strings.Contains("SLGgUAtT", o.Letter) {
			continue
		}
		kept += o.Letter
		if o.Brackets {
			kept += "(" + o.Argument + ")"
		}
	}
	where := d.Target.Tech + "/" + d.Target.Peer + "/" + number
	if strings.EqualFold(d.Target.Tech, "PJSIP") {
		where = d.Target.Tech + "/" + number + "@" + d.Target.Peer
	}
	return " same => n,Dial(" + where + "," + cmp.Or(d.Timeout, "60") + "," + kept + "S(${TOLLFUSE_SECONDS}))"
}

// credentials stand before the peer in a destination of IAX2 or SIP.
var credentials = regexp.MustCompile(`(?i)(IAX2?|SIP)/([^:/@,&]*):[^/@,&]*@`)

// masked hides a password in a destination, and our own names of variables.
func masked(text string) string {
	return strings.ReplaceAll(credentials.ReplaceAllString(text, "$1/$2:…@"), "${"+typed, "${EXTEN")
}

// judgePhone judges a Dial that should ring a phone.
func (p *PBX) judgePhone(g *gathering, d dialling) {
	where, at := []Place{d.Step.Place}, d.Ext.Context+","+d.Ext.Pattern
	t := d.Target
	anyText := strings.Contains(t.Peer, "${EXTEN") && takesAnyText(d.Ext.Pattern) || strings.Contains(t.Peer, "${"+typed) && d.Typed != nil
	dialled := strings.Contains(t.Peer, "${EXTEN") || strings.Contains(t.Peer, "${"+typed)
	switch {
	case strings.EqualFold(t.Tech, "Local"):
	case strings.Contains(t.Text, "${") && (t.Tech == "" || strings.Contains(t.Peer, "${") && !dialled):
		g.add(Finding{ID: "dialplan.unknown-target", Level: Unchecked, Title: "where some Dials go, only a call shows (%s)", Detail: "Dial(" + masked(t.Text) + ")", Where: where}, at)
	case t.Tech != "" && anyText:
		g.add(Finding{ID: "dialplan.any-endpoint", Level: Critical, Title: "any endpoint can be dialled by its name (%s)",
			Detail: "The pattern takes any text: NUMBER@trunk, or options behind a comma, go round Tollfuse.", Where: where,
			Mend: []string{"exten => _1XXX,1,Dial(" + t.Tech + "/${EXTEN},30)   ; a pattern of digits only, for your own phones"}}, at)
	}
}
