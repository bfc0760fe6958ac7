package policy

import (
	"cmp"
	"container/heap"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// site is a small stand-in for the ledger: it plays calls against a policy in
// virtual time and keeps the figures by the definitions in toll, without any
// of the ledger's care. It is there to see what a policy lets through.
type site struct {
	policy *Policy
	now    time.Time
	events timeline
	spent  map[subject][]weight
	held   map[subject]int64
	locks  map[string]time.Time // of callers, and until when

	served, refused, cut int
	cost                 toll.Money
	stoppedBy            map[string]int
}

// subject is one figure of one meter.
type subject struct {
	meter toll.Meter
	name  string
}

// weight is what something left in the windows.
type weight struct {
	at time.Time
	v  int64
}

// attempt is a call that somebody wants to make.
type attempt struct {
	start time.Time
	q     toll.Question
	talk  time.Duration
}

// step is a moment at which something happens to a call; renew is zero when it
// begins.
type step struct {
	at    time.Time
	order int
	call  *talking
	what  func(*talking)
}

// talking is a call that was let through.
type talking struct {
	attempt
	covered time.Duration
}

type timeline []step

func (t timeline) Len() int { return len(t) }
func (t timeline) Less(i, j int) bool {
	return cmp.Or(t[i].at.Compare(t[j].at), cmp.Compare(t[i].order, t[j].order)) < 0
}
func (t timeline) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *timeline) Push(x any)   { *t = append(*t, x.(step)) }
func (t *timeline) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

// play plays the calls to their end and returns what became of them.
func play(p *Policy, attempts []attempt) *site {
	s := &site{policy: p, spent: make(map[subject][]weight), held: make(map[subject]int64), locks: make(map[string]time.Time), stoppedBy: make(map[string]int)}
	for _, a := range attempts {
		s.plan(a.start, &talking{attempt: a}, s.begin)
	}
	for s.events.Len() > 0 {
		next := heap.Pop(&s.events).(step)
		s.now = next.at
		next.what(next.call)
	}
	return s
}

func (s *site) plan(at time.Time, c *talking, what func(*talking)) {
	heap.Push(&s.events, step{at, s.events.Len(), c, what})
}

func (s *site) begin(c *talking) {
	c.q.Purpose, c.q.Times = toll.Ask, s.policy.Times(s.now)
	j := s.policy.Judge(s.now, c.q, standing{s, c.q})
	if !j.Allow {
		s.refused++
		s.stoppedBy[j.By]++
		s.refuse(c.q, j.Reason)
		s.alarm(c.q, j.By)
		return
	}
	s.served++
	s.leave(c.q, func(w toll.Weigher) int64 { return w.Granted() })
	s.grant(c, j.Slice)
}

// grant reserves further talk time and plans what comes next: the end of the
// call, or its renewal at half time.
func (s *site) grant(c *talking, slice time.Duration) {
	if c.covered > 0 {
		s.hold(c, -1)
	}
	c.covered += slice
	s.hold(c, 1)
	if c.talk <= c.covered-slice/2 {
		s.plan(c.start.Add(c.talk), c, s.end)
		return
	}
	s.plan(c.start.Add(c.covered-slice/2), c, s.renew)
}

func (s *site) renew(c *talking) {
	c.q.Purpose, c.q.Covered = toll.Renew, c.covered
	j := s.policy.Judge(s.now, c.q, standing{s, c.q})
	if j.Allow {
		s.grant(c, j.Slice)
		return
	}
	if c.talk > c.covered {
		s.cut++
		s.stoppedBy[j.By]++
	}
	s.plan(c.start.Add(min(c.talk, c.covered)), c, s.end)
}

func (s *site) end(c *talking) {
	talked := s.now.Sub(c.start)
	cost := c.q.Price.Cost(talked)
	s.hold(c, -1)
	s.cost += cost
	s.leave(c.q, func(w toll.Weigher) int64 { return w.Spent(talked, cost) })
	s.alarm(c.q, "")
}

// alarm locks the caller where a limit does.
func (s *site) alarm(q toll.Question, by string) {
	q.Purpose, q.Covered = toll.Ask, 0
	for _, a := range s.policy.Alarms(q, by, standing{s, q}) {
		if a.Acts && a.Limit.Does(toll.LockCaller) {
			s.locks[q.Caller.ID] = s.now.Add(a.Limit.LockFor)
		}
	}
}

// each calls f for every figure that the question counts in.
func (s *site) each(q toll.Question, f func(subject, toll.Weigher)) {
	for _, m := range s.policy.Meters() {
		if name, counts := m.Subject(q); counts {
			w, _ := m.Measure.Weigher()
			f(subject{m, name}, w)
		}
	}
}

func (s *site) leave(q toll.Question, of func(toll.Weigher) int64) {
	s.each(q, func(at subject, w toll.Weigher) {
		if v := of(w); v != 0 && at.meter.Window > 0 {
			s.spent[at] = append(s.spent[at], weight{s.now, v})
		}
	})
}

// refuse leaves a refusal; one by a lock is a refusal of its caller only.
func (s *site) refuse(q toll.Question, why toll.Reason) {
	s.each(q, func(at subject, w toll.Weigher) {
		if why == toll.ReasonLocked && at.meter.Measure == toll.RefusedAttempts && at.meter.Scope != toll.PerCaller {
			return
		}
		if v := w.Refused(); v != 0 && at.meter.Window > 0 {
			s.spent[at] = append(s.spent[at], weight{s.now, v})
		}
	})
}

func (s *site) hold(c *talking, sign int64) {
	s.each(c.q, func(at subject, w toll.Weigher) { s.held[at] += sign * w.Held(c.q.Price, c.covered) })
}

// standing are the figures for one question.
type standing struct {
	site *site
	q    toll.Question
}

func (st standing) Lock() (toll.Lock, bool) {
	until, locked := st.site.locks[st.q.Caller.ID]
	return toll.Lock{Scope: toll.PerCaller, Subject: st.q.Caller.ID, Until: until}, locked
}

func (st standing) Usage(m toll.Meter) toll.Usage {
	name, _ := m.Subject(st.q)
	at := subject{m, name}
	u := toll.Usage{Held: st.site.held[at], Ready: true}
	old := st.site.now.Add(-m.Window)
	rest := st.site.spent[at]
	for len(rest) > 0 && rest[0].at.Before(old) {
		rest = rest[1:]
	}
	st.site.spent[at] = rest
	for _, w := range rest {
		u.Value += w.v
	}
	return u
}

// defaultSite is a site with the default policy and nothing else, that works on
// weekdays.
func defaultSite(t testing.TB, size int) *Policy {
	open, err := Opening("DE", nil)
	if err != nil {
		t.Fatal(err)
	}
	var settings []any
	for _, s := range DefaultOpen(size, open, "init", noon) {
		settings = append(settings, s)
	}
	return build(t, Options{Countries: []string{"AT", "FR", "GB"}}, settings...)
}
