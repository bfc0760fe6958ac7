//go:build e2e

package e2e

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// Answer says what an agent does with a call that comes in. The zero value answers at once and
// never hangs up.
type Answer struct {
	Silent  bool          // send nothing at all, not even 100
	Ring    time.Duration // send 180 and wait so long before the final response
	Status  int           // the final response; 0 means 200
	Contact string        // where a 302 sends the caller
	Talk    time.Duration // hang up so long after the answer; 0 means never
	Vanish  bool          // ignore everything once the call is answered
}

// agent is a SIP user agent over UDP with one socket: the carrier and every phone is one. It speaks
// the part of RFC 3261 that a call against Asterisk needs: both sides of INVITE, ACK, CANCEL, BYE and
// REFER, with retransmissions. No media is sent; Asterisk does not ask for any.
type agent struct {
	conn *net.UDPConn
	pbx  *net.UDPAddr
	stop chan struct{}
	done sync.WaitGroup

	mu       sync.Mutex
	answer   func(*Call) Answer
	calls    map[string]*Call // by Call-ID, both directions
	incoming []*Call          // in the order in which they came
	changed  chan struct{}    // closed and replaced whenever a call comes in
}

// newAgent opens the socket and reads from it until the test ends.
func newAgent(t testing.TB, host string, port, pbxPort int) *agent {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(host), Port: port})
	if err != nil {
		t.Fatalf("opening a SIP socket: %v", err)
	}
	// A burst of calls must not overflow the socket; the kernel caps what is asked for.
	_ = conn.SetReadBuffer(4 << 20)
	a := &agent{
		conn:    conn,
		pbx:     &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: pbxPort},
		stop:    make(chan struct{}),
		calls:   map[string]*Call{},
		changed: make(chan struct{}),
		answer:  func(*Call) Answer { return Answer{} },
	}
	a.done.Go(a.read)
	t.Cleanup(func() {
		close(a.stop)
		conn.Close()
		a.done.Wait()
	})
	return a
}

// OnCall sets what happens to calls that come in from now on. The function may look at the call,
// whose Number and From are known.
func (a *agent) OnCall(answer func(*Call) Answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = answer
}

// Always is OnCall with the same answer for everybody.
func (a *agent) Always(answer Answer) { a.OnCall(func(*Call) Answer { return answer }) }

// Calls returns the calls that came in so far, in order. A retransmitted INVITE counts once.
func (a *agent) Calls() []*Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]*Call(nil), a.incoming...)
}

// WaitCalls waits until n calls have come in and returns all there are by then.
func (a *agent) WaitCalls(t testing.TB, n int, limit time.Duration) []*Call {
	t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for {
		a.mu.Lock()
		calls, changed := append([]*Call(nil), a.incoming...), a.changed
		a.mu.Unlock()
		if len(calls) >= n {
			return calls
		}
		select {
		case <-changed:
		case <-deadline.C:
			t.Fatalf("%d calls came in within %v, want %d", len(calls), limit, n)
		}
	}
}

func (a *agent) address() string { return a.conn.LocalAddr().String() }

func (a *agent) host() string { return a.conn.LocalAddr().(*net.UDPAddr).IP.String() }

func (a *agent) send(m *message) {
	// UDP promises nothing, so neither do we: what is lost is retransmitted.
	_, _ = a.conn.WriteToUDP(m.bytes(), a.pbx)
}

// resend sends a message now and again, at the intervals of RFC 3261 (500 ms, doubling up to 4 s,
// for 32 s), until the channel is closed.
func (a *agent) resend(m *message, until <-chan struct{}) {
	a.send(m)
	a.done.Go(func() {
		interval := 500 * time.Millisecond
		for waited := time.Duration(0); waited < 32*time.Second; waited += interval {
			timer := time.NewTimer(interval)
			select {
			case <-until:
				timer.Stop()
				return
			case <-a.stop:
				timer.Stop()
				return
			case <-timer.C:
				a.send(m)
			}
			interval = min(2*interval, 4*time.Second)
		}
	})
}

// after runs f later, unless the test or the call ends before.
func (a *agent) after(wait time.Duration, unless <-chan struct{}, f func()) {
	if wait <= 0 {
		f()
		return
	}
	a.done.Go(func() {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
			f()
		case <-unless:
		case <-a.stop:
		}
	})
}

func (a *agent) read() {
	packet := make([]byte, 65536)
	for {
		n, err := a.conn.Read(packet)
		if err != nil {
			return
		}
		m, err := parseMessage(packet[:n])
		if err != nil {
			continue // keep-alives and noise
		}
		a.dispatch(m)
	}
}

func (a *agent) dispatch(m *message) {
	id := m.get("Call-ID")
	a.mu.Lock()
	call := a.calls[id]
	fresh := call == nil && m.method == "INVITE" && !strings.Contains(m.get("To"), ";tag=")
	var answer func(*Call) Answer
	if fresh {
		call = a.accept(m)
		answer = a.answer
	}
	a.mu.Unlock()

	switch {
	case fresh:
		call.begin(answer(call))
	case call != nil:
		call.receive(m)
	case m.method == "ACK" || m.method == "":
	case m.method == "OPTIONS" || m.method == "NOTIFY":
		a.send(m.response(200, token()))
	default:
		a.send(m.response(481, token()))
	}
}

// accept enters a call that comes in. The lock is held.
func (a *agent) accept(m *message) *Call {
	c := newCall(a, m.get("Call-ID"))
	c.Number, c.From = uriUser(m.uri), m.get("From")
	c.invite = m
	c.local = m.get("To") + ";tag=" + token()
	c.remote = m.get("From")
	c.target = addressURI(m.get("Contact"))
	a.calls[c.id] = c
	a.incoming = append(a.incoming, c)
	close(a.changed)
	a.changed = make(chan struct{})
	return c
}

// token returns a random word for tags, branches and Call-IDs.
func token() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// offer is a session description that Asterisk accepts: one G.711 stream that nobody will send to.
func offer(host string) string {
	return fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"+
		"m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n", host, host)
}
