package ledger

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// settling is how long after the wall clock was set the news of an answer can
// still be of one before that.
const settling = 10 * time.Second

// rearm moves every timer anew: Asterisk counts on the wall clock, and that
// was set.
func (b *Book) rearm() (orders []toll.Order) {
	b.stepped = b.now
	for _, h := range b.newestFirst() {
		orders = append(orders, b.timer(&h.lease)...)
	}
	return orders
}

// moved sets the timer of a leg anew that was transferred, or that dials in its
// turn: the dialplan in which it runs now can have taken its timer away, as
// TIMEOUT(absolute)=0 does (seen on 16 and 22).
func (b *Book) moved(k channelKey) []toll.Order {
	h := b.live[b.byLeg[k]]
	if h == nil {
		return nil
	}
	return b.timer(&h.lease)
}

// timer orders the timer of an answered leg to be set, where it has one of ours.
func (b *Book) timer(l *toll.Lease) []toll.Order {
	if l.State != toll.Answered || l.Leg == "" || l.To.Class == toll.Emergency || l.Tolerated {
		return nil
	}
	return []toll.Order{b.timerOrder(l)}
}

// timerOrder is the order to set a timer anew to where it ends. A renewal that is
// still being written may come to nothing, and is not part of it.
func (b *Book) timerOrder(l *toll.Lease) toll.Order {
	said := *l
	if h := b.live[l.ID]; h != nil {
		said.Timer = min(said.Timer, h.said)
	}
	return toll.Order{Kind: toll.OrderTimer, Lease: said, Left: max(said.TimerLeft(b.now), time.Second)}
}
