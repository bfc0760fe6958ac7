//go:build e2e

package e2e

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// everyClass are the classes that leave the site and that only a rule opens, or a price that is listed.
var everyClass = []toll.Class{
	toll.HomeFixed, toll.HomeMobile, toll.TollFree, toll.SharedCost, toll.HomePremium, toll.Personal, toll.ForeignNANP,
	toll.IntlFixed, toll.IntlMobile, toll.IntlPremium, toll.Global, toll.Unassigned, toll.Unplaced,
}

// settle starts the daemon of a site in the place of the one that runs, with rules that let every class out,
// and loads the dialplan that is generated for it. Only what is no number is still refused.
func settle(t *testing.T, l *Lab, s numberSite) *Daemon {
	t.Helper()
	d := PrepareDaemon(t, l, DaemonOptions{Change: func(c *config.Config) { s.configure(c) }})
	l.WriteConfig(t, "extensions.conf", s.dialplan(t, l))
	l.Reload(t)
	d.Start(t)
	for _, class := range everyClass {
		d.Set(t, toll.Setting{Rule: &toll.Rule{ID: "open-" + strings.ReplaceAll(string(class), "_", "-"), Where: toll.Where(class), Do: toll.Permit}})
	}
	return d
}

// decision is what the decision log says of a question.
type decision struct {
	word, number, country string
	class                 toll.Class
}

func (v vector) decision() decision {
	w := v.want
	d := decision{"allowed", w.E164, w.Country, w.Class}
	if w.Class == toll.Unplaced {
		d.word = "refused"
	}
	if w.E164 == "" {
		d.number = v.dialled[:1] + strings.ReplaceAll(v.dialled[1:], "+", "") // a plus stands in front
	}
	return d
}

// asked are the answers to questions in the decision log, in order.
func (d *Daemon) asked(t *testing.T) []decision {
	t.Helper()
	var all []decision
	for line := range strings.Lines(d.Decisions(t)) {
		words := strings.Fields(line)
		if words[1] != "allowed" && words[1] != "refused" {
			continue
		}
		one := decision{word: words[1]}
		for _, word := range words[2:] {
			switch key, value, _ := strings.Cut(word, "="); key {
			case "number":
				one.number = value
			case "country":
				one.country = value
			case "class":
				one.class = toll.Class(value)
			}
		}
		if strings.HasPrefix(one.number, "?") { // what the dialplan's filter left of it; the vectors say nothing of that
			if one.word != "refused" || one.class != toll.Unplaced {
				t.Errorf("decided of what is no number: %s", line)
			}
			continue
		}
		all = append(all, one)
	}
	return all
}

// dialsAll dials every vector and says what the carrier got of each; "" is nothing. The carrier is busy, which
// is quick, but answers a short number: after that, whileUp is called.
func dialsAll(t *testing.T, carrier *Carrier, phone *Phone, s numberSite, all []vector, whileUp func(vector)) []string {
	t.Helper()
	answers := map[string]bool{}
	for _, v := range all {
		answers[s.sent(v)] = answers[s.sent(v)] || v.short()
	}
	carrier.OnCall(func(c *Call) Answer {
		if answers[c.Number] {
			return Answer{}
		}
		return Answer{Status: 486}
	})
	var got []string
	for _, v := range all {
		before := len(carrier.Calls())
		call := phone.Dial(escape(v.dialled))
		select {
		case <-call.answered:
			whileUp(v)
			call.Hangup()
		case <-call.ended:
		case <-time.After(10 * time.Second):
		}
		call.WaitEnded(t, 10*time.Second)
		got = append(got, strings.Join(carrier.Numbers()[before:], " and "))
	}
	return got
}

// sendable is what can stand in the user part of a request line as it is (RFC 3261, section 25.1), and in
// a file of SIPp.
var sendable = regexp.MustCompile(`^[A-Za-z0-9_.!~*'()&=+$,/?-]+$`)

// dialledBySIPp writes texts as SIPp's request lines have them: escaped, and as they are where that can be.
func dialledBySIPp(all []vector) (dialled []string, vectors []vector) {
	for _, v := range all {
		escaped := escape(v.dialled)
		dialled, vectors = append(dialled, escaped), append(vectors, v)
		if escaped != v.dialled && sendable.MatchString(v.dialled) {
			dialled, vectors = append(dialled, v.dialled), append(vectors, v)
		}
	}
	return dialled, vectors
}

