package calls

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// TestReplay plays what a real Asterisk sent and expects the changes, one a
// line. Channels are written by name, Uniqueids by the part after the dot.
func TestReplay(t *testing.T) {
	for file, want := range map[string][]string{
		"simple-call-asterisk-22.ami": {
			"began PJSIP/1001-00001db0",
			"began PJSIP/carrier-00001db1",
			"dialled PJSIP/carrier-00001db1 0023222123456@carrier by 7600 from PJSIP/1001-00001db0",
			"answered PJSIP/carrier-00001db1",
			"answered PJSIP/1001-00001db0",
			"ended PJSIP/1001-00001db0 16",
			"ended PJSIP/carrier-00001db1 16",
		},
		"originate-to-trunk-asterisk-22.ami": { // ends before the call does
			"began PJSIP/carrier-00001dbc",
			"dialled PJSIP/carrier-00001dbc 0023222555555@carrier by nobody from PJSIP/carrier-00001dbc",
			"answered PJSIP/carrier-00001dbc",
		},
		"blind-transfer-asterisk-22.ami": {
			"began PJSIP/1001-00001dbd",
			"began PJSIP/carrier-00001dbe",
			"dialled PJSIP/carrier-00001dbe 0023222123456@carrier by 7615 from PJSIP/1001-00001dbd",
			"answered PJSIP/carrier-00001dbe",
			"answered PJSIP/1001-00001dbd",
			"transferred PJSIP/carrier-00001dbe to 0023222777777 by 7615 PJSIP/1001-00001dbd",
			"ended PJSIP/1001-00001dbd 16",
			"began PJSIP/carrier-00001dbf",
			"dialled PJSIP/carrier-00001dbf 0023222777777@carrier by 7616 from PJSIP/1001-00001dbd",
			"answered PJSIP/carrier-00001dbf",
			"ended PJSIP/carrier-00001dbf 16",
			"ended PJSIP/carrier-00001dbe 16",
		},
		"blind-transfer-asterisk-16.ami": {
			"began PJSIP/1001-00000001",
			"began PJSIP/carrier-00000002",
			"dialled PJSIP/carrier-00000002 0023222123456@carrier by 2 from PJSIP/1001-00000001",
			"answered PJSIP/carrier-00000002",
			"answered PJSIP/1001-00000001",
			"transferred PJSIP/carrier-00000002 to 0023222777777 by 2 PJSIP/1001-00000001",
			"ended PJSIP/1001-00000001 16",
			"began PJSIP/carrier-00000003",
			"dialled PJSIP/carrier-00000003 0023222777777@carrier by 3 from PJSIP/1001-00000001",
			"answered PJSIP/carrier-00000003",
			"ended PJSIP/carrier-00000002 16",
			"ended PJSIP/carrier-00000003 16",
		},
		"forward-302-asterisk-22.ami": {
			"began PJSIP/1001-00001dc5",
			"began PJSIP/1002-00001dc6",
			"dialled PJSIP/1002-00001dc6 1002 by 7623 from PJSIP/1001-00001dc5",
			"began Local/0023222999999@internal-00000001;1",
			"began Local/0023222999999@internal-00000001;2",
			"dialled Local/0023222999999@internal-00000001;1 0023222999999@internal by 7623 from PJSIP/1001-00001dc5 forwarded by PJSIP/1002-00001dc6",
			"ended PJSIP/1002-00001dc6 23",
			"began PJSIP/carrier-00001dc7",
			"dialled PJSIP/carrier-00001dc7 0023222999999@carrier by 7626 from PJSIP/1001-00001dc5",
			"answered PJSIP/carrier-00001dc7",
			"answered Local/0023222999999@internal-00000001;2",
			"answered Local/0023222999999@internal-00000001;1",
			"answered PJSIP/1001-00001dc5",
			"ended PJSIP/1001-00001dc5 16",
			"ended Local/0023222999999@internal-00000001;1 16",
			"ended Local/0023222999999@internal-00000001;2 16",
			"ended PJSIP/carrier-00001dc7 16",
		},
	} {
		t.Run(file, func(t *testing.T) {
			m := New(0)
			var got []string
			for i, e := range readTranscript(t, file) {
				for _, c := range m.Apply(start.Add(time.Duration(i)*time.Millisecond), e) {
					got = append(got, describe(m, c))
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", lines(got), lines(want))
			}
			if m.Ignored() != 0 {
				t.Errorf("%d mentions were ignored", m.Ignored())
			}
		})
	}
}

// TestForwardInTheMiddle looks at the model while the forwarded call is talking:
// the watcher must get from the trunk leg to the forwarder and to the caller.
func TestForwardInTheMiddle(t *testing.T) {
	m := New(0)
	for _, e := range readTranscript(t, "forward-302-asterisk-22.ami") {
		if e.Kind == Unbridged { // the caller hangs up
			break
		}
		m.Apply(start, e)
	}
	const prefix = "pbx1-1795335413."
	legs := m.Legs(prefix + "7626")
	if len(legs) != 1 || legs[0].Uniqueid != prefix+"7627" {
		t.Fatalf("the half ;2 dialled %+v", legs)
	}
	dialler, ok := m.Channel(legs[0].DialledBy)
	if !ok || dialler.LocalPeer != prefix+"7625" || dialler.Leg() {
		t.Fatalf("the trunk leg was dialled by %+v", dialler)
	}
	other, ok := m.Channel(dialler.LocalPeer)
	if !ok || other.Forwarder != "PJSIP/1002-00001dc6" || other.DialledBy != prefix+"7623" {
		t.Fatalf("the other half is %+v", other)
	}
	if origin, ok := m.Origin(legs[0].Uniqueid); !ok || origin.Name != "PJSIP/1001-00001dc5" || origin.Exten != "1002" {
		t.Fatalf("origin %+v %v", origin, ok)
	}
	calls := m.Calls()
	if len(calls) != 1 || calls[0].Linkedid != prefix+"7623" || len(calls[0].Channels) != 4 {
		t.Fatalf("calls %+v", calls)
	}
	bridges := make(map[string]int)
	for _, c := range calls[0].Channels {
		bridges[c.Bridge]++
	}
	if len(bridges) != 2 || bridges[""] != 0 {
		t.Errorf("channels in bridges: %v, want two bridges of two", bridges)
	}
}

// describe writes a change as the tests above expect it.
func describe(m *Model, c Change) string {
	s := fmt.Sprintf("%s %s", c.Kind, c.Channel.Name)
	switch c.Kind {
	case Dialled:
		by := "nobody"
		if c.Channel.DialledBy != "" {
			by = tail(c.Channel.DialledBy)
		}
		origin, _ := m.Origin(c.Channel.Uniqueid)
		s += fmt.Sprintf(" %s by %s from %s", c.Channel.DialString, by, origin.Name)
		if c.Channel.Forwarder != "" {
			s += " forwarded by " + c.Channel.Forwarder
		}
	case Transferred:
		s += fmt.Sprintf(" to %s by %s %s", c.Extension, tail(c.By), c.Channel.Transferer)
	case Ended:
		s += fmt.Sprintf(" %d", c.Cause)
	}
	return s
}

func tail(uniqueid string) string {
	for i := len(uniqueid) - 1; i >= 0; i-- {
		if uniqueid[i] == '.' {
			return uniqueid[i+1:]
		}
	}
	return uniqueid
}

func lines(list []string) (text string) {
	for _, line := range list {
		text += "\t" + line + "\n"
	}
	return text
}
