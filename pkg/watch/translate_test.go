package watch

import (
	"errors"
	"strings"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/calls"
)

// decode reads messages as they came over the wire.
func decode(t *testing.T, text string) []ami.Message {
	t.Helper()
	d := ami.NewDecoder(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n")), ami.Limits{})
	var all []ami.Message
	for {
		m, err := d.Next()
		if err != nil {
			return all
		}
		all = append(all, m)
	}
}

// genuine has room for a caller's number and for what he dialled.
const genuine = `Event: Newchannel
Privilege: call,all
SystemName: pbx1
Channel: PJSIP/1001-00001dbd
ChannelState: 4
ChannelStateDesc: Ring
CallerIDNum: %c
CallerIDName: Ext 1001
ConnectedLineNum: <unknown>
ConnectedLineName: <unknown>
Language: en
AccountCode: 
Context: internal
Exten: %e
Priority: 1
Uniqueid: pbx1-1795334493.7615
Linkedid: pbx1-1795334493.7615

`

func TestTranslate(t *testing.T) {
	m := decode(t, newchannel("1001", "0023222123456"))
	e, err := translate(m[0])
	if err != nil || e.Kind != calls.ChannelNew || e.Channel.Uniqueid != "pbx1-1795334493.7615" || e.Channel.Exten != "0023222123456" || e.Channel.ConnectedLineNum != "" {
		t.Fatalf("%+v, %v", e, err)
	}
}

func newchannel(callerID, exten string) string {
	return strings.NewReplacer("%c", callerID, "%e", exten).Replace(genuine)
}

// A line break in a dialled number or in a caller's number writes messages of
// the caller's own into the stream. None of the pieces may count.
func TestForgedEventsAreRefused(t *testing.T) {
	for _, test := range []struct{ callerID, exten string }{
		{"1", "0023\nUniqueid: x"},
		{"1", "0023\n\nEvent: Hangup\nUniqueid: x\n\n"},
		{"1", "0023\n\nEvent: Rename\nUniqueid: x\nNewname: y\n\n"},
		{"1", "0023\n\nEvent: Hangup\nChannel: a\nUniqueid: x\nLinkedid: y\n\n"},
		{"1", "0023\n\nEvent: DialBegin\nDestUniqueid: x\n\n"},
		{"1", "\n\nEvent: Rename\nPrivilege:\nUniqueid:1795334493.7615\nNewname:y\n\n"},
		{"1", "\n\nEvent: Rename\nPrivilege: call,all\nChannel:\nNewname: y\nUniqueid: 1\n"},
		{"1\nContext:\nExten:\nPriority:\nUniqueid:\nLinkedid:\n\n", "1"},
		// Two numbers of one event together make a message that has everything.
		{
			"\n\nEvent: Hangup\nPrivilege:\nChannel:\nChannelState:\nChannelStateDesc:",
			"1\nCallerIDNum:\nPriority:\nUniqueid:1795334493.7615\nLinkedid:\n\n",
		},
		{
			"\n\nEvent: Hangup\nPrivilege: call,all\nChannel:\nChannelState:6",
			"1\nChannelStateDesc:\nCallerIDNum:\nPriority:\nUniqueid:1\nLinkedid:\n\n",
		},
		{"\n\nEvent: Rename\nPrivilege: call,all\nChannel:\nNewname:y", "1\nUniqueid:x\n\n"},
		{"\n\nEvent: Rename\nPrivilege:\nUniqueid:1795334493.7615\nNewname:y", "\n\n"},
	} {
		const room = 79 // bytes, of either number
		if inMessage := func(s string) int { return len(strings.ReplaceAll(s, "\n", "\r\n")) }; inMessage(test.callerID) > room || inMessage(test.exten) > room {
			t.Errorf("%q and %q: Asterisk would not take so much", test.callerID, test.exten)
		}
		messages := decode(t, newchannel(test.callerID, test.exten))
		if len(messages) == 0 {
			t.Fatalf("%+v: nothing was decoded", test)
		}
		for _, m := range messages {
			e, err := translate(m)
			if e.Kind != "" && err == nil {
				t.Errorf("%+v: %s counts as %+v", test, m.Event(), e)
			}
			if err != nil && !errors.Is(err, errTampered) {
				t.Errorf("%+v: %v", test, err)
			}
		}
	}
}

// Settings of the manager put more into the header of an event.
func TestTranslateTakesEveryHeader(t *testing.T) {
	for _, header := range []string{
		"", "SequenceNumber: 7\nFile: x.c\nLine: 1\nFunc: f\nTimestamp: 1795334493.7\nSystemName: pbx1\n",
	} {
		text := strings.Replace(newchannel("1", "2"), "SystemName: pbx1\n", header, 1)
		if e, err := translate(decode(t, text)[0]); err != nil || e.Kind != calls.ChannelNew {
			t.Errorf("%q: %+v, %v", header, e, err)
		}
	}
	rename := "Event: Rename\nPrivilege: call,all\nSystemName: pbx1\nChannel: a\nNewname: b\nUniqueid: c\n\n"
	if e, err := translate(decode(t, rename)[0]); err != nil || e.Kind != calls.ChannelRenamed || e.Channel.Name != "b" || e.Channel.Uniqueid != "c" {
		t.Errorf("%+v, %v", e, err)
	}
}
