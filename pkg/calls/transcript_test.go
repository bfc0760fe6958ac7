package calls

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// readTranscript reads what an Asterisk sent over AMI and translates what the
// model understands. It is just good enough for the transcripts in testdata.
func readTranscript(t testing.TB, file string) []Event {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var events []Event
	for message := range strings.SplitSeq(string(text), "\r\n\r\n") {
		headers := make(map[string]string)
		for line := range strings.SplitSeq(message, "\r\n") {
			if name, value, ok := strings.Cut(line, ": "); ok && value != "<unknown>" {
				headers[name] = value
			}
		}
		if e, ok := translate(headers); ok {
			events = append(events, e)
		}
	}
	if len(events) == 0 {
		t.Fatalf("%s holds no events", file)
	}
	return events
}

func translate(h map[string]string) (Event, bool) {
	e := Event{Channel: snapshot(h, "")}
	switch h["Event"] {
	case "Newchannel":
		e.Kind = ChannelNew
	case "Newstate", "NewCallerid", "NewConnectedLine":
		e.Kind = ChannelState
	case "Rename":
		e.Kind, e.Channel.Name = ChannelRenamed, h["Newname"]
	case "DialBegin":
		e.Kind, e.Dest, e.DialString = DialBegun, snapshot(h, "Dest"), h["DialString"]
	case "DialEnd":
		e.Kind, e.Dest, e.DialStatus, e.Forward = DialEnded, snapshot(h, "Dest"), h["DialStatus"], h["Forward"]
	case "BridgeEnter":
		e.Kind, e.Bridge = Bridged, h["BridgeUniqueid"]
	case "BridgeLeave":
		e.Kind, e.Bridge = Unbridged, h["BridgeUniqueid"]
	case "LocalBridge":
		e.Kind, e.Channel, e.Dest = LocalBridged, snapshot(h, "LocalOne"), snapshot(h, "LocalTwo")
	case "BlindTransfer":
		e.Kind, e.Channel, e.Dest, e.Extension = BlindTransferred, snapshot(h, "Transferer"), snapshot(h, "Transferee"), h["Extension"]
		return e, h["Result"] == "Success"
	case "AttendedTransfer":
		e.Kind, e.Channel, e.Dest = AttendedTransferred, snapshot(h, "OrigTransferer"), snapshot(h, "Transferee")
		e.Target = snapshot(h, "TransferTarget")
		return e, h["Result"] == "Success"
	case "Hangup":
		cause, err := strconv.Atoi(h["Cause"])
		e.Kind, e.Cause = Hungup, cause
		return e, err == nil
	default:
		return Event{}, false
	}
	return e, true
}

// snapshot reads the fields of one channel; of several in one event, all but the
// first carry a prefix.
func snapshot(h map[string]string, prefix string) Snapshot {
	return Snapshot{
		Uniqueid:         h[prefix+"Uniqueid"],
		Linkedid:         h[prefix+"Linkedid"],
		Name:             h[prefix+"Channel"],
		State:            State(h[prefix+"ChannelStateDesc"]),
		CallerIDNum:      h[prefix+"CallerIDNum"],
		ConnectedLineNum: h[prefix+"ConnectedLineNum"],
		Context:          h[prefix+"Context"],
		Exten:            h[prefix+"Exten"],
	}
}
