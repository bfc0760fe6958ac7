package watch

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/calls"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// timerTolerance is by how much a leg's timer may differ from the lease before
// it is set anew; Asterisk tells it in whole seconds.
const timerTolerance = 3 * time.Second

// picture is one channel as a picture of Asterisk shows it.
type picture struct {
	channel calls.Channel
	mark    string
	timer   int64  // when it will be hung up, Unix seconds; 0 if never
	dials   string // the arguments of Dial, where it runs that
}

// resync takes a picture of all channels and puts model and ledger right. The
// leases are listed before the picture is taken: one that is granted
// meanwhile may have its channel after it. One that is not whole ends nothing,
// so the events before it still count, and another is due.
func (w *Watcher) resync(ctx context.Context) {
	w.pictured = w.ledger.Now()
	leases, err := w.ledger.Leases(ctx, w.options.PBX)
	if err != nil {
		w.lostTrack(ctx, err)
		return
	}
	list, err := w.client.Status(ctx, markVariable, peerVariable)
	if err != nil {
		// The link has gone again, or else it is tried again soon.
		if ctx.Err() == nil {
			w.options.Log.Warn("no picture of the channels", "pbx", w.options.PBX, "error", err)
		}
		return
	}
	now := w.ledger.Now()
	shown, whole := w.read(now, list.Items)
	w.stale, w.mute, w.doubt, w.pictured = false, false, !whole, now
	if whole {
		w.since = list.Response.Seq() // what happened before is in it
	}
	w.mu.Lock()
	changes := w.model.Replace(now, w.channels(shown, whole))
	w.mu.Unlock()
	covered := w.settleLeases(ctx, now, leases, shown, whole)
	w.ago = 0
	w.first = !w.seen
	w.followPicture(ctx, changes, shown, covered)
	if !whole {
		w.followHidden(ctx, shown)
	}
	w.seen, w.first = true, false
	if !w.linked.Swap(true) {
		w.record(ctx, toll.Event{Kind: toll.LinkFound})
	}
	w.options.Log.Info("took a picture of all channels", "pbx", w.options.PBX, "channels", len(shown), "whole", whole, "leases", len(leases))
}

// read reads the channels of a picture. It is not whole if one of them cannot
// be read, because a line break in somebody's number runs through it.
func (w *Watcher) read(now time.Time, items []ami.Message) (shown map[string]picture, whole bool) {
	shown, whole = make(map[string]picture, len(items)), true
	for _, item := range items {
		p, err := w.picture(now, item)
		if err != nil {
			whole = false
			w.tamper.Add(1)
			w.options.Log.Error("a channel in the picture cannot be read", "pbx", w.options.PBX, "error", err)
			continue
		}
		shown[p.channel.Uniqueid] = p
	}
	dialling := make(map[string][]picture) // by their Linkedid
	for _, p := range shown {
		if p.dials != "" {
			dialling[p.channel.Linkedid] = append(dialling[p.channel.Linkedid], p)
		}
	}
	for id, p := range shown {
		p.channel.DialledBy = dialler(p, dialling[p.channel.Linkedid], shown)
		shown[id] = p
	}
	return shown, whole
}

// dialler finds who dialled a leg: of those in its call who dial, the one that
// dials just that, or else the channel that the call began with.
func dialler(leg picture, dialling []picture, shown map[string]picture) string {
	ch := leg.channel
	if ch.DialString == "" || ch.Linkedid == ch.Uniqueid {
		return ""
	}
	for _, p := range dialling {
		if p.channel.Uniqueid != ch.Uniqueid && strings.Contains(p.dials, ch.DialString) {
			return p.channel.Uniqueid
		}
	}
	if _, there := shown[ch.Linkedid]; there {
		return ch.Linkedid
	}
	return ""
}

// channels are those of a picture. One that is not whole ends no channel that
// was known before, since it may be the very one that cannot be read.
func (w *Watcher) channels(shown map[string]picture, whole bool) []calls.Channel {
	channels := make([]calls.Channel, 0, len(shown))
	for _, p := range shown {
		channels = append(channels, p.channel)
	}
	if whole {
		return channels
	}
	for _, ch := range w.model.Channels() {
		if _, there := shown[ch.Uniqueid]; !there {
			channels = append(channels, ch)
		}
	}
	return channels
}

// picture reads one Status event.
func (w *Watcher) picture(now time.Time, m ami.Message) (picture, error) {
	s, err := snapshot(m, "")
	if err != nil {
		return picture{}, err
	}
	p := picture{channel: calls.Channel{Snapshot: s}}
	if seconds, err := strconv.ParseInt(m.Get("Seconds"), 10, 32); err == nil && seconds >= 0 {
		p.channel.Began = now.Add(-time.Duration(seconds+1) * time.Second) // whole seconds, so rounded to the early side
	}
	timer, once := m.Only("TimeToHangup")
	if p.timer, err = strconv.ParseInt(timer, 10, 64); err != nil || !once {
		return picture{}, fmt.Errorf("%w: TimeToHangup", errTampered)
	}
	application, _ := m.Only("Application")
	if application == "Dial" {
		p.dials, _ = m.Only("Data")
	}
	variables := m.Values("Variable")
	if len(variables) != markVariables {
		return picture{}, fmt.Errorf("%w: %d variables", errTampered, len(variables))
	}
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		switch name {
		case markVariable:
			p.mark = known(value)
		case peerVariable:
			// The dialling channel has the variable too; only the dialled one
			// runs this application.
			if application == "AppDial" {
				p.channel.DialString = known(value)
			}
		}
	}
	return p, nil
}

