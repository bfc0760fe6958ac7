package agi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"
)

var (
	// ErrHungUp is part of the error of a command that failed because Asterisk
	// closed the connection after the channel had hung up.
	ErrHungUp = errors.New("agi: channel hung up")
	// ErrTimeout is part of the error of a command that was not answered within
	// the server's timeouts or the deadline of its context.
	ErrTimeout = errors.New("agi: no reply in time")
)

// Session is one dialogue with Asterisk. It belongs to the handler it was
// given to and ends when the handler returns. Its methods, except HungUp, must
// not be called at the same time from several goroutines: AGI knows one command at a time.
type Session struct {
	Request *Request

	conn        net.Conn
	lines       *lineReader
	out         []byte
	readTimeout time.Duration
	deadline    time.Time       // of the dialogue; zero means none
	done        <-chan struct{} // the server itself closes the connection when this closes
	hungUp      atomic.Bool
	// strayUsage is set after an EXEC with result 1, which Asterisk follows
	// with an unasked reply 520: it mistakes the application's result for its
	// own code RESULT_SHOWUSAGE.
	strayUsage bool
	err        error // why the dialogue cannot go on
}

// HungUp tells whether Asterisk has announced that the channel hung up. The
// announcement is noticed while a command is under way. Commands may still be
// sent, but most are then answered with CodeDeadChannel.
func (s *Session) HungUp() bool { return s.hungUp.Load() }

// SetReadTimeout sets the time Asterisk has for each reply from here on, and
// returns the one before, at first the server's ReadTimeout. A handler that
// plays a sound or waits for a key needs a longer one only while it does. The
// dialogue as a whole still ends with its own deadline.
func (s *Session) SetReadTimeout(d time.Duration) (before time.Duration) {
	before, s.readTimeout = s.readTimeout, d
	return before
}

// RemoteAddr returns the address of the Asterisk that asks.
func (s *Session) RemoteAddr() net.Addr { return s.conn.RemoteAddr() }

// Command sends a command, such as "SET VARIABLE", with its arguments and
// waits for the reply. The arguments are quoted here; the name must be the
// program's own.
//
// The wait ends with ctx, with the server's ReadTimeout for each reply or with
// the deadline of the dialogue. An error is one of
//   - [ErrArgument]: nothing was sent;
//   - [*ReplyError]: Asterisk refused the command;
//   - the error of ctx, if it had ended before: nothing was sent;
//   - anything else, as [ErrTimeout], [ErrHungUp] or [ErrOutOfStep]: the dialogue
//     has ended, and further commands fail with the same error.
func (s *Session) Command(ctx context.Context, name string, args ...string) (Reply, error) {
	reply, err := s.command(ctx, name, args)
	if err != nil {
		return Reply{}, fmt.Errorf("agi: %.40s: %w", name, err)
	}
	return reply, nil
}

func (s *Session) command(ctx context.Context, name string, args []string) (Reply, error) {
	if s.err != nil {
		return Reply{}, s.err
	}
	if err := ctx.Err(); err != nil {
		return Reply{}, err
	}
	out, err := appendCommand(s.out[:0], name, args)
	if err != nil {
		return Reply{}, err
	}
	s.out = out
	raw, err := s.roundTrip(ctx, out)
	if err != nil {
		s.err = s.explain(ctx, err)
		return Reply{}, s.err
	}
	reply, err := raw.parse()
	if errors.Is(err, ErrOutOfStep) {
		s.err = err
	}
	s.strayUsage = err == nil && name == "EXEC" && reply.Result == "1"
	return reply, err
}

func (s *Session) roundTrip(ctx context.Context, out []byte) (rawReply, error) {
	if err := s.refuseUnasked(); err != nil {
		return rawReply{}, err
	}
	if err := s.conn.SetDeadline(s.commandDeadline(ctx)); err != nil {
		return rawReply{}, err
	}
	if ctx.Done() == nil || ctx.Done() == s.done {
		return s.exchange(out) // the server closes the connection when its context ends
	}
	stop := context.AfterFunc(ctx, func() { s.conn.SetDeadline(time.Unix(1, 0)) })
	raw, err := s.exchange(out)
	if !stop() && err == nil {
		err = ctx.Err() // the deadline in the past would hit the next command
	}
	return raw, err
}

func (s *Session) exchange(out []byte) (rawReply, error) {
	if _, err := s.conn.Write(out); err != nil {
		return rawReply{}, err
	}
	raw, err := readReply(s.lines, s.noteHangup)
	if err == nil && raw.code == CodeUsage && s.strayUsage {
		raw, err = readReply(s.lines, s.noteHangup)
	}
	return raw, err
}

func (s *Session) noteHangup() { s.hungUp.Store(true) }

// refuseUnasked looks at what arrived before the command is sent. It can only
// be HANGUP: anything else came out of a value with a line break, and would
// pass for the reply.
func (s *Session) refuseUnasked() error {
	for !s.strayUsage {
		rest := s.lines.buffered()
		if bytes.IndexByte(rest, '\n') < 0 {
			if !bytes.HasPrefix([]byte("HANGUP\r"), rest) {
				return fmt.Errorf("%w: unasked: %.60q", ErrOutOfStep, rest)
			}
			return nil
		}
		line, err := s.lines.readLine()
		if err != nil {
			return err
		}
		if string(line) != "HANGUP" {
			return fmt.Errorf("%w: unasked: %.60q", ErrOutOfStep, line)
		}
		s.noteHangup()
	}
	return nil
}

// inStep tells at the end whether every reply belonged to its command, also
// if the handler did not mind. A forged reply can meet the last command before
// the true one.
func (s *Session) inStep() error {
	switch {
	case errors.Is(s.err, ErrOutOfStep), errors.Is(s.err, ErrLineTooLong):
		return s.err
	case s.err != nil:
		return nil // the handler knew, and was content
	}
	return s.refuseUnasked()
}

func (s *Session) commandDeadline(ctx context.Context) time.Time {
	deadline := s.deadline
	if s.readTimeout > 0 {
		deadline = earlier(deadline, time.Now().Add(s.readTimeout))
	}
	if d, ok := ctx.Deadline(); ok {
		deadline = earlier(deadline, d)
	}
	return deadline
}

// explain adds to an error of the connection what caused it.
func (s *Session) explain(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	case ctx.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	case s.HungUp() && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		return fmt.Errorf("%w: %w", ErrHungUp, err)
	}
	return err
}

// earlier returns the earlier of two deadlines, where zero means none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
