package pbxsim_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/pbxsim"
)

// shape is an event with the names of its headers in their order. A dial without a dialling channel is
// another one than a dial with.
func shape(m ami.Message) (event, headers string) {
	event = m.Event()
	if _, dialled := m.Lookup("DestChannel"); dialled {
		if _, dials := m.Lookup("Channel"); !dials {
			event += " of Originate"
		}
	}
	if _, forwarded := m.Lookup("Forward"); forwarded {
		event += " forwarded"
	}
	var names []string
	for name := range m.All() {
		names = append(names, name)
	}
	return event, strings.Join(names, " ")
}

// TestFidelity holds the headers of every event that is played against transcripts of Asterisk 22.
func TestFidelity(t *testing.T) {
	genuine := make(map[string]string)
	for _, name := range []string{"simple-call", "forward-302", "blind-transfer", "originate-to-trunk"} {
		f, err := os.Open("../ami/testdata/" + name + ".ami")
		if err != nil {
			t.Fatal(err)
		}
		decoder := ami.NewDecoder(f, ami.Limits{})
		if _, err := decoder.Line(256); err != nil {
			t.Fatal(err)
		}
		for m, err := decoder.Next(); err == nil; m, err = decoder.Next() {
			event, headers := shape(m)
			genuine[event] = headers
		}
		f.Close()
	}

	r := start(t, pbxsim.Options{}, says("allow", "60"))
	r.outcome(t, r.dial(t, pbxsim.Call{From: "1001", Forwarder: "1002", Number: "0023222999999", Ring: time.Millisecond, Talk: time.Millisecond}))
	r.outcome(t, r.dial(t, pbxsim.Call{Way: pbxsim.Originated, Number: "0023222555555", Ring: time.Millisecond, Talk: time.Millisecond}))
	l := r.dial(t, pbxsim.Call{From: "1001", Number: "0023222123456"})
	l.Transfer("0023222777777")
	n := r.until(t, "the transfer", func(n news) bool { return len(n.asked) == 3 && n.last().Event() == "BridgeEnter" })
	seen := make(map[string]bool)
	for _, m := range n.events {
		event, headers := shape(m)
		if event == "FullyBooted" || seen[event] {
			continue
		}
		seen[event] = true
		switch want, known := genuine[event]; {
		case !known:
			t.Errorf("no transcript has %s", event)
		case headers != want:
			t.Errorf("%s has\n%s, want\n%s", event, headers, want)
		}
	}
	if len(seen) < 14 {
		t.Errorf("only %d kinds of events were played", len(seen))
	}
}
