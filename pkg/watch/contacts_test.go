package watch

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// contactEvent is what Asterisk 22 and 16 say when a phone registers.
func contactEvent(t *testing.T, endpoint, uri, status string) ami.Message {
	t.Helper()
	return message(t, "Event: ContactStatus\nPrivilege: system,all\nURI: "+uri+"\nContactStatus: "+status+"\nAOR: 1001\nEndpointName: "+endpoint+"\nRoundtripUsec: 0\n")
}

func TestPhoneAtTheAddressOfATrunkIsTold(t *testing.T) {
	const theirs, ours = "sip:0023222123456@192.0.2.1:5060", "sip:1001@198.51.100.7:5060"
	type step struct {
		endpoint, uri, status string
		want                  string // what the ledger hears, each by its kind and caller or text
	}
	for name, test := range map[string]struct {
		lock  bool
		steps []step
	}{
		"registers and goes": {false, []step{
			{"1001", theirs, "NonQualified", "trouble the contact of extension:1001 has the address 192.0.2.1 of the trunk carrier"},
			{"1001", theirs, "Reachable", ""},
			{"1001", theirs, "Removed", "mended"},
		}},
		"goes after a restart": {false, []step{{"1001", theirs, "Removed", "mended"}}},
		"is locked": {true, []step{
			{"1001", theirs, "NonQualified", "contact extension:1001, trouble the contact of extension:1001 has the address 192.0.2.1 of the trunk carrier"},
		}},
		"two of them": {false, []step{
			{"1001", theirs, "NonQualified", "trouble the contact of extension:1001 has the address 192.0.2.1 of the trunk carrier"},
			{"1002", "sips:00232@[::ffff:192.0.2.1]", "NonQualified", "trouble the contact of extension:1001 has the address 192.0.2.1 of the trunk carrier, and so have 1 more"},
			{"1001", theirs, "Removed", "trouble the contact of extension:1002 has the address 192.0.2.1 of the trunk carrier"},
		}},
		"behind a proxy that is the trunk's": {true, []step{
			{"1001", "sip:1001@192.0.2.1", "Reachable", ""}, {"1002", "sip:9af2l3@192.0.2.1;transport=ws", "Reachable", ""}, {"1003", "sip:192.0.2.1", "Reachable", ""},
		}},
		"in disguise": {false, []step{
			{"1001", "sip:%30%30232@192.0.2.1", "NonQualified", "trouble the contact of extension:1001 has the address 192.0.2.1 of the trunk carrier"},
		}},
		"elsewhere":        {true, []step{{"1001", ours, "NonQualified", ""}, {"1001", ours, "Removed", ""}}},
		"the trunk itself": {true, []step{{"carrier", theirs, "Reachable", ""}}},
		"no address":       {true, []step{{"1001", "tel:192.0.2.1", "NonQualified", ""}, {"1001", "", "NonQualified", ""}}},
	} {
		heard := &blank{}
		w := NewStepped(variables{}, heard, Options{
			PBX: "pbx1", Callers: caller.Site{Trunks: []string{"carrier"}}, Trunks: []Trunk{{Name: "carrier", Addresses: []string{"192.0.2.1"}}}, Numbering: short{},
			LockBypass: test.lock, Log: slog.New(slog.DiscardHandler),
		})
		for _, s := range test.steps {
			heard.told = nil
			if !w.noteContact(t.Context(), contactEvent(t, s.endpoint, s.uri, s.status)) {
				t.Errorf("%s: it is not taken for what it is", name)
			}
			if got := inWords(heard.told); got != s.want {
				t.Errorf("%s: after %s the ledger hears %q, want %q", name, s.status, got, s.want)
			}
		}
	}
}

// restarts is an Asterisk that has been started at another time each time one asks.
type restarts struct {
	variables
	boots int
}

func (r *restarts) CoreStatus(context.Context) (ami.Message, error) {
	r.boots++
	return ami.NewMessage(ami.Field{Name: "Response", Value: "Success"}, ami.Field{Name: "CoreStartupTime", Value: strconv.Itoa(r.boots)})
}

// Only who comes is locked, not those that were there and may have been released;
// and after a restart of Asterisk, who comes again is told of again.
func TestContactsAreLockedOnce(t *testing.T) {
	const number = "sip:0023222123456@192.0.2.1"
	heard := &blank{}
	w := NewStepped(&restarts{}, heard, Options{
		PBX: "pbx1", Callers: caller.Site{Trunks: []string{"carrier"}}, Trunks: []Trunk{{Name: "carrier", Addresses: []string{"192.0.2.1"}}}, Numbering: short{},
		LockBypass: true, Log: slog.New(slog.DiscardHandler),
	})
	w.newBoot(t.Context())
	locked := func(steps ...func()) (callers []string) {
		heard.told = nil
		for _, step := range steps {
			step()
		}
		for _, e := range heard.told {
			if e.Kind == toll.ContactFound {
				callers = append(callers, e.Found.Caller.ID)
			}
		}
		return callers
	}
	comes := func(endpoint string) func() {
		return func() { w.noteContact(t.Context(), contactEvent(t, endpoint, number, "NonQualified")) }
	}
	if got := locked(comes("1001"), comes("1001"), comes("1002")); !slices.Equal(got, []string{"1001", "1002"}) {
		t.Errorf("locked %v, want each once", got)
	}
	if got := locked(func() { w.newBoot(t.Context()) }); got != nil || inWords(heard.told) != "mended" {
		t.Errorf("after a restart: locked %v, told %s", got, inWords(heard.told))
	}
	if got := locked(comes("1001")); !slices.Equal(got, []string{"1001"}) || !strings.Contains(inWords(heard.told), "trouble ") {
		t.Errorf("who comes again: locked %v, told %s", got, inWords(heard.told))
	}
}

func inWords(events []toll.Event) string {
	var words []string
	for _, e := range events {
		word := string(e.Kind)
		if e.Found != nil {
			word += " " + e.Found.Caller.String()
		}
		if e.Text != "" {
			word += " " + e.Text
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// short is a number plan with extensions of four digits.
type short struct{ homeOnly }

func (short) ResolveTrunk(number, _ string) toll.Destination { return short{}.Resolve(number) }
func (short) Resolve(number string) toll.Destination {
	if len(number) == 4 {
		return toll.Destination{Class: toll.Internal}
	}
	return toll.Destination{Class: toll.Unplaced}
}

// An event that somebody wrote into another one says nothing.
func TestForgedContactsSayNothing(t *testing.T) {
	heard := &blank{}
	w := NewStepped(variables{}, heard, Options{Trunks: []Trunk{{Name: "carrier", Addresses: []string{"192.0.2.1"}}}, Log: slog.New(slog.DiscardHandler)})
	for _, forged := range []string{
		"Event: ContactStatus\nPrivilege: call,all\nURI: sip:1@192.0.2.1\nContactStatus: Created\nEndpointName: 1001",
		"Event: ContactStatus\nPrivilege: system,all\nURI: sip:1@192.0.2.1\nURI: sip:1@192.0.2.1\nContactStatus: Created\nEndpointName: 1001",
		"Event: ContactStatus\nPrivilege: system,all\nURI: sip:1@192.0.2.1\nContactStatus: Created",
	} {
		w.noteContact(t.Context(), message(t, forged+"\n"))
	}
	if len(heard.told) != 0 {
		t.Errorf("%q", inWords(heard.told))
	}
}
