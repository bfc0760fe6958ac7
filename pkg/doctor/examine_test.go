package doctor_test

import (
	"slices"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/doctor"
)

func TestEveryPlantedFaultIsFound(t *testing.T) {
	files, c := exchange(t, "careless")
	all := examine(t, files, c, "")
	want := planted(t)
	if len(want) < 40 {
		t.Fatalf("only %d faults are marked: %v", len(want), want)
	}
	for _, id := range want {
		i := slices.IndexFunc(all, func(f doctor.Finding) bool { return f.ID == id && f.Level != doctor.OK })
		if i < 0 {
			t.Errorf("%s was not found", id)
			continue
		}
		if f := all[i]; f.Level.Wrong() && len(f.Mend) == 0 {
			t.Errorf("%s does not say how to mend it", id)
		}
	}
	for _, f := range all {
		t.Logf("%-8s %s: %s %v", f.Level, f.ID, f.Title, f.Where)
		if f.Level != doctor.OK && !slices.Contains(want, f.ID) {
			t.Errorf("%s is not planted: %s", f.ID, f.Title)
		}
	}
}

func TestNothingToSayOfTheCareful(t *testing.T) {
	files, c := exchange(t, "careful")
	withGenerated(t, files, c)
	for _, f := range examine(t, files, c, "pbx") {
		if f.Level != doctor.OK {
			t.Errorf("%s %s: %s; %s %v", f.Level, f.ID, f.Title, f.Detail, f.Where)
		}
	}
}
