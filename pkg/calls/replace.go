package calls

import (
	"cmp"
	"slices"
	"time"
)

// Replace puts the model right after events were lost. The list is what
// Asterisk says is there (CoreShowChannels). What has vanished is reported as
// ended, what is new as begun; what stayed keeps what is known of it. The order
// of the changes does not depend on the order of the list.
//
// A listed channel needs its Snapshot and Bridge, and Began as far as it is
// known, rounded to the early side. Dialled, DialledBy, DialString, Forwarder,
// Transferer and Answered fill what the model does not know. The halves of Local
// channels find each other by their names.
//
// When a channel was answered while nobody listened, nobody knows the moment.
// It is put as early as it can have been, so that talk time is never
// undercounted: at the last news before, or at its beginning if it is new.
func (m *Model) Replace(now time.Time, list []Channel) []Change {
	s := step{Model: m, now: now, resynced: true}
	listed := make([]*Channel, len(list)) // a channel is large, and moves often while it is sorted
	for i := range list {
		listed[i] = &list[i]
	}
	slices.SortStableFunc(listed, func(a, b *Channel) int {
		return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.Uniqueid, b.Uniqueid))
	})
	there := make(map[string]bool, len(listed))
	for _, l := range listed {
		there[l.Uniqueid] = true
		m.ended.revive(l.Uniqueid)
	}
	for _, c := range inOrder(m.channels) {
		if !there[c.Uniqueid] {
			s.end(c, 0)
		}
	}
	for _, l := range listed {
		s.adopt(*l)
	}
	for _, l := range listed {
		s.relate(*l)
	}
	m.pairByName()
	m.heard = now
	for i := range s.changes { // tell how it stands after the whole list
		if c, live := m.channels[s.changes[i].Channel.Uniqueid]; live {
			s.changes[i].Channel = c.Channel
		}
	}
	return s.changes
}

// adopt takes in one channel of the list.
func (s *step) adopt(l Channel) {
	s.began, s.answered = l.Began, l.Answered
	if s.began.IsZero() {
		s.began = s.now
	}
	if s.answered.IsZero() {
		s.answered = s.began
		if known, ok := s.channels[l.Uniqueid]; ok {
			s.answered = latest(known.Began, s.heard)
		}
	}
	if c := s.hear(l.Snapshot); c != nil {
		c.Bridge = clip(l.Bridge)
	}
}

// relate fills in how a channel of the list hangs together with others, once
// all are known.
func (s *step) relate(l Channel) {
	c, ok := s.channels[l.Uniqueid]
	if !ok {
		return
	}
	fill(&c.DialString, l.DialString)
	fill(&c.Forwarder, l.Forwarder)
	fill(&c.Transferer, l.Transferer)
	if c.DialledBy == "" && validUniqueid(l.DialledBy) {
		s.link(c, Snapshot{Uniqueid: l.DialledBy})
	}
	if !c.Leg() && (l.Leg() || c.DialledBy != "" || c.DialString != "") {
		c.Dialled = latest(l.Dialled, c.Began)
		s.report(Dialled, c)
	}
}

// pairByName ties the halves of Local channels whose LocalBridge was missed.
func (m *Model) pairByName() {
	ones := make(map[string]*channel)
	for _, c := range m.channels {
		if shared, half, ok := localHalf(c.Name); ok && half == ";1" {
			ones[shared] = c
		}
	}
	for _, c := range m.channels {
		if shared, half, ok := localHalf(c.Name); ok && half == ";2" && ones[shared] != nil {
			m.pair(ones[shared], c)
		}
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func fill(field *string, value string) {
	if *field == "" {
		*field = clip(value)
	}
}
