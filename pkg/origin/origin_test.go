package origin

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

var (
	begin = time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
	who   = Account{"pbx1", "1001"}
	home  = netip.MustParseAddr("192.0.2.10")
	far   = netip.MustParseAddr("203.0.113.7")
)

func want(t *testing.T, b *Book, now time.Time, facts string) {
	t.Helper()
	if got := b.Facts(now, who); got != facts {
		t.Errorf("at %s: %q, want %q", now.Sub(begin), got, facts)
	}
}

func TestNewNetwork(t *testing.T) {
	b := New()
	want(t, b, begin, "") // nobody knows the account
	b.Accepted(begin, who, home, false)
	want(t, b, begin, "") // in the first week nothing is new
	late := begin.Add(Settling)
	b.Accepted(late, who, netip.MustParseAddr("192.0.2.200"), false)
	want(t, b, late, "")
	b.Accepted(late.Add(Within), who, far, false)
	want(t, b, late.Add(Within), "new-network")
	want(t, b, late.Add(2*Within-time.Second), "new-network")
	want(t, b, late.Add(2*Within), "") // who is not there any more does not count

	// To be there again does not make it any less new, for a week.
	b.Accepted(late.Add(Settling), who, far, false)
	want(t, b, late.Add(Settling), "new-network")
	want(t, b, late.Add(Settling+Within), "")
	b.Accepted(late.Add(Settling+Within), who, far, false)
	want(t, b, late.Add(Settling+Within), "")
}

func TestAnAccountOfTheFirstWeekKnowsNothingNew(t *testing.T) {
	b := New()
	b.Accepted(begin, who, home, false)
	b.Accepted(begin.Add(2*Within), who, far, false)
	want(t, b, begin.Add(2*Within), "")
}

func TestManyNetworks(t *testing.T) {
	b := New()
	b.Accepted(begin, who, home, false)
	b.Accepted(begin, who, netip.MustParseAddr("192.0.2.11"), false)
	want(t, b, begin.Add(time.Minute), "")
	b.Accepted(begin.Add(time.Minute), who, far, false)
	want(t, b, begin.Add(2*time.Minute), "many-networks")
	want(t, b, begin.Add(2*time.Minute), "many-networks")
	want(t, b, begin.Add(time.Minute+Within), "")
}

func TestAfterFailures(t *testing.T) {
	b := New()
	b.Accepted(begin, who, home, false)
	for i := range wrongs {
		want(t, b, begin, "")
		b.Failed(begin.Add(time.Duration(i)*time.Minute), who)
	}
	want(t, b, begin.Add(Within-time.Second), "after-failures")
	want(t, b, begin.Add(Within), "")
}

// Wrong passwords before the first right one count too.
func TestFailuresOfAStranger(t *testing.T) {
	b := New()
	for range wrongs {
		b.Failed(begin, who)
	}
	want(t, b, begin, "")
	b.Accepted(begin, who, home, false)
	want(t, b, begin, "after-failures")
}

// A flood of invented names is forgotten, and whoever is known is not.
func TestFloodOfStrangers(t *testing.T) {
	b := New()
	b.Accepted(begin, who, home, false)
	for range wrongs {
		b.Failed(begin, who)
	}
	for i := range 10 * mostStrangers {
		b.Failed(begin, Account{"pbx1", fmt.Sprint("x", i)})
	}
	if len(b.strangers) > mostStrangers || len(b.accounts) != 1 {
		t.Errorf("%d strangers and %d accounts", len(b.strangers), len(b.accounts))
	}
	want(t, b, begin, "after-failures")
}

func TestThiefDoesNotDisplaceTheOffice(t *testing.T) {
	b := New()
	b.Accepted(begin, who, home, false)
	late := begin.Add(Settling)
	for i := range 10 * mostNetworks {
		b.Accepted(late, who, netip.AddrFrom4([4]byte{198, 51, byte(i), 1}), false)
	}
	late = late.Add(2 * Within)
	b.Accepted(late, who, home, false)
	want(t, b, late, "")
	if n := len(b.accounts[who].networks); n != mostNetworks {
		t.Errorf("%d networks", n)
	}
}

func TestNetworkOf(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.77": "192.0.2.0/24", "::ffff:192.0.2.77": "192.0.2.0/24",
		"2001:db8:1:2::3": "2001:db8:1::/48", "fe80::1%eth0": "fe80::/48",
	} {
		if got := NetworkOf(netip.MustParseAddr(in)); got.String() != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if NetworkOf(netip.Addr{}).IsValid() {
		t.Error("no address has a network")
	}
}

// What is restored from what was to be saved says the same of every call that
// comes when no registration is of this hour any more.
func TestRestored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, saved, now := New(), make(map[place]toll.Seen), begin
		address := rapid.Custom(func(t *rapid.T) netip.Addr {
			return netip.AddrFrom4([4]byte{10, 0, rapid.Byte().Draw(t, "net"), 1})
		})
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "hours")) * time.Hour)
			b.Accepted(now, who, address.Draw(t, "from"), false)
			for _, s := range b.Unsaved() {
				if p := (place{Account{s.PBX, s.Account}, s.Network}); s.Gone {
					delete(saved, p)
				} else {
					saved[p] = s
				}
			}
		}
		restored := New()
		for _, s := range saved {
			restored.Restore(s)
		}
		if len(saved) != len(b.accounts[who].networks) || len(saved) > mostNetworks {
			t.Fatalf("%d saved of %d", len(saved), len(b.accounts[who].networks))
		}
		now = now.Add(refreshed + Within)
		from := address.Draw(t, "last")
		b.Accepted(now, who, from, false)
		restored.Accepted(now, who, from, false)
		if was, is := b.Facts(now, who), restored.Facts(now, who); was != is && b.accounts[who].first.Equal(restored.accounts[who].first) {
			t.Fatalf("from %s: %q, restored %q", from, was, is)
		}
	})
}

// Where the phone is abroad counts for an hour, whether or not its network is new.
func TestForeign(t *testing.T) {
	b := New()
	b.Accepted(begin, who, far, true)
	want(t, b, begin, "foreign")
	want(t, b, begin.Add(Within-time.Second), "foreign")
	want(t, b, begin.Add(Within), "")
	b.Accepted(begin.Add(Within), who, home, false)
	want(t, b, begin.Add(Within), "")
	b.Accepted(begin.Add(2*Within), who, far, true)
	b.Accepted(begin.Add(2*Within), who, home, false)
	want(t, b, begin.Add(2*Within), "foreign,many-networks")
}
