package watch

import (
	"context"
	"time"
)

// What happens comes by AMI, and questions by AGI, so a question can be here before
// the event of the transfer is.
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
