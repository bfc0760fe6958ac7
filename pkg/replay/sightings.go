package replay

import (
	"net/netip"
	"time"

	"github.com/tollfuse/tollfuse/pkg/origin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// office is an address in the network that the site's phones are in (RFC 5737).
func office() netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, 10}) }

// settledFor is how long they had been there when the story begins.
const settledFor = 30 * 24 * time.Hour

// settled is where the phones of a story were seen before it.
func (s *Scenario) settled(pbx string) (all []toll.Seen) {
	for n := range s.Traffic {
		t := &s.Traffic[n]
		if !t.dials() {
			continue
		}
		for _, name := range t.From.Names {
			all = append(all, toll.Seen{
				PBX: pbx, Account: name, Network: origin.NetworkOf(office()), First: s.Starts.Add(-settledFor), Last: s.Starts,
			})
		}
	}
	return all
}

// sightings are what a daemon knows of where phones were seen. No address is known to
// be in a foreign country.
type sightings struct {
	clock *clock
	book  *origin.Book
}

func newSightings(c *clock) *sightings { return &sightings{c, origin.New()} }

// Accepted is told by the watcher.
func (s *sightings) Accepted(pbx, account string, from netip.Addr) {
	s.book.Accepted(s.clock.Wall(), origin.Account{PBX: pbx, Name: account}, from, false)
}

// Failed is told by the watcher.
func (s *sightings) Failed(pbx, account string) {
	s.book.Failed(s.clock.Wall(), origin.Account{PBX: pbx, Name: account})
}

// Facts are asked with a question, which comes from a phone's address.
func (s *sightings) Facts(pbx, account string, from netip.Addr) string {
	if from.IsValid() {
		s.Accepted(pbx, account, from)
	}
	return s.book.Facts(s.clock.Wall(), origin.Account{PBX: pbx, Name: account})
}

// guess tries wrong passwords in the name of each phone of a kind of traffic.
func (a *asterisk) guess(t *Traffic, from netip.Addr) {
	for _, name := range t.From.Names {
		for range t.Guesses {
			a.shown(name, from, false)
		}
	}
}
