package replay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The states of a channel that are played (include/asterisk/channelstate.h).
const (
	down = iota
	ring
	up
)

var states = [...]struct{ number, text string }{down: {"0", "Down"}, ring: {"4", "Ring"}, up: {"6", "Up"}}

// channel is one channel of the simulated Asterisk.
type channel struct {
	name, uniqueid, linkedid string
	state                    int
	exten                    string
	mark                     string // TOLLFUSE_LEASE
	dials                    string // DIALEDPEERNUMBER of a leg
	began                    time.Time
	timer                    *event
	hangsUp                  time.Time // on the wall clock, when its timer ends it; zero: never
	ended                    func(byTimer bool)
}

// asterisk is a PBX as a watcher sees it through AMI: it tells what its channels do,
// in Asterisk's own fields, and answers actions at once.
type asterisk struct {
	clock    *clock
	tell     func(ami.Notice) // nil while there is no link
	channels map[string]*channel
	count    int
}

func newAsterisk(c *clock) *asterisk {
	return &asterisk{clock: c, channels: make(map[string]*channel)}
}

// create makes a channel of an endpoint; one that is dialled belongs to the call of
// who dials.
func (a *asterisk) create(endpoint, exten string, dialler *channel) *channel {
	a.count++
	c := &channel{
		name: fmt.Sprintf("%s-%08x", endpoint, a.count), uniqueid: fmt.Sprintf("%d.%d", a.clock.Wall().Unix(), a.count),
		state: ring, exten: exten, began: a.clock.Wall(),
	}
	c.linkedid = c.uniqueid
	if dialler != nil {
		c.linkedid, c.state, c.mark = dialler.linkedid, down, dialler.mark
	}
	a.channels[c.uniqueid] = c
	a.send("Newchannel", c.fields(""))
	return c
}

// dial says that a leg is dialled, by a channel or by nobody.
func (a *asterisk) dial(by, leg *channel, dials string) {
	leg.dials = dials
	var fields []ami.Field
	if by != nil {
		fields = by.fields("")
	}
	fields = append(fields, leg.fields("Dest")...)
	a.send("DialBegin", append(fields, ami.Field{Name: "DialString", Value: leg.dials}))
}

// answer answers a channel.
func (a *asterisk) answer(c *channel) {
	c.state = up
	a.send("Newstate", c.fields(""))
}

// timeout ends a channel after some time; none takes the timer away.
func (a *asterisk) timeout(c *channel, left time.Duration) {
	c.timer.cancel()
	c.timer, c.hangsUp = nil, time.Time{}
	if left > 0 {
		c.hangsUp = a.clock.Wall().Add(left)
		c.timer = a.clock.after(left+toll.TimerLag, func() { a.end(c, true) })
	}
}

// end ends a channel.
func (a *asterisk) end(c *channel, byTimer bool) {
	if a.channels[c.uniqueid] != c {
		return
	}
	c.timer.cancel()
	delete(a.channels, c.uniqueid)
	a.send("Hangup", append(c.fields(""), ami.Field{Name: "Cause", Value: "16"}))
	if c.ended != nil {
		c.ended(byTimer)
	}
}

// join says that a phone has joined the calls of two of its channels, by an attended
// transfer: a visitor's and its own to a leg. From then on these two belong together.
func (a *asterisk) join(first, second, visitor, leg *channel) {
	fields := append([]ami.Field{{Name: "Result", Value: "Success"}}, first.fields("OrigTransferer")...)
	fields = append(fields, second.fields("SecondTransferer")...)
	fields = append(fields, visitor.fields("Transferee")...)
	fields = append(fields, leg.fields("TransferTarget")...)
	a.send("AttendedTransfer", append(fields, ami.Field{Name: "IsExternal", Value: "No"}, ami.Field{Name: "DestType", Value: "Bridge"}))
	leg.linkedid = visitor.linkedid
}

// sendOn says that a phone has sent the other channel of its call to an extension, by a
// blind transfer: that one is in the dialplan from then on.
func (a *asterisk) sendOn(phone, other *channel, exten string) {
	fields := append([]ami.Field{{Name: "Result", Value: "Success"}}, phone.fields("Transferer")...)
	fields = append(fields, other.fields("Transferee")...)
	a.send("BlindTransfer", append(fields, ami.Field{Name: "IsExternal", Value: "Yes"},
		ami.Field{Name: "Context", Value: "internal"}, ami.Field{Name: "Extension", Value: exten}))
	other.exten = exten
}

// shown says that somebody has shown a password from an address, and whether it was
// the right one. PJSIP names the endpoint (res_security_log).
func (a *asterisk) shown(endpoint string, from netip.Addr, right bool) {
	event, family := "InvalidPassword", "IPV4"
	if right {
		event = "SuccessfulAuth"
	}
	if from.Is6() {
		family = "IPV6"
	}
	a.say(event, "security,all", []ami.Field{
		{Name: "EventTV", Value: a.clock.Wall().UTC().Format("2006-01-02T15:04:05.000-0700")},
		{Name: "Severity", Value: "Informational"},
		{Name: "Service", Value: "PJSIP"},
		{Name: "EventVersion", Value: "1"},
		{Name: "AccountID", Value: endpoint},
		{Name: "SessionID", Value: "0x0"},
		{Name: "LocalAddress", Value: "IPV4/UDP/192.0.2.1/5060"},
		{Name: "RemoteAddress", Value: family + "/UDP/" + from.String() + "/5060"},
	})
}

// send tells an event about calls.
func (a *asterisk) send(event string, fields []ami.Field) { a.say(event, "call,all", fields) }

