package ledger

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// requestKind says what is wanted of the decider.
type requestKind int

const (
	reqDecide requestKind = iota
	reqRecord
	reqChange
	reqCut
	reqFind
	reqView
	reqWaiting
	reqTried
	reqCloseIncident
	reqFuseRan
	reqPIN
	reqWrongPIN
	reqRemember
)

// request is one thing that somebody waits for. It is data, so that it can be
// repeated or sent elsewhere.
type request struct {
	kind     requestKind
	question toll.Question
	event    toll.Event
	settings []toll.Setting
	planned  bool // for the policy of this revision, and no other
	revision int64
	lease    string
	key      toll.Key
	why      toll.Reason
	by       string
	notice   *toll.Notice
	fuse     *toll.Fuse
	incident string // ID
	called   []toll.Called

	result   result        // the decider's until it has answered
	answered chan struct{} // closed then
	state    atomic.Int32  // waiting, answered or abandoned
}

// result is what somebody is told. A verdict lies in it, for most ask for one;
// what others ask for stands beside.
type result struct {
	verdict toll.Verdict
	lease   *toll.Lease
	found   bool
	view    *View
	notices []toll.Notice
	closed  *toll.Incident
	pin     *toll.PIN
	err     error
}

const (
	waiting int32 = iota
	answered
	abandoned
)

// answer gives the result; false when nobody waits for it any more.
func (r *request) answer(res result) bool {
	if !r.state.CompareAndSwap(waiting, answered) {
		return false
	}
	r.result = res
	close(r.answered)
	return true
}

// abandon says that nobody waits any more; false when the answer came first.
func (r *request) abandon() bool { return r.state.CompareAndSwap(waiting, abandoned) }

// orders is a queue to the watcher that never makes the decider wait. A newer
// order of a kind for a lease takes the place of one that still waits, so its
// length is bounded by the live leases.
type orders struct {
	mu     sync.Mutex
	queue  []toll.Order
	place  map[orderKey]int // in the queue
	signal chan struct{}
}

type orderKey struct {
	kind  toll.OrderKind
	lease string
}

func newOrders() *orders {
	return &orders{place: make(map[orderKey]int), signal: make(chan struct{}, 1)}
}

func (o *orders) put(more []toll.Order) {
	if len(more) == 0 {
		return
	}
	o.mu.Lock()
	for _, order := range more {
		key := orderKey{order.Kind, order.Lease.ID}
		if i, waits := o.place[key]; waits {
			o.queue[i] = order
			continue
		}
		o.place[key] = len(o.queue)
		o.queue = append(o.queue, order)
	}
	o.mu.Unlock()
	select {
	case o.signal <- struct{}{}:
	default:
	}
}

// waiting takes what there is.
func (o *orders) waiting() []toll.Order {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.queue
	o.queue = nil
	clear(o.place)
	return all
}

func (o *orders) take(ctx context.Context) ([]toll.Order, error) {
	for {
		if all := o.waiting(); len(all) > 0 {
			return all, nil
		}
		select {
		case <-o.signal:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
