package toll

import "testing"

func TestCountryMeasuresNameWhatTheyCount(t *testing.T) {
	q := Question{To: Destination{Class: IntlFixed, Country: "GB"}, New: "site,caller"}
	for _, tc := range []struct {
		measure Measure
		scope   Scope
		q       Question
		want    string
		counts  bool
	}{
		{Countries, PerCaller, q, "GB", true},
		{Countries, PerCaller, Question{}, "", false},
		{NewCountries, PerCaller, q, "GB", true},
		{NewCountries, PerSite, q, "GB", true},
		{NewCountries, PerGroup, q, "GB", false},
		{NewCountries, PerCaller, Question{To: q.To}, "GB", false},
	} {
		w, _ := tc.measure.Weigher()
		d, is := w.(Distinct)
		if !is {
			t.Fatalf("%s does not count things", tc.measure)
		}
		if got, counts := d.Thing(tc.scope, tc.q); got != tc.want || counts != tc.counts {
			t.Errorf("%s per %s: %q %v", tc.measure, tc.scope, got, counts)
		}
	}
}

func TestUnlistedCovers(t *testing.T) {
	for _, tc := range []struct {
		to   Destination
		want bool
	}{
		{Destination{Class: IntlFixed}, true},
		{Destination{Class: IntlMobile}, true},
		{Destination{Class: IntlMobile, Listed: true}, false},
		{Destination{Class: IntlPremium}, false}, // refused, and no ordinary number
		{Destination{Class: HomeFixed}, false},
	} {
		if Unlisted.Covers(tc.to) != tc.want {
			t.Errorf("%+v: %v", tc.to, !tc.want)
		}
	}
}
