package backtest

import (
	"github.com/tollfuse/tollfuse/pkg/authorize"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// mostResolved bounds how many numbers are remembered. A site calls the same few
// thousand again and again, and to resolve one takes longer than to judge a call.
const mostResolved = 1 << 16

// resolved is a number plan that remembers what it has resolved.
type resolved struct {
	authorize.Numbering
	known map[string]toll.Destination
}

func newResolved(n authorize.Numbering) *resolved {
	return &resolved{Numbering: n, known: make(map[string]toll.Destination)}
}

// Resolve is that of the number plan.
func (r *resolved) Resolve(dialled string) toll.Destination {
	to, known := r.known[dialled]
	if !known {
		if len(r.known) >= mostResolved {
			clear(r.known)
		}
		to = r.Numbering.Resolve(dialled)
		r.known[dialled] = to
	}
	return to
}
