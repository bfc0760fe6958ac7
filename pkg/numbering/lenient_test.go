package numbering

import (
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"
)

// carrier is a model of the carriers that a dialplan may meet, made without
// anything of this package but the site's plan: it reads what it is sent in
// every way that carriers are known to.
type carrier struct {
	site     *site
	prefixes []string // of international calls, in many countries
}

// readings are the E.164 numbers, without a +, that a carrier could find in
// what the dialplan sends for a dialled string: the strict ones are those of
// the plan of the site's country.
func (c carrier) readings(dialled string) (strict, lenient []string) {
	sent := strings.TrimRight(dialled, "#")
	if rest, ok := strings.CutPrefix(sent, "+"); ok {
		return []string{rest}, []string{rest, strings.TrimLeft(rest, "0")}
	}
	for _, p := range c.site.access {
		sent = strings.TrimPrefix(sent, p.only())
	}
	for _, prefix := range c.site.international {
		if rest, ok := strings.CutPrefix(sent, prefix); ok {
			strict = append(strict, rest)
		}
	}
	if rest, ok := strings.CutPrefix(sent, c.site.national); ok && c.site.national != "" {
		strict = append(strict, c.site.code+rest)
	}
	if c.site.bareNational {
		strict = append(strict, c.site.code+sent)
	}
	if strings.HasPrefix(sent, c.site.code) {
		strict = append(strict, sent)
	}
	if c.site.areaCode != "" && len(sent) <= c.site.maxLocal {
		strict = append(strict, c.site.code+c.site.areaCode+sent)
	}
	lenient = append(lenient, strict...)
	lenient = append(lenient, sent, strings.TrimLeft(sent, "0"))
	for _, prefix := range c.prefixes {
		if rest, ok := strings.CutPrefix(sent, prefix); ok {
			lenient = append(lenient, rest)
		}
	}
	return strict, lenient
}

// judgement of a reading.
type judged int

const (
	nothing judged = iota
	plain          // fixed, mobile or toll-free in the site's country
	dear           // anything else that exists
)

// judge asks phonenumbers alone. Surplus digits are cut, as exchanges do.
func (c carrier) judge(reading string, cut bool) judged {
	for _, global := range []string{"870", "878", "881", "882", "883", "979"} {
		if strings.HasPrefix(reading, global) && len(reading) >= 11 && len(reading) <= maxE164 {
			return dear
		}
	}
	if len(reading) < 7 || len(reading) > 17 || reading[0] == '0' {
		return nothing
	}
	p, err := phonenumbers.Parse("+"+reading, phonenumbers.UNKNOWN_REGION)
	if err != nil {
		return nothing
	}
	if !phonenumbers.IsValidNumber(p) && (!cut || !phonenumbers.TruncateTooLongNumber(p)) {
		return nothing
	}
	region := phonenumbers.GetRegionCodeForNumber(p)
	if c.site.country == "GB" && strings.HasPrefix(reading, "443") {
		return plain // Ofcom, National Telephone Numbering Plan: 03 at the price of 01 and 02
	}
	switch phonenumbers.GetNumberType(p) {
	case phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.TOLL_FREE, phonenumbers.VOIP:
		if region == c.site.country || sameTariff[region] == c.site.country || c.site.code == "1" && region == "US" {
			return plain
		}
	}
	return dear
}

// What is called ordinary, a carrier takes for ordinary: no way to read what the
// dialplan sends leads anywhere dearer, but where the plan of the site's own
// country comes first, and says the number is an ordinary one of a block that
// is open. (A carrier that takes 0171 … from a German customer for Alaska has
// no German customers.)
func TestNoCarrierReadsItDearer(t *testing.T) {
	all := sites(t)
	var abroad []string
	for _, region := range regions() {
		for _, typ := range []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST} {
			if e := example(region, typ); e != "" {
				abroad = append(abroad, e[1:])
			}
		}
	}
	abroad = append(abroad, "881612345678", "870773123456", "88213123456", "883510012345", "979123456789")
	prefixes := []string{"00", "011", "0011", "000", "001", "010", "810", "0"}
	spellings := append([]string{"", "+", "9", "90", "900", "9011", "9000", "0000", "01", "1", "002", "0021", "0015"}, prefixes...)
	ordinary, tried := 0, 0
	law := func(t *rapid.T) {
		r := all[rapid.IntRange(0, len(all)-1).Draw(t, "site")]
		c := carrier{r.site, prefixes}
		number := rapid.SampledFrom(abroad).Draw(t, "number")
		if rapid.Bool().Draw(t, "other") {
			number = number[:len(number)-4] + rapid.StringMatching(`[0-9]{4}`).Draw(t, "end")
		}
		dialled := rapid.SampledFrom(spellings).Draw(t, "spelling") + number + rapid.SampledFrom([]string{"", "", "0", "00", "000", "7", "42", "#"}).Draw(t, "padding")
		d := r.Resolve(dialled)
		tried++
		if !d.Class.Ordinary() || d.E164 == "" || d.Country == nobody {
			return
		}
		ordinary++
		strict, lenient := c.readings(dialled)
		if slices.ContainsFunc(strict, func(s string) bool { return c.judge(s, false) == plain }) || r.opened(d.E164[1+len(r.site.code):]) {
			return
		}
		if _, newer := r.areas.find(d.E164[2:5]); newer && r.site.code == "1" {
			return // an area code that phonenumbers has not heard of
		}
		for _, reading := range lenient {
			if c.judge(reading, true) == dear {
				t.Fatalf("%s site, access %v: %s is %s %s, and a carrier could take it for +%s", r.site.country, r.site.access, dialled, d.Class, d.E164, reading)
			}
		}
	}
	for tried < 2000 && ordinary*1000 <= tried { // of a hundred none may be ordinary
		rapid.Check(t, law)
	}
	if ordinary*1000 < tried {
		t.Errorf("%d of %d strings are ordinary: the property says nothing", ordinary, tried)
	}
}

// The model sees the attacks: what a resolver that believes every prefix would
// let through, it calls dear.
func TestCarrierModelSees(t *testing.T) {
	for _, tc := range []struct {
		site, access, dialled string
		want                  judged
	}{
		{"US", "9", "9011442039967796", dear},
		{"US", "", "00014422006307", plain}, // without its zeros a number of California
		{"GB", "", "00014422006307", dear},
		{"GB", "", "002118316103425", nothing},
		{"GB", "", "0021442039967796", nothing},
		{"DE", "0", "0881612345678", dear},
		{"US", "", "2125551234", plain},
		{"BR", "0", "002524012345", dear},
		{"IN", "", "2203012345", dear},
	} {
		r := testSite(t, tc.site, tc.access)
		c := carrier{r.site, []string{"00", "011", "0011"}}
		_, lenient := c.readings(tc.dialled)
		worst := nothing
		for _, reading := range lenient {
			worst = max(worst, c.judge(reading, true))
		}
		if worst != tc.want {
			t.Errorf("%s site: %s is %d in the model, want %d", tc.site, tc.dialled, worst, tc.want)
		}
		if d := r.Resolve(tc.dialled); worst == dear && d.Class.Ordinary() {
			t.Errorf("%s site: %s is %s", tc.site, tc.dialled, d.Class)
		}
	}
}
