package agi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/agi"
)

// TestDialogues plays the scripts of testdata against a server. A script has
// one step a line:
//
//	# comment
//	> line           Asterisk sends it; Go escapes such as \x00 count, and steps
//	                 in a row leave in one segment
//	>env             Asterisk sends the introduction of an ordinary call
//	>… N line        as ">", N times
//	>| text          Asterisk sends it without a line feed
//	! operation      the handler does it (see operate)
//	< line           the server must send exactly this
//	= result         what the handler's last operation must have given
//	eof              Asterisk closes its end
//	end STATUS       the server must close; completed or failed
func TestDialogues(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			p := newPlay(t)
			for i, step := range strings.Split(string(text), "\n") {
				if err := p.step(step); err != nil {
					t.Fatalf("%s:%d: %s\n%v", script, i+1, step, err)
				}
			}
			if !p.ended {
				t.Fatal("the script does not end")
			}
		})
	}
}

// ordinary is the introduction that Asterisk 22 sends for a dialled call.
const ordinary = `agi_network: yes
agi_network_script: authorize
agi_request: agi://127.0.0.1:4573/authorize
agi_channel: PJSIP/1001-00001dc3
agi_language: en
agi_type: PJSIP
agi_uniqueid: pbx1-1795335254.7621
agi_version: 22.10.1
agi_callerid: 1001
agi_calleridname: Ext 1001
agi_callingpres: 0
agi_callingani2: 0
agi_callington: 0
agi_callingtns: 0
agi_dnid: 0023222123456
agi_rdnis: unknown
agi_context: internal
agi_extension: 0023222123456
agi_priority: 2
agi_enhanced: 0.0
agi_accountcode: ` + `
agi_threadid: 140672073414336
agi_arg_1: from=PJSIP/1001-00001dc3
agi_arg_2: number=0023222123456

`

// play is one script on the stage.
type play struct {
	server     *agi.Server
	conn       net.Conn
	in         *bufio.Reader
	pending    strings.Builder // what Asterisk sends next
	operations chan string
	results    chan string
	ended      bool
}

func newPlay(t *testing.T) *play {
	p := &play{operations: make(chan string), results: make(chan string, 100)}
	p.server = &agi.Server{
		Handler:      agi.HandlerFunc(p.handle),
		MaxLine:      1024,
		MaxVariables: 40,
		// What is refused must be refused for what it is, not for being late.
		EnvironmentTimeout: -1,
	}
	l := listen(t, p.server)
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	p.conn, p.in = conn, bufio.NewReader(conn)
	return p
}

