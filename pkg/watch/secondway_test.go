package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// another is a second way that answers as it is told to.
type another struct {
	mu     sync.Mutex
	answer error
	asked  []string
}

func (a *another) Hangup(_ context.Context, uniqueid, name string, cause int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, fmt.Sprint(uniqueid, " ", name, " ", cause))
	return a.answer
}

func (a *another) String() string { return "another way" }

func (a *another) wantAsked(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Equal(a.asked, want) {
		t.Errorf("the second way was asked for %q, want %q", a.asked, want)
	}
}

func ordered(ago time.Duration) toll.Order {
	o := cutOrder("leg")
	o.Ordered = ago
	return o
}

// The first way that works is enough, as long as it helps.
func TestSecondWayWaitsForTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, way := obeying(t, always(done)), &another{}
		x.watch.options.SecondWays = []SecondWay{way}
		x.event("Newchannel", "leg")
		x.order(ordered(0))
		x.wantAsked("Hangup leg")
		way.wantAsked(t)
		x.order(ordered(unconfirmed))
		x.wantAsked("Hangup leg", "Hangup leg")
		way.wantAsked(t, "leg PJSIP/1001-leg 21")
		x.page.wantTold(t)
	})
}

func TestSecondWayWhereTheManagerIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, way := obeying(t, silentOn("Hangup")), &another{}
		x.watch.options.SecondWays = []SecondWay{way}
		x.order(ordered(0))
		way.wantAsked(t)
		passes(unconfirmed)
		way.wantAsked(t, "leg  21")
	})
}

// What has ended is told to the ledger, and not hung up by a third way.
func TestSecondWayProvesTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, way, third := obeying(t, always("Permission denied")), &another{answer: fmt.Errorf("over ARI: %w", ErrGone)}, &another{}
		x.watch.options.SecondWays = []SecondWay{way, third}
		x.order(ordered(0))
		way.wantAsked(t, "leg  21")
		third.wantAsked(t)
		x.page.wantTold(t, "gone pbx1 leg")
	})
}

// A second way that fails leaves the third, and the ledger hears that a call
// lives on only where somebody knows that it does.
func TestCallThatLivesOn(t *testing.T) {
	broken := errors.New("connection refused")
	for name, tc := range map[string]struct {
		manager       string
		known         bool // the channel is seen
		second, third error
		ordered       time.Duration
		told          []string
	}{
		"seen, and all ways are taken":    {done, true, nil, nil, hopeless, []string{"uncut pbx1 1-cut"}},
		"seen, and no way works":          {"Permission denied", true, broken, broken, hopeless, []string{"uncut pbx1 1-cut"}},
		"not seen, and a way is taken":    {"Permission denied", false, broken, nil, hopeless, []string{"uncut pbx1 1-cut"}},
		"not seen, and no way works":      {"Permission denied", false, broken, broken, hopeless, nil},
		"seen, and there is hope":         {done, true, nil, nil, hopeless - time.Second, nil},
		"gone by the third":               {done, true, broken, ErrGone, hopeless, []string{"gone pbx1 leg"}},
		"gone, as the manager knows best": {gone, true, nil, nil, hopeless, []string{"gone pbx1 leg"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := obeying(t, always(tc.manager))
				x.watch.options.SecondWays = []SecondWay{&another{answer: tc.second}, &another{answer: tc.third}}
				if tc.known {
					x.event("Newchannel", "leg")
					synctest.Wait()
				}
				x.order(ordered(tc.ordered))
				x.page.wantTold(t, tc.told...)
			})
		})
	}
}

// A channel that only asked may run the end of its dialplan for long: no call that
// costs anything lives on.
func TestAnAskerThatLivesOnIsNoFailedCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := obeying(t, always(done))
		x.event("Newchannel", "asker")
		synctest.Wait()
		o := ordered(hopeless)
		o.Asker, o.Lease.Key.Uniqueid, o.Lease.Leg = true, "asker", ""
		x.order(o)
		x.wantAsked("Hangup asker")
		x.page.wantTold(t)
	})
}
