//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/agi"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// forge asks the daemon as a channel that does not exist, which any process on the machine can do, and returns
// what the dialplan would have been told.
func forge(t *testing.T, d *Daemon, uniqueid, number string) string {
	t.Helper()
	conn := connect(t, d)
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var told string
	request := &agi.Request{
		URL: "agi://" + d.Config.FastAGI.Listen + "/authorize", NetworkScript: "authorize", Channel: "PJSIP/1001-0000beef", Type: "PJSIP",
		Language: "en", Uniqueid: uniqueid, Version: "22", CallerID: "1001", CallerIDName: "x", DNID: number, RDNIS: "unknown",
		Context: "internal", Extension: "s", Priority: "1", Enhanced: "0.0", ThreadID: "1",
		Args: []string{"pbx=" + PBXName, "number=" + number, "trunk=", "blind=", "attended=", "forward=", "transfer=", "account=", "end=1"},
	}
	err := agi.NewCaller(conn).Call(ctx, request, func(words []string) string {
		told = strings.Join(words, " ")
		return "200 result=0"
	})
	if err != nil {
		t.Fatalf("the forged request: %v", err)
	}
	return told
}

// connect opens a connection to the FastAGI port.
func connect(t *testing.T, d *Daemon) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", d.Config.FastAGI.Listen)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// A lease that no channel of Asterisk asked for holds nothing for longer than two seconds or so.
func TestForgedRequest(t *testing.T) {
	o := DaemonOptions{Limits: []toll.Limit{concurrentLimit(1)}}
	forEachVersion(t, o, func(t *testing.T, l *Lab, d *Daemon) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		told := forge(t, d, l.Name+"-1.99", london)
		begun := time.Now()
		if !strings.Contains(told, "TOLLFUSE_VERDICT=allow") {
			t.Fatalf("the forged request was told %q; this test needs it to be allowed", told)
		}
		refusedFor(t, phone.Dial(sierraLeone), toll.ReasonLimit)
		d.WaitLive(t, 0, 10*time.Second)
		released := time.Since(begun)
		t.Logf("measured: a forged request held its lease for %v", released.Round(time.Millisecond))
		if released > 4*time.Second {
			t.Errorf("a forged request held its lease for %v", released)
		}
		if got := d.WaitEnded(t, e164(london), 1, 5*time.Second)[0]; got.Why != toll.EndedForged || got.Cost != 0 {
			t.Errorf("the forged lease in the history: %+v", got)
		}
		if got := len(carrier.Calls()); got != 0 {
			t.Errorf("%d calls at the carrier", got)
		}
		phone.Dial(sierraLeone).WaitAnswered(t, 5*time.Second)
	})
}

// A forged request in the name of a live call neither ends nor changes it, and holds what it got no longer than
// that call.
func TestForgedRequestForALiveChannel(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		call := phone.Dial(london)
		call.WaitAnswered(t, 5*time.Second)
		real := d.WaitLease(t, e164(london), "is answered", 5*time.Second, answered)
		forge(t, d, real.Key.Uniqueid, london)
		forge(t, d, real.Key.Uniqueid, sierraLeone)
		call.StaysUp(t, 3*time.Second)
		if got := d.WaitLease(t, e164(london), "is answered", time.Second, answered); got.ID != real.ID || got.Covered != real.Covered || got.Cut != "" {
			t.Errorf("the lease of the live call is now %+v, was %+v", got, real)
		}
		call.Hangup()
		d.WaitLive(t, 0, 10*time.Second)
		settledOnce(t, d, real.ID, trunkCall(t, carrier, london).WaitEnded(t, 5*time.Second).Talk)
	})
}

// garbage is what no Asterisk sends.
func garbage() map[string][]byte {
	return map[string][]byte{
		"zeros":          make([]byte, 100_000),
		"one long line":  bytes.Repeat([]byte("agi_"), 100_000),
		"TLS":            {0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3},
		"HTTP":           []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
		"many variables": []byte(strings.Repeat("agi_x: 1\n", 10_000) + "\n"),
		"no colon":       []byte("agi_request\n\n"),
		"empty":          []byte("\n"),
		"twice":          []byte("agi_uniqueid: 1\nagi_uniqueid: 2\n\n"),
		"invalid UTF-8":  []byte("agi_network: yes\nagi_channel: \xff\xfe\n\n"),
		"other script":   []byte("agi_network: yes\nagi_network_script: etc/passwd\nagi_request: agi://127.0.0.1/etc/passwd\nagi_uniqueid: 1\n\n"),
		"no arguments":   []byte("agi_network: yes\nagi_network_script: authorize\nagi_request: agi://127.0.0.1/authorize\nagi_uniqueid: 1\n\n"),
	}
}

// A thousand idle connections, half-open requests and garbage on the FastAGI port stop nobody.
func TestIdleConnectionsAndGarbage(t *testing.T) {
	const idle, half, calls = 1000, 50, 10
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		before, err := d.Admin.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		serves := func(when string) {
			t.Helper()
			var longest time.Duration
			for range calls {
				call := phone.Dial(london)
				_, after := reaches(t, carrier, len(carrier.Calls())+1, call, london)
				longest = max(longest, after)
				call.WaitAnswered(t, 5*time.Second)
				call.Hangup()
			}
			t.Logf("measured: %d calls one after the other %s, each at the carrier within %v", calls, when, longest.Round(100*time.Microsecond))
			if longest > atOnce {
				t.Errorf("a call %s took %v", when, longest)
			}
		}
		for range idle {
			connect(t, d)
		}
		serves("beside a thousand idle connections")
		for range half {
			_, _ = io.WriteString(connect(t, d), "agi_network: yes\nagi_network_script: authorize\nagi_unique")
		}
		for what, text := range garbage() {
			conn := connect(t, d)
			_, _ = conn.Write(text)
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
				t.Errorf("%s: the daemon holds the connection", what)
			}
		}
		serves("after garbage")
		after, err := d.Admin.Status(t.Context())
		if err != nil || after.Process.PID != before.Process.PID {
			t.Errorf("process %d is now %d: %v", before.Process.PID, after.Process.PID, err)
		}
		if n := d.Logged(t, "panic"); n != 0 {
			t.Errorf("%d lines of the log speak of a panic", n)
		}
		if lines := d.Logged(t, "fastagi"); lines > 200 {
			t.Errorf("%d lines of log for some thousand bad connections", lines)
		}
	})
}
