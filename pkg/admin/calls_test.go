package admin_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// TestHangupChooses has calls of two callers at home, abroad and to the police,
// and ends some of them.
func TestHangupChooses(t *testing.T) {
	for name, test := range map[string]struct {
		chosen admin.Selection
		want   string // Uniqueids of the calls that end
	}{
		"all":                  {admin.Selection{All: true}, "1 2 3 4"},
		"a caller":             {admin.Selection{Caller: "1001"}, "1 2"},
		"a caller by his way":  {admin.Selection{Caller: "extension:1002"}, "3 4"},
		"by another way":       {admin.Selection{Caller: "forward:1002"}, ""},
		"international from 1": {admin.Selection{Caller: "1001", Where: toll.Abroad}, "2"},
		"a class":              {admin.Selection{Where: toll.Where(toll.IntlFixed)}, "2 4"},
		"a country":            {admin.Selection{Country: "gb"}, "2 4"},
		"another country":      {admin.Selection{Country: "FR"}, ""},
		"a number":             {admin.Selection{Number: "+442079460123"}, "2 4"},
		"a number as dialled":  {admin.Selection{Number: london}, "2 4"},
		"a range":              {admin.Selection{Number: "+1212"}, "1 3"},
		"a trunk":              {admin.Selection{Trunk: "carrier", PBX: "pbx"}, "1 2 3 4"},
		"nobody":               {admin.Selection{Caller: "100"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			for _, call := range [][3]string{{"1", "1001", "2125551234"}, {"2", "1001", london}, {"3", "1002", "2125551235"}, {"4", "1002", london}, {"5", "1001", "911"}} {
				if v := s.call(t, call[0], call[1], call[2]); !v.Allow {
					t.Fatalf("call %s: %s", call[0], v.Reason)
				}
			}
			ended, err := s.Hangup(t.Context(), test.chosen)
			if err != nil || ended == nil {
				t.Fatalf("%v, %v", ended, err)
			}
			var got []string
			for _, l := range ended {
				got = append(got, l.Key.Uniqueid)
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("ended %q, want %q", got, test.want)
			}
			live, err := s.Live(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range live {
				cut := strings.Contains(" "+test.want+" ", " "+l.Key.Uniqueid+" ")
				if (l.Cut == toll.ReasonManual) != cut {
					t.Errorf("call %s: cut %q, want %v", l.Key.Uniqueid, l.Cut, cut)
				}
			}
		})
	}
}

func TestHangupRefuses(t *testing.T) {
	s := newStage(t)
	for name, chosen := range map[string]admin.Selection{
		"nothing":        {},
		"no such trunk":  {Trunk: "carier"},
		"no such pbx":    {PBX: "other"},
		"no such part":   {Where: "abraod"},
		"emergencies":    {Where: toll.Where(toll.Emergency)},
		"no country":     {Country: "UK"},
		"no number":      {Number: "x\x1b"},
		"endless number": {Number: "+" + strings.Repeat("1", 400)},
	} {
		if _, err := s.Hangup(t.Context(), chosen); admin.KindOf(err) != admin.BadInput || strings.ContainsRune(err.Error(), 0x1b) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.As("").Hangup(t.Context(), admin.Selection{All: true}); err == nil {
		t.Error("nobody could hang up")
	}
}

func TestTheLifeOfACall(t *testing.T) {
	s := newStage(t)
	v := s.call(t, "1", "1001", london)
	life := eventually(t, func() ([]toll.Entry, error) { return s.Call(t.Context(), v.Lease.ID) })
	if life[0].Kind != toll.EntryGranted || life[0].Lease.ID != v.Lease.ID {
		t.Errorf("%+v", life[0])
	}
	for name, lease := range map[string]string{"none": "9-z", "hostile": "\x1b[2J"} {
		if _, err := s.Call(t.Context(), lease); admin.KindOf(err) != admin.NotFound || strings.ContainsRune(err.Error(), 0x1b) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Call(t.Context(), ""); admin.KindOf(err) != admin.BadInput {
		t.Errorf("no lease: %v", err)
	}
}

func TestChangesSayWho(t *testing.T) {
	s := newStage(t)
	s.change(t, lockOn(toll.PerCaller, "1001"))
	s.change(t, toll.Setting{Rule: &toll.Rule{ID: "gb", Country: "GB", Do: toll.Permit}})
	unlock := lockOn(toll.PerCaller, "1001")
	unlock.Removed = true
	s.change(t, unlock)
	changes := func(q admin.ChangesQuery) (text []string) {
		page, err := s.Changes(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			word := " stands"
			if e.Setting.Removed {
				word = " gone"
			}
			text = append(text, e.Setting.Author+": "+e.Setting.ID()+word)
		}
		return text
	}
	for name, test := range map[string]struct {
		q    admin.ChangesQuery
		want []string
	}{
		"all":     {admin.ChangesQuery{}, []string{"kim: caller=1001 gone", "kim: gb stands", "kim: caller=1001 stands"}},
		"newest":  {admin.ChangesQuery{Limit: 1}, []string{"kim: caller=1001 gone"}},
		"rules":   {admin.ChangesQuery{Kind: "rule"}, []string{"kim: gb stands"}},
		"one":     {admin.ChangesQuery{ID: "gb"}, []string{"kim: gb stands"}},
		"nothing": {admin.ChangesQuery{Kind: "fuse"}, nil},
	} {
		if got := changes(test.q); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	for _, q := range []admin.ChangesQuery{{Kind: "wish"}, {Limit: -1}, {Limit: 1001}} {
		if _, err := s.Changes(t.Context(), q); admin.KindOf(err) != admin.BadInput {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// eventually asks until there is something: what is recorded is durable a
// little later.
func eventually[T any](t *testing.T, ask func() ([]T, error)) []T {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for {
		got, err := ask()
		if len(got) > 0 {
			return got
		}
		select {
		case <-deadline:
			t.Fatalf("nothing came: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestGroupsMustExist(t *testing.T) {
	s := newStage(t)
	_, err := s.Change(t.Context(), toll.Setting{Rule: &toll.Rule{ID: "x", Group: "slaes", Country: "GB", Do: toll.Permit}})
	if admin.KindOf(err) != admin.BadInput || !strings.Contains(err.(*admin.Error).Hint, "sales") {
		t.Errorf("a rule for nobody: %v", err)
	}
	if _, err := s.Change(t.Context(), lockOn(toll.PerGroup, "slaes")); admin.KindOf(err) != admin.BadInput {
		t.Errorf("a lock on nobody: %v", err)
	}
	s.change(t, toll.Setting{Rule: &toll.Rule{ID: "x", Group: "sales", Country: "GB", Do: toll.Permit}})
	s.change(t, lockOn(toll.PerGroup, "sales"))
}
