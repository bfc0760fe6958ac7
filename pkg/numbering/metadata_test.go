package numbering

import (
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"
)

func testMetadata(t testing.TB) *metadata {
	t.Helper()
	m, err := newMetadata()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Every plan of the world compiles, and none is missing.
func TestMetadataIsWhole(t *testing.T) {
	m := testMetadata(t)
	for code := range phonenumbers.GetSupportedCallingCodes() {
		text := digitsOf(code)
		plan := m.plan(text)
		if plan == nil || len(plan.regions) == 0 || plan.lengths.longest() == 0 {
			t.Errorf("no plan for +%s", text)
			continue
		}
		var countries []string
		for _, r := range plan.regions {
			countries = append(countries, r.country)
		}
		if want := phonenumbers.GetRegionCodesForCountryCode(code); !slices.Equal(countries, want) {
			t.Errorf("+%s: countries %v, want %v", text, countries, want)
		}
	}
	if m.plan("999") != nil || m.plan("") != nil {
		t.Error("a plan for a code that nobody has")
	}
}

// digitsOf writes a number in digits.
func digitsOf(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return digitsOf(n/10) + digitsOf(n%10)
}

// nationals draws national numbers of a country code: near its examples, and
// any others.
func nationals(t *rapid.T, code int) string {
	starts := []string{""}
	for _, region := range phonenumbers.GetRegionCodesForCountryCode(code) {
		for _, typ := range []phonenumbers.PhoneNumberType{
			phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.PREMIUM_RATE, phonenumbers.TOLL_FREE,
			phonenumbers.SHARED_COST, phonenumbers.PERSONAL_NUMBER, phonenumbers.UAN,
		} {
			if e := example(region, typ); e != "" {
				national := strings.TrimPrefix(e, "+"+digitsOf(code))
				starts = append(starts, national, national[:len(national)-4], national[:2])
			}
		}
	}
	prefix := rapid.SampledFrom([]string{"", "", "", "0", "1", "8", "15"}).Draw(t, "prefix")
	return prefix + rapid.SampledFrom(starts).Draw(t, "start") + rapid.StringMatching(`[0-9]{0,7}`).Draw(t, "rest")
}

// The compiled plans say of every number what phonenumbers says.
func TestMetadataAgreesWithPhonenumbers(t *testing.T) {
	m := testMetadata(t)
	var codes []int
	for code := range phonenumbers.GetSupportedCallingCodes() {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SampledFrom(codes).Draw(t, "code")
		national := nationals(t, code)
		if len(national) < 3 || len(national) > 16 || strings.HasPrefix(national, "0000") {
			return // phonenumbers counts so many zeros differently
		}
		p := asPhoneNumber(code, national)
		country, typ := phonenumbers.GetRegionCodeForNumber(p), phonenumbers.GetNumberType(p)
		n := number{digits: digitsOf(code) + national, code: digitsOf(code), plan: m.plan(digitsOf(code))}
		got := n.lookup()
		if n.country != country || kindOf(got) != kindOf(typ) || n.valid != (typ != phonenumbers.UNKNOWN) {
			t.Fatalf("+%d %s: %s of type %d, phonenumbers says %s of type %d", code, national, n.country, got, country, typ)
		}
		length := phonenumbers.IsPossibleNumberWithReason(p)
		if n.tooLong != (length == phonenumbers.TOO_LONG) ||
			n.possible == (length == phonenumbers.TOO_SHORT || length == phonenumbers.IS_POSSIBLE_LOCAL_ONLY) {
			t.Fatalf("+%d %s: too long %t, possible %t, phonenumbers says %d", code, national, n.tooLong, n.possible, length)
		}
		for _, region := range phonenumbers.GetRegionCodesForCountryCode(code) {
			if want := phonenumbers.IsValidNumberForRegion(p, region); n.plan.valid(national, region) != want {
				t.Fatalf("+%d %s: valid in %s: phonenumbers says %t", code, national, region, want)
			}
		}
		checkRewrite(t, n)
	})
}

// checkRewrite compares what becomes of a prefix that does not belong there.
func checkRewrite(t *rapid.T, n number) {
	if n.valid {
		return // only numbers that are none are rewritten
	}
	parsed, err := phonenumbers.Parse("+"+n.digits, phonenumbers.UNKNOWN_REGION)
	want := ""
	if err == nil && phonenumbers.IsValidNumber(parsed) {
		want = strings.TrimPrefix(phonenumbers.Format(parsed, phonenumbers.E164), "+")
	}
	typ, other := phonenumbers.UNKNOWN, n
	got := ""
	if other.rewrite(&typ, nil) {
		got = other.digits
	}
	if got != want {
		t.Fatalf("+%s becomes %q, phonenumbers says %q", n.digits, got, want)
	}
}

// asPhoneNumber builds a number without reading text: nothing is stripped.
func asPhoneNumber(code int, national string) *phonenumbers.PhoneNumber {
	country, value := int32(code), uint64(0)
	for _, c := range national {
		value = value*10 + uint64(c-'0')
	}
	p := &phonenumbers.PhoneNumber{CountryCode: &country, NationalNumber: &value}
	if zeros := len(national) - len(strings.TrimLeft(national, "0")); zeros > 0 {
		leading, count := true, int32(zeros)
		p.ItalianLeadingZero, p.NumberOfLeadingZeros = &leading, &count
	}
	return p
}
