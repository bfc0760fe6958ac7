package watch

import (
	"context"
	"time"
)

// Asterisk tells the dialplan and the watcher of a transfer by two ways, and a
// question can be here up to 52 ms before the event is (seen on 16 and 22).
const (
	transferWait = 100 * time.Millisecond
	transferPoll = 5 * time.Millisecond
)

// Transferer is the name of the channel that last transferred this one, or
// nothing. It is for what Asterisk has cleared from the channel by now. It waits
// a little for an event that may be on its way, so it is not for every call.
func (w *Watcher) Transferer(ctx context.Context, uniqueid string) string {
	ctx, cancel := context.WithTimeout(ctx, transferWait)
	defer cancel()
	ticker := time.NewTicker(transferPoll)
	defer ticker.Stop()
	for {
		if ch, _ := w.channel(uniqueid); ch.Transferer != "" || !w.linked.Load() {
			return ch.Transferer
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ""
		}
	}
}