// say tells an event, if there is a link.
func (a *asterisk) say(event, class string, fields []ami.Field) {
	if a.tell == nil {
		return
	}
	head := []ami.Field{{Name: "Event", Value: event}, {Name: "Privilege", Value: class}}
	m, err := ami.NewMessage(append(head, fields...)...)
	if err != nil { // numbers are digits, and everything else is ours
		panic(fmt.Sprintf("an event cannot be written: %v", err))
	}
	a.tell(ami.Notice{Kind: ami.Event, Received: a.clock.Wall(), Event: m})
}

// fields are what every event about a channel has, in Asterisk's order.
func (c *channel) fields(prefix string) []ami.Field {
	s := states[c.state]
	return []ami.Field{
		{Name: prefix + "Channel", Value: c.name},
		{Name: prefix + "ChannelState", Value: s.number},
		{Name: prefix + "ChannelStateDesc", Value: s.text},
		{Name: prefix + "CallerIDNum", Value: "<unknown>"},
		{Name: prefix + "CallerIDName", Value: "<unknown>"},
		{Name: prefix + "ConnectedLineNum", Value: "<unknown>"},
		{Name: prefix + "ConnectedLineName", Value: "<unknown>"},
		{Name: prefix + "Language", Value: "en"},
		{Name: prefix + "AccountCode"},
		{Name: prefix + "Context", Value: "internal"},
		{Name: prefix + "Exten", Value: c.exten},
		{Name: prefix + "Priority", Value: "1"},
		{Name: prefix + "Uniqueid", Value: c.uniqueid},
		{Name: prefix + "Linkedid", Value: c.linkedid},
	}
}

var errNoLink = errors.New("the link is cut")

// State tells how the link stands.
func (a *asterisk) State() ami.State { return ami.State{Up: a.tell != nil, Booted: a.tell != nil} }

// CoreStatus tells when Asterisk was started, which is before the story.
func (a *asterisk) CoreStatus(context.Context) (ami.Message, error) {
	if a.tell == nil {
		return ami.Message{}, errNoLink
	}
	return ami.NewMessage(ami.Field{Name: "Response", Value: "Success"},
		ami.Field{Name: "CoreStartupDate", Value: a.clock.begin.Format(time.DateOnly)},
		ami.Field{Name: "CoreStartupTime", Value: a.clock.begin.Format(time.TimeOnly)})
}

// find is a live channel, if the link lets one ask.
func (a *asterisk) find(uniqueid string) (*channel, error) {
	c := a.channels[uniqueid]
	switch {
	case a.tell == nil:
		return nil, errNoLink
	case c == nil:
		return nil, ami.ErrNoSuchChannel
	}
	return c, nil
}

// Getvar reads the two variables that a watcher asks for.
func (a *asterisk) Getvar(_ context.Context, uniqueid, name string) (string, error) {
	c, err := a.find(uniqueid)
	if err != nil {
		return "", err
	}
	return c.variable(name), nil
}

func (c *channel) variable(name string) string {
	switch name {
	case "TOLLFUSE_LEASE":
		return c.mark
	case "DIALEDPEERNUMBER":
		return c.dials
	}
	return ""
}

// Hangup ends a channel, and with it its call.
func (a *asterisk) Hangup(_ context.Context, uniqueid string, _ int) error {
	c, err := a.find(uniqueid)
	if err == nil {
		a.clock.after(toll.HangupTakes, func() { a.end(c, true) })
	}
	return err
}

// AbsoluteTimeout moves a channel's timer.
func (a *asterisk) AbsoluteTimeout(_ context.Context, uniqueid string, seconds int) error {
	c, err := a.find(uniqueid)
	if err == nil {
		a.timeout(c, time.Duration(seconds)*time.Second)
	}
	return err
}

// ChannelStatus is the picture of one channel.
func (a *asterisk) ChannelStatus(_ context.Context, uniqueid string, variables ...string) (ami.Message, error) {
	c, err := a.find(uniqueid)
	if err != nil {
		return ami.Message{}, err
	}
	return a.show(c, variables)
}

// Status is a picture of all channels, in the order in which they began.
func (a *asterisk) Status(_ context.Context, variables ...string) (ami.List, error) {
	if a.tell == nil {
		return ami.List{}, errNoLink
	}
	var list ami.List
	for _, id := range slices.Sorted(maps.Keys(a.channels)) {
		m, err := a.show(a.channels[id], variables)
		if err != nil {
			return ami.List{}, err
		}
		list.Items = append(list.Items, m)
	}
	return list, nil
}

// show is an entry of Status (generate_status in main/manager.c).
func (a *asterisk) show(c *channel, variables []string) (ami.Message, error) {
	fields := append([]ami.Field{{Name: "Event", Value: "Status"}, {Name: "Privilege", Value: "Call"}}, c.fields("")...)
	hangsUp := int64(0)
	if !c.hangsUp.IsZero() {
		hangsUp = c.hangsUp.Unix()
	}
	application := ""
	if c.dials != "" {
		application = "AppDial"
	}
	fields = append(fields,
		ami.Field{Name: "TimeToHangup", Value: strconv.FormatInt(hangsUp, 10)},
		ami.Field{Name: "Application", Value: application},
		ami.Field{Name: "Seconds", Value: strconv.Itoa(int(a.clock.Wall().Sub(c.began).Seconds()))})
	for _, name := range variables {
		fields = append(fields, ami.Field{Name: "Variable", Value: name + "=" + c.variable(name)})
	}
	return ami.NewMessage(fields...)
}
