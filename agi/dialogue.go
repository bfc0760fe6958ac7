package agi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"time"
)

var (
	errPanic  = errors.New("handler panicked")
	errGoexit = errors.New("handler ended its goroutine")
)

// serve runs the dialogue of one connection from the introduction to the end.
func (s *Server) serve(p *peer) {
	var err error
	defer func() {
		p.conn.Close()
		s.finish(p, err)
	}()
	start := time.Now()
	deadline := after(start, s.DialogueTimeout, DefaultDialogueTimeout)
	lines := newLineReader(p.conn, orDefault(s.MaxLine, DefaultMaxLine))
	introduction := after(start, s.EnvironmentTimeout, DefaultEnvironmentTimeout)
	if err = p.conn.SetDeadline(earlier(deadline, introduction)); err != nil {
		return
	}
	request, err := s.readRequest(lines)
	if err != nil {
		return
	}
	s.introduced(p)
	session := &Session{
		Request:     request,
		conn:        p.conn,
		lines:       lines,
		readTimeout: orDefault(s.ReadTimeout, DefaultReadTimeout),
		deadline:    deadline,
	}
	err = errGoexit // unless the handler returns
	err = s.handle(p, session)
}

func (s *Server) readRequest(lines *lineReader) (*Request, error) {
	block, err := lines.readEnvironment(
		orDefault(s.MaxVariables, DefaultMaxVariables),
		orDefault(s.MaxEnvironment, DefaultMaxEnvironment))
	if err != nil {
		return nil, &introductionError{err}
	}
	request, err := ParseRequest(string(block))
	if err != nil {
		return nil, &introductionError{err}
	}
	return request, nil
}

// introductionError is a failure before a handler was called.
type introductionError struct{ err error }

func (e *introductionError) Error() string { return "reading the environment: " + e.err.Error() }
func (e *introductionError) Unwrap() error { return e.err }

// handle calls the handler. When its time is over the connection is closed
// under it, because Asterisk holds the call until then.
func (s *Server) handle(p *peer, session *Session) (err error) {
	ctx, cancel := untilDeadline(s.base, session.deadline)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { p.conn.Close() })
	defer stop()
	session.done = ctx.Done()
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v", errPanic, v)
			s.counters.panics.Add(1)
			s.report(slog.LevelError, kindPanic, "fastagi: handler panicked", "panic", v,
				"uniqueid", session.Request.Uniqueid, "stack", string(debug.Stack()))
		}
	}()
	if err := s.Handler.ServeAGI(ctx, session); err != nil {
		return err
	}
	return session.inStep()
}

func untilDeadline(parent context.Context, deadline time.Time) (context.Context, context.CancelFunc) {
	if deadline.IsZero() {
		return context.WithCancel(parent)
	}
	return context.WithDeadline(parent, deadline)
}

// finish counts how a dialogue ended, says what went wrong, and frees its
// place, in this order: who sees the server drained sees the counts complete.
func (s *Server) finish(p *peer, err error) {
	defer s.leave(p)
	var introduction *introductionError
	switch {
	case s.wasEvicted(p): // counted where it was cut
	case err == nil:
		s.counters.completed.Add(1)
	default:
		s.counters.failed.Add(1)
		switch {
		case errors.Is(err, errPanic): // reported with its stack
		case errors.As(err, &introduction):
			s.report(slog.LevelWarn, kindIntroduction, "fastagi: connection without a proper introduction",
				"remote", p.conn.RemoteAddr(), "error", reason(introduction.err))
		default:
			s.report(slog.LevelWarn, kindHandler, "fastagi: dialogue failed", "remote", p.conn.RemoteAddr(), "error", err)
		}
	}
}

// reason puts the usual errors of a connection in words.
func reason(err error) string {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "not finished in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed by the other side before its end"
	case errors.Is(err, net.ErrClosed):
		return "cut, as the server stops"
	}
	return err.Error()
}

// after adds a timeout to a time: zero means the default, negative none.
func after(start time.Time, timeout, byDefault time.Duration) time.Time {
	timeout = orDefault(timeout, byDefault)
	if timeout < 0 {
		return time.Time{}
	}
	return start.Add(timeout)
}

func orDefault[T int | time.Duration](value, byDefault T) T {
	if value == 0 {
		return byDefault
	}
	return value
}
