package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// actor is a service of which tests say what it answers.
type actor struct {
	admin.Service
	status   admin.Status
	live     []toll.Lease
	history  []toll.Entry
	life     []toll.Entry
	changes  []toll.Entry
	report   admin.IncidentReport
	settings []toll.Setting
	run      admin.FuseRun
	test     admin.AlertTest
	rates    ratesActor

	mu    sync.Mutex
	ended []admin.Selection
}

var noonThen = time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC) // in New York

func (a *actor) Status(context.Context) (admin.Status, error) {
	s := a.status
	s.At, s.Site.Timezone, s.Site.Currency = noonThen, "America/New_York", "USD"
	return s, nil
}
func (a *actor) Live(context.Context) ([]toll.Lease, error) { return slices.Clone(a.live), nil }
func (a *actor) Hangup(_ context.Context, s admin.Selection) ([]toll.Lease, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = append(a.ended, s)
	return a.live, nil
}
func (a *actor) History(context.Context, admin.HistoryQuery) ([]toll.Entry, error) {
	return a.history, nil
}
func (a *actor) Call(context.Context, string) ([]toll.Entry, error) { return a.life, nil }
func (a *actor) Changes(context.Context, admin.ChangesQuery) ([]toll.Entry, error) {
	return a.changes, nil
}
func (a *actor) Incidents(context.Context, admin.IncidentQuery) ([]toll.Incident, error) {
	return []toll.Incident{a.report.Incident}, nil
}
func (a *actor) Incident(context.Context, string) (admin.IncidentReport, error) { return a.report, nil }
func (a *actor) CloseIncident(context.Context, string) (toll.Incident, error) {
	return a.report.Incident, nil
}
func (a *actor) Settings(context.Context) ([]toll.Setting, error) { return a.settings, nil }
func (a *actor) Change(_ context.Context, s toll.Setting) (toll.Setting, error) {
	return s, nil
}
func (a *actor) TestAlert(context.Context) (admin.AlertTest, error) { return a.test, nil }
func (a *actor) TestFuse(context.Context) (admin.FuseRun, error)    { return a.run, nil }
func (a *actor) ResetFuse(context.Context) (admin.FuseRun, error)   { return a.run, nil }

// plays makes the program ask an actor instead of a daemon.
func (a *actor) plays() program {
	p := tested()
	p.openAdmin = func(context.Context, config.Config, string) (admin.Service, io.Closer, error) {
		return a, io.NopCloser(nil), nil
	}
	p.restore = func(context.Context, config.Config, string) (app.Restored, error) { return app.Restored{}, nil }
	return p
}

// siteOfActor is a configuration of a site where no daemon listens, and a ledger
// is there to be opened.
func siteOfActor(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "tollfuse.yaml")
	for name, text := range map[string][]byte{path: fmt.Appendf(nil, site, folder), filepath.Join(folder, "ledger.db"): nil} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// says runs a command against the actor, and wants it to end well.
func (a *actor) says(t *testing.T, words ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	args := append(slices.Clone(words), "--config", siteOfActor(t))
	if code := a.plays().run(t.Context(), args, strings.NewReader(""), &out, &errOut); code != exitDone {
		t.Fatalf("%q: exit code %d, %s", words, code, errOut.String())
	}
	return out.String()
}

// hostile is what an attacker may have made his name, at most in part.
const hostile = "x\x1b[2J\u202e\u009b31m\a\xff\r\nFAKE  ROW\t|"

