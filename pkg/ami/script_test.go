package ami

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestDialogues plays the scripts in testdata: raw lines in and out, against a client on a pipe, in virtual
// time. A script begins with the client running and its first connection accepted.
//
//	> LINE            the client must send this line; {x} takes a word into the variable x
//	< LINE            send this line and CR LF; {x} is replaced
//	raw GOSTRING      send exactly this, an interpreted Go string
//	repeat N GOSTRING send it N times
//	login             the whole of a plain login that succeeds
//	segment N         from now on send at most N bytes at a time
//	drain             from now on read and forget what the client sends
//	close / accept    close the connection / wait for the next one
//	wait DURATION     let virtual time pass
//	call X ACTION …   start ping, hangup, timeout, getvar or channels in the background, named X
//	result X TEXT     what came of it must contain TEXT
//	notice KIND TEXT  the consumer's next notice: its kind, and something of its event or error
//	quiet             the consumer has no notice waiting
//	tampered N        the client has counted so many messages that cannot be Asterisk's own
func TestDialogues(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.script")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, path := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".script"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) { play(t, string(text)) })
		})
	}
}

type player struct {
	t       *testing.T
	client  *Client
	dialled chan net.Conn
	notices chan Notice
	conn    net.Conn
	from    *bufio.Reader
	vars    map[string]string
	calls   map[string]chan string
	segment int
}

