package incident

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// mostSuspects bounds the callers that were refused something lately.
const mostSuspects = 1000

// suspects are callers that were refused something, and not often enough yet to
// make an incident of it.
type suspects struct{ all map[key]*suspect }

// suspect is what would become an incident.
type suspect struct {
	incident toll.Incident
	times    []time.Time // of the newest refusals, at most as many as make an incident
	last     toll.Key
}

func newSuspects() *suspects { return &suspects{make(map[key]*suspect)} }

// of is the suspect of that name, a new one if what is known of it is too old
// to count.
func (s *suspects) of(k key, at time.Time, within time.Duration) *suspect {
	one := s.all[k]
	if one != nil && at.Sub(one.incident.Newest) <= within {
		return one
	}
	if one == nil && len(s.all) >= mostSuspects {
		s.makeRoom(at, within)
	}
	one = &suspect{}
	s.all[k] = one
	return one
}

// makeRoom drops those that are too old, or else the oldest.
func (s *suspects) makeRoom(at time.Time, within time.Duration) {
	var oldest key
	var since time.Time
	for k, one := range s.all {
		newest := one.incident.Newest
		if at.Sub(newest) > within {
			delete(s.all, k)
		} else if since.IsZero() || newest.Before(since) {
			oldest, since = k, newest
		}
	}
	if len(s.all) >= mostSuspects {
		delete(s.all, oldest)
	}
}

// refused notes one more refusal and tells whether that makes an incident.
func (one *suspect) refused(at time.Time, most int64, within time.Duration) bool {
	one.times = append(one.times, at)
	if int64(len(one.times)) > most {
		one.times = one.times[1:]
	}
	return int64(len(one.times)) >= most && at.Sub(one.times[0]) <= within
}

// take is what is known of the suspect, who is one no more.
func (s *suspects) take(k key, at time.Time, within time.Duration) toll.Incident {
	i := s.of(k, at, within).incident
	s.drop(k)
	return i
}

func (s *suspects) drop(k key) { delete(s.all, k) }