// settleLeases goes through the leases that stood before the picture: what has
// no channel any more is settled, what was answered meanwhile is answered now,
// and timers that were not moved are moved. It gives the legs that are covered.
func (w *Watcher) settleLeases(ctx context.Context, now time.Time, leases []toll.Lease, shown map[string]picture, whole bool) map[string]bool {
	covered := make(map[string]bool)
	marked := make(map[string][]picture)
	for _, p := range shown {
		if p.mark != "" {
			marked[p.mark] = append(marked[p.mark], p)
		}
	}
	for _, l := range leases {
		if l.Leg == "" {
			l.Leg = w.legOf(l, marked[l.ID])
			if l.Leg != "" {
				w.record(ctx, toll.Event{Kind: toll.LegDialled, Lease: l.ID, Channel: l.Leg})
			}
		}
		leg, alive := shown[l.Leg]
		_, asker := shown[l.Key.Uniqueid]
		switch {
		case l.Leg != "" && alive:
			covered[l.Leg] = true
			w.catchUp(ctx, now, l, leg)
		case l.Leg == "" && asker, !whole:
			// Still on its way to the trunk, or perhaps only not to be seen.
		default:
			w.record(ctx, toll.Event{Kind: toll.LeaseGone, Lease: l.ID, Why: toll.EndedLost})
		}
	}
	return covered
}

// legOf finds the leg of a lease among the channels with its mark, by its number.
func (w *Watcher) legOf(l toll.Lease, marked []picture) string {
	for _, p := range marked {
		id := p.channel.Uniqueid
		if id == l.Key.Uniqueid || p.channel.DialString == "" {
			continue
		}
		d := parseDialString(p.channel.DialString)
		trunk, outside := w.trunk(p.channel.Name, d)
		if outside && w.options.Numbering.ResolveTrunk(d.number, trunk.Prefix).Number() == l.Key.Number {
			return id
		}
	}
	return ""
}

// catchUp brings a lease up to where its leg is.
func (w *Watcher) catchUp(ctx context.Context, now time.Time, l toll.Lease, leg picture) {
	if leg.channel.State != calls.Up {
		return
	}
	if l.State == toll.Granted {
		// When it was answered nobody saw; at the earliest when it began.
		talk := now.Sub(leg.channel.Began)
		w.record(ctx, toll.Event{Kind: toll.LegAnswered, Channel: l.Leg, Talk: max(min(talk, now.Sub(l.Granted)), 0)})
		return
	}
	if l.To.Class == toll.Emergency || l.Cut != "" || l.Tolerated {
		return
	}
	left := l.TimerLeft(now)
	shownLeft := time.Unix(leg.timer, 0).Sub(w.options.Wall())
	if leg.timer == 0 || (shownLeft-left).Abs() > timerTolerance {
		if err := w.setTimer(ctx, l.Leg, left); err != nil {
			w.options.Log.Warn("a timer could not be set anew", "pbx", w.options.PBX, "lease", l.ID, "error", err)
		}
	}
}

// followPicture tells the ledger what the picture brought to light beside the
// leases: channels that have gone, and legs that nothing covers.
func (w *Watcher) followPicture(ctx context.Context, changes []calls.Change, shown map[string]picture, covered map[string]bool) {
	for _, c := range changes {
		if c.Kind == calls.Ended {
			delete(w.placed, c.Channel.Uniqueid)
			w.record(ctx, toll.Event{Kind: toll.ChannelGone, Channel: c.Channel.Uniqueid})
		}
	}
	for id, p := range shown {
		ch, known := w.channel(id)
		if covered[id] || !known {
			continue
		}
		if p.channel.DialString == "" {
			// A channel that takes over another one keeps its Uniqueid, not its name.
			if w.placed[id] != ch.Name && w.begunUnseen(ctx, ch) {
				w.placed[id] = ch.Name
			}
			continue
		}
		if ch.DialString == "" {
			ch.DialString = p.channel.DialString
		}
		w.dialled(ctx, ch)
	}
}

// begunUnseen looks at a channel that nobody dialled, as the picture has it. It came
// in, or Originate, ARI or a call file has begun it meanwhile. It is false if that
// must be asked again.
func (w *Watcher) begunUnseen(ctx context.Context, ch calls.Channel) bool {
	if !strings.HasPrefix(ch.Name, pjsip) {
		return true
	}
	uri, told := w.ask(ctx, ch, requestURI)
	if !told || uri != "" {
		return told
	}
	d, told := w.sentTo(ctx, ch)
	if !told {
		return false
	}
	if trunk, outside := w.trunk(ch.Name, d); outside {
		w.outside(ctx, outbound{channel: ch, trunk: trunk, number: d.number})
	}
	return !w.stale // the ledger may not have taken it in
}

// followHidden looks for legs that the picture does not show, because a line
// break in the caller's number runs through every message about them. What
// Asterisk said when the leg began is whole, for then it had no caller yet; the
// rest is asked for by its Uniqueid, and such an answer cannot be forged.
func (w *Watcher) followHidden(ctx context.Context, shown map[string]picture) {
	for _, ch := range w.Channels() {
		_, visible := shown[ch.Uniqueid]
		_, onTrunk := w.options.Callers.Trunk(ch.Name)
		if visible || !onTrunk || ch.Leg() || (ch.State != calls.Down && ch.State != calls.Ringing) {
			continue
		}
		short, cancel := context.WithTimeout(ctx, markWait)
		dialString, err := w.client.Getvar(short, ch.Uniqueid, peerVariable)
		cancel()
		if err == nil && dialString != "" {
			ch.DialString = dialString
			w.dialled(ctx, ch)
		}
	}
}
