package incident

import (
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// to is a lease to another country.
func to(caller, country string) toll.Lease {
	l := lease(caller)
	l.To.Country = country
	return l
}

const day = 24 * time.Hour

// night plays an attack of eight hours that is refused, and of which so many calls
// are cut.
func (d *desk) night(from time.Duration, cuts int, caller, country string) {
	d.dearNight(from, cuts, caller, country, 1)
}

// dearNight is a night in which each call that gets through costs so much.
func (d *desk) dearNight(from time.Duration, cuts int, caller, country string, cost toll.Money) {
	d.t.Helper()
	for n := range 48 {
		at := from + time.Duration(n)*10*time.Minute
		d.until(at)
		l := to(caller, country)
		if n < cuts {
			d.note(at, toll.EntryCutting, cut(l, toll.ReasonSpent, "x"))
			d.note(at+time.Second, toll.EntryEnded, ended(l, cost))
			continue
		}
		d.note(at, toll.EntryRefused, l)
	}
	d.until(from + 12*time.Hour)
}

func TestAnAttackOfTwoWeeksMakesFiveNotices(t *testing.T) {
	d := newDesk(t, settings)
	for n := range 14 {
		cuts := 0
		if n == 0 {
			cuts = 3
		}
		d.night(time.Duration(n)*day, cuts, "1003", "SL")
	}
	if n := len(d.told); n < 3 || n > mostNotices {
		t.Errorf("%d notices: %v", n, d.kinds())
	}
}

// While money flows somebody hears of it, once a day at least.
func TestNobodyIsLeftInTheDark(t *testing.T) {
	d := newDesk(t, settings)
	for n := range 14 {
		before := len(d.told)
		d.dearNight(time.Duration(n)*day, 3, "1003", "SL", 20*toll.Unit)
		if len(d.told) == before {
			t.Errorf("night %d: nobody is told", n)
		}
		if n > 4 && len(d.told) > before+1 {
			t.Errorf("night %d: %d notices", n, len(d.told)-before)
		}
	}
}

// What a limit cuts after a minute each night is told five times, and once more when it
// has gone on for two weeks, or has come to an amount.
func TestLittleIsToldSeldom(t *testing.T) {
	for cost, most := range map[toll.Money]int{1: mostNotices + 1, 2 * toll.Unit: mostNotices + 5} {
		d := newDesk(t, settings)
		for n := range 25 {
			d.dearNight(time.Duration(n)*day, 3, "1003", "SL", cost)
		}
		if n := len(d.told); n > most || n <= mostNotices {
			t.Errorf("at %s a call %d notices, want at most %d: %v", cost, n, most, d.kinds())
		}
	}
}

func TestAnotherAttackIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		caller, country string
		wait            time.Duration
		told            bool
	}{
		"by the same caller":             {"1003", "GM", 2 * day, false},
		"to the same country":            {"1004", "SL", 2 * day, false},
		"by another, elsewhere":          {"1004", "GM", 16 * time.Hour, true},
		"by the same, after a long time": {"1003", "SL", 9 * day, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, settings)
			d.night(0, 3, "1003", "SL")
			d.night(day, 0, "1003", "SL")
			d.night(2*day, 0, "1003", "SL")
			d.night(3*day, 0, "1003", "SL")
			before := len(d.told)
			d.night(3*day+test.wait, 0, test.caller, test.country)
			if told := len(d.told) > before; told != test.told {
				t.Errorf("told: %t, %v", told, d.kinds())
			}
		})
	}
}

// At a large site somebody errs every hour, so the notices of one never-ending episode
// are soon made. An attack by somebody else, to elsewhere, is told all the same, once.
func TestMistakesOfOthersHideNoAttack(t *testing.T) {
	d := newDesk(t, settings)
	for n := range 30 * 24 {
		at := time.Duration(n) * time.Hour
		d.until(at)
		d.note(at, toll.EntryRefused, to("2"+strconv.Itoa(n), "LV"))
	}
	before := len(d.told)
	if before > roomForRefused {
		t.Errorf("%d notices of a month of mistakes", before)
	}
	for n := range 8 {
		d.night(time.Duration(30+n)*day, 0, "1003", "SL")
	}
	if told := len(d.told) - before; told < 1 || told > 2 {
		t.Errorf("%d notices of an attack of a week: %v", told, d.kinds())
	}
}

// A premium number that is dialled by mistake makes one notice, and no other when
// nothing more comes.
func TestOneMistakeMakesOneNotice(t *testing.T) {
	d := newDesk(t, settings)
	d.refuse(1, 0, "1003")
	d.until(day)
	same(t, "notices", d.kinds(), []toll.NoticeKind{toll.NoticeOpened})
}

