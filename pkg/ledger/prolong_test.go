package ledger

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// What the owner has said since stands: a lock of a limit that he has removed, that
// only observes now or does something else, and one that he has set himself, end when
// they would.
func TestOnlyALimitThatLocksProlongs(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(l toll.Limit, lock toll.Lock) toll.Setting
		longer bool
	}{
		"as it was": {func(l toll.Limit, _ toll.Lock) toll.Setting { return toll.Setting{Limit: &l} }, true},
		"removed":   {func(l toll.Limit, _ toll.Lock) toll.Setting { return toll.Setting{Limit: &l, Removed: true} }, false},
		"observes": {func(l toll.Limit, _ toll.Lock) toll.Setting {
			l.Observe = true
			return toll.Setting{Limit: &l}
		}, false},
		"only denies": {func(l toll.Limit, _ toll.Lock) toll.Setting {
			l.Do, l.LockFor = []toll.Action{toll.Deny}, 0
			return toll.Setting{Limit: &l}
		}, false},
		"until released": {func(l toll.Limit, _ toll.Lock) toll.Setting {
			l.LockFor = 0
			return toll.Setting{Limit: &l}
		}, false},
		"the owner's own": {func(_ toll.Limit, lock toll.Lock) toll.Setting {
			lock.Author = "owner"
			return toll.Setting{Lock: &lock, Author: "owner"}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			five := fivePerMinute(toll.Deny, toll.LockCaller)
			five.LockFor = 10 * time.Minute
			d := newDesk(t)
			if _, err := d.book.Change(d.now, toll.Setting{Limit: &five}); err != nil {
				t.Fatal(err)
			}
			d.calls("1001", 10, 5)
			d.ask(abroad(id(20), "1001"))
			d.tick()
			first, locked := d.locked("1001")
			if !locked {
				t.Fatal("not locked")
			}
			if _, err := d.book.Change(d.now, tt.change(five, first)); err != nil {
				t.Fatal(err)
			}
			d.pass(7 * time.Minute)
			if v := d.ask(abroad(id(21), "1001")); v.Reason != toll.ReasonLocked {
				t.Fatalf("not refused by the lock: %+v", v.Judgement)
			}
			now, locked := d.locked("1001")
			if longer := now.Until.After(first.Until); !locked || longer != tt.longer {
				t.Errorf("until %s, at first %s", now.Until, first.Until)
			}
		})
	}
}
