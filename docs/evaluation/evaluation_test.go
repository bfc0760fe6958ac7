package evaluation_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"text/template"
)

var update = flag.Bool("update", false, "play everything and write docs/evaluation.md again; takes minutes")

const document = "../evaluation.md"

// The seeds of the months: those with an odd number were looked at when thresholds
// were chosen, those with an even one only afterwards.
var (
	tuning    = []uint64{1, 3, 5, 7, 9}
	judgement = []uint64{2, 4, 6, 8, 10}
)

// quick are attacks of few calls, which every run of the tests plays.
var quick = []string{"attack-04*", "attack-07*", "attack-08*", "attack-16*", "attack-17*"}

func TestEvaluation(t *testing.T) {
	if !*update {
		current(t)
		return
	}
	r := report{Attacks: everywhere(t, "attack-*.yaml"), peers: make(map[string]*peer)}
	r.Broken, r.ByDay = broken(r.Attacks), byDay(r.Attacks)
	plays := append(append(append([]*play{}, r.Attacks...), r.Broken...), r.ByDay...)
	for _, s := range stories(t, "month-*.yaml") {
		for _, seed := range tuning {
			r.Tuning = append(r.Tuning, seeded(s, seed))
		}
		for _, seed := range judgement {
			r.Months = append(r.Months, seeded(s, seed))
		}
	}
	for _, s := range stories(t, "honest-*.yaml") {
		r.Special = append(r.Special, seeded(s, s.Seed))
	}
	plays = append(append(append(plays, r.Tuning...), r.Months...), r.Special...)
	plays = append(plays, r.compare(t)...)
	all(t, plays)
	if t.Failed() {
		return
	}
	write(t, &r)
}

// write fills the template.
func write(t *testing.T, r *report) {
	t.Helper()
	text, err := template.ParseFiles("evaluation.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := text.Execute(&b, r); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(document, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// current looks whether the document says what comes out today.
func current(t *testing.T) {
	t.Helper()
	written, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var plays []*play
	for _, pattern := range quick {
		plays = append(plays, everywhere(t, pattern)...)
	}
	all(t, plays)
	for _, row := range (&report{Attacks: plays}).AttackRows() {
		if !strings.Contains(string(written), row) {
			t.Errorf("docs/evaluation.md does not say\n%s\nIf that is right: make evaluate", row)
		}
	}
}