func (p *play) handle(ctx context.Context, s *agi.Session) error {
	for {
		select {
		case operation, more := <-p.operations:
			if !more {
				return nil
			}
			result, err := operate(ctx, s, operation)
			if err != nil {
				result = name(err)
			}
			p.results <- result
			if operation == "fail" {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *play) step(step string) error {
	verb, rest, _ := strings.Cut(step, " ")
	if verb == "" || verb == "#" {
		return nil
	}
	if strings.HasPrefix(verb, ">") {
		return p.send(verb, rest)
	}
	if p.pending.Len() > 0 {
		if _, err := io.WriteString(p.conn, p.pending.String()); err != nil {
			return err
		}
		p.pending.Reset()
	}
	switch verb {
	case "!":
		select {
		case p.operations <- rest:
			return nil
		case <-time.After(10 * time.Second):
			return errors.New("no handler is running")
		}
	case "<":
		return p.expectLine(rest)
	case "=":
		return p.expectResult(rest)
	case "eof":
		return p.conn.(*net.TCPConn).CloseWrite()
	case "end":
		return p.end(rest)
	}
	return errors.New("unknown step")
}

func (p *play) send(verb, rest string) error {
	times, end := 1, "\n"
	switch verb {
	case ">env":
		p.pending.WriteString(ordinary)
		return nil
	case ">…":
		number, text, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(number)
		if err != nil {
			return err
		}
		times, rest = n, text
	case ">|":
		end = ""
	}
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(rest, `"`, `\"`) + `"`)
	if err != nil {
		return err
	}
	p.pending.WriteString(strings.Repeat(text+end, times))
	return nil
}

func (p *play) expectLine(want string) error {
	got, err := p.in.ReadString('\n')
	if err != nil {
		return fmt.Errorf("server sent %q and then %w", got, err)
	}
	if got != want+"\n" {
		return fmt.Errorf("server sent %q", got)
	}
	return nil
}

func (p *play) expectResult(want string) error {
	select {
	case got := <-p.results:
		if got != want {
			return fmt.Errorf("handler got %q", got)
		}
		return nil
	case <-time.After(10 * time.Second):
		return errors.New("handler still waits")
	}
}

func (p *play) end(status string) error {
	p.ended = true
	close(p.operations)
	// A peer that still sends when the server closes sees a reset, not the end.
	if rest, err := io.ReadAll(p.in); len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("server sent %q and then %v", rest, err)
	}
	if err := p.server.Shutdown(context.Background()); err != nil {
		return err
	}
	want := agi.Stats{Accepted: 1, Completed: 1}
	if status == "failed" {
		want = agi.Stats{Accepted: 1, Failed: 1}
	}
	if got := p.server.Stats(); got != want {
		return fmt.Errorf("server counted %+v", got)
	}
	return nil
}

// operate is what a handler can be told to do: a method of Session or of its
// Request, and arguments as in SplitCommand.
func operate(ctx context.Context, s *agi.Session, operation string) (string, error) {
	words := agi.SplitCommand(operation)
	for i := range words {
		if unquoted, err := strconv.Unquote(`"` + words[i] + `"`); err == nil {
			words[i] = unquoted
		}
	}
	arg := slices.Concat(words[1:], []string{"", "", ""})
	switch words[0] {
	case "Command":
		r, err := s.Command(ctx, arg[0], words[2:]...)
		return fmt.Sprintf("result=%s data=%s rest=%s", r.Result, r.Data, r.Rest), err
	case "SetVariable":
		return "ok", s.SetVariable(ctx, arg[0], arg[1])
	case "SetVariables":
		return "ok", s.SetVariables(ctx, agi.Variable{Name: arg[0], Value: arg[1]}, agi.Variable{Name: "LAST", Value: "1"})
	case "GetVariable":
		value, ok, err := s.GetVariable(ctx, arg[0])
		return fmt.Sprint(ok, " ", value), err
	case "GetFullVariable":
		value, ok, err := s.GetFullVariable(ctx, arg[0], arg[1])
		return fmt.Sprint(ok, " ", value), err
	case "Exec":
		n, err := s.Exec(ctx, arg[0], arg[1])
		return strconv.Itoa(n), err
	case "Answer":
		return "ok", s.Answer(ctx)
	case "Hangup":
		return "ok", s.Hangup(ctx, arg[0])
	case "Noop":
		return "ok", s.Noop(ctx, arg[0])
	case "Verbose":
		return "ok", s.Verbose(ctx, arg[0], 3)
	case "StreamFile":
		digit, endpos, err := s.StreamFile(ctx, arg[0], arg[1])
		return fmt.Sprint(digit, " ", endpos), err
	case "SayDigits":
		digit, err := s.SayDigits(ctx, arg[0], arg[1])
		return fmt.Sprint(digit), err
	case "WaitForDigit":
		digit, err := s.WaitForDigit(ctx, 1500*time.Millisecond)
		return fmt.Sprint(digit), err
	case "GetData":
		digits, timedOut, err := s.GetData(ctx, arg[0], 2*time.Second, 4)
		return fmt.Sprint(digits, " ", timedOut), err
	case "ChannelStatus":
		state, err := s.ChannelStatus(ctx, arg[0])
		return fmt.Sprint(state), err
	case "Goto":
		return "ok", errors.Join(s.SetContext(ctx, arg[0]), s.SetExtension(ctx, arg[1]), s.SetPriority(ctx, arg[2]))
	case "HungUp":
		return fmt.Sprint(s.HungUp()), nil
	case "Path":
		return s.Request.Path(), nil
	case "Field":
		value, ok := s.Request.Variable(arg[0])
		return fmt.Sprint(ok, " ", value), nil
	case "Args":
		return fmt.Sprintf("%q", s.Request.Args), nil
	case "fail":
		return "", errors.New("handler failed")
	}
	return "", fmt.Errorf("unknown operation %q", operation)
}

// name gives the kind of an error, which is what a handler can act upon.
func name(err error) string {
	var reply *agi.ReplyError
	switch {
	case errors.As(err, &reply):
		return fmt.Sprintf("%d %q", reply.Code, reply.Text)
	case errors.Is(err, agi.ErrArgument):
		return "ErrArgument"
	case errors.Is(err, agi.ErrFailed):
		return "ErrFailed"
	case errors.Is(err, agi.ErrOutOfStep):
		return "ErrOutOfStep"
	case errors.Is(err, agi.ErrLineTooLong):
		return "ErrLineTooLong"
	case errors.Is(err, agi.ErrHungUp):
		return "ErrHungUp"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "ErrUnexpectedEOF"
	case errors.Is(err, io.EOF):
		return "EOF"
	}
	return err.Error()
}
