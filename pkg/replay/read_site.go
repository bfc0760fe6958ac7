package replay

import (
	"errors"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/tollfuse/tollfuse/pkg/numbering"
	"github.com/tollfuse/tollfuse/pkg/schedule"
	"github.com/tollfuse/tollfuse/pkg/strictyaml"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The site and the policy of a scenario are read so far that what comes after need
// not complain of them: it no longer knows their line.

// The policies that have names; another is a file.
const (
	DefaultPolicy  = "default" // what "tollfuse init" writes for the site
	StandingPolicy = "current" // what stands on the owner's site
)

// NoPolicy is the error of a scenario whose policy is a file that cannot be read, with
// the place in the scenario's file that names it.
func (s *Scenario) NoPolicy(file string, err error) error {
	return &strictyaml.Problem{
		File: file, Line: s.policyLine, Column: s.policyColumn, Key: "policy",
		Text: "want " + DefaultPolicy + ", " + StandingPolicy + ", or a file of \"tollfuse policy export\": " + err.Error(),
	}
}

// usualSize is how many extensions a site has that does not say.
const usualSize = 12

func (r *reader) site(key string, n ast.Node) *time.Location {
	s := r.fields(key, n, "country", "timezone", "currency", "countries", "size", "hours")
	s.needs("country", "timezone")
	f := &r.made.Site
	f.Currency = "USD"
	zone := time.UTC
	s.text("country", homeInto(&f.Country))
	s.text("timezone", func(text string) (err error) {
		f.Zone = text
		zone, err = zoneOf(text)
		return err
	})
	s.text("currency", currencyInto(&f.Currency))
	s.texts("countries", func(text string) error {
		var one string
		err := countryInto(&one)(text)
		if slices.Contains(f.Countries, one) {
			err = wants(text, "each country once")
		}
		f.Countries = append(f.Countries, one)
		return err
	})
	s.text("size", countInto(&f.Size, 1, mostExtensions))
	s.texts("hours", func(text string) error {
		f.Hours = append(f.Hours, text)
		return checkHours(f.Hours)
	})
	return zone
}

// homeInto reads a country where a site can stand: one from which we know how to call
// abroad.
func homeInto(to *string) func(string) error {
	return func(text string) error {
		if err := countryInto(to)(text); err != nil {
			return err
		}
		if _, err := numbering.New(numbering.Plan{Country: text}); err != nil {
			return wants(text, "a country from which it is known here how to call abroad, such as US")
		}
		return nil
	}
}

// around stands instead of hours for a site that never closes.
const around = "always"

// checkHours looks at the newest of some opening hours.
func checkHours(all []string) error {
	newest := all[len(all)-1]
	if newest == around && len(all) == 1 {
		return nil
	}
	if all[0] == around {
		return errors.New("always stands alone, without other hours")
	}
	_, err := schedule.New(toll.Schedule{Hours: []string{newest}}, time.UTC)
	return err
}
