package ledger

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// While the disk is full a question costs what it costs, however many came before it:
// the store is tried once a second, not by each of them with all that waits. What was
// refused is written when there is room, and the owner's changes always try.
func TestAFullDiskIsNotTriedByEachQuestion(t *testing.T) {
	for _, early := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) { fillDisk(t, early) })
	}
}

// fillDisk asks on a full disk and when there is room again, which a change of the
// owner's finds early, or the ledger by itself.
func fillDisk(t *testing.T, early bool) {
	s := &shelf{}
	l, stop := open(t, s, concurrent(0, toll.PerTrunk))
	defer stop()
	full := errors.New("disk full")
	s.set(full, nil)
	const seconds, each = 10, 200
	for n := range seconds * each {
		q := abroadUnmetered(id(n))
		if n%2 == 0 {
			q = abroad(id(n), id(n))
		}
		switch v, err := decide(t, l, q); {
		case n%2 == 0 && (err != nil || v.Allow):
			t.Fatalf("a refusal is known at once: %+v, %v", v, err)
		case n%2 == 1 && !errors.Is(err, full):
			t.Fatalf("question %d on a full disk: %+v, %v", n, v, err)
		}
		passes(time.Second / each)
	}
	s.mu.Lock()
	tried := s.tried
	s.mu.Unlock()
	if most := (seconds + 2) * 2 * mostProbed; tried > most {
		t.Errorf("%d entries were tried, more than %d", tried, most)
	}
	rule := toll.Setting{Limit: &toll.Limit{ID: "mine", Meter: toll.Meter{Measure: toll.Attempts, Scope: toll.PerSite, Window: time.Hour}, Act: 1e6}}
	if err := l.Change(t.Context(), rule); !errors.Is(err, full) {
		t.Errorf("a change on a full disk: %v", err)
	}
	s.set(nil, nil)
	if early {
		if err := l.Change(t.Context(), rule); err != nil {
			t.Errorf("a change as soon as there is room: %v", err)
		}
	}
	passes(time.Minute)
	if v, err := decide(t, l, abroadUnmetered("last")); err != nil || !v.Allow {
		t.Errorf("when there is room: %+v, %v", v, err)
	}
	if n := s.refusals(); n != seconds*each/2 {
		t.Errorf("%d refusals were written of %d", n, seconds*each/2)
	}
}

// What waits is written at the end as well, when there is room by then.
func TestABacklogIsWrittenAtTheEnd(t *testing.T) {
	for _, room := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &shelf{}
			l, stop := open(t, s, concurrent(0, toll.PerTrunk))
			s.set(errors.New("disk full"), nil)
			const all = 3 * mostProbed
			for n := range all {
				_, _ = decide(t, l, abroad(id(n), id(n)))
				passes(10 * time.Millisecond)
			}
			if room {
				s.set(nil, nil)
			}
			stop()
			if n := s.refusals(); room && n != all || !room && n != 0 {
				t.Errorf("room %t: %d refusals were written of %d", room, n, all)
			}
		})
	}
}

// refusals are those that were written, also where one entry stands for several.
func (s *shelf) refusals() (n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.entries {
		if s.entries[i].Kind == toll.EntryRefused {
			n += max(s.entries[i].Count, 1)
		}
	}
	return n
}

// abroadUnmetered counts in no limit of a trunk, so it would be allowed.
func abroadUnmetered(uniqueid string) toll.Question {
	q := abroad(uniqueid, "1001")
	q.Trunk = ""
	return q
}

// Many ask at once while the disk is full and slow to say so: what waits is written in the
// order of its numbers all the same, which the shelf insists on.
func TestWhatWaitsIsWrittenInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := &shelf{}
		l, stop := open(t, s, concurrent(0, toll.PerTrunk))
		defer stop()
		s.set(errors.New("disk full"), gate)
		const askers, each = 40, 50
		var all sync.WaitGroup
		for a := range askers {
			all.Go(func() {
				for n := range each {
					passes(time.Duration(1+(a*7+n*13)%90) * time.Millisecond)
					q := abroadUnmetered(id(1000*a + n))
					if (a+n)%3 > 0 {
						q = abroad(q.Key.Uniqueid, q.Key.Uniqueid)
					}
					_, _ = decide(t, l, q)
				}
			})
		}
		done := make(chan struct{})
		var feeder sync.WaitGroup
		feeder.Go(func() { // each commit takes a while to fail
			for {
				select {
				case gate <- struct{}{}:
					passes(30 * time.Millisecond)
				case <-done:
					return
				}
			}
		})
		all.Wait()
		close(done)
		feeder.Wait()
		s.set(nil, nil)
		close(gate)
		passes(3 * time.Minute)
		want := int64(0)
		for a := range askers {
			for n := range each {
				if (a+n)%3 > 0 {
					want++
				}
			}
		}
		if n := s.refusals(); n != want {
			t.Errorf("%d refusals were written of %d", n, want)
		}
	})
}
