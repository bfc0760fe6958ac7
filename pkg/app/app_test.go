package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/agi"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/control"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// testConfig is a site in a directory of its own, with an Asterisk that
// nobody can reach.
func testConfig(t testing.TB) config.Config {
	t.Helper()
	dir := t.TempDir()
	c := config.Default()
	c.Site.Country, c.Site.Countries = "US", []string{"GB"}
	c.Ledger.Path = filepath.Join(dir, "ledger.db")
	c.FastAGI.Listen = "127.0.0.1:0"
	c.Control.Socket = filepath.Join(dir, "control.sock")
	c.Log.Decisions = filepath.Join(dir, "decisions.log")
	c.Asterisk = []config.Asterisk{{
		Name: "pbx1", AMI: config.AMI{Address: "127.0.0.1:1", User: "tollfuse", Secret: "x"},
		Trunks: []config.Trunk{{Name: "carrier"}},
	}}
	return c
}

// running is a daemon of a test.
type running struct {
	fastagi string
	client  *control.Client
	stop    func() error
}

func startDaemon(t *testing.T, c config.Config) running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan net.Addr, 1), make(chan error, 1)
	go func() {
		done <- Run(ctx, c, Options{Log: slog.New(slog.DiscardHandler), Version: "test", Ready: func(a net.Addr) { ready <- a }})
	}()
	r := running{client: control.NewClient(c.Control.Socket)}
	r.stop = func() error { cancel(); return <-done }
	select {
	case a := <-ready:
		r.fastagi = a.String()
	case err := <-done:
		t.Fatalf("the daemon ended: %v", err)
	}
	return r
}

// dial asks as Asterisk would and gives back what was set.
func (r running) dial(t *testing.T, uniqueid, number string) string {
	t.Helper()
	conn, err := net.Dial("tcp", r.fastagi)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	var set string
	err = agi.NewCaller(conn).Call(t.Context(), &agi.Request{
		URL: "agi://" + r.fastagi + "/authorize", NetworkScript: "authorize", Channel: "PJSIP/1001-00000001", Type: "PJSIP",
		Language: "en", Uniqueid: uniqueid, Version: "22", CallerID: "1001", CallerIDName: "x", DNID: number, RDNIS: "unknown",
		Context: "internal", Extension: "s", Priority: "1", Enhanced: "0.0", ThreadID: "1",
		Args: []string{"pbx=pbx1", "number=" + number, "trunk=", "blind=", "attended=", "forward=", "transfer=", "account=", "end=1"},
	}, func(words []string) string { set = strings.Join(words, " "); return "200 result=0" })
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestServesWithoutAsterisk(t *testing.T) {
	c := testConfig(t)
	r := startDaemon(t, c)
	if set := r.dial(t, "1.1", "2025550123"); !strings.Contains(set, "TOLLFUSE_VERDICT=allow") {
		t.Fatalf("a home call: %s", set)
	}
	if _, err := r.client.Change(t.Context(), toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}}); err != nil {
		t.Fatal(err)
	}
	if set := r.dial(t, "1.2", "2025550123"); !strings.Contains(set, "TOLLFUSE_REASON=locked") {
		t.Fatalf("a locked caller: %s", set)
	}
	s, err := r.client.Status(t.Context())
	if err != nil || len(s.Process.Links) != 1 || s.Process.Links[0].Up || s.Locks != 1 || s.Live != 1 {
		t.Fatalf("status %+v, %v", s, err)
	}
	if err := r.stop(); err != nil {
		t.Fatalf("stopped with %v", err)
	}
	decisions, err := os.ReadFile(c.Log.Decisions)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{" allowed pbx=pbx1 caller=extension:1001 number=+12025550123", " setting kind=lock id=caller=1001", " refused ", "reason=locked"} {
		if !strings.Contains(strings.ReplaceAll(string(decisions), `"`, ""), want) {
			t.Errorf("the decision log lacks %q:\n%s", want, decisions)
		}
	}

	r = startDaemon(t, c)
	if set := r.dial(t, "1.3", "2025550123"); !strings.Contains(set, "TOLLFUSE_REASON=locked") {
		t.Fatalf("after a restart: %s", set)
	}
	if err := r.stop(); err != nil {
		t.Fatalf("stopped again with %v", err)
	}
}

func TestSecondDaemonOnTheSameLedger(t *testing.T) {
	c := testConfig(t)
	r := startDaemon(t, c)
	defer func() { _ = r.stop() }()
	err := Run(t.Context(), c, Options{Log: slog.New(slog.DiscardHandler)})
	if !errors.Is(err, sqlite.ErrInUse) {
		t.Fatalf("a second daemon: %v", err)
	}
}

func TestCommandsWorkWithAndWithoutTheDaemon(t *testing.T) {
	c := testConfig(t)
	lock := toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}}
	service, closer, err := OpenAdmin(t.Context(), c, "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.Change(t.Context(), lock); err != nil {
		t.Fatal(err)
	}
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	r := startDaemon(t, c)
	defer func() { _ = r.stop() }()
	service, closer, err = OpenAdmin(t.Context(), c, "test")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closer.Close() }()
	settings, err := service.Settings(t.Context())
	if err != nil || len(settings) != 1 || settings[0].Author == "" {
		t.Fatalf("%+v, %v", settings, err)
	}
	if s, _ := service.Status(t.Context()); !s.Process.Daemon {
		t.Fatal("the daemon was not asked")
	}
}

func TestListenAddressInUse(t *testing.T) {
	c := testConfig(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c.FastAGI.Listen = l.Addr().String()
	if err := Run(t.Context(), c, Options{Log: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), "listen for the dialplan") {
		t.Fatalf("%v", err)
	}
	// Nothing may be left behind that keeps the next start from working.
	c.FastAGI.Listen = "127.0.0.1:0"
	if err := startDaemon(t, c).stop(); err != nil {
		t.Fatal(err)
	}
}

func TestCommandsWaitForEachOther(t *testing.T) {
	c := testConfig(t)
	_, first, err := OpenAdmin(t.Context(), c, "test")
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan error, 1)
	go func() {
		_, second, err := OpenAdmin(t.Context(), c, "test")
		if err == nil {
			err = second.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		t.Fatalf("the second command did not wait: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Fatalf("the second command: %v", err)
	}
}
