package watch

import (
	"context"
	"errors"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// SecondWay hangs channels up where the manager interface is down, or where a
// channel lives on although it was hung up.
type SecondWay interface {
	// Hangup asks for a channel to be hung up with a cause of Q.850. That this was
	// taken proves nothing; ErrGone says that the channel has ended.
	Hangup(ctx context.Context, uniqueid, name string, cause int) error
	// String names the way in the log.
	String() string
}

// ErrGone is what a second way says of a channel that has ended.
var ErrGone = errors.New("the channel has ended")

const (
	// unconfirmed is after which time a channel that lives on is hung up by every
	// other way, and for how long the manager interface may take to answer.
	unconfirmed = 2 * time.Second
	// hopeless is after which time the owner must end the call.
	hopeless = 10 * time.Second
)

// hangup hangs a channel up, by every way that there is if the first does not
// answer or has not helped. It notes a channel that has gone.
func (w *Watcher) hangup(ctx context.Context, o toll.Order, uniqueid string) error {
	short, cancel := context.WithTimeout(ctx, unconfirmed)
	defer cancel()
	err := w.client.Hangup(short, uniqueid, o.Why.Cause())
	switch {
	case errors.Is(err, ami.ErrNoSuchChannel):
		return w.gone(ctx, uniqueid)
	case err == nil && o.Ordered < unconfirmed:
		return nil
	}
	taken := false
	ch, known := w.channel(uniqueid)
	for _, way := range w.options.SecondWays {
		other := way.Hangup(ctx, uniqueid, ch.Name, o.Why.Cause())
		switch {
		case errors.Is(other, ErrGone):
			return w.gone(ctx, uniqueid)
		case other == nil:
			w.options.Log.Warn("a call is hung up by a second way", "pbx", w.options.PBX, "channel", uniqueid, "way", way.String())
			taken, err = true, nil
		case !taken:
			err = errors.Join(err, other)
		}
	}
	lives := taken || known && w.linked.Load()
	// A channel that only asked may run the end of its dialplan for long; it costs nothing.
	if lives && uniqueid == o.Lease.Leg && o.Ordered >= hopeless {
		w.record(ctx, toll.Event{Kind: toll.CutFailed, Lease: o.Lease.ID})
	}
	return err
}

// gone notes a channel of which Asterisk says that it has ended.
func (w *Watcher) gone(ctx context.Context, uniqueid string) error {
	return w.ledger.Record(ctx, toll.Event{Kind: toll.ChannelGone, PBX: w.options.PBX, Channel: uniqueid})
}
