package admin

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// What stands for opening hours of a site that never closes, and those of one that
// names none.
const (
	Around     = policy.Around
	UsualHours = policy.UsualHours
)

// Defaults are the settings that protect a site of so many extensions, which never
// closes, from its first minute, for Change to take one by one.
func Defaults(size int) []toll.Setting { return policy.Default(size, "", time.Time{}) }

// DefaultsOpen are the same for a site in that country with opening hours, as a
// schedule has them; none are the usual ones, and Around makes them Defaults.
func DefaultsOpen(size int, country string, hours []string) ([]toll.Setting, error) {
	open, err := policy.Opening(country, hours)
	if err != nil {
		return nil, &Error{Kind: BadInput, Text: err.Error(), Err: err}
	}
	return policy.DefaultOpen(size, open, "", time.Time{}), nil
}
