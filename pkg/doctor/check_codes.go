package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// codeChecks finds where an access code is not taken off behind the verdict: the
// number was judged without it and is dialled with it, so that the daemon takes
// the call for one that nobody asked about. Ordinary numbers are followed as
// people dial them; beside that every pattern is looked at that begins with a code.
func (p *PBX) codeChecks(ways []way, f *Facts) []Finding {
	if len(p.AccessCodes) == 0 {
		return nil
	}
	g, v := &gathering{}, valuesOf(p.Plan)
	for _, w := range ways {
		for _, d := range w.Dials {
			if n := p.codeLength(strings.TrimPrefix(d.Ext.Pattern, "_")); n > 0 && d.wholeNumber() && !dialsOnly(d.Ext.Pattern, f.Plain) {
				p.codeLeftOn(g, d, n, f.Plain)
			}
		}
		if !w.Phones {
			continue
		}
		for _, number := range p.behindCodes(w.Context, f.Home) {
			for _, d := range walk(p.Plan, v, w.Context, number, func(string) answer { return allowed }).Dials {
				if d.hears(number) {
					p.codeLeftOn(g, d, p.codeLength(number), f.Plain)
				}
			}
		}
	}
	return g.findings()
}

// codeLeftOn is the finding about one Dial, with the lines that take the code
// off. Emergency numbers that begin with the digits of the code get lines of their
// own.
func (p *PBX) codeLeftOn(g *gathering, d dialling, n int, plain []string) {
	if !p.isTrunkDial(d) || !d.Guard.asked {
		return
	}
	at, takes := d.Ext.Pattern, d.Ext.Pattern
	code := strings.TrimPrefix(p.codeOf(d, n), "_")
	d.Target.Number = fmt.Sprintf("${TOLLFUSE_DIAL:%d}", n)
	mend := []string{mended(d)}
	if !strings.HasPrefix(strings.TrimPrefix(at, "_"), code) {
		takes = "_" + code + strings.TrimPrefix(anyNumber, "_")
		mend = guarded(takes, mended(d))
	}
	d.Target.Number = "${TOLLFUSE_DIAL}"
	for _, number := range plain {
		if matches(takes, number) && !slices.ContainsFunc(p.Plan.taking(d.Context, number), func(x *Extension) bool { return !isPattern(x.Pattern) }) {
			mend = append(mend, "exten => "+number+",1,Gosub(tollfuse,s,1)", mended(d), " same => n,Hangup()")
		}
	}
	g.add(Finding{ID: "dialplan.access-code", Level: Critical, Title: "an access code is not taken off behind the verdict (%s)",
		Detail: "Tollfuse judges the number behind the code, and the carrier hears the code too: such a call is cut, as one that nobody asked about.",
		Where:  []Place{d.Step.Place}, Mend: mend}, d.Ext.Context+","+at)
}

// codeOf is the code of so many digits behind which a Dial is reached.
func (p *PBX) codeOf(d dialling, n int) string {
	for _, code := range p.AccessCodes {
		all := positions(strings.TrimPrefix(code, "_"))
		if len(all) == n && (d.Number == "" || fits(append(all, position{open: '!'}), d.Number)) {
			return code
		}
	}
	return ""
}

// codeLength is how many digits of a number, or of a pattern without its
// underscore, are an access code with more behind it; 0 where none is.
func (p *PBX) codeLength(number string) int {
	for _, code := range p.AccessCodes {
		code = strings.TrimPrefix(code, "_")
		all := positions(code)
		if n := len(all); strings.HasPrefix(number, code) && len(number) > len(code) || len(number) > n && fits(all, number[:n]) {
			return n
		}
	}
	return 0
}

// behindCodes are ordinary numbers as they are dialled behind the access codes:
// one of each length. Where none is known, any will do, unless the context has
// patterns of its own for the code.
func (p *PBX) behindCodes(context string, home []string) []string {
	var all []string
	seen := map[string]bool{}
	for _, pattern := range home {
		number := sample(pattern)
		n := p.codeLength(number)
		if kind := fmt.Sprint(number[:n], len(number)); n > 0 && !seen[kind] {
			seen[kind] = true
			all = append(all, number)
		}
	}
	if len(all) > 0 {
		return all
	}
	for _, code := range p.AccessCodes {
		number := sample(code) + "0123456789"
		if !slices.ContainsFunc(p.Plan.extensions(context), func(x *Extension) bool { return p.codeLength(strings.TrimPrefix(x.Pattern, "_")) > 0 }) {
			all = append(all, number)
		}
	}
	return all
}

// sample is a number that a pattern matches.
func sample(pattern string) string {
	var b strings.Builder
	for _, p := range positions(strings.TrimPrefix(pattern, "_")) {
		if p.set != "" {
			b.WriteByte(p.set[0])
		}
	}
	return b.String()
}

// wholeNumber tells whether TOLLFUSE_DIAL is dialled with all its digits.
func (d dialling) wholeNumber() bool { return d.hears("${TOLLFUSE_DIAL}") }

// hears tells whether the number ends in that text, whatever the carrier wants
// before it.
func (d dialling) hears(number string) bool {
	return strings.HasSuffix(userOf(d.Target.Number), number)
}

// dialsOnly tells whether an extension is for some of these numbers and for
// nothing longer.
func dialsOnly(pattern string, numbers []string) bool {
	return !takesAnyText(pattern) && slices.ContainsFunc(numbers, func(n string) bool { return matches(pattern, n) })
}
