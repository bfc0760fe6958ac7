package toll

import "time"

// Called says that a subject has called a country at some time, however long ago.
type Called struct {
	Scope   Scope     `json:"scope"`   // one of CalledScopes
	Subject string    `json:"subject"` // as Scope.Subject names it
	Country string    `json:"country"` // as in Destination
	First   time.Time `json:"first"`   // when the first such call was granted, as far as anybody knows
}

// CalledScopes are the scopes whose subjects have countries that they have called
// before: the destinations themselves have none.
func CalledScopes() [5]Scope { return [...]Scope{PerSite, PerPBX, PerCaller, PerGroup, PerTrunk} }

// Firsts are the countries that a lease was the first to call, one for each scope
// that its New names. A question that was refused has called none.
func (l *Lease) Firsts() []Called {
	if l.New == "" || l.State == Refused {
		return nil
	}
	var all []Called
	q := l.Question(Ask)
	for _, s := range CalledScopes() {
		if subject, applies := s.Subject(q); applies && q.NewTo(s) {
			all = append(all, Called{Scope: s, Subject: subject, Country: l.To.Country, First: l.Granted})
		}
	}
	return all
}

// Past is an import of call records, which tells the ledger who has called which
// country before. The newest for an Asterisk stands; what was learned is kept apart.
type Past struct {
	PBX       string    `json:"pbx"`            // whose records
	File      string    `json:"file"`           // what they were read from, as the owner named it
	Calls     int       `json:"calls"`          // that were learned from
	First     time.Time `json:"first,omitzero"` // when the first of them began
	Last      time.Time `json:"last,omitzero"`  // and the last
	Countries []string  `json:"countries"`      // that they went to, by their ISO 3166-1 code
}
