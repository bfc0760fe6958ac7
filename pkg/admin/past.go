package admin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Past is the keeping of who has called which country before.
type Past interface {
	// Called yields what is kept; the oldest first.
	Called(ctx context.Context, f func(toll.Called) error) error
	// Remember keeps more, and then lets it count. Of what is kept already the
	// earlier time stands. Where it fails a part may have been kept.
	Remember(ctx context.Context, all []toll.Called) error
}

// LargestPast is how many facts one import can have. Beyond, a book does not keep
// them apart either.
const LargestPast = 200_000

// PastImport is what call records tell of who has called which country.
type PastImport struct {
	About  toll.Past     `json:"about"`
	Called []toll.Called `json:"called"`
	DryRun bool          `json:"dry_run,omitempty"` // only look
}

// PastReport is what of it is news. Unless Imported is true nothing has changed.
type PastReport struct {
	Imported bool          `json:"imported"`
	New      []toll.Called `json:"new"`     // the facts that were not known
	Known    int           `json:"known"`   // those that were
	Earlier  int           `json:"earlier"` // of them: since a later time
}

// fact is what a Called says but for the time.
type fact struct {
	scope            toll.Scope
	subject, country string
}

// Remember notes who has called which country before. The change is on record
// before it counts, since it lets calls through that would have been refused.
func (l *Local) Remember(ctx context.Context, in PastImport) (PastReport, error) {
	if l.author == "" {
		return PastReport{}, errNobody
	}
	v, err := l.parts.Ledger.View(ctx)
	if err != nil {
		return PastReport{}, fmt.Errorf("look into the ledger: %w", err)
	}
	if in.About.File = recorded(in.About.File); in.About.File == "" {
		return PastReport{}, Errorf(BadInput, "", "the call records have no name")
	}
	if err := l.checkPast(v.At, in); err != nil {
		return PastReport{}, err
	}
	report, err := l.news(ctx, in.Called)
	if err != nil || in.DryRun || len(report.New)+report.Earlier == 0 {
		return report, err
	}
	s := toll.Setting{Past: &in.About, Author: l.author, At: v.At, Revision: v.Revision + 1}
	if err := l.parts.Ledger.Change(ctx, s); err != nil {
		return PastReport{}, fmt.Errorf("put the import on record: %w", err)
	}
	if err := l.parts.Past.Remember(ctx, in.Called); err != nil {
		return PastReport{}, fmt.Errorf("import call records; a part of them may be known now, and it does no harm to do it again: %w", err)
	}
	report.Imported = true
	return report, nil
}

// news compares facts with what is known.
func (l *Local) news(ctx context.Context, all []toll.Called) (PastReport, error) {
	known := make(map[fact]time.Time)
	for _, c := range all {
		known[fact{c.Scope, c.Subject, c.Country}] = time.Time{}
	}
	err := l.parts.Past.Called(ctx, func(c toll.Called) error {
		f := fact{c.Scope, c.Subject, c.Country}
		if _, asked := known[f]; asked {
			known[f] = c.First
		}
		return nil
	})
	if err != nil {
		return PastReport{}, err
	}
	report := PastReport{New: []toll.Called{}}
	for _, c := range all {
		switch since := known[fact{c.Scope, c.Subject, c.Country}]; {
		case since.IsZero():
			report.New = append(report.New, c)
			continue
		case c.First.Truncate(time.Millisecond).Before(since): // as exactly as it is kept
			report.Earlier++
		}
		report.Known++
	}
	return report, nil
}

// checkPast refuses facts that no call of this site can have made.
func (l *Local) checkPast(now time.Time, in PastImport) error {
	if !l.knows(toll.PerPBX, in.About.PBX) {
		return Errorf(BadInput, "take the name as it stands in the configuration", "there is no pbx %s", quote(in.About.PBX))
	}
	if len(in.Called) > LargestPast || len(in.About.Countries) > LargestPast {
		return Errorf(BadInput, "import the records of a shorter time", "there are more than %d facts", LargestPast)
	}
	for _, country := range in.About.Countries {
		if !isCountry(country) {
			return Errorf(BadInput, "", "%s is no country: want two capitals of ISO 3166-1", quote(country))
		}
	}
	scopes := toll.CalledScopes()
	for _, c := range in.Called {
		switch {
		case !slices.Contains(scopes[:], c.Scope):
			return Errorf(BadInput, "", "the scope %s has called no country: want one of %s", quote(string(c.Scope)), words(scopes[:]))
		case !isCountry(c.Country):
			return Errorf(BadInput, "", "%s is no country: want two capitals of ISO 3166-1", quote(c.Country))
		case c.Subject == "" != (c.Scope == toll.PerSite), len(c.Subject) > longestSubject, !plain(c.Subject):
			return Errorf(BadInput, "", "the name of a %s has 1 to %d printable characters without spaces, that of the site none", c.Scope, longestSubject)
		case c.Scope == toll.PerPBX && c.Subject != in.About.PBX, c.Scope == toll.PerTrunk && !l.knows(toll.PerTrunk, c.Subject):
			return Errorf(BadInput, "take the name as it stands in the configuration", "there is no %s %s", c.Scope, quote(c.Subject))
		case c.First.IsZero() || c.First.After(now):
			return Errorf(BadInput, "leave out calls that are yet to come", "%s was called at %s, which is no time of the past", c.Country, c.First.Format(time.RFC3339))
		}
	}
	return nil
}

// isCountry tells whether a text has the form that a destination's country has.
func isCountry(code string) bool {
	return code == "001" || len(code) == 2 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z'
}
