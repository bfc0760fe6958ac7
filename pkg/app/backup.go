package app

import (
	"context"
	"errors"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
)

// Backup copies the ledger into a new file, also while the daemon writes it.
func Backup(ctx context.Context, c config.Config, file string) error {
	r, err := sqlite.OpenReadOnly(c.Ledger.Path)
	if err != nil {
		return ledgerError(err)
	}
	return errors.Join(r.Backup(ctx, file), r.Close())
}

// Restored is what came to be the ledger, and where the one before is now.
type Restored struct {
	File   string    `json:"file"`
	Kept   string    `json:"kept,omitempty"` // empty where there was none
	Newest time.Time `json:"newest,omitzero"`
	Rules  int       `json:"rules"`
	Limits int       `json:"limits"`
	Locks  int       `json:"locks"`
	Decks  int       `json:"decks"` // rate decks
}

// Restore puts a copy in the place of the ledger, once it is known to be a whole
// ledger that this program can read. The daemon must be stopped.
func Restore(ctx context.Context, c config.Config, file string) (Restored, error) {
	r, err := sqlite.Restore(ctx, c.Ledger.Path, file)
	switch {
	case errors.Is(err, sqlite.ErrInUse):
		return Restored{}, admin.Errorf(admin.BadInput, "stop the daemon first: systemctl stop tollfuse", "%w", err)
	case err != nil:
		return Restored{}, err
	}
	done := Restored{File: file, Kept: r.Kept, Newest: r.Newest}
	for _, s := range r.Settings {
		switch {
		case s.Rule != nil:
			done.Rules++
		case s.Limit != nil:
			done.Limits++
		case s.Deck != nil:
			done.Decks++
		case s.Lock != nil && (s.Lock.Until.IsZero() || s.Lock.Until.After(time.Now())):
			done.Locks++
		}
	}
	return done, nil
}
