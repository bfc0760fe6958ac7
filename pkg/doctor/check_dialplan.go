package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// way is what can be reached from one beginning.
type way struct {
	beginning
	walked
}

// ways walks the dialplan from every context in which calls begin, and from what
// other files let Asterisk do.
func (p *PBX) ways() []way {
	v := valuesOf(p.Plan)
	var all []way
	for _, b := range p.beginnings() {
		all = append(all, way{b, walk(p.Plan, v, b.Context, "", nil)})
	}
	for _, x := range p.looseSteps() {
		all = append(all, way{beginning{Context: x.Context}, walkStep(p.Plan, v, x)})
	}
	return all
}

// snippetChecks tells whether the subroutine is loaded, is the one that the
// configuration wants, and is asked.
func (p *PBX) snippetChecks(ways []way) []Finding {
	var all []Finding
	if p.Console.Plan == nil {
		all = append(all, Finding{ID: "dialplan.console", Level: Unchecked, Title: "the console was not asked; what is loaded may differ", Detail: p.Console.Missing})
	}
	if p.Plan.Contexts[subroutine] == nil {
		f := Finding{ID: "dialplan.snippet", Level: Critical, Title: "Tollfuse's subroutine is not loaded: there is no context tollfuse",
			Detail: "Nothing asks Tollfuse; a Gosub to it ends the call.",
			Mend:   p.loadSubroutine()}
		if p.onlyInFiles() {
			f.Title = "Tollfuse's subroutine is in the files and not loaded"
		}
		return append(all, f)
	}
	switch step, stale := p.stale(); {
	case p.Wanted == nil:
		all = append(all, notChecked("dialplan.stale", "whether the subroutine is the newest", p.NotWanted))
	case stale:
		all = append(all, Finding{ID: "dialplan.stale", Level: Warning, Title: "Tollfuse's subroutine is not the one of the configuration",
			Detail: "The configuration, or the program, has changed since it was written or loaded.", Where: []Place{step},
			Mend: []string{"tollfuse dialplan --force", reload}})
	case p.Console.Plan == nil:
		all = append(all, fine("dialplan.snippet", "Tollfuse's subroutine is in the files, and as the configuration wants it"))
	default:
		all = append(all, fine("dialplan.snippet", "Tollfuse's subroutine is loaded, and as the configuration wants it"))
	}
	asks, any := &gathering{}, false
	for _, w := range ways {
		for _, v := range w.Asks {
			any = true
			if !canBeNumber(v.Ext.Pattern) {
				asks.add(Finding{ID: "dialplan.asks", Level: Critical, Title: "Tollfuse is asked in an extension that nobody dials: %s",
					Detail: "It reads the number from the extension that calls it, so all of these calls are refused.", Where: []Place{v.Step.Place},
					Mend: []string{"Gosub(" + v.Ext.Context + ",${EXTEN},1)   ; come here with the number, not with " + v.Ext.Pattern}}, v.Ext.Context+","+v.Ext.Pattern)
			}
		}
	}
	if at, waits := p.notLoaded(); waits {
		all = append(all, Finding{ID: "dialplan.reload", Level: Note, Title: "extensions.conf says what is not loaded", Where: []Place{at},
			Detail: "What is checked here is the dialplan that is loaded.", Mend: []string{reload}})
	}
	if !any && len(p.beginnings()) > 0 {
		all = append(all, Finding{ID: "dialplan.unreachable", Level: Critical, Title: "no extension's context leads to Tollfuse",
			Detail: "No call is ever asked about.", Mend: guarded(anyNumber, " same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60,S(${TOLLFUSE_SECONDS}))")})
	}
	return append(all, asks.findings()...)
}

const reload = "asterisk -rx 'dialplan reload'"

// loadSubroutine is how the subroutine comes into the loaded dialplan.
func (p *PBX) loadSubroutine() []string {
	if p.onlyInFiles() {
		return []string{reload}
	}
	dir := cmp.Or(p.Files.Dir, usualDir)
	return []string{"tollfuse dialplan", "echo '#include extensions_tollfuse.conf' >> " + dir + "/extensions.conf", reload}
}

// onlyInFiles tells whether Asterisk has not read the subroutine that is there.
func (p *PBX) onlyInFiles() bool {
	files := p.fromFiles()
	return p.Console.Plan != nil && files != nil && files.Contexts[subroutine] != nil
}

// fromFiles is the dialplan of extensions.conf, or nil.
func (p *PBX) fromFiles() *Dialplan {
	if c := p.Files.Confs["extensions.conf"]; c != nil {
		return dialplanFromConf(c)
	}
	return nil
}

// notLoaded finds a step of the files that Asterisk has not loaded.
func (p *PBX) notLoaded() (Place, bool) {
	files := p.fromFiles()
	if p.Console.Plan == nil || files == nil || p.Plan != p.Console.Plan {
		return Place{}, false
	}
	for _, c := range files.sorted() {
		for _, x := range c.Extensions {
			if strings.Contains(x.Pattern, "$") {
				continue // Asterisk puts a variable's value there when it loads
			}
			have := p.Plan.stepsOf(c.Name, x.key())
			for i, s := range x.Steps {
				if i >= len(have) || s.App != have[i].App || s.Data != have[i].Data {
					return s.Place, true
				}
			}
		}
	}
	return Place{}, false
}

