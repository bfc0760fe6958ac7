package ledger

import (
	"context"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// past is which countries were called before by whom, ever, apart for each scope.
//
// It is bounded, since the users behind a gateway can be made up. At the bound it
// merges upward: what no more room is left for is as new as it is to the whole
// site. Site and PBXs are named by the owner, and have room always.
type past struct {
	seed  maphash.Seed
	bound int
	known map[uint64]struct{} // hashes of scope, subject and country
}

func newPast(bound int) past {
	return past{seed: maphash.MakeSeed(), bound: bound, known: make(map[uint64]struct{})}
}

// hash names a scope, a subject and a country. No scope or country has a zero byte
// in it, so that no two of them run together.
func (p *past) hash(s toll.Scope, subject, country string) uint64 {
	var h maphash.Hash
	h.SetSeed(p.seed)
	_, _ = h.WriteString(string(s)) // it never fails
	_ = h.WriteByte(0)
	_, _ = h.WriteString(country)
	_ = h.WriteByte(0)
	_, _ = h.WriteString(subject)
	return h.Sum64()
}

// knows tells whether the subject has called the country.
func (p *past) knows(s toll.Scope, subject, country string) bool {
	if _, known := p.known[p.hash(s, subject, country)]; known {
		return true
	}
	if !p.full() || wide(s) {
		return false
	}
	_, known := p.known[p.hash(toll.PerSite, "", country)]
	return known
}

// add remembers that the subject has called the country.
func (p *past) add(c toll.Called) {
	if !p.full() || wide(c.Scope) {
		p.known[p.hash(c.Scope, c.Subject, c.Country)] = struct{}{}
	}
}

func (p *past) full() bool { return len(p.known) >= p.bound }

func wide(s toll.Scope) bool { return s == toll.PerSite || s == toll.PerPBX }

// mark remembers what a lease was the first to call.
func (p *past) mark(l *toll.Lease) {
	if l.New == "" {
		return
	}
	for _, c := range l.Firsts() {
		p.add(c)
	}
}

// news is Question.New: the scopes whose subject has never called the country.
func (p *past) news(q *toll.Question) string { return p.newsBut(q, nil) }

// newsBut is news for a call that has a lease already, be it by another trunk now:
// what was new to somebody when the call began still is, since it was this call
// that made it known.
func (p *past) newsBut(q *toll.Question, l *toll.Lease) string {
	if q.To.Country == "" || !q.To.Class.Metered() {
		return ""
	}
	var before toll.Question
	if l != nil && l.To.Country == q.To.Country {
		before = l.Question(toll.Ask)
	}
	var fresh []string // almost always none, which allocates nothing
	for _, s := range toll.CalledScopes() {
		subject, applies := s.Subject(*q)
		if !applies {
			continue
		}
		if made(&before, s, subject) || !p.knows(s, subject, q.To.Country) {
			fresh = append(fresh, string(s))
		}
	}
	return strings.Join(fresh, ",")
}

// made tells whether the subject's first call to its country is the call that asked
// the question.
func made(q *toll.Question, s toll.Scope, subject string) bool {
	if q.New == "" || !q.NewTo(s) {
		return false
	}
	was, did := s.Subject(*q)
	return did && was == subject
}

// Remember tells the book that a subject has called a country at some time. It is
// for what is older than the entries that are replayed.
func (b *Book) Remember(c toll.Called) { b.past.add(c) }

// rememberStep is how many calls are remembered at a time: the decider shall not
// keep a call waiting meanwhile.
const rememberStep = 2000

// Remember tells the ledger who has called which country before, by other records
// than its own. They must be durable already; see the store.
func (l *Ledger) Remember(ctx context.Context, all []toll.Called) error {
	for part := range slices.Chunk(all, rememberStep) {
		if _, err := l.ask(ctx, &request{kind: reqRemember, called: part}); err != nil {
			return err
		}
	}
	return nil
}
