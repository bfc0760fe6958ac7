//go:build e2e

package e2e

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	dialplan "github.com/tollfuse/tollfuse/dialplan-snippets"
	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/numbering"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// numberSite is a site of testdata/numbers.
type numberSite struct{ country, access, area string }

// The sites whose numbers are dialled on a real Asterisk.
var numberSites = []numberSite{{"US", "9", "212"}, {"US", "", "212"}, {"GB", "", "20"}, {"DE", "0", "30"}}

func (s numberSite) String() string {
	if s.access == "" {
		return s.country
	}
	return s.country + " behind " + s.access
}

// configure makes it the daemon's site, as testdata/numbers/README.md describes it.
func (s numberSite) configure(c *config.Config) {
	c.Site.Country, c.Numbering.AreaCode = s.country, s.area
	c.Numbering.Extensions, c.Numbering.FeatureCodes = []string{"4XXX"}, []string{"*XX"}
	if s.access != "" {
		c.Numbering.AccessCodes = []string{s.access}
	}
}

// resolver is the number plan that the daemon makes of it.
func (s numberSite) resolver(t *testing.T) *numbering.Resolver {
	t.Helper()
	c := config.Default()
	s.configure(&c)
	r, err := app.Resolver(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// dialplan is the generated example of the site with three changes: it asks about any text at all, and about
// what is internal, and then dials nothing.
func (s numberSite) dialplan(t *testing.T, l *Lab) string {
	t.Helper()
	text := l.ReadConfig(t, dialplan.ExampleFile)
	for _, change := range [][2]string{
		{"exten => _1XXX,1,Dial(PJSIP/${EXTEN},30)", "exten => _4XXX,1,Gosub(tollfuse,s,1)"},
		{"exten => _[0-9*#+].,1,", "exten => h,1,Hangup()\nexten => _*XX,1,Gosub(tollfuse,s,1)\n same => n,Hangup()\nexten => _.,1,"},
	} {
		if strings.Count(text, change[0]) != 1 {
			t.Fatalf("the generated example has no %q", change[0])
		}
		text = strings.Replace(text, change[0], change[1], 1)
	}
	return text
}

// vector is a row of testdata/numbers: what is dialled and the only destination it may have.
type vector struct {
	file, dialled, note string
	want                toll.Destination // E164, Country and Class

	// withoutCode says that the digits which could be an access code are part of the number. The dialplan, which
	// cannot know, takes them off all the same.
	withoutCode bool
}

// vectors reads the rows that are for this site, each dialled string once.
func (s numberSite) vectors(t *testing.T) []vector {
	t.Helper()
	files, err := filepath.Glob("../../testdata/numbers/*.csv")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	var all []vector
	at, plain := map[string]int{}, numberSite{s.country, "", s.area}.resolver(t)
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(file).ReadAll()
		file.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, row := range rows[1:] {
			ours := row[0] == "" || row[0] == s.country && row[1] == s.access
			// Asterisk takes no call to nobody, and cuts a user at a zero byte before the dialplan sees it.
			if !ours || row[2] == "" || strings.Contains(row[2], "\x00") {
				continue
			}
			v := vector{file: filepath.Base(name), dialled: row[2], note: row[6]}
			v.want = toll.Destination{E164: row[3], Country: row[4], Class: toll.Class(row[5])}
			if rest := strings.TrimPrefix(v.dialled, s.access); rest != v.dialled && v.want.E164 != "" {
				v.withoutCode = plain.Resolve(v.dialled).E164 == v.want.E164 && plain.Resolve(rest).E164 != v.want.E164
			}
			switch i, seen := at[v.dialled]; {
			case !seen:
				at[v.dialled] = len(all)
				all = append(all, v)
			case v.attack():
				all[i] = v
			}
		}
	}
	return all
}

// sample keeps what attackers dial, and of everything else so many of each class, spread over the whole.
func sample(all []vector, ofEach int) []vector {
	of := map[toll.Class]int{}
	for _, v := range all {
		of[v.want.Class]++
	}
	seen := map[toll.Class]int{}
	return slices.DeleteFunc(slices.Clone(all), func(v vector) bool {
		n, i := of[v.want.Class], seen[v.want.Class]
		seen[v.want.Class]++
		// The i-th of n is kept where it begins another of ofEach equal parts.
		return !v.attack() && n > ofEach && i*ofEach/n == (i-1)*ofEach/n && i > 0
	})
}

// leaves tells whether it is a number that leaves the site.
func (v vector) leaves() bool {
	switch v.want.Class {
	case toll.Unplaced, toll.Internal, toll.FeatureCode:
		return false
	}
	return true
}

// short tells whether it is an emergency number, or another one that has no E.164 form.
func (v vector) short() bool { return v.leaves() && v.want.E164 == "" }

// attack tells whether it is a spelling of attackers, or no number at all.
func (v vector) attack() bool {
	return v.file == "spellings.csv" || v.file == "hostile.csv" || strings.HasPrefix(v.note, "attack of record")
}

// asked tells whether the dialplan asks the daemon about it as it was dialled: of what is no number it only tells, and
// lets emergency calls out.
func (v vector) asked() bool {
	return v.dialled != "" && len(v.dialled) <= 32 && strings.Trim(v.dialled, "0123456789*#+") == "" && v.want.Class != toll.Emergency
}

// sent is what the carrier may get of it, at most: the number without the access code, and nothing of what is
// no number or does not leave the site.
func (s numberSite) sent(v vector) string {
	rest := strings.TrimPrefix(v.dialled, s.access)
	switch {
	case !v.leaves():
		return ""
	case v.want.Class == toll.Emergency && len(rest) < 3: // 911 is not "11" behind a 9
		return v.dialled
	}
	return rest
}
