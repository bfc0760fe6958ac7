package sqlite

import (
	"hash/maphash"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// layout lists the fields of an entry with their tags, for writing and reading
// alike. Tags are stored: they ascend, are never reused, and a new field goes
// to the end. Below 64 a key takes one byte.
func layout(c *coder, e *toll.Entry) {
	number(c, 1, &e.Seq)
	moment(c, 2, &e.At) // and 3
	word(c, 4, &e.Kind)
	number(c, 5, &e.Count)
	setting(c, 6, &e.Setting)

	l := &e.Lease
	text(c, 8, &l.ID)
	word(c, 9, &l.State)
	word(c, 10, &l.Key.PBX)
	text(c, 11, &l.Key.Uniqueid)
	word(c, 12, &l.Key.Number)
	word(c, 13, &l.Caller.Kind)
	word(c, 14, &l.Caller.ID)
	word(c, 15, &l.Caller.Group)
	destination(c, &l.To) // 16 to 21
	price(c, &l.Price)    // 22 to 27
	word(c, 28, &l.Trunk)
	text(c, 29, &l.Leg)
	moment(c, 30, &l.Granted)  // and 31
	moment(c, 32, &l.Answered) // and 33
	moment(c, 34, &l.Ended)    // and 35
	number(c, 36, &l.Timer)
	number(c, 37, &l.Covered)
	number(c, 38, &l.Reserved)
	number(c, 39, &l.Talked)
	number(c, 40, &l.Cost)
	word(c, 41, &l.Why)
	word(c, 42, &l.By)
	word(c, 43, &l.Cut)
	word(c, 44, &l.Denied)
	flag(c, 45, &l.Adopted)
	number(c, 46, &l.Revision)
	word(c, 47, &l.To.Subdivision)
	word(c, 48, &l.Times)
	flag(c, 49, &l.PIN)
	flag(c, 50, &l.To.Listed)
	word(c, 51, &l.New)
	flag(c, 52, &l.Tolerated)
	word(c, 53, &l.Origin)
}

// destination has a number that mostly is the one of the key, so that it too is
// read as a word.
func destination(c *coder, d *toll.Destination) {
	text(c, 16, &d.Dialled)
	word(c, 17, &d.E164)
	word(c, 18, &d.Country)
	word(c, 19, &d.Class)
	word(c, 20, &d.Range)
	flag(c, 21, &d.Valid)
}

func price(c *coder, p *toll.Price) {
	number(c, 22, &p.PerMinute)
	number(c, 23, &p.Connect)
	number(c, 24, &p.Minimum)
	number(c, 25, &p.Increment)
	number(c, 26, &p.Free)
	flag(c, 27, &p.Assumed)
}

// words remembers the strings that were read lately, so that the millionth
// "intl_mobile" is the same string as the first. It has one place for each
// hash: whatever callers send, it never grows.
type words struct {
	seed  maphash.Seed
	place [1024]string
}

func newWords() *words { return &words{seed: maphash.MakeSeed()} }

// of is b as a string.
func (w *words) of(b []byte) string {
	at := &w.place[maphash.Bytes(w.seed, b)%uint64(len(w.place))]
	if *at != string(b) {
		*at = string(b)
	}
	return *at
}