// Whatever attackers dial, and everything else in the vectors, is decided on as the vectors say, and the
// carrier gets that or nothing. While the daemon is dead it gets nothing but ordinary and emergency numbers.
func TestSpellings(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		for _, s := range numberSites {
			began := time.Now()
			d := settle(t, l, s)
			// What the dialplan takes digits off that are no code is cut at once, and may or may not have been heard.
			vectors := slices.DeleteFunc(sample(s.vectors(t), 12), func(v vector) bool { return v.withoutCode })
			known := func(v vector) {
				d.WaitAnswered(t, 1)
				if v.want.Class == toll.Emergency {
					d.WaitDecision(t, "adopted", "class=emergency", "number="+s.sent(v))
				}
			}
			for i, got := range dialsAll(t, carrier, phone, s, vectors, known) {
				if want := s.sent(vectors[i]); got != want {
					t.Errorf("%s: of %q the carrier got %q, want %q", s, vectors[i].dialled, got, want)
				}
			}
			t.Logf("measured: %s: %d vectors in %v", s, len(vectors), time.Since(began))
			s.readAlikeAtTheTrunk(t, vectors)
			d.decidesAs(t, s, vectors)

			d.Kill(t)
			home := 0
			for i, got := range dialsAll(t, carrier, phone, s, vectors, func(vector) {}) {
				v := vectors[i]
				if got == "" {
					continue
				}
				if v.want.E164 != "" {
					home++
				}
				if class := v.want.Class; got != s.sent(v) || !class.Ordinary() && class != toll.Emergency {
					t.Errorf("%s, daemon dead: of %q, %s, the carrier got %q", s, v.dialled, class, got)
				}
			}
			if home == 0 {
				t.Errorf("%s: with the daemon dead no home call goes out", s)
			}
			t.Logf("measured: %s: with the daemon dead %d home calls reach the carrier; all took %v", s, home, time.Since(began))
		}
	})
}

// readAlikeAtTheTrunk checks that the daemon takes what the carrier gets for what it has decided on. It need not
// be seen: by the mark of the leg such a call is found as a rule, unless it is over too soon.
func (s numberSite) readAlikeAtTheTrunk(t *testing.T, all []vector) {
	t.Helper()
	resolver := s.resolver(t)
	for _, v := range all {
		if !v.leaves() || v.short() || v.withoutCode {
			continue
		}
		if got := resolver.ResolveTrunk(s.sent(v), "").E164; got != v.want.E164 {
			t.Errorf("%s: %q is %s, and %q at the trunk is taken for %q", s, v.dialled, v.want.E164, s.sent(v), got)
		}
	}
}

// decidesAs waits until the decision log has an answer to each of the questions, and compares them.
func (d *Daemon) decidesAs(t *testing.T, s numberSite, all []vector) {
	t.Helper()
	all = slices.DeleteFunc(slices.Clone(all), func(v vector) bool { return !v.asked() })
	var got []decision
	Eventually(t, 5*time.Second, "the decision log has every answer", func() bool {
		got = d.asked(t)
		return len(got) >= len(all)
	})
	if len(got) != len(all) {
		t.Errorf("%s: %d decisions, want %d", s, len(got), len(all))
	}
	for i, v := range all[:min(len(all), len(got))] {
		if want := v.decision(); got[i] != want {
			t.Errorf("%s: %q: decided %+v, want %+v", s, v.dialled, got[i], want)
		}
	}
	// What else is seen at the trunk is what was asked for.
	for _, line := range slices.Concat(d.DecisionLines(t, "adopted"), d.DecisionLines(t, "cutting")) {
		expected := strings.Contains(line, " class=emergency ") || slices.ContainsFunc(all, func(v vector) bool {
			return v.withoutCode && strings.Contains(line, " number="+s.sent(v)+" ")
		})
		if !expected {
			t.Errorf("%s: %s", s, line)
		}
	}
}

// The same spellings, dialled by SIPp.
func TestSpellingsOfSIPp(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		carrier := l.Carrier(t)
		for _, s := range numberSites {
			began := time.Now()
			d := settle(t, l, s)
			attacks := slices.DeleteFunc(s.vectors(t), func(v vector) bool { return !v.attack() })
			dialled, vectors := dialledBySIPp(attacks)
			before := len(carrier.Calls())
			SIPp{Scenario: "phone-guesses.xml", Extension: "1002", Numbers: dialled}.Run(t, l)
			var want []string
			for _, v := range vectors {
				if sent := s.sent(v); sent != "" {
					want = append(want, sent)
				}
			}
			if got := carrier.Numbers()[before:]; !slices.Equal(got, want) {
				t.Errorf("%s: the carrier got %q, want %q", s, got, want)
			}
			d.decidesAs(t, s, vectors)
			d.Stop(t)
			t.Logf("measured: %s: %d spellings by SIPp, %d of them numbers, in %v", s, len(dialled), len(want), time.Since(began))
		}
	})
}
