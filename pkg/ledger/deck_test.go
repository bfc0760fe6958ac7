package ledger

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func deckOf(trunk string, id int64) toll.Setting {
	return toll.Setting{Deck: &toll.Deck{ID: id, Trunk: trunk, Rows: 1}, Author: "anna"}
}

// decks are those that stand, by name.
func decks(b *Book) map[string]int64 {
	all := make(map[string]int64)
	for _, s := range b.Settings() {
		if s.Deck != nil {
			all[s.Deck.Name()] = s.Deck.ID
		}
	}
	return all
}

// A call goes on, is renewed and is settled at the price that it was granted at,
// whatever comes in meanwhile, and after a restart too.
func TestLeaseKeepsItsPrice(t *testing.T) {
	for _, restarts := range []bool{false, true} {
		lim := budget(100*toll.Unit, toll.PerSite)
		d := newDesk(t, lim)
		var es []toll.Entry
		keep := func(orders []toll.Order, more []toll.Entry) {
			es = append(es, more...)
			if cuts(orders) > 0 {
				t.Fatalf("the call was cut: %+v", orders)
			}
		}
		old, dear := abroad(id(1), "1001"), abroad(id(2), "1001")
		dear.Price = toll.Price{PerMinute: 100 * old.Price.PerMinute, Connect: toll.Unit}
		v, more := d.book.Decide(d.now, old)
		keep(nil, more)
		keep(d.book.Record(d.now, toll.Event{Kind: toll.LegDialled, PBX: "pbx1", Channel: "leg", Lease: v.Lease.ID}))
		keep(d.book.Record(d.now, toll.Event{Kind: toll.LegAnswered, PBX: "pbx1", Channel: "leg"}))
		c, err := d.book.Change(d.now, deckOf("carrier", 1))
		if err != nil || len(c.Orders) > 0 || len(c.Entries) != 1 || !c.extends() {
			t.Fatalf("the deck: %+v, %v", c, err)
		}
		keep(c.Orders, c.Entries)
		if restarts {
			d.restart(es, lim)
			keep(d.book.Record(d.now, toll.Event{Kind: toll.LinkFound, PBX: "pbx1"}))
			keep(d.book.Review(d.now))
		}
		if got := decks(d.book); len(got) != 1 || got["carrier"] != 1 {
			t.Fatalf("decks %v", got)
		}
		for range 12 * 60 {
			d.now = d.now.Add(time.Second)
			keep(d.book.Tick(d.now))
		}
		l, live := d.book.Lease(v.Lease.ID)
		if !live || l.Covered < 12*time.Minute || l.Price != old.Price || l.Reserved != old.Price.Reserve(l.Covered) {
			t.Fatalf("after twelve minutes: live %t, %+v", live, l)
		}
		keep(d.book.Record(d.now, toll.Event{Kind: toll.ChannelGone, PBX: "pbx1", Channel: "leg"}))
		ended := es[len(es)-1].Lease
		if ended.State != toll.Ended || ended.Cost != old.Price.Cost(12*time.Minute) {
			t.Errorf("restarted %t: settled %+v, want %s", restarts, ended, old.Price.Cost(12*time.Minute))
		}
		if l := d.allowed(dear); l.Price != dear.Price {
			t.Errorf("the next call is priced %+v", l.Price)
		}
	}
}

// A deck that cannot be written does not count, and the one before does again.
func TestDeckThatCannotBeWrittenDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		l, stop := open(t, s)
		defer stop()
		standing := func() map[string]int64 {
			v, err := l.View(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			all := make(map[string]int64)
			for _, s := range v.Settings {
				all[s.Deck.Name()] = s.Deck.ID
			}
			return all
		}
		if err := l.Change(t.Context(), deckOf("carrier", 1)); err != nil {
			t.Fatal(err)
		}
		full := errors.New("the disk is full")
		s.set(full, nil)
		removed := deckOf("carrier", 1)
		removed.Removed = true
		for _, change := range []toll.Setting{deckOf("carrier", 2), deckOf("", 3), removed} {
			if err := l.Change(t.Context(), change); !errors.Is(err, ErrDown) || !errors.Is(err, full) {
				t.Errorf("%+v: %v", change.Deck, err)
			}
			if got := standing(); len(got) != 1 || got["carrier"] != 1 {
				t.Errorf("after %+v: %v stands", change.Deck, got)
			}
		}
		s.set(nil, nil)
		if err := l.Change(t.Context(), removed); err != nil || len(standing()) != 0 {
			t.Errorf("removed: %v; %v stands", err, standing())
		}
		if err := l.Change(t.Context(), removed); !errors.Is(err, ErrNoSetting) {
			t.Errorf("removed again: %v", err)
		}
	})
}

// Two decks at once take turns: if the first cannot be written, what is given
// back is what stood before it, and not the second.
func TestDecksTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := &shelf{}
		l, stop := open(t, s)
		defer stop()
		if err := l.Change(t.Context(), deckOf("carrier", 1)); err != nil {
			t.Fatal(err)
		}
		s.set(errors.New("full"), gate)
		var wait sync.WaitGroup
		errs := make([]error, 2)
		for i := range errs {
			wait.Go(func() { errs[i] = l.Change(t.Context(), deckOf("carrier", int64(2+i))) })
			synctest.Wait()
		}
		gate <- struct{}{} // the first one's commit fails
		synctest.Wait()
		s.set(nil, nil)
		close(gate)
		wait.Wait()
		v, err := l.View(t.Context())
		if err != nil || len(v.Settings) != 1 {
			t.Fatalf("%+v, %v", v.Settings, err)
		}
		written := s.entries[len(s.entries)-1].Setting.Deck.ID
		if stands := v.Settings[0].Deck.ID; !errors.Is(errs[0], ErrDown) || errs[1] != nil || stands != 3 || written != 3 {
			t.Errorf("%v, %v; deck %d stands, %d is written", errs[0], errs[1], stands, written)
		}
	})
}
