package ami

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"time"
)

var (
	// ErrNotConnected is the error of an action while there is no link.
	ErrNotConnected = errors.New("not connected to AMI")
	// ErrLinkLost is the error of the actions that waited when the link went.
	ErrLinkLost = errors.New("AMI link lost")
	// ErrNoAnswer is the error of an action that was not answered in time. It may have been carried out.
	ErrNoAnswer = errors.New("no answer from AMI in time")
	// ErrAuthentication means that Asterisk refused the login: wrong username, secret, or source address.
	ErrAuthentication = errors.New("AMI login refused")
	// ErrBanner means that what answers at the address is not an Asterisk manager.
	ErrBanner = errors.New("not an AMI banner")
	// ErrDeadLink means that the peer was silent, or left a ping unanswered, for Options.DeadAfter.
	ErrDeadLink = errors.New("AMI link is dead")
	// ErrListTooLong means that the answer to a list action exceeded Options.ListSize or ListBytes.
	ErrListTooLong = errors.New("AMI list too long")
)

// Client keeps a link to one Asterisk. [Client.Run] is its life; actions may be called from any number of
// goroutines while it runs, the handler's included.
type Client struct {
	opts     Options
	wanted   map[string]bool // nil: all events
	idPrefix string          // begins the ActionIDs of this client, and cannot be guessed
	queue    *queue

	mu      sync.Mutex
	running bool
	link    *link
	state   State
	nextID  uint64
	lastSeq uint64 // of the links before
}

// State is a snapshot of the client, for status and metrics.
type State struct {
	Up        bool
	Booted    bool      // FullyBooted was seen on this link
	Banner    string    // such as "Asterisk Call Manager/11.0.0"
	Since     time.Time // of Up's last change, zero if there was none
	Err       error     // why the last link or attempt ended
	Links     uint64    // logins so far
	Waiting   int       // notices that wait for the consumer
	Overflows uint64    // of the queue, so far
	Tampered  uint64    // messages that cannot be Asterisk's own, so far; see ErrTampered
}

// New returns a client that does nothing before [Client.Run].
func New(opts Options) (*Client, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Client{
		opts:     opts,
		idPrefix: rand.Text()[:12] + "-",
		queue:    newQueue(opts.QueueSize, opts.QueueBytes),
	}
	if opts.Events != nil {
		c.wanted = make(map[string]bool, len(opts.Events))
		for _, name := range opts.Events {
			c.wanted[name] = true
		}
	}
	return c, nil
}

// State returns how the client is.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.state
	s.Waiting, s.Overflows = c.queue.waiting()
	return s
}

// Run connects, stays connected, and calls handle for one notice after the other, on the goroutine that
// called Run, until the context ends. Then it logs off, waits for everything it has started, and returns
// the context's cause; handle is not called any more. A client runs once.
//
// The handler may take its time and may use the client: reading goes on meanwhile. Its context is Run's.
func (c *Client) Run(ctx context.Context, handle func(context.Context, Notice)) error {
	c.mu.Lock()
	if c.running {
		c.mu.Unlock()
		return errors.New("AMI client: Run was called twice")
	}
	c.running = true
	c.mu.Unlock()

	ctx, cancel := context.WithCancel(ctx)
	var links sync.WaitGroup
	links.Go(func() { c.stayLinked(ctx) })
	defer links.Wait()
	defer cancel() // also when the handler panics
	for {
		n, err := c.queue.next(ctx)
		if err != nil {
			return err
		}
		handle(ctx, n)
	}
}

// stayLinked makes one link after the other.
func (c *Client) stayLinked(ctx context.Context) {
	wait := c.opts.MinBackoff
	for {
		began := time.Now()
		err := c.oneLink(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > wait+c.opts.LoginTimeout {
			wait = c.opts.MinBackoff // it lasted
		}
		pause := jitter(wait)
		if errors.Is(err, ErrAuthentication) {
			pause = jitter(c.opts.AuthBackoff)
		}
		c.opts.Logger.Debug("no AMI link", "address", c.opts.Address, "err", err, "retry", pause.Round(time.Millisecond))
		c.wentDown(err)
		wait = min(2*wait, c.opts.MaxBackoff)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// jitter returns between half and all of d, so that many clients do not come back in the same instant.
func jitter(d time.Duration) time.Duration {
	return d/2 + mathrand.N(d/2+1) //nolint:gosec // nobody gains by guessing it
}

// oneLink makes a link and reads it until it is lost. It returns why.
func (c *Client) oneLink(ctx context.Context) error {
	l, err := c.connect(ctx)
	if err != nil {
		return fmt.Errorf("connect to AMI: %w", err)
	}
	c.wentUp(l)
	loggedOff := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(loggedOff)
		l.logoff()
	})
	var pings sync.WaitGroup
	pings.Go(func() { c.ping(ctx, l) })

	l.fail(l.read())
	pings.Wait()
	if !stop() {
		<-loggedOff
	}
	c.mu.Lock()
	c.link, c.lastSeq = nil, l.dec.Seq()
	c.mu.Unlock()
	return l.err
}

func (c *Client) wentUp(l *link) {
	c.mu.Lock()
	c.link = l
	c.state.Up, c.state.Booted, c.state.Banner, c.state.Since = true, false, l.banner, time.Now()
	c.state.Links++
	c.mu.Unlock()
	c.opts.Logger.Info("AMI link is up", "address", c.opts.Address, "banner", l.banner)
	c.queue.push(Notice{Kind: Up, Received: time.Now()})
}

func (c *Client) wentDown(err error) {
	c.mu.Lock()
	if c.state.Up || c.state.Since.IsZero() {
		c.state.Since = time.Now()
	}
	c.state.Up, c.state.Booted, c.state.Err = false, false, err
	c.mu.Unlock()
	c.queue.push(Notice{Kind: Down, Received: time.Now(), Err: err})
}

// ping keeps bytes coming on a quiet link. An unanswered ping is the end of the link also if events still
// come: what cannot be told to hang up is of no use.
func (c *Client) ping(ctx context.Context, l *link) {
	ticks := time.NewTicker(c.opts.PingEvery)
	defer ticks.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-ticks.C:
		}
		_, err := c.exchange(ctx, l, NewAction("Ping"), false, c.opts.DeadAfter)
		if errors.Is(err, ErrNoAnswer) {
			l.fail(fmt.Errorf("%w: a ping was not answered for %s", ErrDeadLink, c.opts.DeadAfter))
		}
	}
}
