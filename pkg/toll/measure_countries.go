package toll

import (
	"strconv"
	"time"
)

// Countries counts the different countries that were called.
const Countries Measure = "countries"

// NewCountries counts those of them that the subject of the figure had never
// called before: who tests which countries can be reached calls many such.
const NewCountries Measure = "new-countries"

type countries struct{}

func (countries) Refused() int64                   { return 0 }
func (countries) Granted() int64                   { return 1 }
func (countries) Held(Price, time.Duration) int64  { return 0 }
func (countries) Spent(time.Duration, Money) int64 { return 0 }
func (countries) Format(v int64) string            { return strconv.FormatInt(v, 10) }

// Thing is the country. Codes that no country owns count as one.
func (countries) Thing(_ Scope, q Question) (string, bool) { return q.To.Country, q.To.Country != "" }

type newCountries struct{ countries }

func (newCountries) Thing(s Scope, q Question) (string, bool) {
	return q.To.Country, q.To.Country != "" && q.NewTo(s)
}

// NewTo tells whether the country had never been called by the question's subject
// of that scope when the call began.
func (q *Question) NewTo(s Scope) bool { return names(q.New, string(s)) }