// everything is an actor whose every text is hostile.
func everything() *actor {
	from := toll.Caller{Kind: hostile, ID: hostile, Group: hostile}
	to := toll.Destination{Dialled: hostile, Country: hostile, Class: hostile, Range: hostile}
	lease := toll.Lease{
		ID: hostile, State: toll.Answered, Key: toll.Key{PBX: hostile, Uniqueid: hostile, Number: hostile}, Caller: from, To: to,
		Trunk: hostile, Leg: hostile, Granted: noonThen, Answered: noonThen, Why: hostile, By: hostile, Cut: hostile, Denied: hostile, Adopted: true,
	}
	lock := toll.Lock{Scope: hostile, Subject: hostile, Reason: hostile, Author: hostile, Since: noonThen}
	limit := toll.Limit{ID: hostile, Meter: toll.Meter{Measure: hostile, Scope: hostile, Where: hostile}, Do: []toll.Action{hostile}, Comment: hostile, Act: 1}
	rule := toll.Rule{ID: hostile, Kind: hostile, Caller: hostile, Group: hostile, Prefix: hostile, Country: hostile, Where: hostile, Do: hostile, Comment: hostile}
	fuse := toll.Fuse{Blown: noonThen, Why: hostile, Error: hostile}
	deck := toll.Deck{ID: 1, Trunk: hostile, File: hostile, SHA256: hostile, Rows: 1}
	settings := []toll.Setting{{Lock: &lock, Author: hostile}, {Limit: &limit, Author: hostile}, {Rule: &rule, Author: hostile}, {Fuse: &fuse, Author: hostile}, {Deck: &deck, Author: hostile}}
	var changes []toll.Entry
	for i := range settings {
		changes = append(changes, toll.Entry{At: noonThen, Kind: toll.EntrySetting, Setting: &settings[i]})
		gone := settings[i]
		gone.Removed = true
		changes = append(changes, toll.Entry{At: noonThen, Kind: toll.EntrySetting, Setting: &gone})
	}
	tallies := []toll.Tally{{Name: hostile, Kind: hostile, Place: hostile, Text: hostile, Count: 1}}
	incident := toll.Incident{
		ID: hostile, Kind: toll.Attack, PBX: hostile, Caller: hostile, Opened: noonThen, Newest: noonThen, Closed: noonThen, ClosedBy: hostile, Text: hostile,
		Calls: []toll.IncidentCall{{Lease: hostile, Caller: from, Number: hostile, Country: hostile, Class: hostile, Cut: hostile, By: hostile}},
		Locks: []toll.Lock{lock}, From: tallies, To: tallies, Causes: tallies,
	}
	var life []toll.Entry
	for _, kind := range []toll.EntryKind{toll.EntryGranted, toll.EntryAdopted, toll.EntryChanged, toll.EntryRenewed, toll.EntryCutting, toll.EntryEnded, hostile} {
		life = append(life, toll.Entry{At: noonThen, Kind: kind, Lease: lease})
	}
	return &actor{
		status: admin.Status{
			Incidents: 1, Mail: admin.MailStatus{Configured: true, Waiting: 1, Oldest: noonThen, Error: hostile}, Fuse: admin.FuseStatus{Blown: &fuse},
			Site:    admin.Site{Country: hostile},
			Decks:   []admin.DeckStanding{{Deck: deck, Error: hostile}, {Deck: deck, Trunks: []string{hostile}}},
			Process: admin.Process{Daemon: true, Version: hostile, Links: []admin.Link{{PBX: hostile, Error: hostile, Since: noonThen}}},
		},
		live: []toll.Lease{lease}, life: life, changes: changes, settings: settings,
		history: []toll.Entry{{At: noonThen, Kind: toll.EntryEnded, Lease: lease}, {At: noonThen, Kind: toll.EntryRefused, Count: 2, Lease: lease}},
		report: admin.IncidentReport{
			Incident: incident, Hints: []admin.Hint{{Text: hostile, Command: hostile}},
			Notices: []toll.Notice{{Kind: hostile, Error: hostile}, {Kind: hostile, Error: hostile, GivenUp: true}},
		},
		run:   admin.FuseRun{Command: []string{hostile}, Output: hostile + "\n" + hostile},
		test:  admin.AlertTest{To: []string{hostile}, Server: hostile},
		rates: hostileRates(deck, to),
	}
}

// TestHostileNamesAreHarmless shows everything that a caller, a mail server, a
// program or a ledger may have put into a text.
func TestHostileNamesAreHarmless(t *testing.T) {
	a := everything()
	for _, words := range [][]string{
		{"status"}, {"calls", "live"}, {"calls", "history"}, {"calls", "show", "x"}, {"changes"}, {"incidents", "list"}, {"incidents", "show", "x"},
		{"incidents", "close", "x"}, {"hangup", "x"}, {"alert", "test"}, {"fuse"}, {"fuse", "test"}, {"fuse", "reset"}, {"rule", "list"}, {"limit", "list"},
		{"lock", "list"}, {"lock", "1001"}, {"rule", "remove", "x"}, {"rates", "list"}, {"rates", "list", "--trunk", "x"},
		{"rates", "price", "911"}, {"rates", "remove", "--trunk", "x"}, {"rates", "import", "-", "--trunk", "x"}, {"explain", "--from", "1001", "--to", hostile},
	} {
		for _, form := range []string{"", "--json"} {
			out := a.says(t, append(slices.Clone(words), nonEmpty(form)...)...)
			for line := range strings.SplitSeq(out, "\n") {
				if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
					t.Errorf("%q %s shows something raw: %q", words, form, line)
				}
				if strings.HasPrefix(line, "FAKE") {
					t.Errorf("%q %s shows a line of somebody else's: %q", words, form, line)
				}
			}
			if form == "" && !strings.Contains(out, "FAKE") && !strings.HasPrefix(words[0], "rule") && words[0] != "lock" {
				t.Errorf("%q does not show the text at all: %s", words, out)
			}
		}
	}
}

