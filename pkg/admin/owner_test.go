package admin_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// pages are a record with nothing in it.
type pages = admin.History

// owned is a ledger, a record, a mail server and a fuse in one, of which tests
// say what they hold.
type owned struct {
	admin.Ledger
	pages
	view    admin.View
	stored  []toll.Incident
	notices []toll.Notice
	done    []string
	fails   error // the command and the mail server
}

var opened = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

func (o *owned) View(context.Context) (admin.View, error) { return o.view, nil }
func (o *owned) Change(_ context.Context, s toll.Setting) error {
	o.done = append(o.done, "changed "+s.Kind()+" by "+s.Author)
	return nil
}
func (o *owned) CloseIncident(_ context.Context, id, author string) (toll.Incident, error) {
	for _, i := range o.view.Incidents {
		if i.ID == id {
			i.Closed, i.ClosedBy = opened, author
			return i, nil
		}
	}
	return toll.Incident{}, admin.Errorf(admin.NotFound, "", "not open")
}
func (o *owned) Incidents(context.Context, admin.IncidentQuery) ([]toll.Incident, error) {
	return o.stored, nil
}
func (o *owned) Incident(_ context.Context, id string) (toll.Incident, []toll.Notice, error) {
	for _, i := range o.stored {
		if i.ID == id {
			return i, slices.Clone(o.notices), nil
		}
	}
	return toll.Incident{}, nil, admin.Errorf(admin.NotFound, "", "none")
}
func (o *owned) Life(context.Context, string) ([]toll.Entry, error) {
	return nil, admin.Errorf(admin.NotFound, "", "none")
}
func (o *owned) Test(context.Context) (admin.AlertTest, error) {
	return admin.AlertTest{To: []string{"kim@example.com"}}, o.fails
}
func (o *owned) Run(_ context.Context, word string) (admin.FuseRun, error) {
	o.done = append(o.done, "ran "+word)
	return admin.FuseRun{Output: word}, o.fails
}

func (o *owned) service(t *testing.T, configured bool) *admin.Local {
	t.Helper()
	parts := admin.Parts{Ledger: o, History: o, Rates: &shelf{}}
	if configured {
		parts.Alerts, parts.Fuse = o, o
	}
	l, err := admin.NewLocal(parts)
	if err != nil {
		t.Fatal(err)
	}
	return l.As("kim")
}

