package ami

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrNoSuchChannel is what a [ResponseError] is when the channel of an action does not exist (any more).
var ErrNoSuchChannel = errors.New("no such channel")

// ResponseError is Asterisk's refusal of an action.
type ResponseError struct {
	Action  string
	Message string // Asterisk's text, such as "Permission denied"
}

func (e *ResponseError) Error() string {
	return fmt.Sprintf("AMI action %s: Asterisk says %q", e.Action, e.Message)
}

// Is lets errors.Is(err, ErrNoSuchChannel) find that answer.
func (e *ResponseError) Is(target error) bool {
	return target == ErrNoSuchChannel && strings.EqualFold(e.Message, "No such channel")
}

// List is the answer to a list action. Compare the Seq of Response and Complete with that of events to
// know which came before, within, and after the list; see the documentation of the package.
type List struct {
	Response Message
	Items    []Message // in the order Asterisk sent them; one without an event's name means that a value cut one in two
	Complete Message   // the event that ended the list
}

// call is an action that waits for its answer.
type call struct {
	list     bool
	got      List
	bytes    int
	finished bool       // got belongs to the caller from now on
	answer   chan error // holds the one that finish puts in
}

func (c *call) finish(err error) {
	c.finished = true
	c.answer <- err
}

// Do performs an action that is answered by one response. The error is a [ResponseError] if Asterisk
// refuses, [ErrRefused] if the encoder does, and [ErrNotConnected], [ErrLinkLost] or [ErrNoAnswer].
func (c *Client) Do(ctx context.Context, a Action) (Message, error) {
	got, err := c.exchange(ctx, c.current(), a, false, c.opts.ActionTimeout)
	return got.Response, err
}

// List performs an action that is answered by a response and a list of events.
func (c *Client) List(ctx context.Context, a Action) (List, error) {
	return c.exchange(ctx, c.current(), a, true, c.opts.ActionTimeout)
}

func (c *Client) current() *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link
}

// newID returns an ActionID. That of a list is marked, so that its events are known even when nobody
// waits for them any more.
func (c *Client) newID(list bool) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nextID++
	id := c.idPrefix + strconv.FormatUint(c.nextID, 10)
	if list {
		id += listMark
	}
	return id
}

const listMark = "-list"

// exchange sends an action over the link and waits for its answer.
func (c *Client) exchange(ctx context.Context, l *link, a Action, list bool, patience time.Duration) (List, error) {
	if l == nil {
		return List{}, fmt.Errorf("AMI action %s: %w", a.Name, ErrNotConnected)
	}
	a.ID = c.newID(list)
	text, err := a.Append(nil)
	if err != nil {
		return List{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, ErrNoAnswer)
	defer cancel()
	waiting := &call{list: list, answer: make(chan error, 1)}
	l.register(a.ID, waiting)
	defer l.forget(a.ID)

	err = l.write(ctx, text)
	if err == nil {
		err = waiting.wait(ctx, l)
	}
	if err != nil {
		return List{}, fmt.Errorf("AMI action %s: %w", a.Name, err)
	}
	if m := waiting.got.Response; m.Response() == "Error" {
		return waiting.got, &ResponseError{Action: a.Name, Message: m.Get("Message")}
	}
	return waiting.got, nil
}

// wait returns when the call is finished, the link lost or the time over. An answer that came in the last
// moment counts, whatever happened right behind it.
func (c *call) wait(ctx context.Context, l *link) error {
	var err error
	select {
	case err = <-c.answer:
		return err
	case <-l.done:
		err = l.lost()
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	select {
	case err = <-c.answer:
	default:
	}
	return err
}

func (l *link) register(id string, c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending[id] = c
	if c.list {
		l.lists.Add(1)
	}
}

func (l *link) forget(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending[id].list {
		l.lists.Add(-1)
	}
	delete(l.pending, id)
}

// answer gives a message to the call it belongs to. It returns false for an event that is not part of a
// list, which goes to the consumer.
func (l *link) answer(id, event string, m Message) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.pending[id]
	switch {
	case event != "" && !strings.HasSuffix(id, listMark):
		return false
	case c == nil || c.finished: // nobody waits any more
	case event == "" && c.got.Response.Len() == 0:
		c.got.Response = m
		if !c.list || m.Response() == "Error" {
			c.finish(nil)
		}
	case event != "":
		c.collect(event, m, l.client.opts)
	}
	return true
}

// spoil puts a message that cannot be Asterisk's own among the items of each list under way, and tells whether
// there was one. It may be half of an item; a Resync instead would ask for the same list again, which has the same
// value in it, and so on without a rest.
func (l *link) spoil(m Message) (spoilt bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.pending {
		if c.list && !c.finished {
			c.add(m, l.client.opts)
			spoilt = true
		}
	}
	return spoilt
}

// collect takes an event of a list, which ends with the one that says so.
func (c *call) collect(event string, m Message, o Options) {
	switch end := m.Get("EventList"); {
	case strings.EqualFold(end, "Complete"), end == "" && strings.HasSuffix(event, "Complete"):
		c.got.Complete = m
		c.finish(nil)
	case strings.EqualFold(end, "Cancelled"):
		c.finish(errors.New("list cancelled by Asterisk"))
	default:
		c.add(m, o)
	}
}

func (c *call) add(m Message, o Options) {
	c.bytes += m.Len()
	if len(c.got.Items) == o.ListSize || c.bytes > o.ListBytes {
		c.got.Items = nil
		c.finish(ErrListTooLong)
		return
	}
	c.got.Items = append(c.got.Items, m)
}
