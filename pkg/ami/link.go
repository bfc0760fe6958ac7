package ami

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // AMI has no other challenge
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	bannerPrefix = "Asterisk Call Manager/"
	maxBanner    = 256 // bytes
)

// link is one connection, from dialling until it is lost.
type link struct {
	client  *Client
	conn    net.Conn
	dec     *Decoder
	banner  string
	writing chan struct{} // holds a token while somebody writes

	mu      sync.Mutex
	pending map[string]*call // by ActionID
	lists   atomic.Int32     // list actions among them

	failed sync.Once
	done   chan struct{} // closed by fail
	err    error         // set before
}

// idleReader gives a read up when nothing came for a time, unless limit is 0.
type idleReader struct {
	conn  net.Conn
	limit time.Duration
}

func (r *idleReader) Read(p []byte) (int, error) {
	if r.limit == 0 {
		return r.conn.Read(p)
	}
	_ = r.conn.SetReadDeadline(time.Now().Add(r.limit)) // where this fails, Read says why
	n, err := r.conn.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("%w: no byte for %s", ErrDeadLink, r.limit)
	}
	return n, err
}

// connect dials and logs in, all of it within LoginTimeout.
func (c *Client) connect(ctx context.Context) (*link, error) {
	late := fmt.Errorf("%w: not logged in after %s", ErrNoAnswer, c.opts.LoginTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, c.opts.LoginTimeout, late)
	defer cancel()
	conn, err := c.dial(ctx)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	reader := &idleReader{conn: conn}
	l := &link{
		client:  c,
		conn:    conn,
		dec:     NewDecoder(reader, c.opts.Limits),
		writing: make(chan struct{}, 1),
		pending: make(map[string]*call),
		done:    make(chan struct{}),
	}
	l.dec.seq = c.lastSeq
	l.dec.SetFilter(l.keep)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	err = l.login()
	if !stop() { // closed meanwhile, and that is the reason
		return nil, context.Cause(ctx)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	reader.limit = c.opts.DeadAfter
	return l, nil
}

func (c *Client) dial(ctx context.Context) (net.Conn, error) {
	conn, err := c.opts.Dial(ctx)
	if err != nil || c.opts.TLS == nil {
		return conn, err
	}
	secured := tls.Client(conn, c.opts.TLS)
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return secured, nil
}

// login reads the banner and authenticates.
func (l *link) login() error {
	banner, err := l.dec.Line(maxBanner)
	if errors.Is(err, ErrTooLarge) {
		return fmt.Errorf("%w: no line end in the first %d bytes", ErrBanner, maxBanner)
	}
	if err != nil {
		return fmt.Errorf("read the banner: %w", err)
	}
	if !strings.HasPrefix(banner, bannerPrefix) {
		return fmt.Errorf("%w: %.60q", ErrBanner, banner)
	}
	l.banner = banner
	o := l.client.opts
	a := NewAction("Login", "Username", o.Username)
	if o.MD5 {
		answer, err := l.converse(NewAction("Challenge", "AuthType", "MD5"))
		if err != nil {
			return err
		}
		a = a.With("AuthType", "MD5").With("Key", challengeKey(answer.Get("Challenge"), o.Secret))
	} else {
		a = a.With("Secret", o.Secret)
	}
	if o.EventMask != "" {
		a = a.With("Events", o.EventMask)
	}
	_, err = l.converse(a)
	return err
}

// challengeKey is the proof that the client knows the secret (main/manager.c, authenticate).
func challengeKey(challenge, secret string) string {
	sum := md5.Sum([]byte(challenge + secret)) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// converse sends an action of the login and waits for its response, before there is a reader.
func (l *link) converse(a Action) (Message, error) {
	a.ID = l.client.newID(false)
	text, err := a.Append(nil)
	if err != nil {
		return Message{}, err
	}
	if _, err := l.conn.Write(text); err != nil {
		return Message{}, fmt.Errorf("%s: %w", a.Name, err)
	}
	for {
		m, err := l.dec.Next()
		if err != nil {
			return Message{}, fmt.Errorf("answer to %s: %w", a.Name, err)
		}
		switch {
		case m.Response() == "" || m.Get("ActionID") != a.ID:
		case m.Response() != "Success":
			return Message{}, fmt.Errorf("%w: %.100q", ErrAuthentication, m.Get("Message"))
		default:
			return m, nil
		}
	}
}

// read hands out everything that comes, until the link is lost. It never waits for anybody.
func (l *link) read() error {
	for {
		m, err := l.dec.Next()
		switch {
		case errors.Is(err, ErrTooLarge):
			l.client.opts.Logger.Warn("an AMI message was skipped", "err", err)
			l.client.queue.push(Notice{Kind: Resync, Received: time.Now(), Err: err})
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("connection closed by Asterisk: %w", err)
		case err != nil:
			return err
		default:
			l.dispatch(m)
		}
	}
}

// keep is the decoder's filter: what the consumer wants, and what answers a list action.
func (l *link) keep(event, text []byte) bool {
	return l.client.wants(string(event)) || l.lists.Load() > 0 && bytes.Contains(text, []byte(l.client.idPrefix))
}

func (c *Client) wants(event string) bool {
	return c.wanted == nil || c.wanted[event] || event == "FullyBooted"
}

// dispatch gives a message to the action it answers, or to the queue.
func (l *link) dispatch(m Message) {
	c := l.client
	event := m.Event()
	if event == "" && m.Response() == "" {
		l.tampered(m)
		return
	}
	if strings.Contains(m.text, c.idPrefix) {
		if id := m.Get("ActionID"); strings.HasPrefix(id, c.idPrefix) && l.answer(id, event, m) {
			return
		}
	}
	if event == "" || !c.wants(event) {
		return // a late or foreign answer
	}
	if event == "FullyBooted" {
		c.mu.Lock()
		c.state.Booted = true
		c.mu.Unlock()
	}
	c.queue.push(Notice{Kind: Event, Received: time.Now(), Event: m})
}

// tampered counts what a blank line in somebody's value has left behind, and lets it be known. It answers
// nothing, whatever ActionID is in it: all of it may be somebody's words.
func (l *link) tampered(m Message) {
	c := l.client
	c.mu.Lock()
	c.state.Tampered++
	c.mu.Unlock()
	if !l.spoil(m) {
		c.queue.push(Notice{Kind: Resync, Received: time.Now(), Err: fmt.Errorf("message %d: %w", m.Seq(), ErrTampered)})
	}
}

// write sends one action. Whoever has waited too long for the others gives up; a write that stalls ends
// the link, because half an action may be under way.
func (l *link) write(ctx context.Context, text []byte) error {
	select {
	case l.writing <- struct{}{}:
	case <-l.done:
		return l.lost()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-l.writing }()
	err := l.conn.SetWriteDeadline(time.Now().Add(l.client.opts.WriteTimeout))
	if err == nil {
		_, err = l.conn.Write(text)
	}
	if err != nil {
		l.fail(fmt.Errorf("write: %w", err))
		return l.lost()
	}
	return nil
}

// logoff says goodbye if that is possible at once, and closes.
func (l *link) logoff() {
	text, err := NewAction("Logoff").Append(nil)
	select {
	case l.writing <- struct{}{}:
		if err == nil && l.conn.SetWriteDeadline(time.Now().Add(time.Second)) == nil {
			_, _ = l.conn.Write(text) // only a courtesy
		}
		<-l.writing
	default:
	}
	l.fail(context.Canceled)
}

// fail ends the link for the given reason; the first one counts.
func (l *link) fail(reason error) {
	l.failed.Do(func() {
		l.err = reason
		l.conn.Close()
		close(l.done)
	})
}

// lost is the error of an action after fail.
func (l *link) lost() error {
	<-l.done
	return fmt.Errorf("%w: %w", ErrLinkLost, l.err)
}
