package authorize

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/agi"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/numbering"
	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// clerk is a ledger that answers as it was told and keeps the question.
type clerk struct {
	verdict toll.Verdict
	err     error
	hang    bool
	asked   toll.Question
	pin     *vault // nil: nobody has a PIN
}

func (c *clerk) Decide(ctx context.Context, q toll.Question) (toll.Verdict, error) {
	c.asked = q
	if c.hang {
		<-ctx.Done()
		return toll.Verdict{}, ctx.Err()
	}
	if c.pin != nil {
		return c.pin.decide(q), c.err
	}
	return c.verdict, c.err
}

func (c *clerk) PIN(_ context.Context, q toll.Question) (toll.PIN, bool, error) {
	if c.pin == nil || c.pin.hash == "" {
		return toll.PIN{}, false, nil
	}
	return toll.PIN{Caller: q.Caller.ID, Hash: c.pin.hash}, true, c.pin.err
}

func (c *clerk) WrongPIN(context.Context, toll.Question) (bool, error) {
	c.pin.wrong++
	return c.pin.wrong == c.pin.most, nil
}

// prices are rates at a moment like any other.
type prices struct{ *rating.Rates }

func (p prices) Price(to toll.Destination, trunk string) toll.Price {
	return p.Rates.Price(to, trunk, time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC))
}

func handler(t *testing.T, l Ledger, change func(*Options)) *Handler {
	t.Helper()
	resolver, err := numbering.New(numbering.Plan{Country: "US"})
	if err != nil {
		t.Fatal(err)
	}
	rates, err := rating.New(rating.DefaultAssumed(), nil)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Sites: map[string]Site{"pbx1": {
			Numbering: resolver, Rates: prices{rates}, Callers: caller.Site{Trunks: []string{"carrier"}},
		}},
		FailOpen: true, Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&o)
	}
	return New(l, o)
}

// ask plays the dialplan: it sends the arguments and gives back the variables
// that were set.
func ask(t *testing.T, h *Handler, args ...string) map[string]string {
	t.Helper()
	return askWith(t, h, func([]string) string { return "510 Invalid or unknown command" }, args...)
}

// askWith is ask, where other commands are answered by the function.
func askWith(t *testing.T, h *Handler, other func(words []string) string, args ...string) map[string]string {
	t.Helper()
	client, server := net.Pipe()
	s := &agi.Server{Handler: h, Logger: slog.New(slog.DiscardHandler)}
	listener := &oneConn{conn: server, closed: make(chan struct{})}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(listener) }()
	set := make(map[string]string)
	request := &agi.Request{
		URL: "agi://127.0.0.1:4573/authorize", NetworkScript: "authorize", Channel: "PJSIP/1001-00000001", Type: "PJSIP",
		Language: "en", Uniqueid: "pbx1-1.1", Version: "22", CallerID: "1001", CallerIDName: "x", DNID: "1", RDNIS: "unknown",
		Context: "internal", Extension: "s", Priority: "1", Enhanced: "0.0", ThreadID: "1", Args: args,
	}
	err := agi.NewCaller(client).Call(t.Context(), request, func(words []string) string {
		if len(words) == 3 && words[0] == "EXEC" && words[1] == "MSet" {
			for _, pair := range strings.Split(words[2], ",") {
				name, value, _ := strings.Cut(pair, "=")
				set[name] = value
			}
			return "200 result=0"
		}
		return other(words)
	})
	if err != nil {
		t.Logf("the dialogue ended with %v", err)
	}
	_ = client.Close()
	_ = s.Close()
	<-done
	return set
}

