package schedule

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func made(t testing.TB, s toll.Schedule, z *time.Location) *Schedule {
	t.Helper()
	m, err := New(s, z)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// office is the hours of a firm in Munich that also answers on Saturday nights.
var office = toll.Schedule{
	Name:     "open",
	Hours:    []string{"mon-fri 08:00-12:00", "mon-thu 13:00-18:00", "sat 22:00-02:30"},
	Holidays: []string{"DE-BY"},
	Closed:   []string{"12-24", "2026-08-03/2026-08-07", "12-27/01-02"},
	Open:     []string{"2026-12-06 10:00-16:00", "2026-04-03 09:00-10:00"},
}

func TestOpen(t *testing.T) {
	s := made(t, office, zone(t, "Europe/Berlin"))
	for _, tc := range []struct {
		at   string // on the wall, with the offset where it matters
		open bool
		next string
		why  string
	}{
		{"2026-11-23T07:59:59+01:00", false, "2026-11-23T08:00:00+01:00", "Monday, before"},
		{"2026-11-23T08:00:00+01:00", true, "2026-11-23T12:00:00+01:00", "the first second"},
		{"2026-11-23T12:00:00+01:00", false, "2026-11-23T13:00:00+01:00", "the end is outside"},
		{"2026-11-27T13:30:00+01:00", false, "2026-11-28T22:00:00+01:00", "Friday afternoon"},
		{"2026-11-29T02:29:59+01:00", true, "2026-11-29T02:30:00+01:00", "Saturday's hours, on Sunday"},
		{"2026-11-29T23:00:00+01:00", false, "2026-11-30T08:00:00+01:00", "Sunday"},
		{"2026-12-06T12:00:00+01:00", true, "2026-12-06T16:00:00+01:00", "a Sunday that is open"},
		{"2026-01-06T09:00:00+01:00", false, "2026-01-07T08:00:00+01:00", "Epiphany, a holiday in Bavaria"},
		{"2026-04-03T09:30:00+02:00", true, "2026-04-03T10:00:00+02:00", "Good Friday, open all the same"},
		{"2026-04-03T11:00:00+02:00", false, "2026-04-04T22:00:00+02:00", "and no longer than that"},
		{"2026-08-05T09:00:00+02:00", false, "2026-08-08T22:00:00+02:00", "holidays of the firm"},
		{"2026-12-24T09:00:00+01:00", false, "2027-01-04T08:00:00+01:00", "Christmas until after the turn of the year"},
		{"2026-03-29T01:59:59+01:00", true, "2026-03-29T03:00:00+02:00", "clocks go forward, over 02:30"},
		{"2026-03-29T03:00:00+02:00", false, "2026-03-30T08:00:00+02:00", "so it ends with the jump"},
		{"2026-10-25T02:29:59+02:00", true, "2026-10-25T02:30:00+02:00", "clocks go back, the first 02:30"},
		{"2026-10-25T02:29:59+01:00", false, "2026-10-26T08:00:00+01:00", "and not once more"},
	} {
		now, err := time.Parse(time.RFC3339, tc.at)
		if err != nil {
			t.Fatal(err)
		}
		if open, next := s.Open(now), s.Next(now).Format(time.RFC3339); open != tc.open || next != tc.next {
			t.Errorf("%s (%s): open %t until %s; want %t until %s", tc.at, tc.why, open, next, tc.open, tc.next)
		}
	}
}

func TestNeverAndAlways(t *testing.T) {
	z := zone(t, "America/New_York")
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, z)
	never := made(t, toll.Schedule{}, z)
	always := made(t, toll.Schedule{Hours: []string{"daily 00:00-24:00"}}, z)
	shifts := made(t, toll.Schedule{Hours: []string{"daily 22:00-06:00", "daily 06:00-14:00", "daily 13:00-22:00"}}, z)
	over := made(t, toll.Schedule{Open: []string{"2026-11-21 08:00-09:00"}}, z)
	for name, tc := range map[string]struct {
		s    *Schedule
		open bool
	}{"never": {never, false}, "always": {always, true}, "shifts": {shifts, true}, "over": {over, false}} {
		if open, next := tc.s.Open(now), tc.s.Next(now); open != tc.open || !next.IsZero() {
			t.Errorf("%s: open %t until %s", name, open, next)
		}
	}
}

