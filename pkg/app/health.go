package app

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/health"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

const megabyte = 1 << 20

// troubles are what the owner of that configuration calls a trouble.
func troubles(c config.Alerts) health.Options {
	return health.Options{LinkDown: c.LinkDown, DiskFree: c.DiskFree * megabyte}
}

// watchHealth looks after the daemon itself and reports to the ledger, which
// tells the owner.
func (d *daemon) watchHealth(ctx context.Context) error {
	w := health.New(troubles(d.config.Alerts))
	if err := d.endTroubles(ctx); err != nil {
		d.log.Error("troubles of an Asterisk that is gone from the configuration stay open", "error", err)
	}
	ticker := time.NewTicker(health.LookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		v, err := d.vitals(ctx)
		if err != nil {
			continue // the ledger is busy or stops; the watchdog sees to that
		}
		for _, e := range w.Look(d.ledger.Now(), v) {
			if e.Kind == toll.TroubleBegan {
				d.log.Error("trouble", "kind", e.Trouble, "pbx", e.PBX, "text", e.Text)
			}
			if err := d.ledger.Record(ctx, e); err != nil && ctx.Err() == nil {
				d.log.Error("a trouble could not be recorded", "kind", e.Trouble, "error", err)
			}
		}
	}
}

// endTroubles ends those of an Asterisk that the configuration no longer names.
func (d *daemon) endTroubles(ctx context.Context) error {
	v, err := d.ledger.View(ctx)
	if err != nil {
		return err
	}
	for _, i := range v.Incidents {
		named := slices.ContainsFunc(d.config.Asterisk, func(a config.Asterisk) bool { return a.Name == i.PBX })
		if i.Kind == toll.LinkTrouble && !named {
			err = errors.Join(err, d.ledger.Record(ctx, toll.Event{Kind: toll.TroubleEnded, Trouble: i.Kind, PBX: i.PBX}))
		}
	}
	return err
}

func (d *daemon) vitals(ctx context.Context) (health.Vitals, error) {
	v := health.Vitals{Free: freeBytes(d.config.Ledger.Path), Failing: d.ledger.Failing()}
	for _, a := range d.config.Asterisk {
		s := d.watchers[a.Name].State()
		v.Links = append(v.Links, health.Link{PBX: a.Name, Up: s.Up, Error: s.Error})
	}
	waiting, err := d.ledger.Waiting(ctx)
	v.Note(waiting)
	return v, err
}

// freeBytes is what an ordinary user may still write on the disk of the file;
// below zero where nobody can tell.
func freeBytes(path string) int64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &s); err != nil {
		return -1
	}
	return int64(s.Bavail) * s.Bsize
}
