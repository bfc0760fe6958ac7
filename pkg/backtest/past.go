package backtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/authorize"
	"github.com/tollfuse/tollfuse/pkg/cdr"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// mostCalled is how many callers, groups and trunks with their countries are kept
// apart, as many as a book does.
const mostCalled = 200_000

// Chosen says from which of the recorded calls something is learned.
type Chosen struct {
	Until  time.Time // those that began before
	Except []string  // none to these countries, by their ISO 3166-1 code
}

// Past is what recorded calls tell of who has called which country.
type Past struct {
	PBX       string        `json:"pbx"`
	Called    []toll.Called `json:"-"`
	Countries []PastCountry `json:"countries"`      // those that were called most first
	Calls     int           `json:"calls"`          // that this was learned from
	First     time.Time     `json:"first,omitzero"` // when the first and the last of them began
	Last      time.Time     `json:"last,omitzero"`

	Rows       int           `json:"rows"` // of the file, a heading not among them
	BadRows    int           `json:"bad_rows"`
	Bad        []cdr.Problem `json:"bad,omitempty"` // the first hundred of them
	Records    cdr.Counts    `json:"records"`       // what became of the others
	Unanswered int           `json:"unanswered"`    // calls that nobody answered
	Unplaced   int           `json:"unplaced"`      // calls to no country: emergency numbers, features, no number at all
	Later      int           `json:"later"`         // calls that did not begin before Chosen.Until
	Left       int           `json:"left_out"`      // calls to countries in Chosen.Except
	Crowded    int           `json:"crowded"`       // facts there was no room for
	Elsewhere  []string      `json:"elsewhere,omitempty"`
	Unnamed    []cdr.Unnamed `json:"unnamed,omitempty"`
}

// PastCountry is one country that was called.
type PastCountry struct {
	Country string    `json:"country"`
	Calls   int       `json:"calls"`
	Seconds int64     `json:"seconds"` // of talk
	Callers int       `json:"callers"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

// ReadPast learns from calls that somebody answered. Records are no proof that a call
// was meant: who tries numbers with a stolen password leaves hundreds that failed, and
// those shall make no country known. What is kept does not grow with the number of
// calls.
func ReadPast(ctx context.Context, records Records, site *Site, which Chosen) (*Past, error) {
	l := learner{which: which, past: Past{PBX: site.PBX}, facts: make(map[called]time.Time), countries: make(map[string]*PastCountry)}
	asks := newQuestioner(site)
	for ctx.Err() == nil {
		call, err := records.Calls.Next()
		if errors.Is(err, io.EOF) {
			l.past.Rows, l.past.Records = records.Reader.Rows(), records.Calls.Counts()
			l.past.BadRows, l.past.Bad = records.Reader.Bad()
			l.past.Elsewhere, l.past.Unnamed = records.Calls.Elsewhere(), records.Calls.Unnamed()
			return l.done(), nil
		}
		if err != nil {
			return nil, err
		}
		if l.wants(&call) {
			l.learn(&call, asks.of(&call))
		}
	}
	return nil, fmt.Errorf("read call records: %w", ctx.Err())
}

// called is who has called which country.
type called struct {
	scope            toll.Scope
	subject, country string
}

// learner gathers who has called which country.
type learner struct {
	which     Chosen
	past      Past
	facts     map[called]time.Time // and when first
	countries map[string]*PastCountry
}

// wants tells whether something can be learned from a call, whoever called whom.
func (l *learner) wants(call *cdr.Call) bool {
	switch {
	case !call.Start.Before(l.which.Until):
		l.past.Later++
	case !call.Answered():
		l.past.Unanswered++
	default:
		return true
	}
	return false
}

// learn takes what a call tells.
func (l *learner) learn(call *cdr.Call, q toll.Question) {
	switch country := q.To.Country; {
	case country == "" || !q.To.Class.Metered() || !authorize.Dialable(call.Number):
		l.past.Unplaced++
		return
	case slices.Contains(l.which.Except, country):
		l.past.Left++
		return
	}
	c := l.countries[q.To.Country]
	if c == nil {
		c = &PastCountry{Country: q.To.Country, First: call.Start}
		l.countries[q.To.Country] = c
	}
	c.Calls++
	c.Seconds += int64(call.Billed / time.Second)
	c.Last = call.Start // they come in the order of their beginning
	if l.past.Calls == 0 {
		l.past.First = call.Start
	}
	l.past.Last = call.Start
	l.past.Calls++
	for _, scope := range toll.CalledScopes() {
		if subject, applies := scope.Subject(q); applies {
			l.keep(called{scope, subject, q.To.Country}, call.Start)
		}
	}
}

// keep remembers a fact. Where there is no room more those of site and Asterisk have
// some all the same, as in a book.
func (l *learner) keep(f called, first time.Time) {
	if _, known := l.facts[f]; known {
		return
	}
	if len(l.facts) >= mostCalled-2*maxCountries && f.scope != toll.PerSite && f.scope != toll.PerPBX {
		l.past.Crowded++
		return
	}
	l.facts[f] = first
	if f.scope == toll.PerCaller {
		l.countries[f.country].Callers++
	}
}

// maxCountries is more than there are country codes of two letters.
const maxCountries = 26 * 26

func (l *learner) done() *Past {
	p := &l.past
	p.Countries = make([]PastCountry, 0, len(l.countries))
	for _, c := range l.countries {
		p.Countries = append(p.Countries, *c)
	}
	slices.SortFunc(p.Countries, func(a, b PastCountry) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Country, b.Country))
	})
	p.Called = make([]toll.Called, 0, len(l.facts))
	for f, first := range l.facts {
		p.Called = append(p.Called, toll.Called{Scope: f.scope, Subject: f.subject, Country: f.country, First: first})
	}
	slices.SortFunc(p.Called, func(a, b toll.Called) int {
		return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Country, b.Country))
	})
	return p
}
