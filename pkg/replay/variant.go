package replay

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/strictyaml"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// A scenario can be played at another site, and with something broken, so that one
// file tells of an attack wherever it comes and whatever fails meanwhile.

// ParseSite reads the file of a site: what stands behind the key site of a scenario.
// What it does not say of size and hours is left empty.
func ParseSite(file string, text []byte) (SiteFacts, error) {
	r := &reader{}
	if len(text) > Largest {
		r.Problem(nil, "", "the file has more than %d bytes", Largest)
	} else if root, problem := strictyaml.Tree(text, noYAML); problem != nil {
		r.Problems = append(r.Problems, problem)
	} else if root == nil {
		r.Problem(nil, "", "the file is empty; want country and timezone")
	} else {
		r.site("", root)
	}
	return r.made.Site, strictyaml.Join(file, r.Problems)
}

// At is the scenario at a site: at the same time of its day, with the numbers that
// are for its country. Size and hours that the site does not tell stay.
func (s *Scenario) At(f SiteFacts) (*Scenario, error) {
	zone, err := zoneOf(f.Zone)
	if err != nil {
		return nil, fmt.Errorf("time zone of the site: %w", err)
	}
	f.Size = cmp.Or(f.Size, s.Site.Size, usualSize)
	if len(f.Hours) == 0 {
		f.Hours = s.Site.Hours
	}
	moved := *s
	moved.Site = f
	y, m, d := s.Starts.Date()
	moved.Starts = time.Date(y, m, d, s.Starts.Hour(), s.Starts.Minute(), s.Starts.Second(), 0, zone)
	moved.Traffic = slices.Clone(s.Traffic)
	for i := range moved.Traffic {
		if err := moved.Traffic[i].numbersIn(f.Country); err != nil {
			return nil, fmt.Errorf("%s: %w", indexed("traffic", i), err)
		}
	}
	return &moved, nil
}

// numbersIn chooses the numbers for a country, where there are some for each.
func (t *Traffic) numbersIn(country string) (err error) {
	if t.To, err = inCountry(country, t.To, t.ToIn); err != nil {
		return fmt.Errorf("to: %w", err)
	}
	if t.Via, err = inCountry(country, t.Via, t.ViaIn); err != nil {
		return fmt.Errorf("via: %w", err)
	}
	return nil
}

// inCountry are the numbers for a site in a country.
func inCountry(country string, everywhere []Target, in map[string][]Target) ([]Target, error) {
	if in == nil {
		return everywhere, nil
	}
	if len(in[country]) == 0 {
		return nil, fmt.Errorf("there are no numbers for a site in %s, only for %s", country, strings.Join(slices.Sorted(maps.Keys(in)), ", "))
	}
	return in[country], nil
}

// Breaking is the scenario with one more fault, whose time counts from the beginning
// of each kind of attack; without an attack, from the beginning of the story.
func (s *Scenario) Breaking(f Fault) *Scenario {
	var begins []time.Duration
	for i := range s.Traffic {
		if t := &s.Traffic[i]; t.Label == Attack && !slices.Contains(begins, t.After) {
			begins = append(begins, t.After)
		}
	}
	if len(begins) == 0 {
		begins = []time.Duration{0}
	}
	broken := *s
	broken.Faults = slices.Clone(s.Faults)
	for _, begin := range begins {
		broken.Faults = append(broken.Faults, Fault{At: begin + f.At, For: f.For, Kind: f.Kind})
	}
	return &broken
}

// When something breaks that is told without its time: as the first calls of an
// attack are up, and for long enough that all of them run out of what was granted.
const (
	faultAt  = 10 * time.Second
	faultFor = 30 * time.Minute
)

// ParseFault reads KIND[@AT][/FOR], such as daemon_killed@5m/30m.
func ParseFault(text string) (Fault, error) {
	f := Fault{At: faultAt, For: faultFor}
	rest, length, has := strings.Cut(text, "/")
	if has {
		if err := lengthInto(&f.For, time.Second, longestStory)(length); err != nil {
			return Fault{}, fmt.Errorf("fault %s: how long: %w", strictyaml.Quote(text), err)
		}
	}
	kind, at, has := strings.Cut(rest, "@")
	if has {
		if err := lengthInto(&f.At, 0, longestStory)(at); err != nil {
			return Fault{}, fmt.Errorf("fault %s: when: %w", strictyaml.Quote(text), err)
		}
	}
	if err := oneOfInto(&f.Kind, faultKinds...)(kind); err != nil {
		return Fault{}, fmt.Errorf("fault %s: %w", strictyaml.Quote(text), err)
	}
	return f, nil
}

// String is the fault as ParseFault reads it.
func (f Fault) String() string {
	return fmt.Sprintf("%s@%s/%s", f.Kind, toll.FormatLength(f.At), toll.FormatLength(f.For))
}

// EveryFault is each kind at two moments: as the first calls are up, and when most
// budgets are about to be spent.
func EveryFault() []Fault {
	var all []Fault
	for _, at := range []time.Duration{faultAt, 5 * time.Minute} {
		for _, kind := range faultKinds {
			all = append(all, Fault{At: at, For: faultFor, Kind: kind})
		}
	}
	return all
}