// Who dials it again is told of the next day, unless it is more than a mistake.
func TestTheSameMistakeMakesNoOtherNotice(t *testing.T) {
	for name, test := range map[string]struct {
		wait    time.Duration
		caller  string
		country string
		times   int
		notices int
	}{
		"again":           {3 * time.Hour, "1003", "SL", 1, 1},
		"after a day":     {26 * time.Hour, "1003", "SL", 1, 2},
		"by another":      {3 * time.Hour, "1004", "SL", 1, 2},
		"to elsewhere":    {3 * time.Hour, "1003", "GM", 1, 2},
		"again and again": {3 * time.Hour, "1003", "SL", 5, 3}, // it began, and it is over
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, settings)
			d.note(0, toll.EntryRefused, to("1003", "SL"))
			for n := range test.times {
				at := test.wait + time.Duration(n)*10*time.Minute
				d.until(at)
				d.note(at, toll.EntryRefused, to(test.caller, test.country))
			}
			d.until(3 * day)
			if len(d.told) != test.notices {
				t.Errorf("%v, want %d notices", d.kinds(), test.notices)
			}
		})
	}
}

// Whatever happens, in whatever order, what is only refused makes a few notices in
// any three days, and what gets through one a day more.
func TestNoticesAreBounded(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := newDesk(t, settings)
		at, length := time.Duration(0), rapid.IntRange(1, 300).Draw(rt, "length")
		for range length {
			at += rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 20 * time.Minute, 3 * time.Hour, 20 * time.Hour}).Draw(rt, "wait")
			d.until(at)
			l := to("1003", "SL"+strconv.Itoa(rapid.IntRange(0, 3).Draw(rt, "country")))
			if rapid.Bool().Draw(rt, "cut") {
				d.note(at, toll.EntryCutting, cut(l, toll.ReasonSpent, "x"))
				d.note(at+time.Second, toll.EntryEnded, ended(l, 1))
			} else {
				d.note(at, toll.EntryRefused, l)
			}
		}
		d.until(at + day)
		if most := mostNotices + int((at+day)/dark); len(d.told) > most {
			rt.Fatalf("%d notices in %s, at most %d wanted: %v", len(d.told), at, most, d.kinds())
		}
		// All is one attack, by one caller: the bound holds for all callers together.
		if len(d.episodes) > 1 {
			rt.Fatalf("%d episodes", len(d.episodes))
		}
	})
}

// Whatever has been told of one, an attack by another to elsewhere is told within
// a day and two hours, be it when its day is over.
func TestAnAttackBySomebodyElseIsAlwaysTold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d, at := newDesk(t, settings), time.Duration(0)
		for range rapid.IntRange(1, 100).Draw(rt, "length") {
			l := to("1003", rapid.SampledFrom([]string{"SL", "LV", "CU"}).Draw(rt, "country"))
			if rapid.Bool().Draw(rt, "cut") {
				d.note(at, toll.EntryCutting, cut(l, toll.ReasonSpent, "x"))
				d.note(at+time.Second, toll.EntryEnded, ended(l, 1))
			} else {
				d.note(at, toll.EntryRefused, l)
			}
			at += rapid.SampledFrom([]time.Duration{time.Minute, 20 * time.Minute, 3 * time.Hour, 20 * time.Hour}).Draw(rt, "wait")
			d.until(at)
		}
		for until := at + dark + 2*time.Hour; at < until; at += 10 * time.Minute {
			d.until(at)
			d.note(at, toll.EntryRefused, to("1004", "GM"))
		}
		d.until(at)
		if !slices.ContainsFunc(d.told, func(c Change) bool { return c.Incident.Caller == "1004" }) {
			rt.Fatalf("nobody is told of it: %v", d.kinds())
		}
	})
}

// A daemon that was killed knows what was told of an attack that goes on, also of the
// nights that are over.
func TestARestartKeepsTheBound(t *testing.T) {
	d, told := newDesk(t, settings), 0
	for n := range 14 {
		cuts := 0
		if n == 0 {
			cuts = 3
		}
		d.night(time.Duration(n)*day, cuts, "1003", "SL")
		again := newDesk(t, settings)
		for _, i := range slices.SortedFunc(maps.Values(d.last), func(a, b toll.Incident) int { return a.Newest.Compare(b.Newest) }) {
			if i.Open() {
				t.Fatalf("%s is open in the morning", i.ID)
			}
			again.Restore(i)
			again.last[i.ID] = i
		}
		again.ids, told = d.ids, told+len(d.told)
		d = again
	}
	if told < 3 || told > mostNotices {
		t.Errorf("%d notices", told)
	}
}
