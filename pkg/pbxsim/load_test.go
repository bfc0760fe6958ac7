package pbxsim_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/pbxsim"
)

// TestManyCalls: 64 at once, thousands in total. Every channel has its events, none is left, and the bill
// has each answered leg once.
func TestManyCalls(t *testing.T) {
	const lines, each = 64, 32
	r := start(t, pbxsim.Options{Tariff: func(string) int64 { return 60 }}, says("allow", "60"))
	play(t, r.PBX, lines, each)
	n := r.hungUp(t, 2*lines*each)
	begun := make(map[string]int)
	for _, m := range n.events {
		switch m.Event() {
		case "Newchannel":
			begun[m.Get("Uniqueid")]++
		case "Hangup":
			begun[m.Get("Uniqueid")]--
		}
	}
	for id, left := range begun {
		if left != 0 {
			t.Fatalf("channel %s began %d times more than it ended", id, left)
		}
	}
	if len(begun) != 2*lines*each || r.Channels() != 0 {
		t.Errorf("%d channels told of, %d left", len(begun), r.Channels())
	}
	if b := r.Bill(); len(b) != lines*each || b.Total() != lines*each {
		t.Errorf("%d lines of %d on the bill", len(b), b.Total())
	}
}

// BenchmarkCalls is what a simulated call costs with a server that always allows and a client that listens:
// some 17 events, an AGI dialogue of one command, and two channels. 64 calls go on at a time.
func BenchmarkCalls(b *testing.B) {
	r := start(b, pbxsim.Options{}, says("allow", "60"))
	b.ReportAllocs()
	for b.Loop() {
		play(b, r.PBX, 64, 4)
	}
	b.ReportMetric(float64(b.N)*64*4/b.Elapsed().Seconds(), "calls/s")
}

// play keeps so many lines busy with so many calls each.
func play(t testing.TB, p *pbxsim.PBX, lines, each int) {
	t.Helper()
	done := make(chan error, lines)
	for line := range lines {
		go func() {
			for i := range each {
				l, err := p.Dial(pbxsim.Call{From: strconv.Itoa(1000 + line), Number: fmt.Sprintf("00232%08d", i), Talk: time.Microsecond})
				if err != nil {
					done <- err
					return
				}
				if o := l.Outcome(); !o.Allowed() || len(o.Legs) != 1 {
					done <- fmt.Errorf("line %d, call %d: %+v", line, i, o)
					return
				}
			}
			done <- nil
		}()
	}
	for range lines {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

// TestBill rates started seconds, rounded up to the millionth, and the same script without any check.
func TestBill(t *testing.T) {
	tariff := pbxsim.Tariff(func(number string) int64 {
		if number == "0088" {
			return 10_000_000
		}
		return 20_000
	})
	b := tariff.Unchecked([]pbxsim.Call{
		{Number: "0088", Talk: 6001 * time.Millisecond}, {Number: "1", Talk: time.Second},
		{Number: "2", Talk: time.Second, Reject: 17}, {Number: "3", Ring: -1, Talk: time.Second},
		{Number: "4"},
	})
	if len(b) != 2 || b[0].Seconds != 7 || b[0].Amount != 1_166_667 || b[1].Amount != 334 || b.Total() != 1_167_001 || b.Seconds() != 8 {
		t.Errorf("%+v", b)
	}
}
