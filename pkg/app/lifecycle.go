package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// stopTimeout bounds how long each part may take to stop.
const stopTimeout = 5 * time.Second

// lifecycle starts parts and stops them in reverse order. Each part is waited
// for, but not for ever.
type lifecycle struct {
	log    *slog.Logger
	failed chan error // the first part that ended by itself
	parts  []part
	once   sync.Once
}

type part struct {
	name string
	stop func(ctx context.Context) error
}

func newLifecycle(log *slog.Logger) *lifecycle {
	return &lifecycle{log: log, failed: make(chan error, 1)}
}

// onStop adds something to be undone.
func (l *lifecycle) onStop(name string, stop func(ctx context.Context) error) {
	l.parts = append(l.parts, part{name, stop})
}

// run starts a part on a goroutine of its own. It is stopped by the end of its
// context; if it ends before that, the whole program does.
func (l *lifecycle) run(name string, f func(ctx context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := f(ctx)
		if ctx.Err() == nil {
			l.fail(fmt.Errorf("%s ended: %w", name, err))
		}
	}()
	l.onStop(name, func(stopping context.Context) error {
		cancel()
		select {
		case <-done:
			return nil
		case <-stopping.Done():
			return errors.New("it does not stop")
		}
	})
}

// stopInTime stops a part, or gives up on it: a disk that hangs must not keep
// the program from ending.
func (p part) stopInTime() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- p.stop(ctx) }()
	select {
	case err := <-stopped:
		return err
	case <-time.After(stopTimeout + time.Second):
		return errors.New("it does not stop")
	}
}

// fail ends the program for a reason; the first one counts.
func (l *lifecycle) fail(err error) {
	select {
	case l.failed <- err:
	default:
	}
}

// stop stops everything, the newest first. It may be called twice.
func (l *lifecycle) stop() {
	l.once.Do(func() {
		for i := len(l.parts) - 1; i >= 0; i-- {
			if err := l.parts[i].stopInTime(); err != nil {
				l.log.Error("a part did not stop well", "part", l.parts[i].name, "error", err)
			}
		}
	})
}
