package watch

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/calls"
)

// errTampered marks a message that Asterisk cannot have written as it stands.
//
// Asterisk writes the number that was dialled, and the caller's number, into
// its events as they came; with a line break in it, a number of up to 79 bytes
// begins a message of its own (seen on 16 and 22). The fields of a genuine
// channel event are longer than that, so one that is whole, each field once,
// is Asterisk's own.
var errTampered = errors.New("the message is not whole")

// snapshotFields are in every event about a channel, each once, behind a
// prefix that says which of the channels it is about
// (main/manager_channels.c, ast_manager_build_channel_state_string_prefix).
var snapshotFields = [...]string{"Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "Context", "Exten", "Priority", "Uniqueid", "Linkedid"}

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

// renamed is the one channel event without the usual fields.
func renamed(m ami.Message) (calls.Event, error) {
	id, one := m.Only("Uniqueid")
	name, two := m.Only("Newname")
	if _, three := m.Only("Privilege"); !one || !two || !three {
		return calls.Event{}, fmt.Errorf("%w: Rename", errTampered)
	}
	return calls.Event{Kind: calls.ChannelRenamed, Channel: calls.Snapshot{Uniqueid: id, Name: name}}, nil
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
	for i, field := range snapshotFields {
		value, once := m.Only(prefix + field)
		if !once {
			return calls.Snapshot{}, fmt.Errorf("%w: %s of %.40q", errTampered, prefix+field, m.Event())
		}
		v[i] = value
	}
	if _, once := m.Only("Privilege"); !once {
		return calls.Snapshot{}, fmt.Errorf("%w: Privilege of %.40q", errTampered, m.Event())
	}
	return calls.Snapshot{
		Name: v[0], State: calls.State(v[2]), CallerIDNum: known(v[3]), ConnectedLineNum: known(m.Get(prefix + "ConnectedLineNum")),
		Context: v[4], Exten: v[5], Uniqueid: v[7], Linkedid: v[8],
	}, nil
}

// known leaves out what Asterisk writes for nothing.
func known(s string) string {
	if s == "<unknown>" || strings.HasPrefix(s, "(null)") {
		return ""
	}
	return s
}