// oneConn is a listener with one connection.
type oneConn struct {
	conn   net.Conn
	closed chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if c := l.conn; c != nil {
		l.conn = nil
		return addressed{c}, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}
func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

type addressed struct{ net.Conn }

func (addressed) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// call are the arguments of the snippet for a number.
func call(number string, more ...string) []string {
	return append(append([]string{"pbx=pbx1", "number=" + number, "trunk=carrier", "blind=", "attended=", "forward=", "transfer=", "account="}, more...), "end=1")
}

func TestAllowed(t *testing.T) {
	c := &clerk{verdict: toll.Verdict{
		Judgement: toll.Judgement{Allow: true, Reason: toll.ReasonDefault},
		Lease:     toll.Lease{ID: "1-7", Timer: 90 * time.Second},
	}}
	got := ask(t, handler(t, c, nil), call("011442079460000")...)
	want := map[string]string{
		"TOLLFUSE_VERDICT": "allow", "TOLLFUSE_SECONDS": "90", "TOLLFUSE_REASON": "default", "TOLLFUSE_CAUSE": "21",
		"TOLLFUSE_NUMBER": "+442079460000", "_TOLLFUSE_LEASE": "1-7",
	}
	if !maps.Equal(got, want) {
		t.Fatalf("set %v, want %v", got, want)
	}
	if c.asked.Key != (toll.Key{PBX: "pbx1", Uniqueid: "pbx1-1.1", Number: "+442079460000"}) || c.asked.Caller.ID != "1001" || c.asked.Price.PerMinute == 0 {
		t.Fatalf("asked %+v", c.asked)
	}
}

func TestWhoIsAccountable(t *testing.T) {
	c := &clerk{}
	args := call("011442079460000")
	args[3] = "blind=PJSIP/1003-00000009"
	ask(t, handler(t, c, nil), args...)
	if c.asked.Caller != (toll.Caller{Kind: toll.Transfer, ID: "1003"}) {
		t.Fatalf("asked for %+v", c.asked.Caller)
	}
}

// memory is what is remembered of transfers, and who was asked for.
type memory struct {
	name  string
	asked []string
}

func (m *memory) Transferer(_ context.Context, pbx, uniqueid string) string {
	m.asked = append(m.asked, pbx+" "+uniqueid)
	return m.name
}

// Who transferred a trunk's call pays for it, also where the channel no longer tells.
// A phone's call is not looked up, nor one whose channel tells.
func TestTransferIsRememberedForTrunks(t *testing.T) {
	trunk, phone := caller.Facts{Channel: "PJSIP/carrier-00000001"}, caller.Facts{Channel: "PJSIP/1001-00000001"}
	blind, deflected := trunk, trunk
	blind.BlindTransfer, deflected.Forwarder = "PJSIP/1004-00000001", "PJSIP/1005-00000001"
	for _, c := range []struct {
		name       string
		facts      caller.Facts
		remembered string
		asked      int
		who        string
	}{
		{"transferred", trunk, "PJSIP/1003-00000009", 1, "transfer:1003"},
		{"not transferred", trunk, "", 1, "trunk:carrier"},
		{"transferred by a trunk", trunk, "PJSIP/carrier-00000002", 1, "trunk:carrier"},
		{"the channel tells", blind, "PJSIP/1003-00000009", 0, "transfer:1004"},
		{"forwarded", deflected, "PJSIP/1003-00000009", 0, "forward:1005"},
		{"a phone", phone, "PJSIP/1003-00000009", 0, "extension:1001"},
	} {
		m := &memory{name: c.remembered}
		h := handler(t, &clerk{}, func(o *Options) { o.Transfers = m })
		r := Request{PBX: "pbx1", Uniqueid: "1.1", Number: "011442079460000", Facts: c.facts}
		r.Facts.Transferer = h.transferer(t.Context(), r)
		q, _ := h.Question(r)
		if q.Caller.String() != c.who || len(m.asked) != c.asked || c.asked > 0 && m.asked[0] != "pbx1 1.1" {
			t.Errorf("%s: %s answers for it, want %s; looked up %q", c.name, q.Caller, c.who, m.asked)
		}
	}
}

func TestForgedOrForeignRequestsAreRefused(t *testing.T) {
	for name, args := range map[string][]string{
		"nothing":             nil,
		"no end":              call("911")[:8],
		"end is not last":     append(call("911"), "pbx=pbx2"),
		"twice":               append([]string{"pbx=pbx1"}, call("2025550123")...),
		"unknown argument":    call("2025550123", "extra=1"),
		"unknown pbx":         {"pbx=other", "number=2025550123", "end=1"},
		"no number":           {"pbx=pbx1", "end=1"},
		"no key":              call("2025550123", "junk"),
		"endless argument":    call("2025550123" + strings.Repeat("0", 500)),
		"swallowed arguments": {"pbx=pbx1", "number=1,end=1"},
	} {
		c := &clerk{verdict: toll.Verdict{Judgement: toll.Judgement{Allow: true}}}
		got := ask(t, handler(t, c, nil), args...)
		if got["TOLLFUSE_VERDICT"] != "deny" || got["TOLLFUSE_REASON"] != string(toll.ReasonBadRequest) {
			t.Errorf("%s: %v", name, got)
		}
		if c.asked.Key.Uniqueid != "" {
			t.Errorf("%s: the ledger was asked %+v", name, c.asked)
		}
	}
}

func TestFailurePolicy(t *testing.T) {
	down := errors.New("the disk is gone")
	for _, test := range []struct {
		name, number string
		change       func(*Options)
		verdict      string
		mark         string
		reason       toll.Reason
	}{
		{"emergency", "911", nil, "allow", toll.MarkEmergency, toll.ReasonFailOpen},
		{"home", "2025550123", nil, "allow", toll.MarkFailOpen, toll.ReasonFailOpen},
		{"home, as configured", "2025550123", func(o *Options) { o.FailOpen = false }, "deny", "", toll.ReasonLedgerDown},
		{"abroad", "011442079460000", nil, "deny", "", toll.ReasonLedgerDown},
		{"looks like home", "17675550123", nil, "deny", "", toll.ReasonLedgerDown},
		{"premium", "19005550123", nil, "deny", "", toll.ReasonLedgerDown},
		{"no number", "+", nil, "deny", "", toll.ReasonLedgerDown},
		{"abroad, observing", "011442079460000", func(o *Options) { o.Observe = true }, "allow", toll.MarkFailOpen, toll.ReasonFailOpen},
	} {
		got := ask(t, handler(t, &clerk{err: down}, test.change), call(test.number)...)
		if got["TOLLFUSE_VERDICT"] != test.verdict || got["_TOLLFUSE_LEASE"] != test.mark || got["TOLLFUSE_REASON"] != string(test.reason) {
			t.Errorf("%s: %v", test.name, got)
		}
		if s := got["TOLLFUSE_SECONDS"]; s == "" || s == "0" {
			t.Errorf("%s: TOLLFUSE_SECONDS is %q", test.name, s)
		}
	}
}

// verdicts is a journal that keeps what it is told.
type verdicts []toll.Verdict

func (v *verdicts) Verdict(_ time.Time, _ toll.Question, told toll.Verdict) { *v = append(*v, told) }

func TestFailureIsSaidOnceAndEachVerdictKept(t *testing.T) {
	var log strings.Builder
	var kept verdicts
	clerk := &clerk{err: errors.New("the disk is gone")}
	h := handler(t, clerk, func(o *Options) {
		o.Log, o.Journal = slog.New(slog.NewTextHandler(&log, nil)), &kept
	})
	for range 3 {
		ask(t, h, call("011442079460000")...)
	}
	ask(t, h, call("2025550123")...)
	clerk.err = nil
	clerk.verdict = toll.Verdict{Judgement: toll.Judgement{Reason: toll.ReasonLocked}}
	ask(t, h, call("2025550123")...) // refused without a commit: the disk may be gone still
	clerk.err = errors.New("the disk is gone")
	ask(t, h, call("2025550123")...)
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 || strings.Contains(log.String(), "again\n") {
		t.Errorf("%d errors for one failure:\n%s", n, log.String())
	}
	if len(kept) != 5 || kept[0].Allow || kept[0].Reason != toll.ReasonLedgerDown || !kept[3].Allow || kept[3].By != string(toll.ReasonLedgerDown) {
		t.Errorf("the journal has %+v", kept)
	}
	clerk.err, clerk.verdict = nil, toll.Verdict{Judgement: toll.Judgement{Allow: true}, Lease: toll.Lease{ID: "1-1"}}
	ask(t, h, call("2025550123")...)
	if !strings.Contains(log.String(), "the ledger decides again") {
		t.Errorf("the end of the failure is not said:\n%s", log.String())
	}
}

func TestSlowLedgerIsNotWaitedForLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		got := ask(t, handler(t, &clerk{hang: true}, nil), call("011442079460000")...)
		if got["TOLLFUSE_REASON"] != string(toll.ReasonLedgerSlow) || time.Since(begun) != 500*time.Millisecond {
			t.Fatalf("after %s: %v", time.Since(begun), got)
		}
	})
}

