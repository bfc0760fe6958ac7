package app

import (
	"context"

	"github.com/tollfuse/tollfuse/pkg/watch"
)

// transfers are what the watchers, by the name of their Asterisk, remember of
// transfers.
type transfers map[string]*watch.Watcher

// Transferer is the name of the channel that last transferred this one, or
// nothing.
func (t transfers) Transferer(ctx context.Context, pbx, uniqueid string) string {
	if w, ok := t[pbx]; ok {
		return w.Transferer(ctx, uniqueid)
	}
	return ""
}
