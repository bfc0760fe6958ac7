package replay

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// wish is a call that somebody wants to make, before anybody says what becomes of it.
type wish struct {
	from     string // an extension, or the trunk
	address  netip.Addr
	number   string // as dialled
	via      string // what the phone dials before; empty: nothing
	first    bool   // of its kind
	answered bool
	ring     time.Duration // until it is answered, or given up
	talk     time.Duration
}

// source draws the calls of one kind of traffic. What it draws does not depend on
// what became of the calls before, so that two policies meet the same callers.
type source struct {
	traffic *Traffic
	zone    *time.Location
	holiday func(time.Time) bool
	rand    *rand.Rand
	dial    func(number string) string // how the site dials an E.164 number; nil: as it stands
	turn    int                        // how many calls were drawn
	pool    []string                   // the numbers that are called, where they were drawn before
	called  map[string][]string        // the newest numbers, by caller
	busy    map[string][]time.Duration // until when each caller's lines are taken
	planned []time.Duration            // calls of the hour that has begun, for a daily number
	hour    time.Duration              // the next to plan
}

// newSource makes the source of the n-th traffic of a scenario.
func newSource(s *Scenario, n int, zone *time.Location, holiday func(time.Time) bool) *source {
	t := &s.Traffic[n]
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.Name))
	src := &source{
		traffic: t, zone: zone, holiday: holiday, called: make(map[string][]string), busy: make(map[string][]time.Duration),
		rand: rand.New(rand.NewPCG(s.Seed, h.Sum64()+uint64(n))),
		hour: t.After.Truncate(time.Hour),
	}
	src.fill()
	return src
}

// triesForAnother is how often a number of the pool is drawn anew that is in it
// already: short patterns may not have as many.
const triesForAnother = 20

// fill draws the pool, each number once.
func (s *source) fill() {
	seen := make(map[string]bool, s.traffic.Numbers)
	for ; s.turn < s.traffic.Numbers; s.turn++ {
		number := s.digits(s.target())
		for n := 0; seen[number] && n < triesForAnother; n++ {
			number = s.digits(s.target())
		}
		seen[number] = true
		s.pool = append(s.pool, number)
	}
	s.turn = 0
}

// draw is the next call, which begins at a time of the story; false where everybody
// who could make it talks already.
func (s *source) draw(at time.Duration) (wish, bool) {
	t := s.traffic
	from, free := s.idle(at)
	w := wish{from: from, talk: s.length(t.Talk), ring: s.length(t.Ring), answered: s.rand.Float64() < t.Answered}
	w.number, w.address = s.number(w.from), office()
	if all := t.Addresses; len(all) > 0 {
		w.address = all[s.turn%len(all)]
	}
	if len(t.Via) > 0 {
		w.via = s.dialled(s.digits(s.oneOf(t.Via)))
	}
	w.number = s.dialled(w.number)
	w.first = s.turn == 0
	s.turn++
	if t.Lines > 0 && free {
		until := at + w.ring
		if w.answered {
			until += w.talk
		}
		s.busy[from] = append(s.busy[from], until)
	}
	return w, free
}

// dialled is a number as the site dials it.
func (s *source) dialled(number string) string {
	if s.dial == nil {
		return number
	}
	return s.dial(number)
}

// idle is a caller who has a line left. Whoever talks is passed over, and after as
// many tries as there are callers nobody is found.
func (s *source) idle(at time.Duration) (from string, free bool) {
	from = s.caller(0)
	if s.traffic.Lines == 0 {
		return from, true
	}
	for tries := range s.traffic.From.Names {
		if tries > 0 {
			from = s.caller(tries)
		}
		s.busy[from] = slices.DeleteFunc(s.busy[from], func(until time.Duration) bool { return until <= at })
		if len(s.busy[from]) < s.traffic.Lines {
			return from, true
		}
	}
	return from, false
}

// caller is whose turn it is, or somebody; in turn, one more for each try.
func (s *source) caller(tries int) string {
	names := s.traffic.From.Names
	switch {
	case len(names) == 0:
		return ""
	case s.traffic.InOrder:
		return names[(s.turn+tries)%len(names)]
	}
	return names[s.rand.IntN(len(names))]
}

// remembered is how many of a caller's numbers may come again.
const remembered = 30

// number is whom the caller calls.
func (s *source) number(from string) string {
	before := s.called[from]
	if len(before) > 0 && s.rand.Float64() < s.traffic.Repeat {
		return before[s.rand.IntN(len(before))]
	}
	number := s.fresh()
	if s.traffic.Repeat > 0 {
		if len(before) == remembered {
			before = before[1:]
		}
		s.called[from] = append(before, number)
	}
	return number
}

