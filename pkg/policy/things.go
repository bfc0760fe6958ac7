package policy

import (
	"fmt"
	"slices"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Some measures count different things, such as countries, each once. A call to
// one that is counted already takes no room.

// checkThings refuses scopes in which a measure of different things would count
// one at the most.
func checkThings(m toll.Meter, w toll.Weigher) error {
	scopes := toll.CalledScopes()
	if _, distinct := w.(toll.Distinct); !distinct || slices.Contains(scopes[:], m.Scope) {
		return nil
	}
	return fmt.Errorf("measure %s counts the different countries that somebody calls, so scope %s makes no sense for it: want one of %s",
		m.Measure, m.Scope, list(scopes[:]))
}

// callFor is the call as the limit weighs it, and whether the limit has a say in
// it at all: one that counts new countries has none where the country is not new,
// though it lets nothing through.
func (h *hearing) callFor(l *limit, u toll.Usage) (c *call, concerned bool) {
	if l.things == nil {
		return &h.call, true
	}
	_, concerned = l.things.Thing(l.Meter.Scope, h.q)
	h.counted = h.call
	h.counted.again = u.Again || !concerned
	return &h.counted, concerned
}

// thingText says what a call adds to a figure that counts different things.
func thingText(need int64) string {
	if need > 0 {
		return "; the country of this call adds one"
	}
	return "; the country of this call adds none"
}
