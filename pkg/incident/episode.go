package incident

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

const (
	// calm is for how long nothing must have happened before what happens next may be
	// something else to the owner. Pumps of short calls come to their limits anew
	// every hour.
	calm = 2 * time.Hour
	// related is the same where a caller or a country comes again: who was shut out in
	// one night tries in the next, after a weekend, or days after his tests.
	related = 7 * 24 * time.Hour
	// dark is how long after the newest notice of its sort nobody is told anything, once an
	// episode has made all its notices, although calls get through, or somebody else attacks
	// elsewhere: unless they cost ten times what was told.
	dark = 24 * time.Hour
	// still is the same where the calls that get through cost little: a minute or two each
	// night, until a limit cuts them.
	still = 14 * 24 * time.Hour
	// little is what they may have cost since the newest notice.
	little = 50 * toll.Unit
)

// How many notices may have been made in an episode before one of each sort, so
// that what is worse always finds room: thresholds, attacks of which nothing has
// got through, attacks with calls that were up, and the end. The last is for the
// first calls that get through where nothing has until then.
const (
	roomForLimits  = 2
	roomForRefused = 3
	roomForUp      = mostNotices - 1
)

// The bounds of what is remembered of episodes.
const (
	mostEpisodes = 20
	mostThings   = 200
)

// episode is what the owner takes for one attack, however many callers it has and
// however often it pauses: the notices of all its incidents together are as few as
// those of one. It is about attacks and thresholds; what only observes has some of
// its own.
type episode struct {
	observed bool
	newest   time.Time
	notices  int
	noticed  time.Time      // the newest of them that was not about an end
	up       time.Time      // the newest of these that told of calls that were up
	lost     toll.Money     // what calls that were up have cost since somebody was in the dark
	told     toll.Money     // of it, what notices told
	things   map[thing]bool // callers, countries, and whatever came to a threshold; true where a notice told of it
}

// inEpisode tells whether notices about the incident share the room of one.
func inEpisode(i *toll.Incident) bool { return i.Kind == toll.Attack || i.Kind == toll.LimitReached }

// join puts an incident into the episode that it belongs to: that of the last
// hours, or one of the last days that has a caller or a country in common with it.
func (t *Tracker) join(now time.Time, f *file) {
	i := &f.incident
	if f.episode == nil {
		f.episode = t.episodeFor(now, i)
	}
	e := f.episode
	e.newest = later(e.newest, now)
	for _, one := range things(i) {
		if _, known := e.things[one]; !known && len(e.things) < mostThings {
			e.things[one] = false
		}
	}
}

func (t *Tracker) episodeFor(now time.Time, i *toll.Incident) *episode {
	t.episodes = slices.DeleteFunc(t.episodes, func(e *episode) bool { return now.Sub(e.newest) > related && !t.goesOn(e) })
	var found *episode
	for _, e := range t.episodes {
		switch {
		case e.observed != i.Observed:
		case now.Sub(e.newest) <= calm, slices.ContainsFunc(things(i), func(one thing) bool { _, known := e.things[one]; return known }):
			if found == nil || e.newest.After(found.newest) {
				found = e
			}
		}
	}
	if found != nil {
		return found
	}
	if len(t.episodes) >= mostEpisodes {
		oldest := slices.MinFunc(t.episodes, func(a, b *episode) int { return a.newest.Compare(b.newest) })
		t.episodes = slices.DeleteFunc(t.episodes, func(e *episode) bool { return e == oldest })
	}
	e := &episode{observed: i.Observed, newest: now, things: make(map[thing]bool)}
	t.episodes = append(t.episodes, e)
	return e
}

// goesOn tells whether an incident of the episode is open.
func (t *Tracker) goesOn(e *episode) bool {
	for f := range maps.Values(t.open) {
		if f.episode == e {
			return true
		}
	}
	return false
}

// thing is a caller or a country: an extension may well be named SL.
type thing struct {
	kind sort
	name string
}

type sort string

const (
	caller  sort = "caller"
	country sort = "country"
)

// things are what tells one attack from another: who calls, and to which countries
// abroad.
func things(i *toll.Incident) (all []thing) {
	if i.Kind == toll.LimitReached {
		for _, c := range i.Causes {
			if c.Place != "" { // of either kind, as the limit's scope says
				all = append(all, thing{caller, c.Place}, thing{country, c.Place})
			}
		}
		return all
	}
	for _, from := range i.From {
		if _, id, _ := strings.Cut(from.Name, ":"); id != "" {
			all = append(all, thing{caller, id})
		}
	}
	for _, to := range i.To {
		if to.Place != "" && toll.Class(to.Kind).Abroad() {
			all = append(all, thing{country, to.Place})
		}
	}
	return all
}

