package ledger

import (
	"strconv"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// What a carrier may count longer than we saw is paid for, where that reaches a further step of the price.
func TestSettledForWhatTheCarrierMayCount(t *testing.T) {
	bySecond := toll.Price{PerMinute: 600_000, Increment: time.Second}
	byMinute := toll.Price{PerMinute: 600_000, Minimum: time.Minute, Increment: time.Minute}
	for _, tc := range []struct {
		name   string
		price  toll.Price
		blur   time.Duration
		talked time.Duration
		want   toll.Money
	}{
		{"well within a second", bySecond, toll.Blur, 4500 * time.Millisecond, 50_000},
		{"just before the next", bySecond, toll.Blur, 4990 * time.Millisecond, 60_000},
		{"at the second", bySecond, toll.Blur, 5 * time.Second, 60_000},
		{"well within a minute", byMinute, toll.Blur, 59 * time.Second, 600_000},
		{"just before the next minute", byMinute, toll.Blur, 59990 * time.Millisecond, 1_200_000},
		{"where times are exact", bySecond, 0, 5 * time.Second, 50_000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			limit := budget(10*toll.Unit, toll.PerSite)
			d := newDesk(t, limit)
			d.book.options.Blur = tc.blur
			q := abroad("u1", "1001")
			q.Price = tc.price
			l := d.allowed(q)
			d.talk(l)
			d.now = d.now.Add(tc.talked)
			d.hangUp(l)
			d.wantUsage(limit, q, int64(tc.want), 0)
		})
	}
}

// Callers who hang up just before each full second make no bill above the budget: what they are charged for is
// what the carrier, which counts a little more, bills.
func TestHangingUpJustBeforeASecondPaysForIt(t *testing.T) {
	limit := budget(toll.Unit, toll.PerSite)
	d := newDesk(t, limit)
	d.book.options.Blur = toll.Blur
	var bill toll.Money
	for n := range 1000 {
		q := abroad("u"+strconv.Itoa(n), "1001")
		v := d.ask(q)
		if !v.Allow {
			break
		}
		d.talk(v.Lease)
		seen := 995 * time.Millisecond
		d.now = d.now.Add(seen)
		d.hangUp(v.Lease)
		bill += q.Price.Cost(seen + 20*time.Millisecond)
	}
	if bill > toll.Unit || bill == 0 {
		t.Errorf("the carrier bills %v, the budget was %v", bill, toll.Unit)
	}
}
