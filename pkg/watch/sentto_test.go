package watch

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/calls"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// variables is an Asterisk that knows nothing but the variables of its channels.
type variables map[string]string

func (variables) State() ami.State                                           { return ami.State{Up: true} }
func (variables) CoreStatus(context.Context) (m ami.Message, err error)      { return m, nil }
func (variables) Status(context.Context, ...string) (l ami.List, err error)  { return l, nil }
func (variables) AbsoluteTimeout(context.Context, string, int) error         { return nil }
func (variables) Hangup(context.Context, string, int) error                  { return nil }
func (v variables) Getvar(_ context.Context, _, name string) (string, error) { return v[name], nil }
func (variables) ChannelStatus(context.Context, string, ...string) (m ami.Message, err error) {
	return m, nil
}

// blank is a ledger without leases that keeps what it is told.
type blank struct{ told []toll.Event }

func (b *blank) Record(_ context.Context, e toll.Event) error {
	b.told = append(b.told, e)
	return nil
}
func (*blank) Find(context.Context, toll.Key) (l toll.Lease, found bool, err error) {
	return l, false, nil
}
func (*blank) Lease(context.Context, string) (l toll.Lease, found bool, err error) {
	return l, false, nil
}
func (*blank) Leases(context.Context, string) ([]toll.Lease, error) { return nil, nil }
func (*blank) Now() time.Time                                       { return time.Time{} }

// slow is an Asterisk that answers no question in time.
type slow struct {
	variables
	asked int
}

func (s *slow) Getvar(context.Context, string, string) (string, error) {
	s.asked++
	return "", context.DeadlineExceeded
}

// A leg of which nobody says where it went is not forgotten: another picture is due.
// And a slow Asterisk is asked once, not once for each leg.
func TestALegThatNobodyTellsOfIsLookedAtAgain(t *testing.T) {
	a := &slow{}
	w := NewStepped(a, &blank{}, Options{
		PBX: "pbx1", Trunks: []Trunk{{Name: "carrier", Addresses: []string{"192.0.2.1"}}}, Callers: caller.Site{Trunks: []string{"carrier"}},
		Numbering: homeOnly{}, Rates: homeOnly{}, Log: slog.New(slog.DiscardHandler),
	})
	for _, id := range []string{"1.1", "1.2", "1.3"} {
		w.dialled(t.Context(), calls.Channel{Snapshot: calls.Snapshot{Uniqueid: id, Name: "PJSIP/1001-" + id}, DialString: "1001"})
	}
	if !w.doubt || a.asked != 1 {
		t.Errorf("another picture is due: %t, want it; asked %d times, want once", w.doubt, a.asked)
	}
}

// What CHANNEL says is as Asterisk 22 and 16 have answered.
func TestWhereALegWasSentTells(t *testing.T) {
	const number = "0023222221234"
	for name, test := range map[string]struct {
		channel, dialString string // without one it is only in a picture
		variables           variables
		found               string // the caller who answers for it; "" if nothing is found
	}{
		"a phone with the carrier's address":   {"PJSIP/1099-00000001", "1099", variables{remoteURI: "<sip:" + number + "@192.0.2.1>"}, "extension:1099"},
		"and a name":                           {"PJSIP/1099-00000001", "1099", variables{remoteURI: `\"<x>\" <sip:` + number + "@192.0.2.1:5060;transport=udp>"}, "extension:1099"},
		"an endpoint that is not named":        {"PJSIP/backup-00000001", number + "@backup", variables{remoteURI: "<sip:" + number + "@192.0.2.1>"}, "originated:backup"},
		"a phone that sends it elsewhere":      {"PJSIP/1099-00000001", "1099", variables{remoteURI: "<sip:" + number + "@198.51.100.7;transport=udp;MADDR=192.0.2.1>"}, "extension:1099"},
		"a phone at home":                      {"PJSIP/1001-00000001", "1001", variables{remoteURI: "<sip:1001@198.51.100.7>"}, ""},
		"another channel driver":               {"DAHDI/1-1", "1001", variables{remoteURI: "<sip:" + number + "@192.0.2.1>"}, ""},
		"begun to the trunk":                   {"PJSIP/carrier-00000001", "", variables{remoteURI: "<sip:" + number + "@carrier.example>"}, "originated:carrier"},
		"begun to the carrier's address":       {"PJSIP/1001-00000001", "", variables{remoteURI: "<sip:" + number + "@192.0.2.1>"}, "originated:1001"},
		"come in from the trunk":               {"PJSIP/carrier-00000001", "", variables{requestURI: "sip:1001@192.0.2.9", remoteURI: "<sip:" + number + "@192.0.2.1>"}, ""},
		"nothing is said of where it was sent": {"PJSIP/1001-00000001", "", variables{}, ""},
	} {
		ledger := &blank{}
		w := NewStepped(test.variables, ledger, Options{
			PBX: "pbx1", Trunks: []Trunk{{Name: "carrier", Addresses: []string{"192.0.2.1"}}}, Callers: caller.Site{Trunks: []string{"carrier"}},
			Numbering: homeOnly{}, Rates: homeOnly{}, Log: slog.New(slog.DiscardHandler),
		})
		ch := calls.Channel{Snapshot: calls.Snapshot{Uniqueid: "1.2", Name: test.channel}, DialString: test.dialString}
		if test.dialString != "" {
			w.dialled(t.Context(), ch)
		} else {
			w.begunUnseen(t.Context(), ch)
		}
		var found string
		for _, e := range ledger.told {
			if e.Kind != toll.LegFound || e.Why != toll.ReasonBypass || e.Found.To.Dialled != number || e.Found.Trunk != "carrier" {
				t.Errorf("%s: the ledger was told %+v", name, e)
				continue
			}
			found += e.Found.Caller.String()
		}
		if found != test.found {
			t.Errorf("%s: found of %q, want %q", name, found, test.found)
		}
	}
}
