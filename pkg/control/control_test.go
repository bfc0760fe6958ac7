package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// actor is a service that plays a part and remembers what it was asked.
type actor struct {
	author string
	script *script
}

type script struct {
	mu     sync.Mutex
	asked  []any
	by     []string
	fails  error
	blocks chan struct{} // if there is one, Status waits for it
	inside chan struct{}
}

func (a actor) note(what any) error {
	a.script.mu.Lock()
	defer a.script.mu.Unlock()
	a.script.asked = append(a.script.asked, what)
	a.script.by = append(a.script.by, a.author)
	return a.script.fails
}

var moment = time.Date(2026, 3, 29, 1, 30, 0, 123_000_000, time.UTC)

var (
	theStatus = admin.Status{Incidents: 1, Mail: admin.MailStatus{Configured: true, Waiting: 2, Oldest: moment, Error: "no"},
		Fuse: admin.FuseStatus{Configured: true, Blown: &toll.Fuse{Blown: moment, Why: "why"}}, At: moment, Revision: 7, Live: 2, Site: admin.Site{Timezone: "Europe/Berlin"}, Process: admin.Process{Daemon: true, Since: moment, Links: []admin.Link{{PBX: "pbx", Up: true}}}}
	theSetting = toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001", Reason: "stolen <&>", Since: moment, Until: moment.Add(time.Hour)}, Author: "kim", At: moment, Revision: 7}
	theLease   = toll.Lease{ID: "1-2", State: toll.Answered, Key: toll.Key{PBX: "pbx"}, Granted: moment, Timer: time.Hour, Reserved: 1_500_000}
	theEntry   = toll.Entry{Seq: 9, At: moment, Kind: toll.EntryEnded, Lease: theLease}
	theChange  = toll.Entry{Seq: 10, At: moment, Kind: toll.EntrySetting, Setting: &theSetting}
	theReport  = admin.IncidentReport{
		Incident: toll.Incident{ID: "i1", Kind: toll.Attack, Caller: "\x1b\r\n", Opened: moment, Cut: 2, Cost: 5, Locks: []toll.Lock{*theSetting.Lock},
			Calls: []toll.IncidentCall{{Lease: "1-2", Began: moment, Cut: toll.ReasonLimit, Talked: time.Minute}}, Causes: []toll.Tally{{Name: "l", Count: 7}}},
		Notices: []toll.Notice{{ID: "n1", Kind: toll.NoticeOpened, At: moment, Sent: moment, Tries: 3}},
		Hints:   []admin.Hint{{Text: "t", Command: "c"}},
	}
	theAlertTest   = admin.AlertTest{To: []string{"kim@example.com"}, Server: "mail:25", Took: time.Second}
	theRun         = admin.FuseRun{Command: []string{"/bin/fuse", "a b"}, Output: "shut\n\x1b[2J", Took: time.Second}
	theExplanation = admin.Explanation{At: moment, PBX: "pbx", Hints: []admin.Hint{{Text: "t", Command: "c"}},
		Verdict: toll.Verdict{Judgement: toll.Judgement{Reason: toll.ReasonLocked, Figures: []toll.Figure{{By: "x", Limit: &toll.Limit{ID: "l"}}}}}}
)

