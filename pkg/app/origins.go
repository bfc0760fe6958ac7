package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/geoip"
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
	store     *sqlite.Store
	countries *geoip.Countries // of addresses; nil where nobody knows
	home      []string         // that are not foreign
	unread    string           // why the file of countries cannot be read, as it was said
	now       func() time.Time
	log       *slog.Logger

	mu   sync.Mutex
	book *origin.Book
}

// newOrigins reads what was seen before.
func newOrigins(ctx context.Context, store *sqlite.Store, site config.Site, now func() time.Time, log *slog.Logger) (*origins, error) {
	o := &origins{store: store, home: append([]string{site.Country}, site.Countries...), now: now, log: log, book: origin.New()}
	if site.GeoIP != "" {
		o.countries = geoip.New(site.GeoIP)
		o.refresh()
	}
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
	o.book.Accepted(o.now(), origin.Account{PBX: pbx, Name: account}, from, o.foreign(from))
}

// foreign tells whether an address is known to be in a country that is neither home
// nor one that the site calls.
func (o *origins) foreign(a netip.Addr) bool {
	if o.countries == nil {
		return false
	}
	country := o.countries.Of(a)
	return country != "" && !slices.Contains(o.home, country)
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
		o.book.Accepted(now, who, from, o.foreign(from))
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
			o.refresh()
		case <-ctx.Done():
			o.save(context.WithoutCancel(ctx))
			return nil
		}
	}
}

// refresh reads the countries of addresses where their file was replaced. A file that
// cannot be read must keep nothing else from working; it is said once.
func (o *origins) refresh() {
	if o.countries == nil {
		return
	}
	changed, err := o.countries.Refresh()
	switch {
	case err != nil && err.Error() != o.unread:
		o.unread = err.Error()
		o.log.Error("where addresses are is not known, or from an older file; rules with the origin foreign rest on it", "error", err)
	case err == nil && (changed || o.unread != ""):
		o.unread = ""
		o.log.Info("it is known where addresses are", "built", o.countries.Built())
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
