package numbering

import (
	"slices"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// maxLocal bounds what can be a local number, in digits, where the country does
// not say otherwise. Longer strings without a prefix are E.164 numbers to many
// carriers, not local ones.
const maxLocal = 8

// read finds the destination of plain digits that may begin with one of the
// site's access codes. The dialplan strips those before the trunk, so what
// stands behind one counts; only where that is no number at all, the digits
// were dialled without.
func (r *Resolver) read(digits string, onTrunk bool, t *trace) toll.Destination {
	behind, found := r.site.stripAccess(digits)
	if onTrunk {
		return r.readTrunk(digits, behind, found, t)
	}
	if !found {
		return r.readNumber(digits, false, t)
	}
	t.add("access code "+digits[:len(digits)-len(behind)]+" taken off", behind)
	stripped := r.readShort(behind, t)
	if stripped.Class == toll.Unplaced {
		stripped = r.readNumber(behind, false, t)
	}
	if stripped.Class != toll.Unplaced {
		return stripped
	}
	t.add("that is no number; read with the access code", digits)
	whole := r.readNumber(digits, false, t)
	if whole.Class == toll.Unplaced {
		return whole
	}
	// The dialplan strips all the same, and many carriers take what is left for
	// an E.164 number, with zeros in front or without.
	if foreign := r.place(strings.TrimLeft(behind, "0"), forgiven, nil); foreign.Class != toll.Unassigned && foreign.Class != toll.Unplaced {
		t.add("without the access code carriers could read another number", foreign.E164)
		return dearer(whole, foreign)
	}
	return whole
}

// readTrunk reads what was sent to a trunk. An access code is still there only
// where the dialplan left it, so it counts only if the whole is neither a valid
// number nor one of the site's own country.
func (r *Resolver) readTrunk(digits, behind string, found bool, t *trace) toll.Destination {
	whole := r.readNumber(digits, true, t)
	if !found || whole.Valid || whole.Class.Ordinary() || whole.Class != toll.Unplaced && r.site.hasPrefix(digits) {
		return whole
	}
	t.add("access code "+digits[:len(digits)-len(behind)]+" taken off", behind)
	d := r.readShort(behind, t)
	if d.Class == toll.Unplaced {
		d = r.readNumber(behind, true, t)
	}
	if d.Valid || d.Class == toll.Global || whole.Class == toll.Unplaced {
		return d
	}
	return whole
}

// hasPrefix tells whether digits begin with the international prefix: then they are what they say, be it a number
// that the country does not have, or a code of nobody's.
func (s *site) hasPrefix(digits string) bool {
	return slices.ContainsFunc(s.international, func(prefix string) bool { return strings.HasPrefix(digits, prefix) })
}

// stripAccess takes off the access code that a string begins with.
func (s *site) stripAccess(digits string) (string, bool) {
	for _, p := range s.access {
		if n := len(p.sets); p.matchPrefix(digits) && len(digits) > n {
			return digits[n:], true
		}
	}
	return digits, false
}

// readShort finds a short number, of the site's plan or of its country.
func (r *Resolver) readShort(digits string, t *trace) toll.Destination {
	if len(digits) <= maxShort {
		for _, short := range r.site.shorts {
			if short.match(digits) {
				t.add("short number "+short.text, string(short.class))
				return toll.Destination{Country: r.site.country, Class: short.class, Valid: true}
			}
		}
	}
	return toll.Destination{Class: toll.Unplaced}
}

// readNumber finds the destination of digits without a + and without an access
// code. Prefixes decide: only what begins with none is local or bare.
func (r *Resolver) readNumber(digits string, onTrunk bool, t *trace) toll.Destination {
	if matchAny(r.site.direct, digits) {
		t.add("a number that takes no prefix", "+"+r.site.code+digits) // 000800 in India, though 00 leads abroad
		if d := r.place(r.site.code+digits, asWritten, t); d.Valid {
			return d
		}
	}
	for _, prefix := range r.site.international {
		if rest, ok := strings.CutPrefix(digits, prefix); ok && rest != "" {
			t.add("international prefix "+prefix, "+"+rest)
			return r.readAfter("", rest, onTrunk, t)
		}
	}
	bare := r.site.bareE164 || onTrunk
	var best toll.Destination
	if rest, ok := strings.CutPrefix(digits, r.site.national); ok && r.site.national != "" && rest != "" {
		t.add("national prefix "+r.site.national, rest)
		best = r.readAfter(r.site.code, rest, onTrunk, t)
		if !bare {
			return best
		}
	} else {
		t.add("begins with no prefix of this site", digits)
		best = r.certain(r.readBare(digits, t), digits, t)
	}
	if bare && best.Class == toll.Unplaced {
		t.add("read as E.164 without a +", "+"+digits)
		return r.place(digits, asWritten, t)
	}
	return best
}

// certain refuses bare digits that are only perhaps a number at home, and are
// one abroad: ten digits of an area code that was never opened, say.
func (r *Resolver) certain(best toll.Destination, digits string, t *trace) toll.Destination {
	if best.Valid || best.Class.Ordinary() || best.Class == toll.Unplaced {
		return best
	}
	foreign := r.place(digits, asWritten, nil)
	if !foreign.Valid || dearness(foreign.Class) <= dearness(best.Class) {
		return best
	}
	t.add("no number that this country is known to have, and carriers could read another one", foreign.E164)
	return toll.Destination{Class: toll.Unplaced}
}

// readAfter reads what follows a prefix, with and without a carrier code. A
// national number gets no forgiveness: "011 371 …" from a British phone is a
// number of Leeds with surplus digits, or of Latvia, and nobody can tell.
func (r *Resolver) readAfter(code, rest string, onTrunk bool, t *trace) toll.Destination {
	lenient := forgiven
	switch {
	case code == "":
	case rest[0] == '0' || strings.HasPrefix(rest, r.site.national):
		lenient = asWritten // a prefix twice is no prefix: "00 298 …" is the Faroes in many places, not Sydney
	default:
		lenient = rewritten
	}
	best := r.place(code+rest, lenient, t)
	for _, p := range r.site.carriers {
		n := len(p.sets)
		if !p.matchPrefix(rest) || len(rest) <= n {
			continue
		}
		if code == "" && best.Valid && (onTrunk || strings.HasPrefix(rest, r.site.code)) {
			continue // no carrier is chosen on a trunk, nor by the code of the country itself
		}
		t.add("carrier code "+rest[:n]+" taken off", rest[n:])
		if code == "" && strings.HasPrefix(rest[n:], r.site.code) {
			lenient = asWritten // home behind so many prefixes is not also padded
		}
		d := r.place(code+rest[n:], lenient, t)
		if home := code != "" || strings.HasPrefix(rest[n:], r.site.code); home && d.Class != toll.HomeFixed && d.Class != toll.HomeMobile {
			continue // numbers without an area code take no carrier code
		}
		best = better(best, d)
	}
	return best
}

// readBare reads digits without any prefix: a national number where that is
// how people dial, the country's own code without a +, or a local number.
func (r *Resolver) readBare(digits string, t *trace) toll.Destination {
	best := toll.Destination{Class: toll.Unplaced}
	if r.site.bareNational || matchAny(r.site.direct, digits) {
		t.add("read as a national number", "+"+r.site.code+digits)
		best = better(best, r.place(r.site.code+digits, asWritten, t))
	}
	if strings.HasPrefix(digits, r.site.code) {
		t.add("read with the code of the country itself", "+"+digits)
		if d := r.place(digits, asWritten, t); d.Valid {
			best = better(best, d)
		}
	}
	if r.site.areaCode != "" && len(digits) <= r.site.maxLocal && r.site.localCanBegin(digits) {
		t.add("read as a local number", "+"+r.site.code+r.site.areaCode+digits)
		if d := r.place(r.site.code+r.site.areaCode+digits, asWritten, t); d.Valid {
			best = better(best, d)
		}
	}
	return best
}

// localCanBegin tells whether a local number can begin so. With 0 begins what is
// not local, with 1 what is short; only Germany has local numbers there
// (Bundesnetzagentur, Verfuegung 25/2006): 19222, the ambulance, and the federal
// government's 18 in Berlin. 180 is left out, for 0180 is shared cost.
func (s *site) localCanBegin(digits string) bool {
	if digits[0] != '1' {
		return digits[0] != '0'
	}
	ambulance := len(digits) == 5 && strings.HasPrefix(digits, "19")
	government := len(digits) > 5 && strings.HasPrefix(digits, "18") && digits[2] != '0'
	return s.country == "DE" && (ambulance || government)
}

// better picks between two readings of one string: a number that a country can
// have before one that it cannot, and the dearer of equals. Two equals in two
// places cannot be told apart, and that is no destination.
func better(a, b toll.Destination) toll.Destination {
	switch {
	case a.Class == toll.Unplaced:
		return b
	case b.Class == toll.Unplaced:
		return a
	case a.Valid && !b.Valid:
		return a
	case b.Valid && !a.Valid:
		return b
	}
	return dearer(a, b)
}

// dearer picks the reading that can cost more.
func dearer(a, b toll.Destination) toll.Destination {
	switch da, db := dearness(a.Class), dearness(b.Class); {
	case da > db:
		return a
	case db > da:
		return b
	}
	if a.Country != b.Country {
		return toll.Destination{Class: toll.Unplaced}
	}
	return a
}

// dearness orders classes by what a call can cost at most. Unplaced is lowest:
// any reading is better than none.
func dearness(c toll.Class) int {
	switch c {
	case toll.Unplaced:
		return 0
	case toll.TollFree:
		return 1
	case toll.HomeFixed, toll.HomeMobile:
		return 2
	case toll.SharedCost:
		return 3
	case toll.IntlFixed, toll.IntlMobile, toll.ForeignNANP:
		return 4
	case toll.Personal, toll.HomePremium:
		return 5
	case toll.IntlPremium:
		return 6
	}
	return 7
}
