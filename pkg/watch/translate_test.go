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

const genuine = `Event: Newchannel
Privilege: call,all
SystemName: pbx1
Channel: PJSIP/1001-00001dbd
ChannelState: 4
ChannelStateDesc: Ring
CallerIDNum: 1001
CallerIDName: Ext 1001
ConnectedLineNum: <unknown>
ConnectedLineName: <unknown>
Language: en
AccountCode: 
Context: internal
Exten: %s
Priority: 1
Uniqueid: pbx1-1795334493.7615
Linkedid: pbx1-1795334493.7615

`

func TestTranslate(t *testing.T) {
	m := decode(t, strings.Replace(genuine, "%s", "0023222123456", 1))
	e, err := translate(m[0])
	if err != nil || e.Kind != calls.ChannelNew || e.Channel.Uniqueid != "pbx1-1795334493.7615" || e.Channel.Exten != "0023222123456" || e.Channel.ConnectedLineNum != "" {
		t.Fatalf("%+v, %v", e, err)
	}
}

// A line break in a dialled number writes messages of the caller's own into
// the stream. None of the pieces may count.
func TestForgedEventsAreRefused(t *testing.T) {
	for _, number := range []string{
		"0023\nUniqueid: x",
		"0023\n\nEvent: Hangup\nUniqueid: x\n\n",
		"0023\n\nEvent: Rename\nUniqueid: x\nNewname: y\n\n",
		"0023\n\nEvent: Hangup\nChannel: a\nUniqueid: x\nLinkedid: y\n\n",
		"0023\n\nEvent: DialBegin\nDestUniqueid: x\n\n",
	} {
		messages := decode(t, strings.Replace(genuine, "%s", number, 1))
		if len(messages) == 0 {
			t.Fatalf("%q: nothing was decoded", number)
		}
		for _, m := range messages {
			e, err := translate(m)
			if e.Kind != "" && err == nil {
				t.Errorf("%q: %s counts as %+v", number, m.Event(), e)
			}
			if err != nil && !errors.Is(err, errTampered) {
				t.Errorf("%q: %v", number, err)
			}
		}
	}
}
