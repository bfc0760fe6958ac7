//go:build e2e

package e2e

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/origin"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// place is a phone with the extension of another one, elsewhere.
func (l *Lab) place(t testing.TB, extension, host string) *Phone {
	t.Helper()
	return &Phone{agent: newAgent(t, host, 0, l.SIP), Extension: extension}
}

// One extension that calls from two networks at once is refused by a rule that
// says so, and so is one that calls at night from a network it was never seen in.
// By day, and from the network that it always calls from, it goes through.
func TestCallsFromElsewhere(t *testing.T) {
	for name, suite := range map[string]string{"asterisk-22": Asterisk22, "asterisk-16": Asterisk16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := Prepare(t, Options{Suite: suite})
			d := PrepareDaemon(t, l, DaemonOptions{})
			seenLastWeek(t, filepath.Join(d.Dir, "ledger.db"), origin.NetworkOf(netip.MustParseAddr(l.phoneHost(t, "1001"))))
			l.Run(t)
			d.Start(t)
			carrier := l.Carrier(t)
			d.Set(t, toll.Setting{Schedule: &toll.Schedule{Name: "day"}}) // it is always night
			d.Set(t, toll.Setting{Rule: &toll.Rule{ID: "thief", Do: toll.Forbid, Where: toll.Abroad, Origin: toll.NewNetwork, When: toll.Outside + "day"}})

			phone := l.Phone(t, "1001")
			home := phone.Dial("00442079460000")
			home.WaitAnswered(t, 5*time.Second)
			home.Hangup()
			carrier.WaitCalls(t, 1, 5*time.Second)
			if got := explained(t, d); !got.Verdict.Allow {
				t.Errorf("at home: %+v", got.Verdict.Judgement)
			}

			far := l.place(t, "1001", "127.0.7.1") // it never registers
			if o := far.Dial("00442079460000").WaitEnded(t, 5*time.Second); o.Status != 403 {
				t.Errorf("the first call from a new network: status %d, want 403", o.Status)
			}
			waitExplained(t, d, "thief")

			d.Set(t, toll.Setting{Schedule: &toll.Schedule{Name: "day", Hours: []string{"daily 00:00-24:00"}}})
			byDay := far.Dial("00442079460000")
			byDay.WaitAnswered(t, 5*time.Second)
			byDay.Hangup()
			carrier.WaitCalls(t, 2, 5*time.Second)
			d.Set(t, toll.Setting{Rule: &toll.Rule{ID: "thief"}, Removed: true})
			d.Set(t, toll.Setting{Rule: &toll.Rule{ID: "twice", Do: toll.Forbid, Where: toll.Abroad, Origin: toll.ManyNetworks}})
			if o := l.place(t, "1001", "127.0.7.2").Dial("00442079460000").WaitEnded(t, 5*time.Second); o.Status != 403 {
				t.Errorf("from two networks: status %d, want 403", o.Status)
			}
			if n := len(carrier.Calls()); n != 2 {
				t.Errorf("the carrier saw %d calls, want 2", n)
			}
			d.Set(t, toll.Setting{Rule: &toll.Rule{ID: "twice"}, Removed: true})
			guessed(t, l, d, phone, carrier)
		})
	}
}

// guessed lets somebody guess passwords: then who calls abroad must know his PIN.
func guessed(t *testing.T, l *Lab, d *Daemon, phone *Phone, carrier *Carrier) {
	askPIN(t, d, toll.Abroad, "1001")
	d.Set(t, toll.Setting{Rule: &toll.Rule{ID: "ask"}, Removed: true})
	d.Set(t, toll.Setting{Rule: &toll.Rule{ID: "guessed", Do: toll.AskPIN, Where: toll.Abroad, Origin: toll.AfterFailures}})
	guesser := l.place(t, "1001", "127.0.7.3")
	for range 3 {
		if o := guesser.agent.dial("1001", "guessed", "1999", Dialling{}).WaitEnded(t, 5*time.Second); o.Status != 401 {
			t.Fatalf("a wrong password: %+v", o)
		}
	}
	waitExplained(t, d, "guessed")
	before := len(carrier.Calls())
	call := phone.Dial("00442079460000")
	call.WaitAnswered(t, 10*time.Second) // by Asterisk, which asks
	call.Press(t, rightPIN+"#")
	carrier.WaitCalls(t, before+1, 20*time.Second)[before].WaitAnswered(t, 5*time.Second)
	call.Hangup()
}

// waitExplained waits until a call would be refused by that rule.
func waitExplained(t testing.TB, d *Daemon, by string) {
	t.Helper()
	deadline, ticker := time.After(5*time.Second), time.NewTicker(20*time.Millisecond)
	defer ticker.Stop()
	for explained(t, d).Verdict.By != by {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("explained as %+v", explained(t, d).Verdict.Judgement)
		}
	}
}

func explained(t testing.TB, d *Daemon) admin.Explanation {
	t.Helper()
	e, err := d.Admin.Explain(t.Context(), admin.Query{From: "1001", To: "00442079460000"})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// seenLastWeek makes a ledger that knows extension 1001 for more than a week.
func seenLastWeek(t testing.TB, path string, network netip.Prefix) {
	t.Helper()
	store, err := sqlite.Open(path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-8 * 24 * time.Hour)
	err = store.AddSeen(context.Background(), []toll.Seen{{PBX: PBXName, Account: "1001", Network: network, First: then, Last: then}})
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
}