// TestTheStoryOfACall is one that was renewed, and cut.
func TestTheStoryOfACall(t *testing.T) {
	at := func(seconds int) time.Time { return noonThen.Add(time.Duration(seconds) * time.Second) }
	l := toll.Lease{
		ID: "2-1f", State: toll.Granted, Key: toll.Key{PBX: "pbx", Number: "+442079460123"}, Caller: toll.Caller{Kind: toll.Extension, ID: "1001", Group: "sales"},
		To: toll.Destination{E164: "+442079460123", Country: "GB", Class: toll.IntlFixed}, Price: toll.Price{PerMinute: 300_000, Assumed: true}, Trunk: "carrier",
		Granted: at(0), Timer: 10 * time.Minute, Covered: 10 * time.Minute, Reserved: 3_010_000, Why: toll.ReasonDefault, By: "default:intl_fixed",
	}
	var life []toll.Entry
	add := func(seconds int, kind toll.EntryKind, change func()) {
		change()
		life = append(life, toll.Entry{Seq: int64(len(life) + 1), At: at(seconds), Kind: kind, Lease: l})
	}
	add(0, toll.EntryGranted, func() {})
	add(1, toll.EntryChanged, func() { l.Leg = "1.2" })
	add(9, toll.EntryChanged, func() { l.State, l.Answered = toll.Answered, at(8) })
	add(308, toll.EntryRenewed, func() { l.Covered, l.Reserved = 20*time.Minute, 6_010_000 })
	add(309, toll.EntryChanged, func() { l.Timer = 20 * time.Minute })
	add(400, toll.EntryCutting, func() { l.Cut, l.By = toll.ReasonLocked, "caller=1001" })
	add(401, toll.EntryEnded, func() {
		l.State, l.Ended, l.Talked, l.Cost, l.Why = toll.Ended, at(401), 393*time.Second, 1_965_000, toll.EndedHangup
	})
	want := `call   2-1f: extension:1001 to +442079460123, group sales
to     GB intl_fixed
on     pbx, by trunk carrier
price  0.30 USD a minute, assumed

2026-11-22 12:00:00 EST  asked for and granted: default (default:intl_fixed); may talk for 10 min in all, 3.01 USD reserved at the assumed price
2026-11-22 12:00:01 EST  dialled by trunk carrier
2026-11-22 12:00:08 EST  answered
2026-11-22 12:05:08 EST  renewed: may talk for 20 min in all, 6.01 USD reserved at the assumed price
2026-11-22 12:05:09 EST  its timer was set to end it 20 min after the answer
2026-11-22 12:06:40 EST  cut: locked (caller=1001)
2026-11-22 12:06:41 EST  ended: hangup; talked 6:33, cost 1.97 USD at the assumed price
`
	if got := (&actor{life: life}).says(t, "calls", "show", "2-1f"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// Of an old one only the end is kept.
	want = `2026-11-22 12:00:08 EST  answered
2026-11-22 12:06:41 EST  ended: hangup; talked 6:33, cost 1.97 USD at the assumed price, was cut: locked (caller=1001)
`
	if got := (&actor{life: life[len(life)-1:]}).says(t, "calls", "show", "2-1f"); !strings.HasSuffix(got, "\n\n"+want) {
		t.Errorf("got\n%s\nwant the end\n%s", got, want)
	}
}

// TestIncidentIsTold shows a whole one.
func TestIncidentIsTold(t *testing.T) {
	caller := toll.Caller{Kind: toll.Extension, ID: "1003"}
	a := &actor{report: admin.IncidentReport{
		Incident: toll.Incident{
			ID: "3-2", Kind: toll.Attack, PBX: "pbx", Caller: "1003", Opened: noonThen.Add(-time.Hour), Newest: noonThen,
			Refused: 400, Cut: 6, Bypassed: 1, Cost: 1_234_567, AtStake: 600 * toll.Unit,
			Calls: []toll.IncidentCall{
				{Lease: "2-1", Caller: caller, Number: "+23222123456", Began: noonThen, Cut: toll.ReasonLimit, By: "abroad-caller-day", Ended: noonThen, Talked: time.Minute, Cost: 300_000},
				{Lease: "2-2", Caller: caller, Number: "+23222123457", Began: noonThen, Cut: toll.ReasonBypass, Bypassed: true},
			},
			Locks:  []toll.Lock{{Scope: toll.PerCaller, Subject: "1003", Author: "tollfuse", Since: noonThen, Reason: "limit"}},
			From:   []toll.Tally{{Name: "extension:1003", Count: 406}},
			To:     []toll.Tally{{Name: "+23222", Place: "SL", Kind: "intl_mobile", Count: 400}, {Name: "+44207946", Place: "GB", Kind: "intl_fixed", Count: 6}},
			Causes: []toll.Tally{{Name: "abroad-caller-day", Kind: "limit", Text: "cost per caller abroad in 24h: 20.00 of 20.00", Count: 400}},
		},
		Notices: []toll.Notice{{Kind: toll.NoticeOpened, Sent: noonThen}, {Kind: toll.NoticeWorse, Tries: 3, Error: "connection refused"}},
		Hints:   []admin.Hint{{Text: "release caller=1003", Command: "tollfuse lock release caller=1003"}},
	}}
	path := siteOfActor(t)
	var out, errOut bytes.Buffer
	if code := a.plays().run(t.Context(), []string{"incidents", "show", "3-2", "--config", path}, nil, &out, &errOut); code != exitDone {
		t.Fatal(errOut.String())
	}
	want := `3-2: attack by 1003, open

since        2026-11-22 11:00:00 EST
newest       2026-11-22 12:00:00 EST
on           pbx
refused      400 calls; had each lasted 10 min, they would have cost 600.00 USD, at assumed prices
cut          6 calls; the cost until now is 1.24 USD, at assumed prices
never asked  1 call, around the dialplan

callers  406  extension:1003

destinations  400  +23222     SL intl_mobile
              6    +44207946  GB intl_fixed

because of  400  abroad-caller-day  limit: cost per caller abroad in 24h: 20.00 of 20.00

CALL  BEGAN     CALLER  NUMBER        TALKED   COST  WHY
2-1   12:00:00  1003    +23222123456  1:00     0.30  cut: limit (abroad-caller-day)
2-2   12:00:00  1003    +23222123457  goes on        cut: bypass
and more, which calls history has: 6 were cut in all

locked  caller=1003  since 2026-11-22 12:00:00 EST by tollfuse: limit

mails  opened  sent 2026-11-22 12:00:00 EST
       worse   waits, tried 3 times: connection refused

what to type
  release caller=1003
    tollfuse lock release caller=1003 --config ` + path + "\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// TestWatchEndsCleanly draws until Ctrl-C, on a terminal and elsewhere.
func TestWatchEndsCleanly(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("COLUMNS", "80")
	a := &actor{status: admin.Status{Process: admin.Process{Daemon: true}}}
	for n := range 40 {
		a.live = append(a.live, toll.Lease{ID: "1-" + string(rune('A'+n)), Caller: toll.Caller{Kind: toll.Extension, ID: "1001"}, Cut: toll.ReasonLimit})
	}
	p := a.plays()
	p.every = time.Millisecond
	tty := openTerminal(t, 10, 80)
	ctx, stop := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() {
		code <- p.run(ctx, []string{"calls", "live", "--watch", "--config", siteOfActor(t)}, tty.end, tty.end, tty.end)
	}()
	tty.wait(t, toTheTop, 3)
	stop()
	if got := <-code; got != exitDone {
		t.Errorf("exit code %d", got)
	}
	shown := tty.shown(t)
	if !strings.HasPrefix(shown, enterScreen) || !strings.HasSuffix(shown, leaveScreen) || strings.Count(shown, enterScreen) != 1 {
		t.Errorf("the screen is not left as it was: %q", shown)
	}
	if strings.Contains(shown, "1-A ") || !strings.Contains(shown, "live: 40  open incidents: 0, the newest 6") {
		t.Errorf("more is drawn than the terminal shows: %q", shown)
	}

	var out bytes.Buffer
	ctx, stop = context.WithCancel(t.Context())
	defer stop()
	if got := p.run(ctx, []string{"calls", "live", "--watch", "--config", siteOfActor(t)}, nil, &stopper{w: &out, after: 4, stop: stop}, &out); got != exitDone {
		t.Errorf("exit code %d, %s", got, out.String())
	}
	if text := out.String(); strings.Contains(text, "\x1b") || strings.Count(text, "live: 40") < 2 || !strings.Contains(text, "1-A ") {
		t.Errorf("elsewhere: %q", text)
	}
}

// stopper ends a command once it has written so often.
type stopper struct {
	w     io.Writer
	after int
	stop  context.CancelFunc
}

func (s *stopper) Write(p []byte) (int, error) {
	if s.after--; s.after == 0 {
		s.stop()
	}
	return s.w.Write(p)
}

// TestHangupAsks asks on a terminal, and only where several calls would end.
func TestHangupAsks(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	abroad := toll.Destination{E164: "+23222123456", Country: "SL", Class: toll.IntlMobile}
	caller := toll.Caller{Kind: toll.Extension, ID: "214"}
	two := []toll.Lease{{ID: "1-1", Caller: caller, To: abroad}, {ID: "1-2", Caller: caller, To: abroad},
		{ID: "1-3", Caller: caller, To: toll.Destination{Dialled: "911", Class: toll.Emergency}}}
	for name, test := range map[string]struct {
		live   []toll.Lease
		typed  string
		words  []string
		asks   bool
		ends   bool
		script bool // no terminal
	}{
		"yes":            {two, "y\n", []string{"--caller", "214", "--where", "abroad"}, true, true, false},
		"no":             {two, "n\n", []string{"--caller", "214", "--where", "abroad"}, true, false, false},
		"just Enter":     {two, "\n", []string{"--country", "sl"}, true, false, false},
		"end of input":   {two, "\x04", []string{"--number", "01123222"}, true, false, false},
		"--yes":          {two, "", []string{"--all", "--yes"}, false, true, false},
		"one call":       {two[1:], "", []string{"--all"}, false, true, false},
		"a lease":        {two, "", []string{"1-1"}, false, true, false},
		"in a script":    {two, "", []string{"--all"}, false, true, true},
		"--json":         {two, "", []string{"--all", "--json"}, false, true, false},
		"another caller": {two, "", []string{"--caller", "215"}, false, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := &actor{live: test.live}
			tty := openTerminal(t, 24, 80)
			var in io.Reader = tty.end
			if test.script {
				in = strings.NewReader("")
			}
			tty.typed(t, test.typed)
			args := append([]string{"hangup", "--config", siteOfActor(t)}, test.words...)
			if code := a.plays().run(t.Context(), args, in, tty.end, tty.end); code != exitDone {
				t.Fatalf("exit code %d: %s", code, tty.shown(t))
			}
			if shown := tty.shown(t); strings.Contains(shown, "End these 2 calls? [y/N]") != test.asks {
				t.Errorf("asks %v: %s", !test.asks, shown)
			}
			if (len(a.ended) == 1) != test.ends {
				t.Errorf("ended: %+v", a.ended)
			}
		})
	}
}

// TestHangupIsInterrupted while it asks.
func TestHangupIsInterrupted(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	a := &actor{live: []toll.Lease{{ID: "1-1"}, {ID: "1-2"}}}
	tty := openTerminal(t, 24, 80)
	ctx, cancel := context.WithCancel(t.Context())
	asked := writerFunc(func(p []byte) (int, error) {
		if bytes.Contains(p, []byte("[y/N]")) {
			cancel()
		}
		return len(p), nil
	})
	var errOut bytes.Buffer
	code := a.plays().run(ctx, []string{"hangup", "--config", siteOfActor(t), "--all"}, tty.end, asked, &errOut)
	tty.typed(t, "\n") // a process would end now; here somebody still reads
	if code != exitFailed || errOut.String() != "tollfuse: no call was ended: interrupted\n" || len(a.ended) != 0 {
		t.Errorf("exit code %d, %q, ended %+v", code, errOut.String(), a.ended)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestStoppedDaemon is one that takes connections and says nothing, as after
// kill -STOP. The person who wants to know why is not kept waiting.
func TestStoppedDaemon(t *testing.T) {
	t.Parallel()
	path := siteOfActor(t)
	l, err := net.Listen("unix", filepath.Join(filepath.Dir(path), "control.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // well below what an answer may take
	defer cancel()
	var out, errOut bytes.Buffer
	code := tested().run(ctx, []string{"status", "--config", path}, nil, &out, &errOut)
	if code != exitUnreachable || ctx.Err() != nil || !strings.Contains(errOut.String(), "the daemon does not answer") {
		t.Errorf("exit code %d, %v, %s", code, ctx.Err(), errOut.String())
	}
}