// A holiday that falls on a Saturday is given on Friday in the United States.
func TestObservedHolidays(t *testing.T) {
	z := zone(t, "America/Chicago")
	s := made(t, toll.Schedule{Hours: []string{"mon-fri 09:00-17:00"}, Holidays: []string{"us"}}, z)
	for day, want := range map[int]bool{2: true, 3: false, 6: true} { // 4 July 2026 is a Saturday
		if got := s.Open(time.Date(2026, 7, day, 12, 0, 0, 0, z)); got != want {
			t.Errorf("%d July 2026: open %t", day, got)
		}
	}
}

func TestEveryCalendarCanBeAsked(t *testing.T) {
	z := time.UTC
	for _, code := range Calendars() {
		s := made(t, toll.Schedule{Hours: []string{"daily 00:00-24:00"}, Holidays: []string{code}}, z)
		closed := 0
		for day := range 365 {
			if !s.Open(time.Date(2026, 1, 1+day, 12, 0, 0, 0, z)) {
				closed++
			}
		}
		if closed < 5 || closed > 30 {
			t.Errorf("%s has %d holidays in 2026", code, closed)
		}
		if country, _, sub := strings.Cut(code, "-"); sub && slices.Contains(Calendars(), country) {
			national := made(t, toll.Schedule{Hours: []string{"daily 00:00-24:00"}, Holidays: []string{country}}, z)
			for day := range 365 {
				noon := time.Date(2026, 1, 1+day, 12, 0, 0, 0, z)
				if !national.Open(noon) && s.Open(noon) {
					t.Errorf("%s works on %s, a holiday of %s", code, noon.Format(time.DateOnly), country)
				}
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tc := range []struct {
		s    toll.Schedule
		want string
	}{
		{toll.Schedule{Hours: []string{""}}, "want days and times"},
		{toll.Schedule{Hours: []string{"mon"}}, "want days and times"},
		{toll.Schedule{Hours: []string{"mon 8-18"}}, `"8" is no time`},
		{toll.Schedule{Hours: []string{"mon 08:00"}}, "want two times"},
		{toll.Schedule{Hours: []string{"mon 08:00-25:00"}}, `"25:00" is no time`},
		{toll.Schedule{Hours: []string{"mon 08:00-24:01"}}, `"24:01" is no time`},
		{toll.Schedule{Hours: []string{"mon 24:00-02:00"}}, "24:00 can only be an end"},
		{toll.Schedule{Hours: []string{"mon 08:00-08:00"}}, "a whole day is 00:00-24:00"},
		{toll.Schedule{Hours: []string{"moon 08:00-18:00"}}, `"moon" is no weekday`},
		{toll.Schedule{Hours: []string{"mon- 08:00-18:00"}}, "is no weekday"},
		{toll.Schedule{Hours: []string{"mon ٠٨:00-18:00"}}, "is no time"},
		{toll.Schedule{Holidays: []string{"XX"}}, `no public holidays are known for "XX"`},
		{toll.Schedule{Closed: []string{"2026-02-30"}}, "is no date"},
		{toll.Schedule{Closed: []string{"24.12."}}, "is no date"},
		{toll.Schedule{Closed: []string{"2026-12-24/12-26"}}, "give both dates a year"},
		{toll.Schedule{Closed: []string{"2026-12-24/2026-12-20"}}, "ends before it begins"},
		{toll.Schedule{Open: []string{"2026-12-24"}}, "want a date and times"},
		{toll.Schedule{Hours: make([]string, maxLines+1)}, "at most"},
	} {
		if _, err := New(tc.s, time.UTC); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: got %v, want an error with %q", tc.s, err, tc.want)
		}
	}
	if _, err := New(toll.Schedule{}, nil); err == nil {
		t.Error("a schedule without a time zone")
	}
}

// firstShown is the first minute at which the clock shows that time of that date
// or a later one: what the documentation says, walked minute by minute.
func firstShown(d date, minutes int, z *time.Location) time.Time {
	want := time.Date(d.year, d.month, d.day, 0, minutes, 0, 0, time.UTC)
	for t := want.Add(-30 * time.Hour); ; t = t.Add(time.Minute) {
		local := t.In(z)
		shown := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC)
		if !shown.Before(want) {
			return t
		}
	}
}

// nights are some in which clocks change, in zones that do it differently: by
// half an hour, at midnight, and in the evening of the day before UTC's.
var nights = []struct {
	zone string
	day  date
}{
	{"Europe/Berlin", date{2026, 3, 29}}, {"Europe/Berlin", date{2026, 10, 25}},
	{"America/New_York", date{2026, 3, 8}}, {"America/New_York", date{2026, 11, 1}},
	{"Australia/Lord_Howe", date{2026, 4, 5}}, {"Australia/Lord_Howe", date{2026, 10, 4}},
	{"America/Sao_Paulo", date{2018, 2, 18}}, {"America/Sao_Paulo", date{2018, 11, 4}},
	{"Asia/Beirut", date{2026, 3, 29}}, {"Asia/Beirut", date{2026, 10, 25}},
	{"Asia/Kolkata", date{2026, 6, 1}},
}

func TestWallTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		night := rapid.SampledFrom(nights).Draw(t, "night")
		d := night.day.plus(rapid.IntRange(-1, 1).Draw(t, "day"))
		minutes := rapid.IntRange(0, 2*minutesOfDay).Draw(t, "minutes")
		z, err := time.LoadLocation(night.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := d.at(minutes, z), firstShown(d, minutes, z); !got.Equal(want) {
			t.Fatalf("%s %v + %d min: %s, want %s", night.zone, d, minutes, got, want.In(z))
		}
	})
}

