package admin_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// kept keeps who has called which country in a real ledger.
type kept struct {
	*sqlite.Store
	ledger *ledger.Ledger
}

func (k kept) Remember(ctx context.Context, all []toll.Called) error {
	if err := k.AddCalled(ctx, all); err != nil {
		return err
	}
	return k.ledger.Remember(ctx, all)
}

var longAgo = time.Date(2025, time.May, 4, 10, 0, 0, 0, time.UTC)

// britain is what records with one call of 1001's to Great Britain tell.
func britain() admin.PastImport {
	return admin.PastImport{
		About: toll.Past{PBX: "pbx", File: "Master.csv", Calls: 1, First: longAgo, Last: longAgo, Countries: []string{"GB"}},
		Called: []toll.Called{
			{Scope: toll.PerSite, Country: "GB", First: longAgo},
			{Scope: toll.PerPBX, Subject: "pbx", Country: "GB", First: longAgo},
			{Scope: toll.PerCaller, Subject: "1001", Country: "GB", First: longAgo},
			{Scope: toll.PerTrunk, Subject: "carrier", Country: "GB", First: longAgo},
		},
	}
}

func wantRemembered(t *testing.T, s *stage, in admin.PastImport, want string) {
	t.Helper()
	r, err := s.Remember(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("imported %v, new %d, known %d, earlier %d", r.Imported, len(r.New), r.Known, r.Earlier); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// What was imported counts at once, is on record, and can be imported again.
func TestRemember(t *testing.T) {
	s := newStage(t)
	s.change(t, toll.Setting{Limit: &toll.Limit{
		ID: "only-known", Meter: toll.Meter{Measure: toll.NewCountries, Scope: toll.PerCaller, Window: time.Hour}, Act: 0, Do: []toll.Action{toll.Deny},
	}})
	if v := s.call(t, "1.1", "1001", london); v.Allow {
		t.Fatal("a country never called was allowed")
	}
	in := britain()
	in.DryRun = true
	wantRemembered(t, s, in, "imported false, new 4, known 0, earlier 0")
	if v := s.call(t, "1.2", "1001", london); v.Allow {
		t.Fatal("a dry run has taught something")
	}
	wantRemembered(t, s, britain(), "imported true, new 4, known 0, earlier 0")
	if v := s.call(t, "1.3", "1001", london); !v.Allow {
		t.Errorf("refused all the same: %s by %s", v.Reason, v.By)
	}
	if v := s.call(t, "1.4", "1002", london); v.Allow {
		t.Error("what one caller has called is not new to another")
	}
	wantRemembered(t, s, britain(), "imported false, new 0, known 4, earlier 0")
	earlier := britain()
	earlier.Called[0].First = longAgo.Add(-time.Hour)
	wantRemembered(t, s, earlier, "imported true, new 0, known 4, earlier 1")
	wantRemembered(t, s, earlier, "imported false, new 0, known 4, earlier 0")

	changes, err := s.Changes(t.Context(), admin.ChangesQuery{Kind: "past"})
	if err != nil || len(changes) != 2 || changes[0].Setting.Author != "kim" || changes[1].Setting.Past.File != "Master.csv" {
		t.Errorf("on record: %+v, %v", changes, err)
	}
	standing, err := s.Settings(t.Context())
	if err != nil || len(standing) != 1 {
		t.Errorf("an import counts as a rule or limit: %+v, %v", standing, err)
	}
}

func TestRememberRefuses(t *testing.T) {
	s := newStage(t)
	for want, spoil := range map[string]func(*admin.PastImport){
		`there is no pbx "other"`:     func(in *admin.PastImport) { in.About.PBX = "other" },
		"have no name":                func(in *admin.PastImport) { in.About.File = "" },
		`"uk" is no country`:          func(in *admin.PastImport) { in.Called[0].Country = "uk" },
		`"GBR" is no country`:         func(in *admin.PastImport) { in.About.Countries[0] = "GBR" },
		`the scope "number"`:          func(in *admin.PastImport) { in.Called[0].Scope = toll.PerNumber },
		"name of a site":              func(in *admin.PastImport) { in.Called[0].Subject = "somebody" },
		"name of a caller":            func(in *admin.PastImport) { in.Called[2].Subject = "" },
		"name of a caller has 1 to":   func(in *admin.PastImport) { in.Called[2].Subject = "10'01" },
		"has 1 to 80 printable":       func(in *admin.PastImport) { in.Called[2].Subject = strings.Repeat("1", 81) },
		`there is no pbx "second"`:    func(in *admin.PastImport) { in.Called[1].Subject = "second" },
		`there is no trunk "nowhere"`: func(in *admin.PastImport) { in.Called[3].Subject = "nowhere" },
		"which is no time of the":     func(in *admin.PastImport) { in.Called[3].First = time.Now().Add(time.Hour) },
		"0001-01-01T00:00:00Z, which": func(in *admin.PastImport) { in.Called[3].First = time.Time{} },
		"more than 200000 facts":      func(in *admin.PastImport) { in.Called = make([]toll.Called, admin.LargestPast+1) },
	} {
		in := britain()
		spoil(&in)
		_, err := s.Remember(t.Context(), in)
		if admin.KindOf(err) != admin.BadInput || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := s.As("").Remember(t.Context(), britain()); err == nil {
		t.Error("nobody may change something")
	}
	wantRemembered(t, s, britain(), "imported true, new 4, known 0, earlier 0")
}