func (a actor) Status(ctx context.Context) (admin.Status, error) {
	if a.script.blocks != nil {
		close(a.script.inside)
		select {
		case <-a.script.blocks:
		case <-ctx.Done():
			return admin.Status{}, ctx.Err()
		}
	}
	return theStatus, a.note("status")
}
func (a actor) Explain(_ context.Context, q admin.Query) (admin.Explanation, error) {
	return theExplanation, a.note(q)
}
func (a actor) Settings(context.Context) ([]toll.Setting, error) {
	return []toll.Setting{theSetting}, a.note("settings")
}
func (a actor) Change(_ context.Context, s toll.Setting) (toll.Setting, error) {
	return theSetting, a.note(s)
}
func (a actor) Live(context.Context) ([]toll.Lease, error) {
	return []toll.Lease{theLease}, a.note("live")
}
func (a actor) Call(_ context.Context, lease string) ([]toll.Entry, error) {
	return []toll.Entry{theEntry}, a.note("call " + lease)
}
func (a actor) Hangup(_ context.Context, s admin.Selection) ([]toll.Lease, error) {
	return []toll.Lease{theLease}, a.note(s)
}
func (a actor) Changes(_ context.Context, q admin.ChangesQuery) ([]toll.Entry, error) {
	return []toll.Entry{theChange}, a.note(q)
}
func (a actor) Incidents(_ context.Context, q admin.IncidentQuery) ([]toll.Incident, error) {
	return []toll.Incident{theReport.Incident}, a.note(q)
}
func (a actor) Incident(_ context.Context, id string) (admin.IncidentReport, error) {
	return theReport, a.note("incident " + id)
}
func (a actor) CloseIncident(_ context.Context, id string) (toll.Incident, error) {
	return theReport.Incident, a.note("close " + id)
}
func (a actor) TestAlert(ctx context.Context) (admin.AlertTest, error) {
	return theAlertTest, a.patient(ctx, "test alert", 30*time.Second)
}
func (a actor) TestFuse(ctx context.Context) (admin.FuseRun, error) {
	return theRun, a.patient(ctx, "test fuse", 5*time.Minute)
}
func (a actor) ResetFuse(ctx context.Context) (admin.FuseRun, error) {
	return theRun, a.patient(ctx, "reset fuse", 5*time.Minute)
}

// patient notes what was asked, and fails where it may not last so long.
func (a actor) patient(ctx context.Context, what string, least time.Duration) error {
	if deadline, bounded := ctx.Deadline(); !bounded || time.Until(deadline) < least {
		return fmt.Errorf("%s may last until %s only", what, deadline)
	}
	return a.note(what)
}
func (a actor) History(_ context.Context, q admin.HistoryQuery) ([]toll.Entry, error) {
	return []toll.Entry{theEntry}, a.note(q)
}

var _ admin.Service = (*Client)(nil)

// serve starts a server on a socket of its own.
func serve(t *testing.T, s *script) (*Server, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := Listen(path, "")
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(func(author string) admin.Service { return actor{author, s} }, slog.New(slog.DiscardHandler))
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return server, path
}

func client(t *testing.T, path string) *Client {
	c := NewClient(path)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestEverythingCrosses(t *testing.T) {
	s := &script{}
	_, path := serve(t, s)
	c := client(t, path)
	ctx := t.Context()
	query := admin.Query{From: "1001", To: "0023222123456%40carrier,60,L(30000)", Trunk: "\x1b\r\n"}
	history := admin.HistoryQuery{Caller: "extension:1001", From: moment, Limit: 5}
	selection := admin.Selection{Caller: "214", PBX: "pbx", Trunk: "t", Where: toll.Abroad, Country: "SL", Number: "+232", Lease: "x", All: true}
	changed := admin.ChangesQuery{Kind: "lock", ID: "caller=1001", Before: 7, Limit: 3}
	open := admin.IncidentQuery{Open: true, Kind: toll.Attack, Caller: "214", From: moment, To: moment.Add(1), Limit: 2}
	sent := toll.Setting{Limit: &toll.Limit{ID: "l", Act: 1 << 60, Meter: toll.Meter{Measure: toll.Cost, Window: time.Hour}, Do: []toll.Action{toll.Deny}}}

	check := func(what string, got, want any, err error) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v; want %+v", what, got, err, want)
		}
	}
	status, err := c.Status(ctx)
	check("status", status, theStatus, err)
	explanation, err := c.Explain(ctx, query)
	check("explain", explanation, theExplanation, err)
	settings, err := c.Settings(ctx)
	check("settings", settings, []toll.Setting{theSetting}, err)
	stands, err := c.Change(ctx, sent)
	check("change", stands, theSetting, err)
	live, err := c.Live(ctx)
	check("live", live, []toll.Lease{theLease}, err)
	cut, err := c.Hangup(ctx, selection)
	check("hangup", cut, []toll.Lease{theLease}, err)
	page, err := c.History(ctx, history)
	check("history", page, []toll.Entry{theEntry}, err)
	life, err := c.Call(ctx, "1-2")
	check("call", life, []toll.Entry{theEntry}, err)
	changes, err := c.Changes(ctx, changed)
	check("changes", changes, []toll.Entry{theChange}, err)
	incidents, err := c.Incidents(ctx, open)
	check("incidents", incidents, []toll.Incident{theReport.Incident}, err)
	report, err := c.Incident(ctx, "\x00/i1")
	check("incident", report, theReport, err)
	closed, err := c.CloseIncident(ctx, "i1")
	check("close", closed, theReport.Incident, err)
	test, err := c.TestAlert(ctx)
	check("test alert", test, theAlertTest, err)
	run, err := c.TestFuse(ctx)
	check("test fuse", run, theRun, err)
	run, err = c.ResetFuse(ctx)
	check("reset fuse", run, theRun, err)

	want := []any{"status", query, "settings", sent, "live", selection, history, "call 1-2", changed, open,
		"incident \x00/i1", "close i1", "test alert", "test fuse", "reset fuse"}
	if !reflect.DeepEqual(s.asked, want) {
		t.Errorf("the service was asked\n%+v\nwant\n%+v", s.asked, want)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for i, author := range s.by {
		if author != me.Username {
			t.Errorf("request %d came from %q, want %q", i, author, me.Username)
		}
	}
}

