//go:build e2e

package e2e

import (
	"strconv"
	"sync"
	"testing"
	"time"
)

// callAgain is how long a phone of a crowd waits after a call before the next.
const callAgain = time.Second

// guardedPhones opens that many phones whose calls are asked about.
func (l *Lab) guardedPhones(t testing.TB, n int) (phones []*Phone) {
	t.Helper()
	for extension := 1001; len(phones) < n; extension++ {
		if extension != unguardedExtension {
			phones = append(phones, l.Phone(t, strconv.Itoa(extension)))
		}
	}
	return phones
}

// hangUpAfter ends the call so long after its answer, unless it is over before or the phones are stopped.
func (c *Call) hangUpAfter(talk time.Duration, stopped <-chan struct{}) {
	select {
	case <-c.answered:
	case <-c.ended:
		return
	case <-stopped:
		return
	}
	select {
	case <-time.After(time.Until(c.Outcome().Answered.Add(talk))):
		c.Hangup()
	case <-c.ended:
	case <-stopped:
	}
}

// phonesCall lets each phone call without end: it hangs up after talk, or never where that is 0, and calls again a
// moment after its call was over or refused. The number is asked for by the place of the phone and how often it has
// called. Stop ends all calls and waits for the phones; a second stop does nothing.
func phonesCall(phones []*Phone, talk time.Duration, number func(phone, nth int) string) (stop func()) {
	stopped := make(chan struct{})
	var calling sync.WaitGroup
	for i, p := range phones {
		calling.Go(func() {
			for nth := 0; ; nth++ {
				call := p.Dial(number(i, nth))
				if talk > 0 {
					calling.Go(func() { call.hangUpAfter(talk, stopped) })
				}
				select {
				case <-call.ended:
				case <-stopped:
					call.Hangup()
					return
				}
				select {
				case <-time.After(callAgain):
				case <-stopped:
					return
				}
			}
		})
	}
	return sync.OnceFunc(func() {
		close(stopped)
		calling.Wait()
	})
}