// recall takes up the episode of an incident that the ledger has. What was open
// together was one.
func (t *Tracker) recall(f *file) {
	i := &f.incident
	if !inEpisode(i) {
		return
	}
	t.join(i.Newest, f)
	e := f.episode
	e.lost += i.Cost
	if i.Noticed == 0 {
		return
	}
	if i.Newest.Sub(e.noticed) >= dark {
		e.lost, e.told = i.Cost, 0 // as in notice
	}
	f.told = min(i.Cost, i.Told.Money)
	e.told += f.told
	if i.Kind == toll.Attack && i.Told.Up > 0 {
		e.up = later(e.up, i.Newest)
	}
	e.notices = min(e.notices+i.Noticed, mostNotices)
	e.noticed = later(e.noticed, i.Newest)
	e.tellOf(i)
}

// notice notes that a notice about the incident is made.
func (e *episode) notice(now time.Time, f *file, kind toll.NoticeKind) {
	i := &f.incident
	switch {
	case kind != toll.NoticeClosed && now.Sub(e.noticed) >= dark:
		e.lost, e.told = i.Cost, i.Cost // a new day, in which as much may be lost again
	case f.costly():
		e.told = e.lost
	default:
		e.told = min(e.told+i.Cost-f.told, e.lost) // a costly one may have counted it
	}
	f.told = i.Cost
	e.notices++
	e.tellOf(i)
	if kind == toll.NoticeClosed {
		return
	}
	e.noticed = now
	if i.Kind == toll.Attack && i.Up() > 0 {
		e.up = now
	}
}

// tellOf notes that a notice told of the incident. What none told of makes room.
func (e *episode) tellOf(i *toll.Incident) {
	all := things(i)
	if len(e.things)+len(all) > mostThings {
		maps.DeleteFunc(e.things, func(_ thing, told bool) bool { return !told })
	}
	for _, one := range all {
		if len(e.things) < mostThings {
			e.things[one] = true
		}
	}
}

// strange tells whether it is an attack by callers and to countries that no notice has
// told of. At a large site somebody errs every hour, so an episode may last for years.
func (t *Tracker) strange(f *file) bool {
	i := &f.incident
	return i.Kind == toll.Attack && i.Noticed == 0 && !t.mistake(i) &&
		!slices.ContainsFunc(things(i), func(one thing) bool { return f.episode.things[one] })
}

// mistake tells whether all that happened is a call or two that were refused.
func (t *Tracker) mistake(i *toll.Incident) bool {
	return i.Up() == 0 && i.Refused < t.options.Refusals && len(i.Locks) == 0
}

// repeated tells whether it is a mistake of somebody of whom a notice of the last day
// told: he dials once more what is refused.
func (t *Tracker) repeated(now time.Time, f *file) bool {
	i, e := &f.incident, f.episode
	if i.Kind != toll.Attack || i.Noticed > 0 || !t.mistake(i) || now.Sub(e.noticed) >= dark {
		return false
	}
	all := things(i)
	return len(all) > 0 && !slices.ContainsFunc(all, func(one thing) bool { return !e.things[one] })
}

// costly tells whether the attack is part of what has cost far more than notices have
// told: then no number of notices about what cost little may hide it. Each such notice
// takes ten times the money of the one before.
func (f *file) costly() bool {
	i, e := &f.incident, f.episode
	return i.Kind == toll.Attack && e != nil && i.Cost > 0 && e.lost >= worse*max(e.told, toll.Unit)
}

// full tells whether the episode has no room for one more notice that the incident
// opens or worsens, and when to look again.
func (t *Tracker) full(now time.Time, f *file) (again time.Time, full bool) {
	i, e := &f.incident, f.episode
	if !inEpisode(i) || f.costly() {
		return time.Time{}, false
	}
	if t.repeated(now, f) {
		return now.Add(dark), true
	}
	most := roomForUp
	switch {
	case i.Kind == toll.LimitReached:
		most = roomForLimits
	case i.Up() == 0:
		most = roomForRefused
	}
	got := i.Kind == toll.Attack && i.Up() > i.Told.Up // calls have got through that nobody was told of
	quiet := still
	if e.lost-e.told >= little {
		quiet = dark
	}
	if e.notices < most || got && now.Sub(e.up) >= quiet || t.strange(f) && now.Sub(e.noticed) >= dark {
		return time.Time{}, false
	}
	return now.Add(dark), true
}

// endsEpisode tells whether the end of the attack is one to tell of: it was more
// than a call or two that were refused, and no other goes on, or few notices were made.
func (t *Tracker) endsEpisode(f *file) bool {
	i, e := &f.incident, f.episode
	most := mostNotices
	if i.Up() == 0 && e.up.IsZero() {
		most = roomForUp // the last is kept for the first calls that get through
	}
	if e.notices >= most || t.mistake(i) {
		return false
	}
	for _, other := range t.open {
		if other != f && other.incident.Kind == toll.Attack && other.incident.Observed == i.Observed {
			return e.notices < roomForLimits
		}
	}
	return true
}
