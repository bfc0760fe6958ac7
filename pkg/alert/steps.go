package alert

import (
	"slices"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// attackSteps are what to type and what to look at: first what stops more, then
// what finds the hole, then what gives way if the calls were right.
func (w *writer) attackSteps() {
	i := w.incident
	c := w.caller()
	if i.Observed {
		w.advise("Decide whether such calls are right. When they are not, let Tollfuse block: set “observe: false” in its configuration, or take “--observe” off the rule or limit.")
	} else if i.Open() && !i.ByHand() {
		w.tighten(c)
	}
	w.find(c)
	if to := w.example(); to != "" && c.ID != "" {
		w.step("Ask why such a call is judged so:", "tollfuse explain --from %s --to %s", c.ID, to)
	}
	for _, l := range i.Locks[:min(len(i.Locks), 3)] {
		w.step("Release the "+string(l.Scope)+" "+word(l.Subject)+", once the hole is closed:", "tollfuse lock release %s", subject(l))
	}
	w.giveWay()
}

// tighten proposes what stops more of it at once.
func (w *writer) tighten(c toll.Caller) {
	callers := []toll.Caller{c}
	if c.ID == "" { // it is about several
		callers = nil
		for _, t := range ordered(w.incident.From) {
			callers = append(callers, parse(t.Name))
		}
	}
	for _, c := range callers[:min(len(callers), 3)] {
		if c.ID == "" {
			continue
		}
		if slices.ContainsFunc(w.incident.Calls, func(one toll.IncidentCall) bool { return one.Ended.IsZero() && one.Caller.ID == c.ID }) {
			w.step("Hang up every call of "+word(c.ID)+" now:", "tollfuse hangup --caller %s", c.ID)
		}
		if c.Kind != toll.Originated && !w.locked(toll.PerCaller, c.ID) { // a program does not ask, so a lock on what it uses stops nothing
			w.step("Shut "+word(c.ID)+" until you release it:", "tollfuse lock %s", lockName(c.ID))
		}
	}
	if to := ordered(w.incident.To); len(callers) > 1 && len(to) > 0 && strings.HasPrefix(to[0].Name, "+") && !w.locked(toll.PerRange, to[0].Name) {
		w.step("Shut the range that was called most, for everybody:", "tollfuse lock %s", "range="+to[0].Name)
	}
}

// locked tells whether such a lock was set meanwhile.
func (w *writer) locked(scope toll.Scope, subject string) bool {
	return slices.ContainsFunc(w.incident.Locks, func(l toll.Lock) bool { return l.Scope == scope && l.Subject == subject })
}

// find says where to look for the hole, by the way the calls took.
func (w *writer) find(c toll.Caller) {
	if w.incident.Observed || w.incident.ByHand() {
		return
	}
	if w.incident.Bypassed > 0 {
		w.advise("Find out who dials the trunk around the dialplan: another context, AMI, a call file, a web interface.")
		w.step("Let Tollfuse look for such ways out:", "tollfuse doctor")
	}
	switch c.Kind {
	case toll.Extension, toll.GatewayUser:
		w.advise("Change the SIP password of " + word(c.ID) + ", and see from which addresses it is registered.")
	case toll.Forward:
		w.advise("Look at the call forwards of " + word(c.ID) + ", and change its passwords and PIN.")
	case toll.Transfer:
		w.advise("Find out why " + word(c.ID) + " transfers calls abroad, and whether it may.")
	case toll.FromTrunk:
		w.advise("Somebody calls in over the trunk and out again: look at DISA, voicemail dial-out, and menus that dial.")
	case toll.Originated:
		w.advise("A program starts these calls: look at AMI users, call files, and the web interface of the PBX.")
	}
}

// example is a number that was called.
func (w *writer) example() string {
	if calls := w.incident.Calls; len(calls) > 0 {
		return calls[len(calls)-1].Number
	}
	return ""
}

// giveWay says how to let such calls go, should they be right after all.
func (w *writer) giveWay() {
	const prefix = "If these calls are right after all"
	limits := false
	for _, t := range w.incident.Causes {
		switch toll.Reason(t.Kind) {
		case toll.ReasonDeniedRule, toll.ReasonPINNeeded, toll.ReasonPINWrong, toll.ReasonPINUnset:
			limits = limits || strings.HasPrefix(t.Name, toll.ByLimit)
			if t.Name != "" && !strings.Contains(t.Name, ":") && len(w.Steps) < 10 {
				w.step(prefix+", take the rule away:", "tollfuse rule remove %s", t.Name)
			}
		case toll.ReasonLimit:
			limits = true
		}
	}
	if limits {
		w.step(prefix+", give the limit more room; this lists them:", "tollfuse limit list")
	}
}

// lockName is a caller as "tollfuse lock" takes it.
func lockName(id string) string {
	if id == "site" || strings.Contains(id, "=") {
		return "caller=" + id
	}
	return id
}

// subject is what a lock shuts, as "tollfuse lock release" takes it.
func subject(l toll.Lock) string {
	switch l.Scope {
	case toll.PerCaller:
		return lockName(l.Subject)
	case toll.PerSite:
		return "site"
	}
	return l.ID()
}
