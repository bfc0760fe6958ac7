package ledger

import (
	"context"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// to is a question about a call to another country.
func to(country, uniqueid, from string) toll.Question {
	q := abroad(uniqueid, from)
	q.To.Country, q.Key.Number = country, "+99"+country
	return q
}

func wantNew(t *testing.T, d *desk, q toll.Question, want string) {
	t.Helper()
	v, entries := d.book.Decide(d.now, q)
	if !v.Allow || v.Lease.New != want {
		t.Errorf("%s by %s: allowed %v, new to %q, want %q", q.To.Country, q.Caller.ID, v.Allow, v.Lease.New, want)
	}
	for _, e := range entries {
		if e.Kind == toll.EntryGranted && e.Lease.New != want {
			t.Errorf("the entry says %q", e.Lease.New)
		}
	}
}

func TestCountryIsNewOnceToEach(t *testing.T) {
	d := newDesk(t)
	sales := to("GB", id(1), "1001")
	sales.Caller.Group = "sales"
	wantNew(t, d, sales, "site,pbx,caller,group,trunk")
	wantNew(t, d, to("GB", id(2), "1001"), "")
	wantNew(t, d, to("GB", id(3), "1002"), "caller")
	other := to("GB", id(4), "1003")
	other.Caller.Group, other.Key.PBX, other.Trunk = "sales", "pbx2", "second"
	wantNew(t, d, other, "pbx,caller,trunk")
	wantNew(t, d, to("FR", id(5), "1001"), "site,pbx,caller,trunk")
	emergency := to("US", id(6), "1001")
	emergency.To.Class = toll.Emergency
	wantNew(t, d, emergency, "")
	home := home(id(7), "1001")
	wantNew(t, d, home, "site,pbx,caller,trunk") // a country like any other, and the emergency call was none
}

// Neither a refusal nor a question that only wants to know calls a country.
func TestRefusalCallsNoCountry(t *testing.T) {
	shut := concurrent(0, toll.PerSite)
	d := newDesk(t)
	if _, err := d.book.Change(d.now, toll.Setting{Limit: &shut}); err != nil {
		t.Fatal(err)
	}
	if v := d.ask(to("GB", id(1), "1001")); v.Allow {
		t.Fatal("allowed")
	}
	if _, err := d.book.Change(d.now, toll.Setting{Limit: &shut, Removed: true}); err != nil {
		t.Fatal(err)
	}
	explain := to("GB", id(2), "1001")
	explain.Purpose = toll.Explain
	d.ask(explain)
	wantNew(t, d, to("GB", id(3), "1001"), "site,pbx,caller,trunk")
}

// A call that tries the next trunk stays the one to whom the country was new; to
// the trunk it is new if nobody called there by it.
func TestFailoverKeepsWhatWasNew(t *testing.T) {
	d := newDesk(t)
	wantNew(t, d, to("GB", id(1), "1002"), "site,pbx,caller,trunk")
	q := to("FR", id(2), "1001")
	wantNew(t, d, q, "site,pbx,caller,trunk")
	q.Trunk = "second"
	wantNew(t, d, q, "site,pbx,caller,trunk")
	q = to("FR", id(3), "1001")
	wantNew(t, d, q, "")
	q.Trunk = "third"
	wantNew(t, d, q, "trunk")
}

// The trunk can become known only when the leg is dialled.
func TestTrunkThatIsLearntLater(t *testing.T) {
	d := newDesk(t)
	q := to("GB", id(1), "1001")
	q.Trunk = ""
	l := d.allowed(q)
	d.book.Record(d.now, toll.Event{Kind: toll.LegDialled, PBX: "pbx1", Channel: "leg", Lease: l.ID, Trunk: "carrier"})
	if live, _ := d.book.Lease(l.ID); l.New != "site,pbx,caller" || live.New != "site,pbx,caller,trunk" {
		t.Errorf("granted with %q, dialled with %q", l.New, live.New)
	}
	wantNew(t, d, to("GB", id(2), "1001"), "")
}

// A leg that went round us has called its country.
func TestAdoptedLegCallsItsCountry(t *testing.T) {
	d := newDesk(t)
	q := to("GB", id(1), "1001")
	_, entries := d.book.Record(d.now, toll.Event{Kind: toll.LegFound, PBX: "pbx1", Channel: "leg", Found: &q, Why: toll.ReasonBypass, Cut: true})
	if len(entries) == 0 || entries[0].Lease.New != "site,pbx,caller,trunk" {
		t.Fatalf("adopted: %+v", entries)
	}
	wantNew(t, d, to("GB", id(2), "1001"), "")
}

// A caller whose name others choose fills the room, and what comes then is as new
// as it is to the site.
func TestPastMergesUpwardAtItsBound(t *testing.T) {
	p := newPast(100)
	p.add(toll.Called{Scope: toll.PerSite, Country: "GB"})
	for n := range 1000 {
		p.add(toll.Called{Scope: toll.PerCaller, Subject: strconv.Itoa(n), Country: "GB"})
	}
	if len(p.known) > 100 {
		t.Fatalf("%d are kept", len(p.known))
	}
	wantNews := func(country, want string) {
		t.Helper()
		if q := to(country, id(1), "somebody"); p.news(&q) != want {
			t.Errorf("%s: new to %q, want %q", country, p.news(&q), want)
		}
	}
	wantNews("GB", "pbx")
	wantNews("FR", "site,pbx,caller,trunk")
	// For these there is always room.
	p.add(toll.Called{Scope: toll.PerPBX, Subject: "pbx1", Country: "GB"})
	p.add(toll.Called{Scope: toll.PerSite, Country: "FR"})
	wantNews("GB", "")
	wantNews("FR", "pbx")
}

// A restart, and a store that has nothing left but who called where, know the same
// countries.
func TestRestartKnowsTheCountries(t *testing.T) {
	s := &shelf{}
	l, stop := open(t, s)
	if v, err := decide(t, l, to("GB", id(1), "1001")); err != nil || v.Lease.New != "site,pbx,caller,trunk" {
		t.Fatalf("%+v, %v", v, err)
	}
	stop()
	again := func(store Store, uniqueid string) {
		t.Helper()
		l, err := Open(t.Context(), store, newJudge(t), Config{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		for country, want := range map[string]string{"GB": "", "FR": "site,pbx,caller,trunk"} {
			if v, _ := l.decider.book.Decide(time.Now(), to(country, uniqueid, "1001")); v.Lease.New != want {
				t.Errorf("%s is new to %q, want %q", country, v.Lease.New, want)
			}
		}
	}
	again(s, id(2))
	again(pruned{s}, id(3))
}

// pruned is a store whose log is gone.
type pruned struct{ *shelf }

func (pruned) Replay(context.Context, time.Time, func(toll.Entry) error) error { return nil }

// A known country costs a question no memory.
func TestKnownCountryAllocatesNothing(t *testing.T) {
	p := newPast(100)
	q := to("GB", id(1), "1001")
	q.New = p.news(&q)
	l := toll.Lease{State: toll.Granted, Key: q.Key, Caller: q.Caller, To: q.To, Trunk: q.Trunk, New: q.New}
	p.mark(&l)
	if n := testing.AllocsPerRun(100, func() { p.news(&q) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkKnownCountry(b *testing.B) {
	p := newPast(1000)
	q := to("GB", id(1), "1001")
	q.New = p.news(&q)
	l := toll.Lease{State: toll.Granted, Key: q.Key, Caller: q.Caller, To: q.To, Trunk: q.Trunk, New: q.New}
	p.mark(&l)
	for b.Loop() {
		p.news(&q)
	}
}
