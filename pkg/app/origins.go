package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/tollfuse/tollfuse/pkg/origin"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// saveSeen is how often new networks are written down. What a crash forgets is new
// once more, which errs on the strict side.
const saveSeen = time.Minute

// origins shares what is known of where callers are seen among those who tell it
// and those who ask.
type origins struct {
	store *sqlite.Store
	now   func() time.Time
	log   *slog.Logger

	mu   sync.Mutex
	book *origin.Book
}

// newOrigins reads what was seen before.
func newOrigins(ctx context.Context, store *sqlite.Store, now func() time.Time, log *slog.Logger) (*origins, error) {
	o := &origins{store: store, now: now, log: log, book: origin.New()}
	err := store.Seen(ctx, func(s toll.Seen) error {
		o.book.Restore(s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("begin with what was seen before: %w", err)
	}
	return o, nil
}

// Accepted notes that an account has shown its password from an address.
func (o *origins) Accepted(pbx, account string, from netip.Addr) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.book.Accepted(o.now(), origin.Account{PBX: pbx, Name: account}, from)
}

// Failed notes that somebody has tried a wrong password in an account's name.
func (o *origins) Failed(pbx, account string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.book.Failed(o.now(), origin.Account{PBX: pbx, Name: account})
}

// Facts are what is odd about where the account was seen, as a question has them. Who
// asks from an address has shown his password there, though Asterisk's event of it
// may come later; an invalid one is nowhere.
func (o *origins) Facts(pbx, account string, from netip.Addr) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	now, who := o.now(), origin.Account{PBX: pbx, Name: account}
	if from.IsValid() {
		o.book.Accepted(now, who, from)
	}
	return o.book.Facts(now, who)
}

// run writes down what is new, now and then and in the end.
func (o *origins) run(ctx context.Context) error {
	ticker := time.NewTicker(saveSeen)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			o.save(ctx)
		case <-ctx.Done():
			o.save(context.WithoutCancel(ctx))
			return nil
		}
	}
}

// save tries once: what fails now is seen again within a day.
func (o *origins) save(ctx context.Context) {
	o.mu.Lock()
	all := o.book.Unsaved()
	o.mu.Unlock()
	if len(all) == 0 {
		return
	}
	if err := o.store.AddSeen(ctx, all); err != nil {
		o.log.Error("new networks of callers cannot be written down", "error", err)
	}
}
