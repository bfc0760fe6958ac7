package watch

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/calls"
)

// errTampered marks a message that Asterisk cannot have written as it stands.
//
// Asterisk writes the number that was dialled, and the caller's number, into
// its events as they came; line breaks in them begin messages of the caller's
// own (seen on 16 and 22). It takes at most 79 bytes of each (AST_MAX_EXTENSION
// less one), and one event holds several of them. But between two of them
// stands a field of Asterisk's, and the header of a channel event together with
// the fields before the first value of a caller's is longer than 79 bytes. So a
// message that has these fields one right after the other, each once, is
// Asterisk's own.
var errTampered = errors.New("the message is not whole")

// snapshotFields are in every event about a channel, in this order without a
// gap, behind a prefix that says which of the channels they are about
// (main/manager_channels.c, ast_manager_build_channel_state_string_prefix).
var snapshotFields = [...]string{
	fieldChannel: "Channel", fieldState: "ChannelState", fieldStateText: "ChannelStateDesc",
	fieldCallerNum: "CallerIDNum", fieldCallerName: "CallerIDName",
	fieldConnectedNum: "ConnectedLineNum", fieldConnectedName: "ConnectedLineName",
	fieldLanguage: "Language", fieldAccount: "AccountCode",
	fieldContext: "Context", fieldExten: "Exten", fieldPriority: "Priority",
	fieldUniqueid: "Uniqueid", fieldLinkedid: "Linkedid",
}

// The places of the fields.
const (
	fieldChannel = iota
	fieldState
	fieldStateText
	fieldCallerNum
	fieldCallerName
	fieldConnectedNum
	fieldConnectedName
	fieldLanguage
	fieldAccount
	fieldContext
	fieldExten
	fieldPriority
	fieldUniqueid
	fieldLinkedid
)

// The second line of every event, by which class of events it belongs to.
const (
	privilegeEvent  = "call,all"
	privilegeStatus = "Call" // an entry of the list of channels
)

// translate makes an event of AMI one of the live model. Kind is empty for an
// event that says nothing to it.
func translate(m ami.Message) (calls.Event, error) {
	switch m.Event() {
	case "Newchannel":
		return about(m, calls.ChannelNew)
	case "Newstate":
		return about(m, calls.ChannelState)
	case "Hangup":
		e, err := about(m, calls.Hungup)
		e.Cause, _ = strconv.Atoi(m.Get("Cause"))
		return e, err
	case "Rename":
		return renamed(m)
	case "DialBegin":
		return dial(m, calls.DialBegun)
	case "DialEnd":
		return dial(m, calls.DialEnded)
	case "LocalBridge":
		return pair(m, calls.LocalBridged, "LocalOne", "LocalTwo")
	case "BlindTransfer":
		if m.Get("Result") != "Success" {
			return calls.Event{}, nil
		}
		e, err := pair(m, calls.BlindTransferred, "Transferer", "Transferee")
		e.Extension = m.Get("Extension")
		return e, err
	case "AttendedTransfer":
		return attended(m)
	}
	return calls.Event{}, nil
}

func about(m ami.Message, kind calls.Kind) (calls.Event, error) {
	s, err := snapshot(m, "")
	return calls.Event{Kind: kind, Channel: s}, err
}

func pair(m ami.Message, kind calls.Kind, first, second string) (calls.Event, error) {
	one, err := snapshot(m, first)
	if err != nil {
		return calls.Event{}, err
	}
	two, err := snapshot(m, second)
	return calls.Event{Kind: kind, Channel: one, Dest: two}, err
}

// renamed is the one channel event without the usual fields. It holds nothing
// of a caller's, so it has exactly its own.
func renamed(m ami.Message) (calls.Event, error) {
	want := [...]string{"Channel", "Newname", "Uniqueid"}
	var v [len(want)]string
	at := 0
	for name, value := range body(m) {
		if at == len(want) || name != want[at] || value == "" {
			return calls.Event{}, fmt.Errorf("%w: Rename", errTampered)
		}
		v[at] = value
		at++
	}
	if at != len(want) {
		return calls.Event{}, fmt.Errorf("%w: Rename", errTampered)
	}
	return calls.Event{Kind: calls.ChannelRenamed, Channel: calls.Snapshot{Name: v[1], Uniqueid: v[2]}}, nil
}

