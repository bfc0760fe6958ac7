package pbxsim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
)

// ErrClosed is returned by Dial after Close.
var ErrClosed = errors.New("the simulated PBX is closed")

// PBX is a simulated Asterisk with a carrier behind it. Its methods may be called from any goroutine.
type PBX struct {
	options  Options
	listener net.Listener
	ctx      context.Context // from Start to Close
	stop     context.CancelFunc
	servers  sync.WaitGroup // goroutines that serve AMI

	mu       sync.Mutex // guards everything below, channels included
	life     *life
	agi      string
	refusing bool // of AMI
	sessions map[*session]bool
	channels map[string]*channel
	sequence int // of channels
	bridges  int
	bill     Bill
}

// life is the time from one start of Asterisk to its end.
type life struct {
	ctx   context.Context
	end   context.CancelFunc
	calls sync.WaitGroup
	began time.Time
	count int           // calls begun
	heard chan struct{} // closed when the first client is logged in
}

func newLife(ctx context.Context) *life {
	l := &life{began: time.Now(), heard: make(chan struct{})}
	l.ctx, l.end = context.WithCancel(ctx)
	return l
}

// Start begins to listen for AMI. The PBX lives until Close, or until ctx ends; Close must be called in
// either case.
func Start(ctx context.Context, o Options) (*PBX, error) {
	o = o.withDefaults()
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for AMI: %w", err)
	}
	p := &PBX{
		options: o, listener: listener, agi: o.AGI,
		sessions: make(map[*session]bool), channels: make(map[string]*channel),
	}
	p.ctx, p.stop = context.WithCancel(ctx)
	p.life = newLife(p.ctx)
	p.servers.Go(p.accept)
	return p, nil
}

// AMI is the address on which the PBX listens.
func (p *PBX) AMI() string { return p.listener.Addr().String() }

// SetAGI says which server is asked from now on; where nobody listens, the failure policy holds.
func (p *PBX) SetAGI(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.agi = address
}

// Close ends all calls and links and waits for them.
func (p *PBX) Close() {
	p.stop()
	_ = p.listener.Close()
	p.endLife(nil)
	p.servers.Wait()
}

// Restart is a crash and a new start: all channels are gone without a word, all links are cut, and the
// clients may come back.
func (p *PBX) Restart() {
	p.endLife(newLife(p.ctx))
}

// endLife puts another life, or none, in place of the one that is.
func (p *PBX) endLife(next *life) {
	p.mu.Lock()
	old := p.life
	p.life = next
	if old != nil {
		old.end()
	}
	for s := range p.sessions {
		s.close()
	}
	clear(p.sessions)
	for _, c := range p.channels {
		p.forget(c)
	}
	p.mu.Unlock()
	if old != nil {
		old.calls.Wait()
	}
}

// DropAMI cuts all AMI links, as a broken network would.
func (p *PBX) DropAMI() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.sessions {
		s.close()
	}
}

// RefuseAMI turns new AMI connections away until it is told otherwise; those that stand, stay.
func (p *PBX) RefuseAMI(refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusing = refuse
}

// Connected waits until somebody has logged in to the AMI since the last start.
func (p *PBX) Connected(ctx context.Context) error {
	p.mu.Lock()
	l := p.life
	p.mu.Unlock()
	if l == nil {
		return ErrClosed
	}
	select {
	case <-l.heard:
		return nil
	case <-l.ctx.Done():
		return ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("wait for a client of the AMI: %w", ctx.Err())
	}
}

// Channels is how many channels there are.
func (p *PBX) Channels() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.channels)
}

// Bill is what the carrier has charged for the legs that have ended.
func (p *PBX) Bill() Bill {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.bill)
}

// Dial lets a phone, or whoever the call says, begin a call. What becomes of it is the Live's to tell. A
// number with a line break is an error: Asterisk would let it through, and the codec of AMI here does not.
func (p *PBX) Dial(c Call) (*Live, error) {
	if strings.ContainsAny(c.From+c.Number+c.Forwarder+c.Trunk+c.Account, "\r\n\x00") {
		return nil, fmt.Errorf("dial: %w: a line break", ami.ErrRefused)
	}
	if len(c.Number) > longestExtension {
		c.Number = c.Number[:longestExtension]
	}
	if c.Trunk == "" {
		c.Trunk = "carrier"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life == nil || p.ctx.Err() != nil {
		return nil, ErrClosed
	}
	l := newLive(p, c)
	p.life.count++
	p.life.calls.Go(l.run)
	return l, nil
}

// tell sends an event to every client. The PBX is locked, so all see all events in one order.
func (p *PBX) tell(event string, parts ...[]ami.Field) {
	if len(p.sessions) == 0 {
		return
	}
	fields := make([]ami.Field, 0, 36)
	fields = append(fields, ami.Field{Name: "Event", Value: event}, ami.Field{Name: "Privilege", Value: "call,all"})
	if p.options.SystemName != "" {
		fields = append(fields, ami.Field{Name: "SystemName", Value: p.options.SystemName})
	}
	for _, part := range parts {
		fields = append(fields, part...)
	}
	for s := range p.sessions {
		s.send(func(c *ami.ServerConn) error { return c.Send(fields...) })
	}
}
