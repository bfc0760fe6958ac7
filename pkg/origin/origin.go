package origin

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

const (
	// Settling is how long a network stays new for an account after it was first
	// seen there, and how long an account must be known before anything is new for
	// it: in the first days after the installation everything would be.
	Settling = 7 * 24 * time.Hour
	// Within is how long a registration or a wrong password counts.
	Within = time.Hour
	// wrongs are how many wrong passwords within the hour make a fact: a person
	// may mistype once or twice.
	wrongs = 3
	// refreshed is after which time it is worth noting again that a network is in use.
	refreshed = 24 * time.Hour
)

// The bounds. What an attacker without a password can fill is the strangers only.
const (
	mostAccounts  = 20_000
	mostNetworks  = 32 // of one account
	mostStrangers = 1024
	longestName   = 80 // AST_MAX_EXTENSION
)

// Account names one of an Asterisk's endpoints.
type Account struct{ PBX, Name string }

// Book holds what is known of all accounts. It is not safe for concurrent use.
type Book struct {
	accounts  map[Account]*account
	strangers map[Account]*failures // never seen with the right password
	unsaved   map[place]toll.Seen
}

type place struct {
	account Account
	network netip.Prefix
}

type account struct {
	first    time.Time
	networks map[netip.Prefix]*stay
	failed   failures
}

// stay is the time that an account spends in a network.
type stay struct {
	first, last time.Time
	abroad      time.Time // when it was last at an address there that is in a foreign country
}

// failures are the newest wrong passwords, in a ring.
type failures struct {
	at   [wrongs]time.Time
	next int
}

func (f *failures) add(now time.Time) {
	f.at[f.next] = now
	f.next = (f.next + 1) % wrongs
}

// many tells whether all of the ring happened within the hour.
func (f *failures) many(now time.Time) bool {
	oldest := f.at[f.next]
	return !oldest.IsZero() && now.Sub(oldest) < Within
}

// New makes a book that knows nobody.
func New() *Book {
	return &Book{
		accounts: make(map[Account]*account), strangers: make(map[Account]*failures), unsaved: make(map[place]toll.Seen),
	}
}

// NetworkOf is what counts as one network: an IPv4 /24, an IPv6 /48.
func NetworkOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 48
	if a.Is4() {
		bits = 24
	}
	p, _ := a.Prefix(bits) // an invalid address has the invalid prefix
	return p
}

// Restore tells the book what was seen before it was made.
func (b *Book) Restore(s toll.Seen) {
	if who := (Account{s.PBX, s.Account}); s.Network.IsValid() && valid(who) {
		b.stay(who, s.Network, s.First, s.Last)
	}
}

// Accepted notes that an account has shown its password from an address, and whether
// that is known to be in a foreign country.
func (b *Book) Accepted(now time.Time, who Account, from netip.Addr, foreign bool) {
	network := NetworkOf(from)
	if !network.IsValid() || !valid(who) {
		return
	}
	a, s := b.stay(who, network, now, now)
	if a == nil {
		return
	}
	if f := b.strangers[who]; f != nil {
		a.failed = *f
		delete(b.strangers, who)
	}
	if isNew := s.first.Equal(now); isNew || now.Sub(s.last) >= refreshed {
		b.unsaved[place{who, network}] = toll.Seen{PBX: who.PBX, Account: who.Name, Network: network, First: s.first, Last: now}
	}
	if now.After(s.last) {
		s.last = now
	}
	if foreign {
		s.abroad = now
	}
}

// Failed notes that somebody has tried a wrong password in an account's name.
func (b *Book) Failed(now time.Time, who Account) {
	if !valid(who) {
		return
	}
	if a := b.accounts[who]; a != nil {
		a.failed.add(now)
		return
	}
	f := b.strangers[who]
	if f == nil {
		if len(b.strangers) >= mostStrangers {
			clear(b.strangers)
		}
		f = new(failures)
		b.strangers[who] = f
	}
	f.add(now)
}

// Facts are the names of what is odd about where the account was seen of late,
// separated by commas, as a question has them. A phone shows its password when it
// registers and for each call; that of the call itself may become known after it was
// asked for.
func (b *Book) Facts(now time.Time, who Account) string {
	a := b.accounts[who]
	if a == nil {
		return ""
	}
	networks, fresh, abroad := 0, false, false
	for _, s := range a.networks {
		if now.Sub(s.last) >= Within {
			continue
		}
		networks++
		fresh = fresh || now.Sub(s.first) < Settling
		abroad = abroad || !s.abroad.IsZero() && now.Sub(s.abroad) < Within
	}
	var facts []string // mostly none, which allocates nothing
	if abroad {
		facts = append(facts, string(toll.Foreign))
	}
	if fresh && now.Sub(a.first) >= Settling {
		facts = append(facts, string(toll.NewNetwork))
	}
	if networks > 1 {
		facts = append(facts, string(toll.ManyNetworks))
	}
	if a.failed.many(now) {
		facts = append(facts, string(toll.AfterFailures))
	}
	return strings.Join(facts, ",")
}

// Unsaved are what has become known since it was called the last time.
func (b *Book) Unsaved() []toll.Seen {
	all := make([]toll.Seen, 0, len(b.unsaved))
	for _, s := range b.unsaved {
		all = append(all, s)
	}
	clear(b.unsaved)
	slices.SortFunc(all, func(s, t toll.Seen) int {
		return cmp.Or(cmp.Compare(s.PBX, t.PBX), cmp.Compare(s.Account, t.Account), s.Network.Addr().Compare(t.Network.Addr()))
	})
	return all
}

// stay finds or makes the stay of an account in a network; nil at the bound.
func (b *Book) stay(who Account, network netip.Prefix, first, last time.Time) (*account, *stay) {
	a := b.accounts[who]
	if a == nil {
		if len(b.accounts) >= mostAccounts {
			return nil, nil
		}
		a = &account{first: first, networks: make(map[netip.Prefix]*stay)}
		b.accounts[who] = a
	}
	if first.Before(a.first) {
		a.first = first
	}
	s := a.networks[network]
	if s == nil {
		if len(a.networks) >= mostNetworks {
			b.makeRoom(who, a, last)
		}
		s = &stay{first: first, last: last}
		a.networks[network] = s
	}
	return a, s
}

// makeRoom drops the network that is missed least: one that is still new before
// one that has settled, so that a traveller or a thief never makes the office new;
// among those, the one that was not seen for longest.
func (b *Book) makeRoom(who Account, a *account, now time.Time) {
	var worst netip.Prefix
	settled := func(s *stay) int {
		if now.Sub(s.first) >= Settling {
			return 1
		}
		return 0
	}
	for network, s := range a.networks {
		w := a.networks[worst]
		if w == nil || cmp.Or(cmp.Compare(settled(s), settled(w)), s.last.Compare(w.last), network.Addr().Compare(worst.Addr())) < 0 {
			worst = network
		}
	}
	gone := a.networks[worst]
	delete(a.networks, worst)
	b.unsaved[place{who, worst}] = toll.Seen{PBX: who.PBX, Account: who.Name, Network: worst, First: gone.first, Last: gone.last, Gone: true}
}

// valid bounds a name, which may be anybody's text.
func valid(a Account) bool { return a.Name != "" && len(a.Name) <= longestName }