// Next is where Open changes, and nothing changes before.
func TestNextIsTheNextChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		night := rapid.SampledFrom(nights).Draw(t, "night")
		z, err := time.LoadLocation(night.zone)
		if err != nil {
			t.Fatal(err)
		}
		clock := rapid.StringMatching(`([01][0-9]|2[0-3]):[0-5][05]`)
		var s toll.Schedule
		for range rapid.IntRange(1, 3).Draw(t, "lines") {
			from, to := clock.Draw(t, "from"), clock.Draw(t, "to")
			if from != to {
				s.Hours = append(s.Hours, rapid.SampledFrom([]string{"daily", "sat", "sun", "sat-mon"}).Draw(t, "days")+" "+from+"-"+to)
			}
		}
		m, err := New(s, z)
		if err != nil {
			t.Fatal(err)
		}
		now := night.day.at(0, z).Add(time.Duration(rapid.IntRange(-1500, 2900).Draw(t, "minute")) * time.Minute)
		open, next := m.Open(now), m.Next(now)
		if next.IsZero() {
			next = now.Add(30 * time.Hour)
		} else if !next.After(now) || m.Open(next) == open {
			t.Fatalf("%v at %s: open %t, next %s", s.Hours, now.In(z), open, next)
		}
		for at := now; at.Before(next) && at.Before(now.Add(30*time.Hour)); at = at.Add(5 * time.Minute) {
			fresh := Schedule{zone: z, hours: m.hours}
			if fresh.Open(at) != open {
				t.Fatalf("%v: open is %t at %s, and not at %s, before %s", s.Hours, open, now.In(z), at.In(z), next.In(z))
			}
		}
	})
}

func FuzzNew(f *testing.F) {
	for _, line := range []string{"mon-fri 08:00-18:00", "sat,sun 22:00-06:00", "2026-12-24/2027-01-01", "12-24", "2026-12-06 10:00-16:00", "DE-BY", "daily 00:00-24:00"} {
		f.Add(line)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, line string) {
		for _, s := range []toll.Schedule{{Hours: []string{line}}, {Closed: []string{line}}, {Open: []string{line}}, {Holidays: []string{line}}} {
			m, err := New(s, time.UTC)
			if err != nil {
				if len(err.Error()) > 1000 {
					t.Fatalf("%q: the error has %d bytes", line, len(err.Error()))
				}
				continue
			}
			if next := m.Next(now); !next.IsZero() && !next.After(now) {
				t.Fatalf("%q: the next change after %s is %s", line, now, next)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	s := made(b, office, zone(b, "Europe/Berlin"))
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for b.Loop() {
		s.Open(now)
	}
}
