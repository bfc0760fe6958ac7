package ledger

import "github.com/tollfuse/tollfuse/pkg/toll"

// tell passes entries to the journal; refusals it has as verdicts.
func (d *decider) tell(entries []toll.Entry) {
	for i := range entries {
		switch s := entries[i].Setting; {
		case s != nil && s.Fuse != nil:
			wake(d.ledger.fused) // it shuts the way out, and waits for no disk
		case entries[i].Kind == toll.EntryNotice && d.ledger.hanging.Load():
			wake(d.ledger.noticed) // nor does what is said of a disk that hangs
		}
	}
	if d.ledger.journal == nil {
		return
	}
	for _, e := range entries {
		if e.Kind != toll.EntryRefused {
			d.ledger.journal.Entry(e)
		}
	}
}

// tellOwner passes on what a verdict brought about beside itself.
func (d *decider) tellOwner(entries []toll.Entry) {
	for i := range entries {
		if e := &entries[i]; e.Kind == toll.EntryIncident || e.Kind == toll.EntryNotice {
			d.tell(entries[i : i+1])
		}
	}
}
