package cdr

import (
	"cmp"
	"container/heap"
	"errors"
	"io"
	"strings"
	"time"
)

// held is how many calls wait to be put in order. A call may be that many calls
// longer than others before it comes too late: on a PBX with a call a second, nine
// hours. It is a number and not a time, so that a row from the year 2099 does
// not make all others late.
const held = 1 << 15

// retried is how long after a first attempt another one can belong to it.
const retried = 10 * time.Minute

// Call is one call to a trunk, however many records Asterisk wrote of it.
type Call struct {
	Record          // of the attempt that was answered, else of the first one
	Trunk    string // by which name the site knows it
	Number   string // as it was dialled
	Attempts int    // records of it: trunks tried
}

// Answered tells whether somebody talked, and so whether it cost money.
func (c Call) Answered() bool {
	return c.Billed > 0 || c.Disposition == "ANSWERED"
}

// Counts is what became of the records.
type Counts struct {
	Calls    int `json:"calls"`
	Retries  int `json:"retries"`   // further attempts of a call
	NotTrunk int `json:"not_trunk"` // no leg to a trunk: inside, inbound, a conference, or the extension h
	NoNumber int `json:"no_number"` // a leg to a trunk, and no number to be found
	Late     int `json:"late"`      // began before a call that was already given
}

// Calls makes calls of records, ordered by their beginning.
type Calls struct {
	records *Reader
	trunk   func(channel string) (name string, ok bool)
	held    int

	queue  queue
	open   map[key]*Call // the newest of each in the queue
	last   time.Time
	counts Counts
	others map[string]*end // that are no trunk's
	done   bool
}

// key is what the attempts of one call share.
type key struct{ id, number string }

// NewCalls makes calls of what a Reader reads. Which channels are a trunk's is
// for the site to say, see caller.Site.
func NewCalls(records *Reader, trunk func(channel string) (name string, ok bool)) *Calls {
	return &Calls{records: records, trunk: trunk, held: held, open: make(map[key]*Call), others: make(map[string]*end)}
}

// Counts is what became of the records so far.
func (c *Calls) Counts() Counts { return c.counts }

// Next is the call that began next; io.EOF after the last. Its other errors are
// those of the Reader.
func (c *Calls) Next() (Call, error) {
	for !c.done && len(c.queue) < c.held {
		record, err := c.records.Next()
		if errors.Is(err, io.EOF) {
			c.done = true
			break
		}
		if err != nil {
			return Call{}, err
		}
		c.take(record)
	}
	if len(c.queue) == 0 {
		return Call{}, io.EOF
	}
	call := heap.Pop(&c.queue).(*Call)
	if k := call.key(); c.open[k] == call {
		delete(c.open, k)
	}
	c.last = call.Start
	c.counts.Calls++
	return *call, nil
}

// take puts a record into the queue, or adds it to the call that it is part of.
func (c *Calls) take(record Record) {
	if strings.EqualFold(record.LastApp, "ConfBridge") {
		// Of a conference each is recorded with each other; nobody has dialled anybody.
		c.counts.NotTrunk++
		return
	}
	trunk, ok := c.trunk(record.DstChannel)
	if !ok {
		c.counts.NotTrunk++
		c.wentElsewhere(&record)
		return
	}
	number, ok := dialled(record)
	if !ok {
		c.counts.NoNumber++
		return
	}
	call := &Call{Record: record, Trunk: trunk, Number: number, Attempts: 1}
	if first, ok := c.open[call.key()]; ok && first.joins(call) {
		c.counts.Retries++
		return
	}
	if call.Start.Before(c.last) {
		c.counts.Late++
		return
	}
	heap.Push(&c.queue, call)
	c.open[call.key()] = call
}

func (c *Call) key() key {
	return key{cmp.Or(c.Linkedid, c.Uniqueid, c.Channel), c.Number}
}

// joins adds another attempt. Of two that were answered each is a call of its
// own, because each was paid for. The beginning stays that of the first attempt,
// because then the question was asked, and the queue is ordered by it.
func (c *Call) joins(other *Call) bool {
	apart := other.Start.Sub(c.Start).Abs()
	if apart > retried || c.Answered() && other.Answered() {
		return false
	}
	attempts, start := c.Attempts+1, c.Start
	if other.Answered() {
		*c = *other
	}
	c.Attempts, c.Start = attempts, start
	return true
}

// dialled is the number of a call: the extension, or what Dial was told where
// that is none, as in a macro (s).
func dialled(r Record) (string, bool) {
	if number(r.Dst) {
		return r.Dst, true
	}
	if !strings.EqualFold(r.LastApp, "Dial") {
		return "", false
	}
	device, _, _ := strings.Cut(r.LastData, ",")
	device, _, _ = strings.Cut(device, "&")
	_, resource, _ := strings.Cut(device, "/")
	for part := range strings.SplitSeq(resource, "/") { // SIP/trunk/number or PJSIP/number@trunk
		part, at, _ := strings.Cut(part, "@")
		if number(part) && (at != "" || strings.HasSuffix(resource, "/"+part)) {
			return part, true
		}
	}
	return "", false
}

// number tells whether a telephone can have dialled it as a number.
func number(text string) bool {
	return text != "" && len(text) <= 40 && strings.Trim(text, "0123456789*#+") == "" && strings.ContainsAny(text, "0123456789")
}

// queue is a heap of calls, the earliest first; of two at once the one that
// stands first in the file.
type queue []*Call

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return cmp.Or(q[i].Start.Compare(q[j].Start), cmp.Compare(q[i].Line, q[j].Line)) < 0
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*Call)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return x
}
