package ledger

import "github.com/tollfuse/tollfuse/pkg/toll"

// shadow notes that a live call would have been hung up, if what stands against it
// did not only observe. It goes on with all that was granted.
func (b *Book) shadow(h *holder, why toll.Reason, by string) []toll.Entry {
	l := h.lease
	l.Denied, l.By = why, by
	return []toll.Entry{b.write(toll.EntryShadow, l)}
}

// shadowReview notes, after a change, a live call that would have been hung up for
// a lock or a rule. One that a limit holds too much for is noted when it would have
// been given no more time: until then others may have given back what is missing.
func (b *Book) shadowReview(h *holder, j toll.Judgement, lockOnly bool) []toll.Entry {
	if !j.Allow || j.Denied == "" || h.lease.Denied != "" || j.Denied == toll.ReasonLimit || lockOnly && j.Denied != toll.ReasonLocked {
		return nil
	}
	return b.shadow(h, j.Denied, j.By)
}

// shadowAdopted notes a found leg that would have been hung up at once.
func (b *Book) shadowAdopted(h *holder, e toll.Event, j toll.Judgement) []toll.Entry {
	if e.Cut || !j.Allow || j.Denied == "" {
		return nil
	}
	why, by := adoptedCut(e, toll.Judgement{Reason: j.Denied, By: j.By})
	if why == "" {
		return nil
	}
	return b.shadow(h, why, by)
}