func TestErrorsKeepTheirKind(t *testing.T) {
	for _, kind := range []admin.Kind{admin.NotFound, admin.BadInput, admin.LedgerDown, admin.NeedsDaemon} {
		_, path := serve(t, &script{fails: admin.Errorf(kind, "do this", "it is %s", kind)})
		_, err := client(t, path).CloseIncident(t.Context(), "x")
		var e *admin.Error
		if !errors.As(err, &e) || e.Kind != kind || e.Text != "it is "+string(kind) || e.Hint != "do this" {
			t.Errorf("%s became %#v", kind, err)
		}
	}
	_, path := serve(t, &script{fails: errors.New("some slip")})
	_, err := client(t, path).Status(t.Context())
	if admin.KindOf(err) != admin.Internal || err.Error() != "some slip" {
		t.Errorf("an error without a kind became %v", err)
	}
}

func TestNobodyListens(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.sock")
	left := filepath.Join(t.TempDir(), "left.sock")
	l, err := Listen(left, "")
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{missing, left} {
		_, err := client(t, path).Status(t.Context())
		if !errors.Is(err, ErrNobody) || admin.KindOf(err) != admin.Unreachable {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Whoever presses Ctrl-C has not found out that the daemon is down.
func TestAskerGoesAway(t *testing.T) {
	_, path := serve(t, &script{})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("a signal"))
	c := NewClient(path)
	defer c.Close()
	if _, err := c.Status(ctx); !errors.Is(err, context.Canceled) || admin.KindOf(err) == admin.Unreachable {
		t.Errorf("%v, %s", err, admin.KindOf(err))
	}
}

// TestSilentDaemon is one that takes the connection and never answers.
func TestSilentDaemon(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := Listen(path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = client(t, path).Status(ctx)
	if admin.KindOf(err) != admin.Unreachable || errors.Is(err, ErrNobody) {
		t.Errorf("%v", err)
	}
}

// TestSomethingElseListens talks to a server that is not ours.
func TestSomethingElseListens(t *testing.T) {
	for _, answer := range []string{
		"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnope", "220 mail ESMTP\r\n",
	} {
		path := filepath.Join(t.TempDir(), "s")
		l, err := Listen(path, "")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		}()
		if _, err := client(t, path).Status(t.Context()); admin.KindOf(err) != admin.Unreachable {
			t.Errorf("%q: %v", answer, err)
		}
		_ = l.Close()
		<-done
	}
}

func TestListen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "control.sock")
	l, err := Listen(path, "")
	if err != nil {
		t.Fatal(err)
	}
	mode := func(want fs.FileMode) {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("mode %v, %v; want %v", info.Mode(), err, want)
		}
	}
	mode(0o600)
	if _, err := Listen(path, ""); err == nil || !strings.Contains(err.Error(), "another daemon listens") {
		t.Errorf("a second daemon took the socket: %v", err)
	}
	mode(0o600)
	l.SetUnlinkOnClose(false) // as after kill -9
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	group, err := user.LookupGroupId(me.Gid)
	if err != nil {
		t.Fatal(err)
	}
	if l, err = Listen(path, group.Name); err != nil {
		t.Fatalf("the socket of a dead daemon was not replaced: %v", err)
	}
	mode(0o660)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	if _, err := Listen(path, "no-such-group"); err == nil || !strings.Contains(err.Error(), "control.group") {
		t.Errorf("an unknown group: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(file, ""); err == nil {
		t.Error("a file was taken for a socket")
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "precious" {
		t.Errorf("the file holds %q, %v", text, err)
	}
	if _, err := Listen(filepath.Join(dir, "none", "s"), ""); err == nil {
		t.Error("a socket was made in a folder that is not there")
	}
}

// post sends raw bytes as a request and returns the answer.
func post(t *testing.T, path, target, kind string, body io.Reader) (int, failure) {
	t.Helper()
	c := client(t, path)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://tollfuse"+target, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	res, err := c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var f failure
	if err := json.NewDecoder(res.Body).Decode(&f); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, f
}

func TestRequestsAreReadStrictly(t *testing.T) {
	s := &script{}
	_, path := serve(t, s)
	for name, test := range map[string]struct{ target, kind, body string }{
		"unknown choice": {pathHangup, contentType, `{"caler":"214"}`},
		"too much said":  {pathResetFuse, contentType, `{"now":true}`},
		"no order":       {pathTestFuse, contentType, ``},
		"unknown key":    {pathExplain, contentType, `{"from":"1","too":"2"}`},
		"no JSON":        {pathExplain, contentType, `from=1`},
		"nothing":        {pathSettings, contentType, ``},
		"two values":     {pathHangup, contentType, `{"lease":"1"}{"lease":"2"}`},
		"wrong type":     {pathHangup, contentType, `{"lease":1}`},
		"a form":         {pathHangup, "application/x-www-form-urlencoded", `{"lease":"1"}`},
		"too large":      {pathExplain, contentType, `{"from":"` + strings.Repeat("1", largestRequest) + `"}`},
		"bad amount":     {pathSettings, contentType, `{"limit":{"act":"x"}}`},
		"other version":  {"/v2/explain", contentType, `{}`},
		"wrong method":   {pathStatus, contentType, `{}`},
		"up and away":    {"/v1/../../etc/passwd", contentType, `{}`},
	} {
		status, f := post(t, path, test.target, test.kind, bytes.NewReader([]byte(test.body)))
		if status != http.StatusBadRequest || f.Error.Kind != admin.BadInput || f.Error.Text == "" {
			t.Errorf("%s: %d %+v", name, status, f)
		}
	}
	if len(s.asked) != 0 {
		t.Errorf("the service was asked %v", s.asked)
	}
	_, f := post(t, path, pathExplain, contentType, strings.NewReader(`{"from":"`+strings.Repeat("1", largestRequest)+`"}`))
	if !strings.Contains(f.Error.Text, "longer than 64 kB") || f.Error.Hint != "" {
		t.Errorf("what is too large is no matter of versions: %+v", f)
	}
}

// TestIdleConnections opens more connections than are served at a time; those
// that say nothing must not keep the server from ending.
func TestIdleConnections(t *testing.T) {
	_, path := serve(t, &script{})
	for range places / 2 {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	if _, err := client(t, path).Status(t.Context()); err != nil {
		t.Error(err)
	}
}
