package replay

import (
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/ami"
)

// field is a field of an event; a Linkedid is told by when it came first, as the names
// of those in the transcript are others.
type field struct {
	name   string
	linked int
}

// told is the first event of that name and what channels then end, as far as bridges
// are left out, which are not played.
func told(events [][]ami.Field, first string) (all []field) {
	var linked []string
	began := false
	for _, e := range events {
		began = began || e[0].Value == first
		if !began || e[0].Value != first && e[0].Value != "Hangup" {
			continue
		}
		for _, f := range e {
			one := field{f.Name, -1}
			if strings.HasSuffix(f.Name, "Linkedid") {
				if !slices.Contains(linked, f.Value) {
					linked = append(linked, f.Value)
				}
				one.linked = slices.Index(linked, f.Value)
			}
			if f.Name != "SystemName" && f.Name != "Cause-txt" && !strings.Contains(f.Name, "Bridge") {
				all = append(all, one)
			}
		}
	}
	return all
}

// Whoever watches is told of an attended transfer what a real Asterisk tells: the same
// fields in the same order, of channels that belong together in the same way.
func TestAttendedTransferIsToldAsItIs(t *testing.T) {
	text, err := os.ReadFile("../calls/testdata/announced-asterisk-22.ami")
	if err != nil {
		t.Fatal(err)
	}
	var seen, played [][]ami.Field
	for message := range strings.SplitSeq(string(text), "\r\n\r\n") {
		var e []ami.Field
		for line := range strings.SplitSeq(message, "\r\n") {
			if name, value, ok := strings.Cut(line, ":"); ok {
				e = append(e, ami.Field{Name: name, Value: strings.TrimSpace(value)})
			}
		}
		if len(e) > 0 && e[0].Name == "Event" {
			seen = append(seen, e)
		}
	}
	a := newAsterisk(&clock{begin: monday})
	a.tell = func(n ami.Notice) {
		var e []ami.Field
		for name, value := range n.Event.All() {
			e = append(e, ami.Field{Name: name, Value: value})
		}
		played = append(played, e)
	}
	c := &call{
		world: &world{asterisk: a, clock: a.clock, site: &Site{Trunk: "carrier"}}, traffic: &Traffic{From: Origin{Kind: FromAttended}},
		wish: wish{from: "1005", address: netip.MustParseAddr("192.0.2.10")}, exten: "0301234508",
	}
	c.begin()
	c.leg = a.create("PJSIP/carrier", c.exten, c.asker)
	a.dial(c.asker, c.leg, c.exten+"@carrier")
	c.leave()
	c.ended = true
	a.end(c.leg, false)
	a.end(c.visitor, false)
	want, got := told(seen, "AttendedTransfer"), told(played, "AttendedTransfer")
	if len(want) < 60 || !slices.Equal(got, want) {
		t.Errorf("a simulated Asterisk tells\n%v\nand a real one\n%v", got, want)
	}
}
