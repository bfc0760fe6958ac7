package sqlite

import (
	"errors"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func incidentEntry(seq int64, i toll.Incident) toll.Entry {
	return toll.Entry{Seq: seq, At: i.Newest, Kind: toll.EntryIncident, Incident: &i}
}

func noticeEntry(seq int64, n toll.Notice) toll.Entry {
	return toll.Entry{Seq: seq, At: n.At, Kind: toll.EntryNotice, Notice: &n}
}

// What is over is given too, so that a daemon knows how much was told of it, but not all
// of the past.
func TestReplayGivesWhatWasClosedLately(t *testing.T) {
	s := newLedger(t)
	var entries []toll.Entry
	for n := range recentlyClosed + 5 {
		at := noon.Add(time.Duration(n) * time.Hour)
		entries = append(entries, incidentEntry(int64(n+1), toll.Incident{
			ID: "1-" + strconv.Itoa(n), Kind: toll.Attack, Opened: at, Newest: at, Closed: at.Add(time.Minute), Noticed: 2,
		}))
	}
	mustAppend(t, s, entries...)
	var got []string
	for _, e := range replayed(t, s.Reader, time.Time{}) {
		got = append(got, e.Incident.ID)
	}
	if len(got) != recentlyClosed || got[0] != "1-5" || got[len(got)-1] != "1-44" {
		t.Errorf("given are %v", got)
	}
}

func TestIncidentsAreKeptAsTheyStand(t *testing.T) {
	s := newLedger(t)
	attack := toll.Incident{
		ID: "1-5", Kind: toll.Attack, PBX: "pbx", Caller: "1003", Opened: noon, Newest: noon.Add(time.Minute), Refused: 7, Cut: 1,
		Calls: []toll.IncidentCall{{Lease: "1-4", Number: "+23222123456", Cut: toll.ReasonSpent}}, Noticed: 1,
	}
	over := toll.Incident{ID: "1-6", Kind: toll.LinkTrouble, PBX: "pbx", Opened: noon.Add(time.Hour), Newest: noon.Add(time.Hour)}
	waits := toll.Notice{ID: "1-5-1", Kind: toll.NoticeOpened, At: noon, Incident: attack}
	worse := attack
	worse.Refused = 70
	closed := over
	closed.Closed = noon.Add(2 * time.Hour)
	sent := waits
	sent.Sent, sent.Tries = noon.Add(time.Minute), 2
	mustAppend(t, s, incidentEntry(1, attack), incidentEntry(2, over), noticeEntry(3, waits), incidentEntry(4, worse), incidentEntry(5, closed))
	if got := replayed(t, s.Reader, time.Time{}); !reflect.DeepEqual(got, []toll.Entry{
		{At: worse.Newest, Kind: toll.EntryIncident, Incident: &worse}, {At: noon, Kind: toll.EntryNotice, Notice: &waits},
	}) {
		t.Fatalf("replay gives %+v", got)
	}
	mustAppend(t, s, noticeEntry(6, sent))
	i, notices, err := s.Incident(t.Context(), "1-5")
	if err != nil || !reflect.DeepEqual(i, worse) || !reflect.DeepEqual(notices, []toll.Notice{sent}) {
		t.Fatalf("%+v, %+v, %v", i, notices, err)
	}
	if _, _, err := s.Incident(t.Context(), "nothing"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("an incident that is not: %v", err)
	}
	for _, test := range []struct {
		query IncidentQuery
		want  []string
	}{
		{IncidentQuery{}, []string{"1-6", "1-5"}},
		{IncidentQuery{Open: true}, []string{"1-5"}},
		{IncidentQuery{Kind: toll.LinkTrouble}, []string{"1-6"}},
		{IncidentQuery{Caller: "1003"}, []string{"1-5"}},
		{IncidentQuery{From: noon.Add(time.Hour)}, []string{"1-6"}},
		{IncidentQuery{To: noon.Add(time.Hour)}, []string{"1-5"}},
		{IncidentQuery{Limit: 1}, []string{"1-6"}},
	} {
		all, err := s.Incidents(t.Context(), test.query)
		var ids []string
		for _, i := range all {
			ids = append(ids, i.ID)
		}
		if err != nil || !reflect.DeepEqual(ids, test.want) {
			t.Errorf("%+v: %v, %v; want %v", test.query, ids, err, test.want)
		}
	}
	// What is open stays, however old.
	if _, err := s.Prune(t.Context(), noon.Add(24*time.Hour), noon.Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if all, err := s.Incidents(t.Context(), IncidentQuery{}); err != nil || len(all) != 1 || all[0].ID != "1-5" {
		t.Fatalf("after pruning %+v, %v", all, err)
	}
}

func TestLifeAndChanges(t *testing.T) {
	s := newLedger(t)
	entry := func(seq int64, at time.Time, kind toll.EntryKind, id string) toll.Entry {
		e := entry(seq, at, kind, id)
		e.Lease.Granted = noon
		return e
	}
	mustAppend(t, s,
		entry(1, noon, toll.EntryGranted, "a"), entry(2, noon, toll.EntryGranted, "b"),
		ruleSet(3, noon.Add(time.Second), "abroad", 1, false), entry(4, noon.Add(2*time.Second), toll.EntryChanged, "a"),
		entry(5, noon.Add(3*time.Second), toll.EntryEnded, "a"), ruleSet(6, noon.Add(4*time.Second), "abroad", 2, true))
	for lease, want := range map[string][]int64{"a": {1, 4, 5}, "b": {2}} {
		life, err := s.Life(t.Context(), lease)
		if err != nil || !reflect.DeepEqual(numbers(life), want) {
			t.Errorf("the life of %s: %v, %v; want %v", lease, numbers(life), err, want)
		}
	}
	if _, err := s.Life(t.Context(), "c"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a lease that never was: %v", err)
	}
	for _, test := range []struct {
		query ChangesQuery
		want  []int64
	}{
		{ChangesQuery{}, []int64{6, 3}},
		{ChangesQuery{Kind: "rule", ID: "abroad", Limit: 1}, []int64{6}},
		{ChangesQuery{Before: 6}, []int64{3}},
		{ChangesQuery{Kind: "lock"}, nil},
	} {
		page, err := s.Changes(t.Context(), test.query)
		if err != nil || len(page) != len(test.want) || len(page) > 0 && !reflect.DeepEqual(numbers(page), test.want) {
			t.Errorf("%+v: %v, %v; want %v", test.query, numbers(page), err, test.want)
		}
	}
	// When the log is gone history still knows the call, and who changed what.
	mustAppend(t, s, entry(7, noon.Add(80*24*time.Hour), toll.EntryGranted, "d"))
	if _, err := s.Prune(t.Context(), noon.Add(40*24*time.Hour), noon); err != nil {
		t.Fatal(err)
	}
	if life, err := s.Life(t.Context(), "a"); err != nil || !reflect.DeepEqual(numbers(life), []int64{5}) {
		t.Errorf("the life of a pruned call: %v, %v", numbers(life), err)
	}
	if page, err := s.Changes(t.Context(), ChangesQuery{}); err != nil || len(page) != 2 {
		t.Errorf("pruned changes: %v, %v", numbers(page), err)
	}
}
