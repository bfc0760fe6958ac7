package numbering

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// vector is one row of testdata/numbers.
type vector struct {
	file, site, access, dialled string
	want                        toll.Destination // E164, Country and Class only
}

// areas are the area codes of the test sites.
var areas = map[string]string{"US": "212", "GB": "20", "DE": "30", "FR": "", "ES": "", "AU": "2", "BR": "11", "IN": "11"}

// testSite is the resolver that testdata/numbers/README.md describes.
func testSite(t testing.TB, country, access string) *Resolver {
	t.Helper()
	plan := Plan{Country: country, AreaCode: areas[country], Extensions: []string{"4XXX"}, FeatureCodes: []string{"*XX"}}
	if access != "" {
		plan.AccessCodes = []string{access}
	}
	r, err := New(plan)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// testSites are the resolvers of every test country, by country
// and access code.
type testSites map[string]*Resolver

// of finds the site, or makes it.
func (s testSites) of(t testing.TB, v vector) *Resolver {
	key := v.site + v.access
	if s[key] == nil {
		s[key] = testSite(t, v.site, v.access)
	}
	return s[key]
}

// vectors reads every file of testdata/numbers.
func vectors(t testing.TB) []vector {
	t.Helper()
	files, err := filepath.Glob("../../testdata/numbers/*.csv")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	var all []vector
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(f).ReadAll()
		f.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, row := range rows[1:] {
			v := vector{filepath.Base(name), row[0], row[1], row[2], toll.Destination{E164: row[3], Country: row[4], Class: toll.Class(row[5])}}
			if v.site != "" {
				all = append(all, v)
				continue
			}
			for site := range areas {
				v.site = site
				all = append(all, v)
			}
		}
	}
	return all
}

func TestVectors(t *testing.T) {
	all := vectors(t)
	if len(all) < 400 {
		t.Errorf("only %d vectors were read", len(all))
	}
	sites := testSites{}
	for _, v := range all {
		d := sites.of(t, v).Resolve(v.dialled)
		got := toll.Destination{E164: d.E164, Country: d.Country, Class: d.Class}
		if got != v.want {
			t.Errorf("%s: %s site, access code %q, dialled %q: got %+v, want %+v", v.file, v.site, v.access, v.dialled, got, v.want)
		}
		if len(d.Dialled) > maxDialled {
			t.Errorf("%s: %q keeps %d characters", v.file, v.dialled, len(d.Dialled))
		}
	}
}
