package systemd

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"
)

// pingsPerInterval is how often the watchdog is fed in the manager's interval.
// sd_watchdog_enabled(3) advises half of it; a quarter lets one late answer of
// the daemon, or of the disk below it, pass without a restart.
const pingsPerInterval = 4

// WatchdogInterval returns how long the manager waits for a ping before it ends
// this process, or 0 when it does not watch it. It reads WATCHDOG_USEC, in
// microseconds, and WATCHDOG_PID, the process that is meant: a child that has
// inherited both variables must not ping. See sd_watchdog_enabled(3).
func WatchdogInterval() (time.Duration, error) {
	return watchdogInterval(os.Getenv("WATCHDOG_USEC"), os.Getenv("WATCHDOG_PID"), os.Getpid())
}

func watchdogInterval(usec, pid string, self int) (time.Duration, error) {
	if usec == "" {
		return 0, nil
	}
	if pid != "" {
		meant, err := strconv.Atoi(pid)
		if err != nil || meant <= 0 {
			return 0, fmt.Errorf("WATCHDOG_PID %q is not a process number", pid)
		}
		if meant != self {
			return 0, nil
		}
	}
	n, err := strconv.ParseInt(usec, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64/int64(time.Microsecond) {
		return 0, fmt.Errorf("WATCHDOG_USEC %q is not a number of microseconds", usec)
	}
	return time.Duration(n) * time.Microsecond, nil
}

// Watchdog pings the manager four times in interval for as long as alive says
// that the daemon makes progress, and returns when ctx ends. It returns at once
// when interval is not positive: then nobody watches.
//
// alive is asked before every ping, on this goroutine. It should report whether
// whoever does the daemon's work has lately done some of it, not merely that the
// process runs; a timer that pings by itself would hide the very stall that the
// watchdog is there to end. When alive says no, or does not return, pings stop,
// and the manager kills the process once interval has passed since the last.
//
// A ping that cannot be sent is tried again at its next turn; failed is told of
// the first such error in a row.
func (n Notifier) Watchdog(ctx context.Context, interval time.Duration, alive func() bool, failed func(error)) {
	if interval <= 0 {
		return
	}
	ticker := time.NewTicker(max(interval/pingsPerInterval, time.Nanosecond))
	defer ticker.Stop()
	failing := false
	for ctx.Err() == nil {
		if alive() {
			err := n.ping()
			if err != nil && !failing {
				failed(err)
			}
			failing = err != nil
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}