// fresh is a number that has nothing to do with those before: one of the pool, or one
// drawn now.
func (s *source) fresh() string {
	switch {
	case len(s.pool) == 0:
		return s.digits(s.target())
	case s.traffic.InOrder:
		return s.pool[s.turn%len(s.pool)]
	}
	return s.pool[s.rand.IntN(len(s.pool))]
}

// target is a number with its x.
func (s *source) target() string {
	all := s.traffic.To
	if s.traffic.InOrder {
		return all[s.turn%len(all)].Number
	}
	return s.oneOf(all)
}

// oneOf draws a number by its weight.
func (s *source) oneOf(all []Target) string {
	left := 0.0
	for _, t := range all {
		left += t.Weight
	}
	left *= s.rand.Float64()
	for _, t := range all {
		if left -= t.Weight; left < 0 {
			return t.Number
		}
	}
	return all[len(all)-1].Number
}

// dialable is what a number is made of that the dialplan lets through.
const dialable = "0123456789*#+"

func (s *source) digits(pattern string) string {
	if !strings.ContainsRune(pattern, 'x') || strings.Trim(pattern, dialable+"x") != "" {
		return pattern
	}
	digits := []byte(pattern)
	for i, c := range digits {
		if c == 'x' {
			digits[i] = byte('0' + s.rand.IntN(10))
		}
	}
	return string(digits)
}

func (s *source) length(t Talk) time.Duration {
	if t.Mean > 0 {
		d := time.Duration(s.rand.ExpFloat64() * float64(t.Mean-t.Min))
		return min(t.Min+d, max(t.Max, t.Min)).Round(100 * time.Millisecond)
	}
	return t.Min + time.Duration(s.rand.Int64N(int64(max(t.Max-t.Min, 0))+1)).Round(100*time.Millisecond)
}

// next is when a call comes after a time of the story; false when none comes any more.
func (s *source) next(after time.Duration, begin time.Time, end time.Duration) (time.Duration, bool) {
	t := s.traffic
	if t.Until > 0 {
		end = min(end, t.Until)
	}
	if t.Calls > 0 && s.turn >= t.Calls {
		return 0, false
	}
	if t.Daily > 0 {
		return s.nextOfDay(after, begin, end)
	}
	at := t.After
	if after >= t.After {
		at = after + t.Every - (after-t.After)%t.Every
	}
	for ; at < end; at += t.Every {
		if s.within(begin.Add(at)) {
			return at, true
		}
	}
	return 0, false
}

// within tells whether the traffic flows at that moment.
func (s *source) within(now time.Time) bool {
	local := now.In(s.zone)
	if days := s.traffic.Days; len(days) > 0 && !slices.Contains(days, local.Weekday()) {
		return false
	}
	hours := s.traffic.Between
	if len(hours) == 0 {
		return true
	}
	h, m, sec := local.Clock()
	since := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(sec)*time.Second
	return slices.ContainsFunc(hours, func(h Hours) bool { return h.has(since) })
}

// nextOfDay plans hour by hour: as many calls as that hour has of the day's, drawn,
// and spread over it.
func (s *source) nextOfDay(after time.Duration, begin time.Time, end time.Duration) (time.Duration, bool) {
	for {
		for len(s.planned) > 0 {
			at := s.planned[0]
			s.planned = s.planned[1:]
			if at >= end {
				return 0, false
			}
			if at > after && at >= s.traffic.After && s.within(begin.Add(at)) {
				return at, true
			}
		}
		if s.hour >= end {
			return 0, false
		}
		local := begin.Add(s.hour).In(s.zone)
		for range s.poisson(s.traffic.Daily * s.traffic.Shape.share(local, s.holiday(local))) {
			s.planned = append(s.planned, s.hour+time.Duration(s.rand.Int64N(int64(time.Hour))))
		}
		slices.Sort(s.planned)
		s.hour += time.Hour
	}
}

// poisson draws how many of something come where so many are expected.
func (s *source) poisson(expected float64) (n int) {
	if expected > 1000 { // then the normal distribution is near enough
		return max(int(math.Round(expected+s.rand.NormFloat64()*math.Sqrt(expected))), 0)
	}
	// Arrivals at one a unit of time, until the expected time is over.
	for left := expected - s.rand.ExpFloat64(); left > 0; left -= s.rand.ExpFloat64() {
		n++
	}
	return n
}