// places is who was asked for, and where he was.
type places []string

func (p *places) Facts(pbx, account string, from netip.Addr) string {
	*p = append(*p, pbx+" "+account+" "+from.String())
	return ""
}

// Where the asking phone is counts for its own calls only, and only as an address.
func TestWhereACallComesFrom(t *testing.T) {
	var asked places
	h := handler(t, &clerk{}, func(o *Options) { o.Origins = &asked })
	for _, remote := range []string{"192.0.2.7:5060", "[2001:db8::7]:5060", "", "192.0.2.7", "unreadable", "[fe80::1%eth0]:1"} {
		ask(t, h, call("011442079460000", "remote="+remote)...)
	}
	ask(t, h, call("011442079460000")...) // from a snippet that is older
	transferred := call("011442079460000", "remote=192.0.2.7:5060")
	transferred[3] = "blind=PJSIP/1003-00000009"
	ask(t, h, transferred...)
	nowhere := "pbx1 1001 invalid IP"
	want := places{"pbx1 1001 192.0.2.7", "pbx1 1001 2001:db8::7", nowhere, nowhere, nowhere, "pbx1 1001 fe80::1%eth0", nowhere, "pbx1 1003 invalid IP"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
}

// What the dialplan's filter has left of a string that is no number is none, and nobody
// may read that 112 was refused.
func TestWhatIsNoNumberIsToldAsSuch(t *testing.T) {
	for _, left := range []string{"112", "2025550123", "", strings.Repeat("1", 32)} {
		c := &clerk{verdict: toll.Verdict{Judgement: toll.Judgement{Reason: toll.ReasonBadNumber}}}
		got := ask(t, handler(t, c, nil), call("?"+left)...)
		if q := c.asked; q.To.Class != toll.Unplaced || q.Key.Number != "?"+left || q.To.Number() != "?"+left {
			t.Errorf("%q: asked about %+v", left, q)
		}
		if got["TOLLFUSE_VERDICT"] != "deny" || got["TOLLFUSE_CAUSE"] != "28" {
			t.Errorf("%q: %v", left, got)
		}
	}
}
