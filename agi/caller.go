package agi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Caller plays Asterisk towards a FastAGI server: it introduces a channel,
// answers commands and announces the hang-up. It is for tests and simulations.
type Caller struct {
	conn  net.Conn
	lines *lineReader
	mu    sync.Mutex // HANGUP may be announced while a reply is written
}

// NewCaller plays on a connection of its own, which it does not close.
func NewCaller(conn net.Conn) *Caller {
	return &Caller{conn: conn, lines: newLineReader(conn, maxCommand)}
}

// Call sends the request, as Asterisk would, and lets respond answer each
// command until the server closes the connection, which is its proper end; as
// for Asterisk, it makes no difference how it closes, or whether it sent any
// command. The words are those of [SplitCommand]; the answer is the reply
// without its last line feed, as "200 result=1". When ctx ends, Call returns its error.
func (c *Caller) Call(ctx context.Context, request *Request, respond func(words []string) string) error {
	stop := context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	err := c.play(request, respond)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("agi: call: %w", ctx.Err())
	case closedByPeer(err):
		return nil
	}
	return fmt.Errorf("agi: call: %w", err)
}

// closedByPeer tells the end of a connection. It is a reset when something,
// such as HANGUP, was on its way to a server that had closed.
func closedByPeer(err error) bool {
	for _, end := range []error{io.EOF, io.ErrClosedPipe, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

func (c *Caller) play(request *Request, respond func(words []string) string) error {
	if err := c.write(AppendRequest(nil, request)); err != nil {
		return err
	}
	for {
		line, err := c.lines.readLine()
		if err != nil {
			return err
		}
		if err := c.write(append([]byte(respond(SplitCommand(string(line)))), '\n')); err != nil {
			return err
		}
	}
}

// Hangup announces that the channel hung up. It may be called at any moment
// during Call, also by respond.
func (c *Caller) Hangup() error { return c.write([]byte("HANGUP\n")) }

func (c *Caller) write(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.conn.Write(b)
	return err
}

// AppendRequest writes the environment block of a request with its blank line,
// in Asterisk's order. The fields count; of Variables only those are written
// that have no field. Line breaks in values are not refused, as
// Asterisk does not either: a simulation has to be able to attack.
func AppendRequest(dst []byte, r *Request) []byte {
	add := func(name, value string) {
		dst = append(dst, name...)
		dst = append(dst, ": "...)
		dst = append(dst, value...)
		dst = append(dst, '\n')
	}
	add("agi_network", "yes")
	if r.NetworkScript != "" {
		add("agi_network_script", r.NetworkScript)
	}
	add("agi_request", r.URL)
	add("agi_channel", r.Channel)
	add("agi_language", r.Language)
	add("agi_type", r.Type)
	add("agi_uniqueid", r.Uniqueid)
	add("agi_version", r.Version)
	add("agi_callerid", r.CallerID)
	add("agi_calleridname", r.CallerIDName)
	for _, v := range r.Variables {
		if v.Name != "agi_network" && r.field(v.Name) == nil {
			add(v.Name, v.Value)
		}
	}
	add("agi_dnid", r.DNID)
	add("agi_rdnis", r.RDNIS)
	add("agi_context", r.Context)
	add("agi_extension", r.Extension)
	add("agi_priority", r.Priority)
	add("agi_enhanced", r.Enhanced)
	add("agi_accountcode", r.AccountCode)
	add("agi_threadid", r.ThreadID)
	for i, arg := range r.Args {
		add(argPrefix+strconv.Itoa(i+1), arg)
	}
	return append(dst, '\n')
}
