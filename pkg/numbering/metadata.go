package numbering

import (
	"fmt"
	"math/bits"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// metadata is what phonenumbers knows of the number plans of the world, in a
// form that answers fast: it asks every question of a number once, and makes no
// strings. A plan is compiled when the first number of its country code comes.
type metadata struct {
	codes map[string]*codePlan
}

// codePlan is the number plan behind one country calling code, which several
// countries can share.
type codePlan struct {
	compile sync.Once
	source  []*phonenumbers.PhoneMetadata // the main country first
	regions []regionPlan
	prefix  *regexp.Regexp // national prefix and what else the plan rewrites; nil if nothing
	rewrite string         // what it becomes, as a template; empty: nothing
	lengths lengths        // of the main country's numbers
	local   lengths        // of those that can be dialled locally only
}

// regionPlan is the number plan of one country.
type regionPlan struct {
	country string
	leading *regexp.Regexp // tells its numbers from those of others, if it does
	general numbers
	types   []typedNumbers // as they are asked: the first that matches counts
}

// numbers describes a set of national numbers.
type numbers struct {
	lengths lengths
	pattern *regexp.Regexp // nil: there are none
	leads   *syntax.Prog   // the same, to follow digit by digit
}

// typedNumbers are the numbers of one type.
type typedNumbers struct {
	numbers
	typ phonenumbers.PhoneNumberType
}

// lengths has a bit for each possible length; 0 says any, and the bit noLength
// alone says none.
type lengths uint32

const noLength = 31

func (l lengths) has(n int) bool { return n < noLength && l&(1<<n) != 0 }

// longest is the greatest of them.
func (l lengths) longest() int {
	for n := noLength - 1; n > 0; n-- {
		if l.has(n) {
			return n
		}
	}
	return 0
}

// shortest is the least of them.
func (l lengths) shortest() int { return bits.TrailingZeros32(uint32(l)) }

// newMetadata sorts the metadata of phonenumbers by country code.
func newMetadata() (*metadata, error) {
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		return nil, fmt.Errorf("reading the metadata of phonenumbers: %w", err)
	}
	byCountry := make(map[string]*phonenumbers.PhoneMetadata)
	m := &metadata{codes: make(map[string]*codePlan)}
	for _, one := range all.GetMetadata() {
		if one.GetId() == nobody {
			m.codes[fmt.Sprint(one.GetCountryCode())] = &codePlan{source: []*phonenumbers.PhoneMetadata{one}}
			continue
		}
		byCountry[one.GetId()] = one
	}
	for code := range phonenumbers.GetSupportedCallingCodes() {
		for _, country := range phonenumbers.GetRegionCodesForCountryCode(code) {
			one := byCountry[country]
			if one == nil {
				continue // nobody's codes are there already
			}
			key := fmt.Sprint(code)
			if m.codes[key] == nil {
				m.codes[key] = &codePlan{}
			}
			m.codes[key].source = append(m.codes[key].source, one)
		}
	}
	return m, nil
}

// plan is the plan of a country code, ready for use; nil for none.
func (m *metadata) plan(code string) *codePlan {
	p := m.codes[code]
	if p != nil {
		p.compile.Do(p.build)
	}
	return p
}

// build compiles the plan.
func (p *codePlan) build() {
	main := p.source[0]
	p.lengths = setOf(main.GetGeneralDesc().GetPossibleLength())
	p.local = setOf(main.GetGeneralDesc().GetPossibleLengthLocalOnly())
	p.prefix = leads(main.GetNationalPrefixForParsing())
	p.rewrite = strings.ReplaceAll(main.GetNationalPrefixTransformRule(), "$1", "${1}")
	p.rewrite = strings.ReplaceAll(p.rewrite, "$2", "${2}")
	for _, source := range p.source {
		p.regions = append(p.regions, newRegionPlan(source))
	}
}

