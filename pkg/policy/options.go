package policy

import (
	"fmt"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Unlimited is the Slice and the Maximum of a call that nothing may end: an
// emergency, a call inside the site, any call while the whole site observes.
// It is a number, longer than any real call, because Asterisk's S() takes 0
// for "refuse".
const Unlimited = 24 * time.Hour

// Options are the settings of the site that come from the configuration file.
// Zero values stand for the defaults.
type Options struct {
	Countries   []string      // ISO 3166-1 alpha-2; allowed abroad besides home
	Share       int64         // a grant takes at most one part in Share of what is left; default 4
	MinSlice    time.Duration // the shortest grant before a call is refused; default 60 s
	MaxSlice    time.Duration // the longest grant; default 10 min
	MaxCall     time.Duration // the longest call; default 2 h
	MaxHomeCall time.Duration // the longest call to an ordinary or shared-cost home number; default 4 h
	Observe     bool          // the whole site only observes: nothing is blocked

	Zone *time.Location // of the site, for schedules; default UTC
}

// The defaults of Options.
const (
	defaultShare       = 4
	defaultMinSlice    = time.Minute
	defaultMaxSlice    = 10 * time.Minute
	defaultMaxCall     = 2 * time.Hour
	defaultMaxHomeCall = 4 * time.Hour
)

// complete fills in the defaults and checks what is given.
func (o Options) complete() (Options, error) {
	if o.Share == 0 {
		o.Share = defaultShare
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Share < 1 {
		return o, fmt.Errorf("share %d: want 1 or more", o.Share)
	}
	lengths := []struct {
		name  string
		value *time.Duration
		usual time.Duration
	}{
		{"shortest slice", &o.MinSlice, defaultMinSlice},
		{"longest slice", &o.MaxSlice, defaultMaxSlice},
		{"longest call", &o.MaxCall, defaultMaxCall},
		{"longest home call", &o.MaxHomeCall, defaultMaxHomeCall},
	}
	for _, l := range lengths {
		if *l.value == 0 {
			*l.value = l.usual
		}
		if *l.value < time.Second || *l.value > Unlimited || *l.value%time.Second != 0 {
			return o, fmt.Errorf("%s %s: want whole seconds from 1s to %s", l.name, *l.value, Unlimited)
		}
	}
	if o.MinSlice > o.MaxSlice {
		return o, fmt.Errorf("shortest slice %s is above the longest, %s", o.MinSlice, o.MaxSlice)
	}
	for _, c := range o.Countries {
		if err := toll.CheckCountry(c); err != nil {
			return o, err
		}
	}
	return o, nil
}