// dial has no dialling channel where Originate or a call file dials.
func dial(m ami.Message, kind calls.Kind) (calls.Event, error) {
	e := calls.Event{Kind: kind, DialStatus: m.Get("DialStatus"), Forward: m.Get("Forward")}
	var err error
	if e.Dest, err = snapshot(m, "Dest"); err != nil {
		return calls.Event{}, err
	}
	if _, dialled := m.Lookup("Channel"); dialled {
		if e.Channel, err = snapshot(m, ""); err != nil {
			return calls.Event{}, err
		}
	}
	if kind == calls.DialBegun {
		dialString, once := m.Only("DialString")
		if !once {
			return calls.Event{}, fmt.Errorf("%w: DialString", errTampered)
		}
		e.DialString = dialString
	}
	return e, nil
}

func attended(m ami.Message) (calls.Event, error) {
	if m.Get("Result") != "Success" {
		return calls.Event{}, nil
	}
	e, err := pair(m, calls.AttendedTransferred, "OrigTransferer", "Transferee")
	if err != nil {
		return calls.Event{}, err
	}
	if _, there := m.Lookup("TransferTargetChannel"); there {
		e.Target, err = snapshot(m, "TransferTarget")
	}
	return e, err
}

// snapshot reads what an event says of one of its channels.
func snapshot(m ami.Message, prefix string) (calls.Snapshot, error) {
	var v [len(snapshotFields)]string
	at := 0
	for name, value := range body(m) {
		name, ours := strings.CutPrefix(name, prefix)
		switch {
		case at < len(v) && ours && name == snapshotFields[at]:
			v[at] = value
			at++
		case at > 0 && at < len(v), ours && slices.Contains(snapshotFields[:], name):
			return calls.Snapshot{}, fmt.Errorf("%w: %s of %.40q", errTampered, prefix+snapshotFields[min(at, len(v)-1)], m.Event())
		}
	}
	if at < len(v) || len(v[fieldState]) != 1 {
		return calls.Snapshot{}, fmt.Errorf("%w: %s of %.40q", errTampered, prefix+snapshotFields[min(at, len(v)-1)], m.Event())
	}
	return calls.Snapshot{
		Name: v[fieldChannel], State: calls.State(v[fieldStateText]),
		CallerIDNum: known(v[fieldCallerNum]), ConnectedLineNum: known(v[fieldConnectedNum]),
		Context: v[fieldContext], Exten: v[fieldExten], Uniqueid: v[fieldUniqueid], Linkedid: v[fieldLinkedid],
	}, nil
}

// body gives the fields of an event behind its header, or nothing at all if
// the header is not as Asterisk writes it: the event, its privilege, and what
// some settings of the manager add.
func body(m ami.Message) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		header, privileged := true, false
		for name, value := range m.All() {
			switch {
			case !header:
			case name == "Event" && !privileged: // the first line, or m.Event would be empty
				continue
			case name == "Privilege" && !privileged:
				privileged = value == privilegeEvent || value == privilegeStatus
				continue
			case slices.Contains(headerFields, name):
				continue
			case !privileged:
				return
			}
			header = false
			if !yield(name, value) {
				return
			}
		}
	}
}

// headerFields may stand before what an event is about (main/manager.c,
// __ast_manager_event_multichan). ActionID is in the entry of a list.
var headerFields = []string{"ActionID", "SequenceNumber", "File", "Line", "Func", "Timestamp", "SystemName"}

// known leaves out what Asterisk writes for nothing.
func known(s string) string {
	if s == "<unknown>" || strings.HasPrefix(s, "(null)") {
		return ""
	}
	return s
}
