package sqlite

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// numbers lists the numbers of entries, to compare pages.
func numbers(es []toll.Entry) []int64 {
	var seqs []int64
	for _, e := range es {
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

// aDay is six hours of calls and refusals, one an hour.
func aDay() []toll.Entry {
	var log []toll.Entry
	for i := range 6 {
		at := noon.Add(time.Duration(i) * time.Hour)
		kind := toll.EntryEnded
		if i%3 == 2 {
			kind = toll.EntryRefused
		}
		e := entry(int64(i+1), at, kind, fmt.Sprintf("lease-%d", i+1))
		if kind == toll.EntryRefused {
			e.Lease.ID, e.Lease.Why, e.Count = "", toll.ReasonLimit, 40
		}
		if i >= 3 {
			e.Lease.Caller = toll.Caller{Kind: toll.FromTrunk, ID: "carrier:a"}
			e.Lease.To.E164, e.Lease.Key.Number = "+442079460000", "+442079460000"
		}
		log = append(log, e)
	}
	log[3].Lease.Cut, log[3].Lease.Ended = toll.ReasonLimit, log[3].At
	return log
}

func TestHistoryFilters(t *testing.T) {
	s := newLedger(t)
	mustAppend(t, s, aDay()...)
	// What is up is no history.
	mustAppend(t, s, entry(7, noon.Add(9*time.Hour), toll.EntryGranted, "up"))
	for name, c := range map[string]struct {
		q    HistoryQuery
		want []int64
	}{
		"all":             {HistoryQuery{}, []int64{6, 5, 4, 3, 2, 1}},
		"caller":          {HistoryQuery{Caller: "trunk:carrier:a"}, []int64{6, 5, 4}},
		"number":          {HistoryQuery{Number: "+23222123456"}, []int64{3, 2, 1}},
		"prefix":          {HistoryQuery{Number: "+44"}, []int64{6, 5, 4}},
		"not a pattern":   {HistoryQuery{Number: "%"}, nil},
		"not SQL":         {HistoryQuery{Caller: "' OR '1'='1"}, nil},
		"lease":           {HistoryQuery{Lease: "lease-2"}, []int64{2}},
		"outcome":         {HistoryQuery{Outcome: toll.EntryRefused}, []int64{6, 3}},
		"reason":          {HistoryQuery{Reason: toll.EndedHangup}, []int64{5, 4, 2, 1}},
		"refused or cut":  {HistoryQuery{Reason: toll.ReasonLimit}, []int64{6, 4, 3}},
		"would be denied": {HistoryQuery{Outcome: toll.WouldDeny}, nil},
		"from":            {HistoryQuery{From: noon.Add(3 * time.Hour)}, []int64{6, 5, 4}},
		"to":              {HistoryQuery{To: noon.Add(3 * time.Hour)}, []int64{3, 2, 1}},
		"range":           {HistoryQuery{From: noon.Add(time.Minute), To: noon.Add(150 * time.Minute)}, []int64{3, 2}},
		"another zone":    {HistoryQuery{To: noon.Add(time.Hour).In(time.FixedZone("", -5*3600))}, []int64{1}},
		"future":          {HistoryQuery{From: noon.Add(100 * time.Hour)}, nil},
		"page":            {HistoryQuery{Limit: 2}, []int64{6, 5}},
		"next page":       {HistoryQuery{Limit: 2, Before: 5}, []int64{4, 3}},
		"page in a range": {HistoryQuery{Limit: 2, Before: 5, To: noon.Add(time.Hour)}, []int64{1}},
		"both":            {HistoryQuery{Caller: "extension:1001", Outcome: toll.EntryEnded}, []int64{2, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.History(t.Context(), c.q)
			if err != nil || !reflect.DeepEqual(numbers(got), c.want) {
				t.Errorf("got %v, %v, want %v", numbers(got), err, c.want)
			}
		})
	}
}

func TestHistoryKeepsWhatPeopleAsk(t *testing.T) {
	s := newLedger(t)
	log := aDay()
	log[0].Lease.To.E164 = "" // an internal number has none
	log[0].Lease.Key.Number = log[0].Lease.To.Dialled
	log[1].Lease.Adopted, log[1].Lease.Denied = true, toll.ReasonLocked
	log[1].Lease.Answered = time.Time{}
	mustAppend(t, s, log...)
	got, err := s.History(t.Context(), HistoryQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range got {
		want := log[len(log)-1-i]
		want.Count = max(want.Count, 1)
		// These are the log's, not history's.
		l := &want.Lease
		l.Timer, l.Covered, l.Reserved, l.To.Valid = 0, 0, 0, false
		l.Price = toll.Price{PerMinute: l.Price.PerMinute, Assumed: l.Price.Assumed}
		if !reflect.DeepEqual(e, want) {
			t.Errorf("wrote %+v\n read %+v", want, e)
		}
	}
}

func TestHistoryOfWhatOnlyObserved(t *testing.T) {
	s := newLedger(t)
	log := aDay()
	log[1].Lease.Denied, log[1].Lease.By = toll.ReasonSpent, "budget"
	mustAppend(t, s, log...)
	for name, q := range map[string]HistoryQuery{"outcome": {Outcome: toll.WouldDeny}, "reason": {Reason: toll.ReasonSpent}} {
		got, err := s.History(t.Context(), q)
		if err != nil || len(got) != 1 || got[0].Seq != log[1].Seq || got[0].Lease.Denied != toll.ReasonSpent {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	var by string
	if err := s.db.QueryRow(`SELECT by FROM call WHERE would_deny = 'spent'`).Scan(&by); err != nil || by != "budget" {
		t.Errorf("in SQL: %q, %v", by, err)
	}
}

// TestHistoryReadsInSQL is what somebody types who knows SQL and not Tollfuse.
func TestHistoryReadsInSQL(t *testing.T) {
	s := newLedger(t)
	mustAppend(t, s, aDay()...)
	var caller, day string
	var minutes float64
	var cost int64
	err := s.db.QueryRow(`SELECT caller, date(started), sum(seconds) / 60, sum(cost) FROM call
		WHERE outcome = 'ended' AND started >= '2026-03-02' AND class LIKE 'intl%' GROUP BY caller ORDER BY caller`).
		Scan(&caller, &day, &minutes, &cost)
	if err != nil || caller != "extension:1001" || day != "2026-03-02" || minutes != 2 || cost != 600_000 {
		t.Errorf("%s, %s, %v minutes, %d: %v", caller, day, minutes, cost, err)
	}
}

func TestHistoryPagesAreBounded(t *testing.T) {
	s := newLedger(t)
	mustAppend(t, s, calls(largestPage+5)...)
	for limit, want := range map[int]int{0: defaultPage, -1: defaultPage, 7: 7, 1 << 30: largestPage} {
		got, err := s.History(t.Context(), HistoryQuery{Limit: limit})
		if err != nil || len(got) != want {
			t.Errorf("limit %d: %d rows, %v", limit, len(got), err)
		}
	}
	seen, before := 0, int64(0)
	for {
		page, err := s.History(t.Context(), HistoryQuery{Limit: 300, Before: before})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		seen, before = seen+len(page), page[len(page)-1].Seq
	}
	if seen != largestPage+5 {
		t.Errorf("paging showed %d calls", seen)
	}
}
