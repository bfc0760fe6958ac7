package ledger

import "github.com/tollfuse/tollfuse/pkg/toll"

// moved sets the timer of a leg anew that was transferred, or that dials in its
// turn: the dialplan in which it runs now can have taken its timer away, as
// TIMEOUT(absolute)=0 does (seen on 16 and 22).
func (b *Book) moved(k channelKey) []toll.Order {
	h := b.live[b.byLeg[k]]
	if h == nil {
		return nil
	}
	l := &h.lease
	if l.State != toll.Answered || l.To.Class == toll.Emergency || l.Tolerated {
		return nil
	}
	return []toll.Order{b.timerOrder(l)}
}
