package numbering

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Plan is the number plan of a site: how its people dial. Only Country has no
// default. Patterns are fixed-length, in Asterisk's notation (X, Z, N, [1-5]).
type Plan struct {
	Country       string   // ISO 3166-1 alpha-2, such as "US"
	International []string // prefixes of international calls; default: the country's
	National      string   // trunk prefix of national calls; default: the country's; "none" says there is none
	AreaCode      string   // makes local dialling possible; without the national prefix
	AccessCodes   []string // what the dialplan strips before the trunk, such as "9"; patterns are possible ("101XXXX")
	CarrierCodes  []string // patterns that may follow the international or national prefix (Brazil); default: the country's
	Extensions    []string // patterns of numbers that never leave the site
	FeatureCodes  []string // patterns of codes that Asterisk answers itself
	Short         []Short  // short numbers of the carrier, beside those of the country
	Emergency     []string // emergency numbers beside the country's own
	AlsoHome      []string // countries that are charged like home
	Countries     []string // abroad, where the site does business: Destination.Listed
	BareE164      bool     // people dial, and trunks take, E.164 without a +
}

// Short is a short number that the carrier answers.
type Short struct {
	Pattern string
	Class   toll.Class // HomeFixed, TollFree, SharedCost or HomePremium
}

// site is a Plan, checked and with its defaults.
type site struct {
	country       string
	code          string // country calling code, such as "44"
	international []string
	national      string
	areaCode      string
	maxLocal      int  // digits of the longest local number
	bareNational  bool // national numbers are dialled without a prefix, too
	bareE164      bool
	direct        []pattern // national numbers that are dialled without a prefix where others are not
	access        []pattern
	carriers      []pattern
	extensions    []pattern
	features      []pattern
	shorts        []shortNumber
	emergency     map[string]bool // exact strings, those with an access code included
	home          map[string]bool // countries charged like home
	listed        map[string]bool // countries where the site does business
}

// newSite checks a plan and fills in what the country knows.
func newSite(p Plan) (*site, error) {
	code := phonenumbers.GetCountryCodeForRegion(p.Country)
	if code == 0 {
		return nil, fmt.Errorf("country %q is not an ISO 3166-1 code with a number plan; write two capitals, such as US", p.Country)
	}
	facts := factsOf(p.Country)
	s := &site{
		country:       p.Country,
		code:          fmt.Sprint(code),
		international: slices.Clone(p.International),
		national:      p.National,
		areaCode:      p.AreaCode,
		maxLocal:      max(maxLocal, facts.local),
		bareE164:      p.BareE164,
		home:          map[string]bool{p.Country: true},
		listed:        make(map[string]bool),
	}
	for _, country := range p.Countries {
		s.listed[country] = true
	}
	if len(s.international) == 0 {
		s.international = strings.Fields(facts.international)
	}
	if len(s.international) == 0 {
		return nil, fmt.Errorf("the international prefix of %s is not known here; configure it", p.Country)
	}
	switch s.national {
	case "":
		s.national = phonenumbers.GetNddPrefixForRegion(p.Country, true)
	case "none":
		s.national = ""
	}
	s.bareNational = s.national == "" || s.code == "1" || facts.bare
	if err := s.checkDigits(); err != nil {
		return nil, err
	}
	if err := s.addPatterns(p, facts); err != nil {
		return nil, err
	}
	if err := s.addEmergency(p, facts); err != nil {
		return nil, err
	}
	for _, country := range p.AlsoHome {
		if phonenumbers.GetCountryCodeForRegion(country) == 0 {
			return nil, fmt.Errorf("also home: %q is not an ISO 3166-1 code with a number plan", country)
		}
		s.home[country] = true
	}
	return s, nil
}

// checkDigits checks the prefixes, and puts the longest first.
func (s *site) checkDigits() error {
	for _, prefix := range s.international {
		if !isDigits(prefix) || len(prefix) > 6 {
			return fmt.Errorf("international prefix %q: want one to six digits", prefix)
		}
		if prefix == s.national {
			return fmt.Errorf("prefix %q cannot be both international and national", prefix)
		}
	}
	slices.SortFunc(s.international, func(a, b string) int { return len(b) - len(a) })
	if s.national != "" && (!isDigits(s.national) || len(s.national) > 3) {
		return fmt.Errorf("national prefix %q: want one to three digits, or none", s.national)
	}
	if s.areaCode == "" {
		return nil
	}
	if !isDigits(s.areaCode) || len(s.areaCode) > 5 {
		return fmt.Errorf("area code %q: want one to five digits", s.areaCode)
	}
	if s.national != "" && strings.HasPrefix(s.areaCode, s.national) {
		return fmt.Errorf("area code %q: write it without the national prefix %s", s.areaCode, s.national)
	}
	return nil
}

