package ledger

import (
	"slices"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// sparing is a desk whose limit lets one call abroad out in a day, and further ones
// with a PIN.
func sparing(t *testing.T, also ...toll.Action) *desk {
	t.Helper()
	d := newDesk(t)
	for _, s := range []toll.Setting{
		{Limit: &toll.Limit{
			ID: "few", Act: 1, Do: append([]toll.Action{toll.RequirePIN}, also...),
			Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerSite, Window: 24 * time.Hour, Where: toll.Abroad},
		}},
		{PIN: &toll.PIN{Caller: "1001", Hash: "hash-1001"}},
	} {
		if _, err := d.book.Change(d.now, s); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func TestALimitAsksForAPIN(t *testing.T) {
	d := sparing(t)
	first := d.allowed(abroad(id(1), "1002")) // who has no PIN
	d.talk(first)
	q := abroad(id(2), "1001")
	v, entries := d.book.Decide(d.now, q)
	if !v.AsksPIN(q) || v.By != "limit:few" || len(entries) != 0 {
		t.Fatalf("beyond the threshold: %+v with %v", v, kinds(entries))
	}
	q.Proof = toll.PINRight
	l := d.allowed(q)
	if !l.PIN || l.Why != toll.ReasonDefault {
		t.Fatalf("lease %+v", l)
	}
	d.talk(l)
	// Both calls go on, the one without a PIN too; and both count.
	if orders := d.pass(l.Covered); slices.ContainsFunc(orders, func(o toll.Order) bool { return o.Kind == toll.OrderCut }) {
		t.Fatalf("a live call is cut: %+v", orders)
	}
	q = abroad(id(3), "1001")
	q.Purpose = toll.Explain
	v, _ = d.book.Decide(d.now, q)
	at := slices.IndexFunc(v.Figures, func(f toll.Figure) bool { return f.By == "limit:few" })
	if at < 0 || v.Figures[at].Usage.Value != 2 {
		t.Fatalf("explained: %+v", v.Figures)
	}
}

func TestALimitRefusesWhoCannotBeAsked(t *testing.T) {
	for kind, proof := range map[toll.CallerKind]toll.Proof{toll.Forward: toll.NotAsked, toll.FromTrunk: toll.NotAsked, toll.Extension: toll.PINUnset} {
		d := sparing(t)
		d.allowed(abroad(id(1), "1002"))
		q := abroad(id(2), "1001")
		q.Caller.Kind, q.Proof = kind, proof
		v, entries := d.book.Decide(d.now, q)
		if v.Allow || v.AsksPIN(q) || v.Reason != proof.Reason() || !slices.Equal(kinds(entries), []toll.EntryKind{toll.EntryRefused}) {
			t.Errorf("%s: %+v with %v", kind, v, kinds(entries))
		}
	}
}

// The limit tells of a PIN that it asked for in vain only where it is told to.
func TestALimitTellsOfAPIN(t *testing.T) {
	for want, also := range map[int][]toll.Action{0: nil, 1: {toll.Alert}} {
		d := sparing(t, also...)
		d.allowed(abroad(id(1), "1002"))
		q := abroad(id(2), "1003")
		q.Proof = toll.PINUnset
		d.ask(q)
		d.pass(time.Second)
		told := 0
		for _, i := range d.book.Incidents() {
			if i.Kind == toll.LimitReached {
				told++
			}
		}
		if told != want {
			t.Errorf("with %v: %d incidents, want %d", also, told, want)
		}
	}
}

// Whoever has entered his PIN has done so for every leg of his call, and a limit that
// asks for one is as mild to a second leg as a limit that is full.
func TestASecondLegIsNotAskedForAPIN(t *testing.T) {
	for name, setting := range map[string]toll.Setting{
		"by a rule": {Rule: &toll.Rule{ID: "pin", Caller: "1001", Do: toll.AskPIN}},
		"by a limit": {Limit: &toll.Limit{
			ID: "few", Act: 1, Do: []toll.Action{toll.RequirePIN},
			Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerSite, Window: 24 * time.Hour, Where: toll.Abroad},
		}},
	} {
		d := newDesk(t)
		for _, s := range []toll.Setting{setting, {PIN: &toll.PIN{Caller: "1001", Hash: "hash-1001"}}} {
			if _, err := d.book.Change(d.now, s); err != nil {
				t.Fatal(err)
			}
		}
		q := abroad(id(1), "1001")
		if setting.Rule != nil {
			q.Proof = toll.PINRight
		}
		d.event(toll.LegDialled, "leg", d.allowed(q).ID)
		q.Proof = ""
		d.book.Record(d.now, toll.Event{Kind: toll.LegFound, PBX: "pbx1", Channel: "second", Found: &q, Why: toll.ReasonFork})
		l, live := d.book.Lease(d.book.byLeg[channelKey{"pbx1", "second"}])
		if !live || l.Cut != "" {
			t.Errorf("%s: %+v", name, l)
		}
	}
}
