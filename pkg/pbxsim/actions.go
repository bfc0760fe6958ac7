package pbxsim

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
)

// act carries out one action and queues its answer; false ends the session. Texts are Asterisk's.
func (p *PBX) act(s *session, a ami.Action) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life == nil {
		return false
	}
	answer := func(response, text string, fields ...ami.Field) {
		s.send(func(c *ami.ServerConn) error { return c.Respond(a, response, text, fields...) })
	}
	switch strings.ToLower(a.Name) {
	case "ping":
		answer("Success", "", field("Ping", "Pong"), field("Timestamp", fmt.Sprintf("%.6f", float64(time.Now().UnixMicro())/1e6)))
	case "logoff":
		answer("Goodbye", "Thanks for all the fish.")
		return false
	case "corestatus":
		answer("Success", "", p.coreStatus()...)
	case "coresettings":
		answer("Success", "", field("AMIversion", managerVersion), field("AsteriskVersion", asteriskVersion), field("SystemName", p.options.SystemName))
	case "coreshowchannels":
		s.list(a, "Channels will follow", "CoreShowChannelsComplete", p.shown("", func(c *channel) []ami.Field { return showCore(c, a) }))
	case "status":
		p.status(s, a)
	case "getvar":
		if c := p.find(a.Get("Channel")); c != nil {
			value, _ := c.get(a.Get("Variable"))
			answer("Success", "", field("Variable", a.Get("Variable")), field("Value", value))
			break
		}
		answer("Error", noSuchChannel)
	case "hangup", "absolutetimeout":
		response, text := p.order(a)
		answer(response, text)
	default:
		answer("Error", "Invalid/unknown command")
	}
	return true
}

const (
	asteriskVersion = "22.10.1"
	noSuchChannel   = "No such channel"
)

func field(name, value string) ami.Field { return ami.Field{Name: name, Value: value} }

// find is the channel with that name or Uniqueid.
func (p *PBX) find(id string) *channel {
	if c := p.channels[id]; c != nil {
		return c
	}
	for _, c := range p.channels {
		if c.name == id {
			return c
		}
	}
	return nil
}

// order carries out the actions that do something to a channel.
func (p *PBX) order(a ami.Action) (response, text string) {
	c := p.find(a.Get("Channel"))
	if c == nil {
		return "Error", noSuchChannel
	}
	if strings.EqualFold(a.Name, "Hangup") {
		cause, err := strconv.Atoi(cmp.Or(a.Get("Cause"), strconv.Itoa(causeNormal)))
		if err != nil {
			cause = causeNormal
		}
		c.end(EndCut, cause)
		return "Success", "Channel Hungup"
	}
	seconds, err := strconv.ParseFloat(a.Get("Timeout"), 64)
	if err != nil {
		return "Error", "No timeout specified"
	}
	p.timeout(c, time.Duration(seconds*float64(time.Second)))
	return "Success", "Timeout Set"
}

// status answers with a picture of one channel or of all, each with the variables that were asked for.
func (p *PBX) status(s *session, a ami.Action) {
	only := a.Get("Channel")
	if only != "" && p.find(only) == nil {
		s.send(func(c *ami.ServerConn) error { return c.Respond(a, "Error", noSuchChannel) })
		return
	}
	var variables []string
	if names := a.Get("Variables"); names != "" {
		variables = strings.Split(names, ",")
	}
	items := p.shown(only, func(c *channel) []ami.Field { return showStatus(c, a, variables) })
	s.list(a, "Channel status will follow", "StatusComplete", items)
}

// list queues an answer with the items of a list. Where the ActionID of an item stands differs, so that they
// come whole.
func (s *session) list(a ami.Action, text, complete string, items [][]ami.Field) {
	s.send(func(c *ami.ServerConn) error {
		if err := c.Respond(a, "Success", text, field("EventList", "start")); err != nil {
			return err
		}
		for _, item := range items {
			if err := c.Send(item...); err != nil {
				return err
			}
		}
		end := append([]ami.Field{field("Event", complete)}, id(a)...)
		return c.Send(append(end, field("EventList", "Complete"), field("ListItems", strconv.Itoa(len(items))))...)
	})
}

// id is the ActionID, where the action has one.
func id(a ami.Action) []ami.Field {
	if a.ID == "" {
		return nil
	}
	return []ami.Field{field("ActionID", a.ID)}
}

// shown is one channel, or all in the order in which they began.
func (p *PBX) shown(only string, show func(*channel) []ami.Field) [][]ami.Field {
	var all []*channel
	if only != "" {
		all = append(all, p.find(only))
	} else {
		for _, c := range p.channels {
			all = append(all, c)
		}
		slices.SortFunc(all, func(a, b *channel) int { return a.began.Compare(b.began) })
	}
	items := make([][]ami.Field, len(all))
	for i, c := range all {
		items[i] = show(c)
	}
	return items
}

// showCore is an entry of CoreShowChannels (action_coreshowchannels in main/manager.c).
func showCore(c *channel, a ami.Action) []ami.Field {
	d := time.Since(c.began).Truncate(time.Second)
	duration := fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
	fields := append([]ami.Field{field("Event", "CoreShowChannel")}, id(a)...)
	fields = append(fields, c.fields("")...)
	return append(fields, field("Application", c.app), field("ApplicationData", c.data),
		field("Duration", duration), field("BridgeId", c.bridge))
}

// showStatus is an entry of Status (generate_status in main/manager.c), whose ActionID stands last.
func showStatus(c *channel, a ami.Action, variables []string) []ami.Field {
	var hangsUp int64
	if !c.deadline.IsZero() {
		hangsUp = c.deadline.Unix()
	}
	fields := append([]ami.Field{field("Event", "Status"), field("Privilege", "Call")}, c.fields("")...)
	fields = append(fields,
		field("Type", c.tech()), field("DNID", c.dnid),
		field("EffectiveConnectedLineNum", orUnknown(c.connected.number)), field("EffectiveConnectedLineName", orUnknown(c.connected.name)),
		field("TimeToHangup", strconv.FormatInt(hangsUp, 10)), field("BridgeID", c.bridge),
		field("Application", c.app), field("Data", c.data),
		field("Nativeformats", "(ulaw)"), field("Readformat", "ulaw"), field("Readtrans", ""), field("Writeformat", "ulaw"), field("Writetrans", ""),
		field("Callgroup", "0"), field("Pickupgroup", "0"),
		field("Seconds", strconv.Itoa(int(time.Since(c.began).Seconds()))))
	for _, name := range variables {
		value, ok := c.get(name)
		if !ok {
			value = "(null)" // literally, as Asterisk 22 writes it
		}
		fields = append(fields, field("Variable", name+"="+value))
	}
	return append(fields, id(a)...)
}

func (p *PBX) coreStatus() []ami.Field {
	date, clock := p.life.began.Format(time.DateOnly), p.life.began.Format(time.TimeOnly)
	calls := make(map[*Live]bool)
	for _, c := range p.channels {
		calls[c.live] = true
	}
	return []ami.Field{
		field("CoreStartupDate", date), field("CoreStartupTime", clock), field("CoreReloadDate", date), field("CoreReloadTime", clock),
		field("CoreCurrentCalls", strconv.Itoa(len(calls))), field("CoreProcessedCalls", strconv.Itoa(p.life.count)),
	}
}