// addPatterns reads the patterns of the plan.
func (s *site) addPatterns(p Plan, facts countryFacts) (err error) {
	if s.access, err = parsePatterns(p.AccessCodes, "access codes"); err != nil {
		return err
	}
	slices.SortStableFunc(s.access, byAsterisk)
	carriers := p.CarrierCodes
	if len(carriers) == 0 {
		carriers = strings.Fields(facts.carriers)
	}
	if s.carriers, err = parsePatterns(carriers, "carrier codes"); err != nil {
		return err
	}
	if s.direct, err = parsePatterns(strings.Fields(facts.direct), "numbers without a prefix"); err != nil {
		return err
	}
	if s.extensions, err = parsePatterns(p.Extensions, "extensions"); err != nil {
		return err
	}
	if s.features, err = parsePatterns(p.FeatureCodes, "feature codes"); err != nil {
		return err
	}
	for _, short := range p.Short {
		switch short.Class {
		case toll.HomeFixed, toll.TollFree, toll.SharedCost, toll.HomePremium:
		default:
			return fmt.Errorf("short number %q: class %q is not home_fixed, toll_free, shared_cost or home_premium", short.Pattern, short.Class)
		}
		pattern, err := parsePattern(short.Pattern)
		if err != nil {
			return fmt.Errorf("short numbers: %w", err)
		}
		if len(pattern.sets) > maxShort {
			return fmt.Errorf("short number %q has more than %d digits", short.Pattern, maxShort)
		}
		s.shorts = append(s.shorts, shortNumber{pattern, short.Class})
	}
	national, err := nationalShorts(p.Country)
	if err != nil {
		return err
	}
	s.shorts = append(s.shorts, national...)
	return s.checkExtensions()
}

// maxExtension bounds extensions and feature codes. A pattern as long as a
// telephone number would make calls that cost money look internal.
const maxExtension = 8

// checkExtensions refuses patterns of the site that would hide real numbers.
func (s *site) checkExtensions() error {
	for _, p := range slices.Concat(s.extensions, s.features) {
		if len(p.sets) > maxExtension && !p.literal() {
			return fmt.Errorf("pattern %q has more than %d digits and would hide telephone numbers; list such numbers one by one", p.text, maxExtension)
		}
	}
	for _, p := range s.access {
		if len(p.sets) > maxExtension {
			return fmt.Errorf("access code %q has more than %d digits", p.text, maxExtension)
		}
	}
	return nil
}

// addEmergency collects the emergency numbers, each also behind every access
// code: people dial 9-911 in panic, and law asks for both (47 CFR 9.16).
func (s *site) addEmergency(p Plan, facts countryFacts) error {
	numbers := slices.Concat(strings.Fields(facts.emergency), p.Emergency)
	if len(numbers) == 0 {
		return fmt.Errorf("the emergency numbers of %s are not known here; configure them", p.Country)
	}
	s.emergency = make(map[string]bool)
	for _, number := range numbers {
		if !isDigits(number) || len(number) < 2 || len(number) > maxShort {
			return fmt.Errorf("emergency number %q: want two to %d digits", number, maxShort)
		}
		s.emergency[number] = true
		for _, code := range s.access {
			if code.literal() {
				s.emergency[code.only()+number] = true
			}
		}
	}
	if err := s.checkStripping(numbers); err != nil {
		return err
	}
	for _, p := range slices.Concat(s.extensions, s.features) {
		if p.literal() && s.emergency[p.only()] {
			return fmt.Errorf("extension %s is an emergency number here; take another one", p.only())
		}
	}
	return nil
}

// checkStripping refuses access codes that hide an emergency number from each
// other: with 0 and 01, Asterisk takes 01 off 0112.
func (s *site) checkStripping(emergency []string) error {
	for _, code := range s.access {
		for _, number := range emergency {
			if !code.literal() {
				continue
			}
			if left, _ := s.stripAccess(code.only() + number); !slices.Contains(emergency, left) {
				return fmt.Errorf("access codes: of %s another code than %s would be taken off, and emergency number %s would be lost; leave one of the two out", code.only()+number, code.only(), number)
			}
		}
	}
	return nil
}

// isDigits tells whether the string is 0-9 only, and not empty.
func isDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}