func play(t *testing.T, script string) {
	p := &player{
		t: t, dialled: make(chan net.Conn), notices: make(chan Notice),
		vars: map[string]string{}, calls: map[string]chan string{},
	}
	var err error
	p.client, err = New(Options{
		Username: "tollfuse", Secret: "s3cret", PingEvery: 10 * time.Second, DeadAfter: 30 * time.Second,
		Events: []string{"Newchannel", "Hangup"},
		Dial: func(ctx context.Context) (net.Conn, error) {
			ours, theirs := net.Pipe()
			select {
			case p.dialled <- theirs:
				return ours, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- p.client.Run(ctx, func(ctx context.Context, n Notice) {
			select {
			case p.notices <- n:
			case <-ctx.Done():
			}
		})
	}()
	p.accept()
	for number, line := range strings.Split(strings.TrimSpace(script), "\n") {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			p.t.Logf("%d: %s", number+1, line)
			p.step(line)
		}
	}
	go p.drain(p.conn)
	cancel()
	if err := <-ended; err != context.Canceled {
		t.Errorf("Run returned %v", err)
	}
	p.conn.Close()
}

func (p *player) step(line string) {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case ">":
		p.expect(rest)
	case "<":
		p.send(p.fill(rest) + "\r\n")
	case "raw":
		p.send(p.unquote(p.fill(rest)))
	case "repeat":
		n, text, _ := strings.Cut(rest, " ")
		count, _ := strconv.Atoi(n)
		p.send(strings.Repeat(p.unquote(text), count))
	case "login":
		for _, l := range []string{"< Asterisk Call Manager/11.0.0", "> Action: Login", "> ActionID: {login}",
			"> Username: tollfuse", "> Secret: s3cret", ">",
			"< Response: Success", "< ActionID: {login}", "< Message: Authentication accepted", "<"} {
			p.step(l)
		}
	case "segment":
		p.segment, _ = strconv.Atoi(rest)
	case "drain":
		go p.drain(p.conn)
	case "close":
		p.conn.Close()
	case "accept":
		p.accept()
	case "wait":
		d, err := time.ParseDuration(rest)
		if err != nil {
			p.t.Fatal(err)
		}
		time.Sleep(d) //nolint:forbidigo // of the bubble
	case "call":
		name, action, _ := strings.Cut(rest, " ")
		p.call(name, p.unquote(`"`+action+`"`))
	case "result":
		p.result(rest)
	case "notice":
		p.notice(rest)
	case "quiet":
		synctest.Wait()
		select {
		case n := <-p.notices:
			p.t.Fatalf("an unexpected notice: %v %v %v", n.Kind, n.Event, n.Err)
		default:
		}
	case "tampered":
		if n := fmt.Sprint(p.client.State().Tampered); n != rest {
			p.t.Fatalf("%s are counted", n)
		}
	default:
		p.t.Fatalf("no such verb: %s", verb)
	}
}

func (p *player) drain(conn net.Conn) {
	_, _ = io.Copy(io.Discard, conn) // until either side closes
}

func (p *player) unquote(s string) string {
	text, err := strconv.Unquote(s)
	if err != nil {
		p.t.Fatalf("%s: %v", s, err)
	}
	return text
}

// patience is virtual: long enough for every deadline and back-off of the client.
const patience = 5 * time.Minute

func (p *player) accept() {
	select {
	case p.conn = <-p.dialled:
		p.from = bufio.NewReader(p.conn)
	case <-time.After(patience):
		p.t.Fatal("the client does not connect")
	}
}

func (p *player) send(text string) {
	for text != "" {
		n := len(text)
		if p.segment > 0 {
			n = min(n, p.segment)
		}
		if _, err := io.WriteString(p.conn, text[:n]); err != nil {
			p.t.Fatal(err)
		}
		text = text[n:]
	}
}

var variable = regexp.MustCompile(`\{(\w+)\}`)

func (p *player) fill(text string) string {
	return variable.ReplaceAllStringFunc(text, func(v string) string { return p.vars[v[1:len(v)-1]] })
}

func (p *player) expect(want string) {
	p.conn.SetReadDeadline(time.Now().Add(patience))
	got, err := p.from.ReadString('\n')
	if err != nil {
		p.t.Fatal(err)
	}
	if !strings.HasSuffix(got, "\r\n") {
		p.t.Fatalf("the client ended a line with %q", got)
	}
	got = strings.TrimSuffix(got, "\r\n")
	pattern := regexp.MustCompile("^" + variable.ReplaceAllString(
		regexp.MustCompile(`[.*+()|^$/]`).ReplaceAllString(want, `\$0`), `(?P<$1>\S+)`) + "$")
	match := pattern.FindStringSubmatch(got)
	if match == nil {
		p.t.Fatalf("the client sent %q", got)
	}
	for i, name := range pattern.SubexpNames() {
		if name != "" {
			p.vars[name] = match[i]
		}
	}
}

func (p *player) call(name, action string) {
	verb, argument, _ := strings.Cut(action, " ")
	came := make(chan string, 1)
	p.calls[name] = came
	go func() {
		ctx := context.Background()
		text, err := "done", error(nil)
		switch verb {
		case "ping":
			err = p.client.Ping(ctx)
		case "hangup":
			err = p.client.Hangup(ctx, argument, 16)
		case "timeout":
			err = p.client.AbsoluteTimeout(ctx, argument, 60)
		case "getvar":
			text, err = p.client.Getvar(ctx, argument, "TOLLFUSE_LEASE")
		case "channels":
			var list List
			list, err = p.client.CoreShowChannels(ctx)
			text = fmt.Sprint(len(list.Items), " channels")
			for _, item := range list.Items {
				text += " " + item.Get("Uniqueid")
			}
		default:
			err = fmt.Errorf("no such call: %s", verb)
		}
		if err != nil {
			text = "error: " + err.Error()
		}
		came <- text
	}()
}

func (p *player) result(rest string) {
	name, want, _ := strings.Cut(rest, " ")
	select {
	case got := <-p.calls[name]:
		if !strings.Contains(got, want) {
			p.t.Fatalf("the result is %q", got)
		}
	case <-time.After(patience):
		p.t.Fatal("the call does not return")
	}
}

func (p *player) notice(rest string) {
	kind, want, _ := strings.Cut(rest, " ")
	select {
	case n := <-p.notices:
		if got := fmt.Sprintf("%s %v", n.Event, n.Err); n.Kind.String() != kind || !strings.Contains(got, want) {
			p.t.Fatalf("the notice is %v %q", n.Kind, got)
		}
	case <-time.After(patience):
		p.t.Fatal("no notice comes")
	}
}
