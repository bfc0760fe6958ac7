package demo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/pbxsim"
)

// TestRun plays the whole demo and holds what the simulated Asterisk and its carrier saw against what was
// promised.
func TestRun(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var out bytes.Buffer
	r, err := run(t.Context(), &out, Options{})
	t.Logf("\n%s", &out)
	if err != nil {
		t.Fatal(err)
	}
	checkCalls(t, r)
	checkBills(t, r)
	checkText(t, out.String(), r)
	if len(r.told) < 3 || len(r.told) > 20 {
		t.Errorf("%d mails about a weekend", len(r.told))
	}
	if left, _ := filepath.Glob(os.TempDir() + "/*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func checkCalls(t *testing.T, r result) {
	t.Helper()
	for _, c := range r.calls {
		if o := c.outcome; !c.attack && (!o.Allowed() || len(o.Legs) != 1 || !o.Legs[0].Answered || o.End != pbxsim.EndPhone) {
			t.Errorf("a call of the firm's to %s: %+v", c.call.Number, o)
		}
	}
	own, bad := r.tally(false), r.tally(true)
	if own.out != own.tried || own.emergency != 2 || own.cut != 0 || own.refused != 0 {
		t.Errorf("the firm's own calls: %+v", own)
	}
	// None of the attack's calls lasts as long as the attacker wants.
	if bad.refused == 0 || bad.cut == 0 || bad.refused+bad.cut != bad.tried || bad.out != bad.cut {
		t.Errorf("the attack: %+v", bad)
	}
	if r.ledger.refused != int64(bad.refused) {
		t.Errorf("the ledger has %d refusals, Asterisk saw %d", r.ledger.refused, bad.refused)
	}
	around := 0
	for _, c := range r.calls {
		if c.call.Way == pbxsim.Originated {
			around++
			if c.outcome.End != pbxsim.EndCut {
				t.Errorf("the call around the dialplan: %+v", c.outcome)
			}
		}
	}
	if around != 1 {
		t.Errorf("%d calls around the dialplan", around)
	}
}

func checkBills(t *testing.T, r result) {
	t.Helper()
	budgets := make(map[string]int64)
	for _, s := range admin.Defaults(extensions) {
		budgets[s.ID()] = s.Limit.Act
	}
	if cost := r.tally(true).cost; cost == 0 || cost > r.budget || r.budget != budgets["abroad-site-day"] {
		t.Errorf("the attack cost %d with a budget of %d", cost, r.budget)
	}
	spent := make(map[string]int64)
	for _, c := range r.calls {
		for _, leg := range c.outcome.Legs {
			for _, charge := range r.bill {
				if charge.Leg == leg.Uniqueid && c.attack {
					spent[c.call.From+c.call.Forwarder] += charge.Amount
				}
			}
		}
	}
	for who, cost := range spent {
		if cost > budgets["abroad-caller-day"] {
			t.Errorf("%s cost %d, more than the budget of a caller", who, cost)
		}
	}
	var abroad int64
	for _, charge := range r.bill {
		if strings.HasPrefix(charge.Number, "011") || strings.HasPrefix(charge.Number, "1416") {
			abroad += charge.Amount
		}
	}
	if abroad > r.budget {
		t.Errorf("calls abroad cost %d with a budget of %d", abroad, r.budget)
	}
	if r.without.Total() < 50*r.bill.Total() {
		t.Errorf("the bill is %d without and %d with Tollfuse", r.without.Total(), r.bill.Total())
	}
	// The same script costs the same in every run, to the last second.
	if again := tariff().Unchecked(script(r.calls)); again.Total() != r.without.Total() || len(again) != len(r.calls) {
		t.Errorf("%d calls for %d, then %d for %d", len(r.without), r.without.Total(), len(again), again.Total())
	}
	// Ledger and carrier count the same calls; each has its own clock, so a started second may differ.
	metered := 0
	for _, charge := range r.bill {
		if charge.Number != "911" {
			metered++
		}
	}
	if d := r.ledger.seconds - r.bill.Seconds(); r.ledger.calls != len(r.bill) || d < -int64(metered) || d > int64(metered) {
		t.Errorf("the ledger has %d calls of %d s, the carrier %d of %d s", r.ledger.calls, r.ledger.seconds, len(r.bill), r.bill.Seconds())
	}
}

func checkText(t *testing.T, text string, r result) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width {
			t.Errorf("%d characters: %q", n, line)
		}
		if strings.HasSuffix(line, " \n") {
			t.Errorf("a space at the end: %q", line)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Error("colours where there is no terminal")
	}
	for _, want := range []string{
		"emergency  1007          → 911", "satellite and other global numbers are refused", "premium numbers are refused",
		"abroad-caller-hour", "abroad-caller-refused", "it looks domestic, but", "it went around the dialplan", "1009 forwards",
		"tollfuse lock release caller=1007", "tollfuse init",
		cents(r.without.Total()), cents(r.bill.Total()), cents(int64(r.ledger.cost)),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing says %q", want)
		}
	}
}

// TestCancelled: the demo can be interrupted at any moment, and cleans up.
func TestCancelled(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	began := time.Now()
	err := Run(ctx, writeFunc(func(p []byte) (int, error) {
		if bytes.Contains(p, []byte("allowed")) {
			cancel()
		}
		return len(p), nil
	}), Options{Version: "test"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
	if d := time.Since(began); d > settle {
		t.Errorf("it took %s to stop", d)
	}
	if left, _ := filepath.Glob(os.TempDir() + "/*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

type writeFunc func(p []byte) (int, error)

// Write is part of io.Writer.
func (f writeFunc) Write(p []byte) (int, error) { return f(p) }
