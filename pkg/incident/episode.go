package incident

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// calm is for how long nothing must have happened before what happens next is
// something else to the owner. Pumps of short calls come to their limits anew
// every hour.
const calm = 2 * time.Hour

// How many notices may have been made in an episode before one of each sort, so
// that what is worse always finds room: thresholds, attacks of which nothing has
// got through, attacks with calls that were up, and the end.
const (
	roomForLimits  = 2
	roomForRefused = 3
	roomForUp      = mostNotices - 1
)

// episode is what the owner takes for one attack, however many callers it has and
// however often it pauses: the notices of all its incidents together are as few as
// those of one. It is about attacks and thresholds; what only observes has one of
// its own.
type episode struct {
	began, newest time.Time
	notices       int
}

// inEpisode tells whether notices about the incident share the room of one.
func inEpisode(i *toll.Incident) bool { return i.Kind == toll.Attack || i.Kind == toll.LimitReached }

// episodeOf is the episode that the incident belongs to at the moment.
func (t *Tracker) episodeOf(now time.Time, i *toll.Incident) *episode {
	e := t.episodes[i.Observed]
	if e == nil || now.Sub(e.newest) > calm || now.Sub(e.began) > longest {
		e = &episode{began: now, newest: now}
		t.episodes[i.Observed] = e
	}
	return e
}

// recall counts the notices of an incident that the ledger has.
func (t *Tracker) recall(i *toll.Incident) {
	if !inEpisode(i) || i.Noticed == 0 {
		return
	}
	e := t.episodes[i.Observed]
	if e == nil {
		e = &episode{began: i.Opened}
		t.episodes[i.Observed] = e
	}
	if i.Opened.Before(e.began) {
		e.began = i.Opened
	}
	e.newest = later(e.newest, i.Newest)
	e.notices = min(e.notices+i.Noticed, mostNotices)
}

// full tells whether the episode has no room for one more notice that the
// incident opens or worsens, and when it is over unless more comes.
func (t *Tracker) full(now time.Time, i *toll.Incident) (again time.Time, full bool) {
	if !inEpisode(i) {
		return time.Time{}, false
	}
	most := roomForUp
	switch {
	case i.Kind == toll.LimitReached:
		most = roomForLimits
	case i.Up() == 0:
		most = roomForRefused
	}
	e := t.episodeOf(now, i)
	again = e.newest.Add(calm)
	if end := e.began.Add(longest); end.Before(again) {
		again = end
	}
	return again.Add(time.Second), e.notices >= most
}

// endsEpisode tells whether the end of the attack is one to tell of: no other goes
// on, or few notices were made.
func (t *Tracker) endsEpisode(now time.Time, f *file) bool {
	e := t.episodeOf(now, &f.incident)
	if e.notices >= mostNotices {
		return false
	}
	for _, other := range t.open {
		if other != f && other.incident.Kind == toll.Attack && other.incident.Observed == f.incident.Observed {
			return e.notices < roomForLimits
		}
	}
	return true
}