// TestIncidentsAreOfTheBook shows the book's own state of what is open, which
// the disk may not have, and the disk's of what is closed.
func TestIncidentsAreOfTheBook(t *testing.T) {
	at := func(hours int) time.Time { return opened.Add(time.Duration(hours) * time.Hour) }
	o := &owned{
		view: admin.View{Incidents: []toll.Incident{
			{ID: "i2", Kind: toll.Attack, Caller: "1001", Opened: at(2), Cut: 7},
			{ID: "i4", Kind: toll.LinkTrouble, Opened: at(4)}, // the disk is full
		}},
		stored: []toll.Incident{{ID: "i3", Kind: toll.Attack, Caller: "1002", Opened: at(3), Closed: at(5)}, {ID: "i2", Kind: toll.Attack, Opened: at(2), Cut: 1}, {ID: "i1", Opened: at(1), Closed: at(2)}},
	}
	s := o.service(t, true)
	list := func(q admin.IncidentQuery) string {
		all, err := s.Incidents(t.Context(), q)
		if err != nil || all == nil {
			t.Fatalf("%v, %v", all, err)
		}
		var ids []string
		for _, i := range all {
			ids = append(ids, i.ID)
			if i.ID == "i2" && i.Cut != 7 {
				t.Errorf("i2 is stale: %+v", i)
			}
		}
		return strings.Join(ids, " ")
	}
	for _, test := range []struct {
		q    admin.IncidentQuery
		want string
	}{
		{admin.IncidentQuery{}, "i4 i3 i2 i1"},
		{admin.IncidentQuery{Limit: 2}, "i4 i3"},
		{admin.IncidentQuery{Open: true}, "i4 i2"},
		{admin.IncidentQuery{Open: true, Kind: toll.Attack}, "i2"},
		{admin.IncidentQuery{Open: true, Caller: "1002"}, ""},
		{admin.IncidentQuery{Open: true, From: at(3)}, "i4"},
		{admin.IncidentQuery{Open: true, To: at(4)}, "i2"},
	} {
		if got := list(test.q); got != test.want {
			t.Errorf("%+v: %s, want %s", test.q, got, test.want)
		}
	}
	for _, q := range []admin.IncidentQuery{{Limit: -1}, {From: at(2), To: at(1)}} {
		if _, err := s.Incidents(t.Context(), q); admin.KindOf(err) != admin.BadInput {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// TestLimitIncidentReport wants a way out for whom a limit has locked, since more
// room for the limit releases nobody.
func TestLimitIncidentReport(t *testing.T) {
	short := toll.Limit{ID: "short", Act: 3, Meter: toll.Meter{Measure: toll.ConnectsUnder + "10s", Scope: toll.PerCaller}}
	locked := func(caller, author string, until time.Time) toll.Setting {
		return toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: caller, Author: author, Until: until}}
	}
	o := &owned{view: admin.View{
		At: opened.Add(time.Hour),
		Incidents: []toll.Incident{{
			ID: "i1", Kind: toll.LimitReached, Opened: opened, Reached: true, Causes: []toll.Tally{{Kind: toll.Acts, Name: "short", Place: "1001"}},
		}},
		Settings: []toll.Setting{
			{Limit: &short}, locked("1001", "limit short", time.Time{}), locked("1002", "limit short", opened.Add(time.Minute)),
			locked("1003", "kim", time.Time{}), locked("1004", "limit other", time.Time{}),
		},
	}}
	r, err := o.service(t, true).Incident(t.Context(), "i1")
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, h := range r.Hints {
		commands = append(commands, h.Command)
	}
	want := []string{"tollfuse lock release caller=1001", "tollfuse limit set short --act 6", "tollfuse incidents close i1"}
	if !reflect.DeepEqual(commands, want) {
		t.Errorf("hints %q, want %q", commands, want)
	}
}

func TestIncidentReport(t *testing.T) {
	lock := toll.Lock{Scope: toll.PerCaller, Subject: "1001"}
	incident := toll.Incident{
		ID: "i2", Kind: toll.Attack, Caller: "1001", Opened: opened, Cut: 7, Locks: []toll.Lock{lock},
		Calls:    []toll.IncidentCall{{Lease: "1-1", Caller: toll.Caller{Kind: toll.Extension, ID: "1001"}, Number: "+23222123456"}},
		Bypassed: 1,
		Causes: []toll.Tally{{Name: "no-sl", Kind: string(toll.ReasonDeniedRule)}, {Name: "abroad-day", Kind: string(toll.ReasonLimit)},
			{Name: "gone", Kind: string(toll.ReasonLimit)}, {Name: "default:global", Kind: string(toll.ReasonDeniedClass)}},
	}
	sent := toll.Notice{ID: "n1", At: opened, Incident: incident, Sent: opened}
	stale := toll.Notice{ID: "n2", At: opened.Add(time.Hour), Incident: incident}
	waits := stale
	waits.Tries, waits.Error = 3, "refused"
	o := &owned{
		view: admin.View{
			Incidents: []toll.Incident{incident}, Settings: []toll.Setting{
				{Lock: &lock}, {Rule: &toll.Rule{ID: "no-sl"}},
				{Limit: &toll.Limit{ID: "abroad-day", Act: int64(200 * toll.Unit), Meter: toll.Meter{Measure: toll.Cost}}},
			},
			Notices: []toll.Notice{waits, {ID: "n9", Incident: toll.Incident{ID: "other"}}},
		},
		stored:  []toll.Incident{{ID: "i2", Cut: 1}, {ID: "old", Closed: opened}},
		notices: []toll.Notice{sent, stale},
	}
	s := o.service(t, true)
	r, err := s.Incident(t.Context(), "i2")
	if err != nil || r.Incident.Cut != 7 || !reflect.DeepEqual(r.Notices, []toll.Notice{sent, waits}) {
		t.Fatalf("%+v, %v", r, err)
	}
	var commands []string
	for _, h := range r.Hints {
		commands = append(commands, h.Command)
	}
	want := []string{"tollfuse lock release caller=1001", "tollfuse explain --from 1001 --to +23222123456", "tollfuse doctor",
		"tollfuse rule remove no-sl", "tollfuse limit set abroad-day --act 400.00", "tollfuse incidents close i2"}
	if !reflect.DeepEqual(commands, want) {
		t.Errorf("hints %q, want %q", commands, want)
	}
	if r, err := s.Incident(t.Context(), "old"); err != nil || len(r.Hints) != 0 {
		t.Errorf("a closed one: %+v, %v", r, err)
	}
	closed, err := s.CloseIncident(t.Context(), "i2")
	if err != nil || closed.ClosedBy != "kim" {
		t.Errorf("%+v, %v", closed, err)
	}
	_, err = s.CloseIncident(t.Context(), "old")
	if admin.KindOf(err) != admin.NotFound || !strings.Contains(err.Error(), "closed already") {
		t.Errorf("closed twice: %v", err)
	}
	for _, id := range []string{"", "none", "\x1b[2J", strings.Repeat("x", 200)} {
		if _, err := s.Incident(t.Context(), id); admin.KindOf(err) != admin.NotFound || strings.ContainsRune(err.Error(), 0x1b) {
			t.Errorf("show %q: %v", id, err)
		}
		if _, err := s.CloseIncident(t.Context(), id); admin.KindOf(err) != admin.NotFound {
			t.Errorf("close %q: %v", id, err)
		}
	}
	if _, err := s.As("").CloseIncident(t.Context(), "i2"); err == nil {
		t.Error("nobody could close it")
	}
}

// TestCallThatIsNotRecorded is one that was found while the disk is full.
func TestCallThatIsNotRecorded(t *testing.T) {
	o := &owned{view: admin.View{Leases: []toll.Lease{{ID: "1-1", Granted: opened}, {ID: "1-2", Granted: opened, Adopted: true}}}}
	s := o.service(t, true)
	for lease, want := range map[string]toll.EntryKind{"1-1": toll.EntryGranted, "1-2": toll.EntryAdopted} {
		life, err := s.Call(t.Context(), lease)
		if err != nil || len(life) != 1 || life[0].Kind != want || life[0].Lease.ID != lease || !life[0].At.Equal(opened) {
			t.Errorf("%s: %+v, %v", lease, life, err)
		}
	}
	if _, err := s.Call(t.Context(), "1-3"); admin.KindOf(err) != admin.NotFound {
		t.Errorf("nobody's: %v", err)
	}
}

// TestResetFuse opens the way out before the fuse counts as whole.
func TestResetFuse(t *testing.T) {
	blown := admin.View{Settings: []toll.Setting{{Fuse: &toll.Fuse{Blown: opened, Why: "too many"}}}}
	for name, test := range map[string]struct {
		view       admin.View
		configured bool
		fails      error
		want       []string
	}{
		"blown":            {blown, true, nil, []string{"ran reset", "changed fuse by kim"}},
		"whole":            {admin.View{}, true, nil, []string{"ran reset"}},
		"the command":      {blown, true, errors.New("exit 1"), []string{"ran reset"}},
		"there is none":    {blown, false, nil, []string{"changed fuse by kim"}},
		"none and nothing": {admin.View{}, false, nil, nil},
	} {
		o := &owned{view: test.view, fails: test.fails}
		_, err := o.service(t, test.configured).ResetFuse(t.Context())
		if !errors.Is(err, test.fails) || !reflect.DeepEqual(o.done, test.want) {
			t.Errorf("%s: %q, %v; want %q", name, o.done, err, test.want)
		}
	}
	o := &owned{view: blown}
	if _, err := o.service(t, true).As("").ResetFuse(t.Context()); err == nil || o.done != nil {
		t.Errorf("nobody could reset it: %q, %v", o.done, err)
	}
	_, err := o.service(t, true).Change(t.Context(), toll.Setting{Fuse: &toll.Fuse{}, Removed: true})
	if admin.KindOf(err) != admin.BadInput {
		t.Errorf("reset without the command: %v", err)
	}
}

func TestTryOut(t *testing.T) {
	o := &owned{}
	s := o.service(t, true)
	if run, err := s.TestFuse(t.Context()); err != nil || run.Output != "test" || !reflect.DeepEqual(o.done, []string{"ran test"}) {
		t.Errorf("%+v, %v, %q", run, err, o.done)
	}
	if test, err := s.TestAlert(t.Context()); err != nil || len(test.To) != 1 {
		t.Errorf("%+v, %v", test, err)
	}
	none := o.service(t, false)
	if _, err := none.TestFuse(t.Context()); admin.KindOf(err) != admin.BadInput {
		t.Errorf("no command: %v", err)
	}
	if _, err := none.TestAlert(t.Context()); admin.KindOf(err) != admin.BadInput {
		t.Errorf("no mail: %v", err)
	}
}

func TestStatusOfTheOwnersSide(t *testing.T) {
	fuse := &toll.Fuse{Blown: opened, Why: "too many"}
	o := &owned{view: admin.View{
		Incidents: []toll.Incident{{ID: "i1"}},
		Settings:  []toll.Setting{{Fuse: fuse}},
		Notices: []toll.Notice{
			{ID: "a", At: opened.Add(time.Hour), Error: "newest", Next: opened.Add(3 * time.Hour)},
			{ID: "b", At: opened, Error: "older", Next: opened.Add(2 * time.Hour)},
			{ID: "c", At: opened.Add(-time.Hour), GivenUp: true},
		},
	}}
	got, err := o.service(t, true).Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := (admin.MailStatus{Configured: true, Waiting: 2, Oldest: opened, Error: "newest"}); got.Mail != want {
		t.Errorf("mail %+v", got.Mail)
	}
	if got.Incidents != 1 || !got.Fuse.Configured || got.Fuse.Blown != fuse {
		t.Errorf("%+v", got)
	}
	if got, err = o.service(t, false).Status(t.Context()); err != nil || got.Mail.Configured || got.Fuse.Configured || got.Fuse.Blown == nil {
		t.Errorf("%+v, %v", got, err)
	}
	if settings, err := o.service(t, true).Settings(t.Context()); err != nil || len(settings) != 0 {
		t.Errorf("the fuse is listed: %+v, %v", settings, err)
	}
}

func TestTheIncidentOfABlownFuseIsNotClosedByHand(t *testing.T) {
	o := &owned{view: admin.View{Incidents: []toll.Incident{{ID: "i1", Kind: toll.FuseBlown}}}}
	if _, err := o.service(t, true).CloseIncident(t.Context(), "i1"); admin.KindOf(err) != admin.BadInput {
		t.Errorf("it is closed, and each failure of the command opens another: %v", err)
	}
}
