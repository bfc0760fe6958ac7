package ami

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"
)

// Options says whom a [Client] talks to, and how long it is patient. Zero values stand for the defaults.
type Options struct {
	Address string      // host and port, such as 127.0.0.1:5038
	TLS     *tls.Config // nil for plain TCP; without a ServerName the host of Address is used

	Username, Secret string
	// MD5 logs in by challenge (AuthType MD5), so that the secret does not go over the wire. The manager
	// user must have a plain secret in manager.conf.
	MD5 bool
	// EventMask is the header Events of the login, such as "system,call,cdr": it narrows the classes that
	// manager.conf lets the user read. Without system, Asterisk does not send FullyBooted.
	EventMask string
	// Events are the names of the events the consumer wants, spelled as Asterisk does; nil is all.
	// FullyBooted always comes.
	Events []string

	QueueSize  int // notices that wait for the consumer, by default 8192
	QueueBytes int // … and their size, by default 16 MiB
	ListSize   int // events of one list, by default 20,000
	ListBytes  int // … and their size, by default 32 MiB
	Limits     Limits

	PingEvery     time.Duration // by default 10 s
	DeadAfter     time.Duration // without a byte, or without an answer to a ping: by default 30 s
	ActionTimeout time.Duration // from the call to the answer, or to a list's end: by default 5 s
	WriteTimeout  time.Duration // of one action; after it the link is given up: by default 5 s
	LoginTimeout  time.Duration // from dialling to the answer to Login: by default 10 s

	// The wait before another attempt begins at about MinBackoff (250 ms), doubles up to MaxBackoff (15 s),
	// and begins anew when a link has lasted. After a refused login it is about AuthBackoff (30 s), since a
	// wrong secret does not get better, and every attempt makes a line in Asterisk's security log.
	MinBackoff, MaxBackoff, AuthBackoff time.Duration

	Logger *slog.Logger // by default nothing is logged
	// Dial replaces the TCP connection to Address, for tests. TLS is put on top of it.
	Dial func(ctx context.Context) (net.Conn, error)
}

func (o Options) withDefaults() (Options, error) {
	if o.Username == "" {
		return o, errors.New("AMI client: no username")
	}
	login := NewAction("Login", "Username", o.Username, "Secret", o.Secret, "Events", o.EventMask)
	if _, err := login.Append(nil); err != nil {
		return o, fmt.Errorf("AMI client: %w", err)
	}
	if o.Dial == nil {
		host, _, err := net.SplitHostPort(o.Address)
		if err != nil {
			return o, fmt.Errorf("AMI client: address %q: %w", o.Address, err)
		}
		if o.TLS != nil && o.TLS.ServerName == "" {
			o.TLS = o.TLS.Clone()
			o.TLS.ServerName = host
		}
		o.Dial = func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", o.Address)
		}
	}
	for _, n := range []struct {
		value    *int
		standard int
	}{{&o.QueueSize, 8192}, {&o.QueueBytes, 16 << 20}, {&o.ListSize, 20000}, {&o.ListBytes, 32 << 20}} {
		if *n.value <= 0 {
			*n.value = n.standard
		}
	}
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&o.PingEvery, 10 * time.Second}, {&o.DeadAfter, 30 * time.Second},
		{&o.ActionTimeout, 5 * time.Second}, {&o.WriteTimeout, 5 * time.Second}, {&o.LoginTimeout, 10 * time.Second},
		{&o.MinBackoff, 250 * time.Millisecond}, {&o.MaxBackoff, 15 * time.Second}, {&o.AuthBackoff, 30 * time.Second},
	} {
		if *d.value <= 0 {
			*d.value = d.standard
		}
	}
	o.MaxBackoff = max(o.MaxBackoff, o.MinBackoff)
	o.Limits = o.Limits.withDefaults()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}