func newRegionPlan(source *phonenumbers.PhoneMetadata) regionPlan {
	r := regionPlan{country: source.GetId(), leading: leads(source.GetLeadingDigits()), general: newNumbers(source.GetGeneralDesc())}
	fixedType := phonenumbers.FIXED_LINE
	if source.GetSameMobileAndFixedLinePattern() {
		fixedType = phonenumbers.FIXED_LINE_OR_MOBILE
	}
	for _, one := range []struct {
		typ    phonenumbers.PhoneNumberType
		source *phonenumbers.PhoneNumberDesc
	}{
		{phonenumbers.PREMIUM_RATE, source.GetPremiumRate()},
		{phonenumbers.TOLL_FREE, source.GetTollFree()},
		{phonenumbers.SHARED_COST, source.GetSharedCost()},
		{phonenumbers.VOIP, source.GetVoip()},
		{phonenumbers.PERSONAL_NUMBER, source.GetPersonalNumber()},
		{phonenumbers.PAGER, source.GetPager()},
		{phonenumbers.UAN, source.GetUan()},
		{phonenumbers.VOICEMAIL, source.GetVoicemail()},
		{fixedType, source.GetFixedLine()},
		{phonenumbers.MOBILE, source.GetMobile()},
	} {
		if n := newNumbers(one.source); n.pattern != nil {
			r.types = append(r.types, typedNumbers{n, one.typ})
		}
	}
	return r
}

func newNumbers(source *phonenumbers.PhoneNumberDesc) numbers {
	n := numbers{lengths: setOf(source.GetPossibleLength())}
	if pattern := source.GetNationalNumberPattern(); pattern != "" {
		n.pattern, n.leads = regexp.MustCompile("^(?:"+pattern+")$"), leadsOf(pattern)
	}
	return n
}

// leads compiles a pattern for leading digits; nil for none.
func leads(pattern string) *regexp.Regexp {
	if pattern == "" {
		return nil
	}
	return regexp.MustCompile("^(?:" + pattern + ")")
}

// setOf makes a set of a list, in which -1 stands for none.
func setOf(list []int32) lengths {
	var l lengths
	for _, n := range list {
		if n < 0 || n >= noLength {
			n = noLength
		}
		l |= 1 << n
	}
	return l
}

// match tells whether a national number is one of them.
func (n numbers) match(national string) bool {
	if n.pattern == nil || (n.lengths != 0 && !n.lengths.has(len(national))) {
		return false
	}
	return n.pattern.MatchString(national)
}

// typeOf is the type of a national number in a country; UNKNOWN if its plan
// does not have it.
func (r *regionPlan) typeOf(national string) phonenumbers.PhoneNumberType {
	if !r.general.match(national) {
		return phonenumbers.UNKNOWN
	}
	for i := range r.types {
		if r.types[i].match(national) {
			return r.types[i].typ
		}
	}
	return phonenumbers.UNKNOWN
}

// tooLong tells whether the plan has no national numbers of so many digits, but
// shorter ones.
func (p *codePlan) tooLong(n int) bool { return n > p.lengths.longest() }

// tooShort tells the same the other way round, or that so many digits can be
// dialled locally only.
func (p *codePlan) tooShort(n int) bool { return p.lengths&(1<<(n+1)-1) == 0 || p.local.has(n) }

// find is the country of a national number and its type there; no country for
// one that several countries share and none of them has.
func (p *codePlan) find(national string) (string, phonenumbers.PhoneNumberType) {
	if len(p.regions) == 1 {
		return p.regions[0].country, p.regions[0].typeOf(national)
	}
	for i := range p.regions {
		r := &p.regions[i]
		if r.leading != nil {
			if r.leading.MatchString(national) {
				return r.country, r.typeOf(national)
			}
			continue
		}
		if typ := r.typeOf(national); typ != phonenumbers.UNKNOWN {
			return r.country, typ
		}
	}
	return "", phonenumbers.UNKNOWN
}

// valid tells whether one country of the plan, named, has the national number.
func (p *codePlan) valid(national, country string) bool {
	for i := range p.regions {
		if p.regions[i].country == country {
			return p.regions[i].typeOf(national) != phonenumbers.UNKNOWN
		}
	}
	return false
}

// rewritten is what the plan makes of a national number that begins with a
// prefix which does not belong there, or needs another one; false for nothing.
func (p *codePlan) rewritten(national string) (string, bool) {
	if p.prefix == nil {
		return "", false
	}
	at := p.prefix.FindStringSubmatchIndex(national)
	if at == nil || at[1] == 0 {
		return "", false
	}
	rest := national[at[1]:]
	if p.rewrite == "" || len(at) < 4 || at[len(at)-2] < 0 {
		return rest, true
	}
	return string(p.prefix.ExpandString(nil, p.rewrite, national, at)) + rest, true
}
