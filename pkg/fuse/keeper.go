package fuse

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Ledger is where the main fuse stands.
type Ledger interface {
	// Fuse is the main fuse; false if it has not blown.
	Fuse(ctx context.Context) (toll.Fuse, bool, error)
	// FuseChanged tells that it may have blown or been reset.
	FuseChanged() <-chan struct{}
	// FuseRan records how the command went. Another fuse than the one that
	// stands is no error.
	FuseRan(ctx context.Context, f toll.Fuse) error
}

// Command is the owner's command; a *Runner is one.
type Command interface {
	Run(ctx context.Context, word string, why toll.Fuse) (Result, error)
	Shut() bool
}

// A command that failed is tried again after firstRetry, then after twice as
// long each time, up to lastRetry.
const (
	firstRetry = 5 * time.Second
	lastRetry  = 5 * time.Minute
)

// Keeper sees to it that the way out is as the ledger says. While the main fuse
// stands as blown and its command has not ended well, the command is run with
// Blow. When the fuse was reset and yet the way out may be shut, because Blow
// was run after the owner's Reset, it is run with Reset.
type Keeper struct {
	Ledger Ledger
	Runner Command
	Log    *slog.Logger

	blown    toll.Fuse // the fuse that Blow was last run for
	word     string    // of the job that goes on, and
	since    time.Time // when its fuse has blown; both zero while there is none
	failures int       // of this job, in a row
	next     time.Time // not run again before, even if a ledger is slow to hear that it ended well
}

// Run keeps the fuse until ctx ends, and returns why it did. What is running
// then is killed; a fuse that stands as blown has its command run again by the
// next Keeper.
func (k *Keeper) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-k.Ledger.FuseChanged():
		case <-timer.C:
		}
		wait, any := k.look(ctx)
		timer.Stop()
		if any {
			timer.Reset(wait)
		}
	}
}

// look does what is due. It returns when to look again whatever happens.
func (k *Keeper) look(ctx context.Context) (wait time.Duration, any bool) {
	f, blown, err := k.Ledger.Fuse(ctx)
	if err != nil {
		k.Log.Error("how the main fuse stands is not known", "error", err)
		return firstRetry, true
	}
	word, why := k.job(f, blown)
	if word != k.word || !why.Blown.Equal(k.since) {
		k.word, k.since, k.failures, k.next = word, why.Blown, 0, time.Time{}
		if word == Blow {
			k.Log.Warn("the main fuse has blown", "why", why.Why)
		}
	}
	if word == "" {
		return 0, false
	}
	if left := time.Until(k.next); left > 0 {
		return left, true
	}
	return k.run(ctx, word, why)
}

// job is what has to be run now, if anything.
func (k *Keeper) job(f toll.Fuse, blown bool) (word string, why toll.Fuse) {
	switch {
	case blown && (f.Ran.IsZero() || f.Error != ""):
		return Blow, f
	case !blown && k.Runner.Shut():
		return Reset, k.blown
	}
	return "", toll.Fuse{}
}

// run runs the command once and records how it went.
func (k *Keeper) run(ctx context.Context, word string, why toll.Fuse) (wait time.Duration, any bool) {
	if word == Blow {
		k.blown = why
	}
	_, err := k.Runner.Run(ctx, word, why)
	switch {
	case errors.Is(err, ErrNoCommand): // the owner is told, and that is all
		return 0, false
	case ctx.Err() != nil:
		return 0, false
	}
	if word == Blow {
		ran := why
		ran.Ran, ran.Error = time.Now(), ""
		if err != nil {
			ran.Error = err.Error()
		}
		if recorded := k.Ledger.FuseRan(ctx, ran); recorded != nil {
			k.Log.Error("how the main fuse's command went cannot be recorded", "error", recorded)
			err = errors.Join(err, recorded)
		}
	}
	if err == nil {
		k.failures, k.next = 0, time.Now().Add(firstRetry)
		return 0, true // the fuse may have been reset meanwhile
	}
	wait = min(firstRetry<<min(k.failures, 10), lastRetry)
	k.failures++
	k.next = time.Now().Add(wait)
	k.Log.Error("the main fuse's command failed", "word", word, "error", err, "again_in", wait)
	return wait, true
}
