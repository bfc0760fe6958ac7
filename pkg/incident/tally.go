package incident

import (
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The bounds of an incident. What does not fit is counted and not listed.
const (
	mostCalls   = 500
	mostTallies = 30
	mostLocks   = 20
	// listedAtOnce is up to how many calls each of them is written at once;
	// beyond that the incident is written every few seconds.
	listedAtOnce = 20
)

// tallyRefusal adds a refused question to the incident.
func (t *Tracker) tallyRefusal(i *toll.Incident, at time.Time, l *toll.Lease, observed bool) {
	if i.Opened.IsZero() {
		i.Opened = at
	}
	i.Newest = later(i.Newest, at)
	i.Refused++
	stake := l.Price.Cost(toll.StakeLength)
	i.AtStake += stake
	i.Assumed = i.Assumed || l.Price.Assumed && stake > 0
	reason := l.Why
	if observed {
		reason = l.Denied
	}
	t.tallyCause(i, reason, l.By)
	t.tallyCall(i, l)
}

// tallyCall adds who called where.
func (t *Tracker) tallyCall(i *toll.Incident, l *toll.Lease) {
	add(&i.From, toll.Tally{Name: l.Caller.String()})
	place := l.To.Range
	if place == "" {
		place = l.To.Number()
	}
	add(&i.To, toll.Tally{Name: place, Kind: string(l.To.Class), Place: l.To.Country})
}

// tallyCause adds what stopped a call, with its newest figures.
func (t *Tracker) tallyCause(i *toll.Incident, why toll.Reason, by string) {
	add(&i.Causes, toll.Tally{Name: by, Kind: string(why), Text: t.context.Said(by)})
}

// add counts one more of a kind. Where there is no room left for another kind,
// it is counted under no name.
func add(list *[]toll.Tally, one toll.Tally) {
	same := func(o toll.Tally) bool { return o.Name == one.Name && o.Kind == one.Kind && o.Place == one.Place }
	at := slices.IndexFunc(*list, same)
	if at < 0 && len(*list) >= mostTallies-1 {
		one = toll.Tally{}
		at = slices.IndexFunc(*list, same)
	}
	if at < 0 {
		one.Count = 1
		*list = append(*list, one)
		return
	}
	found := &(*list)[at]
	found.Count++
	if one.Text != "" {
		found.Text = one.Text
	}
}

// call is one that is up and belongs to an incident.
type call struct {
	file   *file
	place  int // in the incident's list; -1 if that was full
	cut    bool
	bypass bool
}

// follow puts a call that is up into an incident, to note what becomes of it.
func (t *Tracker) follow(f *file, l *toll.Lease) *call {
	i, c := &f.incident, &call{file: f, place: -1}
	if len(i.Calls) < mostCalls {
		c.place = len(i.Calls)
		began := l.Answered
		if began.IsZero() {
			began = l.Granted
		}
		i.Calls = append(i.Calls, toll.IncidentCall{
			Lease: l.ID, PBX: l.Key.PBX, Caller: l.Caller, Number: l.To.Number(), Country: l.To.Country, Class: l.To.Class, Began: began,
		})
	}
	t.calls[l.ID] = c
	f.up++
	return c
}

// judge counts what is wrong with a call, each thing once.
func (t *Tracker) judge(c *call, l *toll.Lease) {
	i := &c.file.incident
	if !c.bypass && l.Adopted && l.Why == toll.ReasonBypass {
		c.bypass = true
		i.Bypassed++
		t.tallyCause(i, toll.ReasonBypass, "")
	}
	if !c.cut && l.Cut != "" {
		c.cut = true
		i.Cut++
		if l.Cut != toll.ReasonBypass {
			t.tallyCause(i, l.Cut, l.By)
		}
	}
	if l.Cut == toll.ReasonLocked {
		t.addLock(i, l.By)
	}
	if c.place >= 0 {
		listed := &i.Calls[c.place]
		listed.Cut, listed.By, listed.Bypassed = l.Cut, l.By, c.bypass
	}
}

// settleCall notes what a call that was up came to.
func (t *Tracker) settleCall(at time.Time, c *call, l *toll.Lease) {
	i := &c.file.incident
	if c.place >= 0 {
		listed := &i.Calls[c.place]
		listed.Ended, listed.Talked, listed.Cost = l.Ended, l.Talked, l.Cost
		listed.Assumed = l.Price.Assumed && l.Cost > 0
	}
	delete(t.calls, l.ID)
	c.file.up--
	i.Cost += l.Cost
	if c.file.episode != nil {
		c.file.episode.lost += l.Cost
	}
	i.Assumed = i.Assumed || l.Price.Assumed && l.Cost > 0
	i.Newest = later(i.Newest, at)
}

// concerns tells whether a lock shuts somebody or something of the incident. A
// trunk and a group do not stand in it; who locks them while it is open means it.
func concerns(lock *toll.Lock, i *toll.Incident) bool {
	switch lock.Scope {
	case toll.PerCaller:
		return slices.ContainsFunc(i.From, func(t toll.Tally) bool {
			_, id, _ := strings.Cut(t.Name, ":")
			return id == lock.Subject
		})
	case toll.PerRange, toll.PerNumber:
		return slices.ContainsFunc(i.To, func(t toll.Tally) bool {
			return t.Name != "" && (strings.HasPrefix(lock.Subject, t.Name) || strings.HasPrefix(t.Name, lock.Subject))
		})
	case toll.PerCountry:
		return slices.ContainsFunc(i.To, func(t toll.Tally) bool { return t.Place == lock.Subject })
	case toll.PerPBX:
		return lock.Subject == i.PBX
	}
	return true
}

// addLock puts a lock into the incident, once; false where it is there or there is
// no room for it.
func (t *Tracker) addLock(i *toll.Incident, id string) bool {
	lock, stands := t.context.Lock(id)
	if !stands {
		return false
	}
	known := slices.IndexFunc(i.Locks, func(l toll.Lock) bool { return l.ID() == id && l.Since.Equal(lock.Since) })
	switch {
	case known >= 0:
		i.Locks[known] = lock // it may last longer now
		return false
	case len(i.Locks) >= mostLocks:
		return false
	}
	i.Locks = append(i.Locks, lock)
	return true
}