// stale finds the first step in which the subroutine differs from the one that
// the configuration wants.
func (p *PBX) stale() (Place, bool) {
	if p.Wanted == nil {
		return Place{}, false
	}
	for _, name := range []string{subroutine, classes} {
		want, have := p.Wanted.Contexts[name], p.Plan.Contexts[name]
		if want == nil || have == nil {
			return Place{}, want != have
		}
		for i := range max(len(want.Extensions), len(have.Extensions)) {
			if i >= len(have.Extensions) {
				return Place{}, true
			}
			if at, differs := have.Extensions[i].differs(want, i); differs {
				return at, true
			}
		}
	}
	return Place{}, false
}

// differs compares an extension with the one at the same place of a context.
func (x *Extension) differs(c *Context, i int) (Place, bool) {
	var at Place
	if len(x.Steps) > 0 {
		at = x.Steps[0].Place
	}
	if i >= len(c.Extensions) || x.Pattern != c.Extensions[i].Pattern || len(x.Steps) != len(c.Extensions[i].Steps) {
		return at, true
	}
	for j, s := range x.Steps {
		w := c.Extensions[i].Steps[j]
		if s.App != w.App || s.Data != w.Data || s.Label != w.Label || s.Priority != w.Priority {
			return s.Place, true
		}
	}
	return Place{}, false
}

// anyNumber is the pattern of what people dial, and of nothing else.
const anyNumber = "_[0-9*#+]."

// guarded are the lines that ask before they dial, which is what begins with
// "same".
func guarded(pattern, dial string) []string {
	return []string{
		"exten => " + pattern + ",1,Gosub(tollfuse,s,1)",
		` same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)`,
		dial,
		" same => n,Hangup()",
		" same => n(denied),Hangup(${TOLLFUSE_CAUSE})",
	}
}

// placeChecks judges what else lies on the ways: what takes timers away, and
// what nobody can see from here.
func (p *PBX) placeChecks(ways []way) []Finding {
	g := &gathering{}
	for _, w := range ways {
		for _, v := range w.Timeouts {
			g.add(Finding{ID: "dialplan.timeout", Level: Warning, Title: "TIMEOUT(absolute) is set on the way of a call (%s)",
				Detail: "After a transfer it takes away, or replaces, the timer of the leg that costs money.", Where: []Place{v.Step.Place},
				Mend: []string{"; take it away: the S() of each Dial bounds the call"}}, v.Ext.Context)
		}
		for _, v := range w.DISA {
			level, detail := Warning, "DISA gives a caller the extension's dial tone. Guard the context, and use a long code."
			if code, _, _ := strings.Cut(v.Data, ","); w.Outside && strings.EqualFold(code, "no-password") {
				level = Critical
			}
			g.add(Finding{ID: "dialplan.disa", Level: level, Title: "DISA lets callers dial out from %s", Detail: detail, Where: []Place{v.Step.Place},
				Mend: []string{"; take DISA away, or read the code with Authenticate() and ask Tollfuse behind it"}}, v.Ext.Context)
		}
		for _, v := range w.Unfollowed {
			g.add(Finding{ID: "dialplan.unfollowed", Level: Unchecked, Title: "some jumps could not be followed (%s)",
				Detail: "Only a call shows where they lead: " + v.App + "(" + v.Data + ")", Where: []Place{v.Step.Place}}, v.Ext.Context)
		}
		if !w.Whole {
			g.add(Finding{ID: "dialplan.whole", Level: Unchecked, Title: "the dialplan from %s has more ways than were followed"}, w.Context)
		}
		p.contextChecks(g, w)
	}
	p.overrides(g)
	for _, name := range p.Plan.Missing {
		if p.Console.Plan == nil {
			g.add(Finding{ID: "dialplan.include", Level: Unchecked, Title: "a part of the dialplan was not read: %s"}, name)
		}
	}
	return g.findings()
}

// overrides finds who puts words into Tollfuse's mouth. TOLLFUSE_TRUNK alone is
// for the dialplan to set.
func (p *PBX) overrides(g *gathering) {
	for step := range p.Plan.steps() {
		for name := range settings(step.App, step.Data) {
			if strings.HasPrefix(name, "TOLLFUSE_") && name != "TOLLFUSE_TRUNK" {
				g.add(Finding{ID: "dialplan.override", Level: Critical, Title: "the dialplan changes Tollfuse's answer (%s)",
					Detail: "What is answered holds for a call that was reserved and is timed.", Where: []Place{step.Place},
					Mend: []string{"; take this line away; to allow more: tollfuse rule --help"}}, name)
			}
		}
	}
}

// contextChecks judges the contexts that a way passes.
func (p *PBX) contextChecks(g *gathering, w way) {
	for _, c := range p.Plan.sorted() {
		if !w.Contexts[c.Name] || c.Name == subroutine || c.Name == classes {
			continue
		}
		if i := slices.IndexFunc(c.Extensions, func(x *Extension) bool { return x.Pattern == "T" && len(x.Steps) > 0 }); i >= 0 {
			g.add(Finding{ID: "dialplan.T-extension", Level: Warning, Title: "there is an extension T in %s",
				Detail: "When the timer of a transferred call runs out, the call goes on there without one.", Where: []Place{c.Extensions[i].Steps[0].Place},
				Mend: []string{"; take the extension T away: without it the call ends"}}, c.Name)
		}
		for _, s := range c.Switches {
			g.add(Finding{ID: "dialplan.switch", Level: Unchecked, Title: "extensions of %s are looked up elsewhere",
				Detail: fmt.Sprintf("What %s holds was not checked.", s)}, c.Name)
		}
	}
}
