package ledger

import (
	"fmt"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// FuseOptions say when the main fuse blows. What is zero never blows it.
type FuseOptions struct {
	Bypasses int64 // so many calls around the dialplan inside Within
	Cuts     int64 // so many calls inside Within that nobody asked us to cut
	Within   time.Duration
	Blind    time.Duration // for how long calls that fraud may be behind may be up while nobody sees them
	PBXs     []string      // those that somebody should see; empty: all
}

// fuseAuthor is who sets the main fuse.
const fuseAuthor = "tollfuse"

// fuseBox counts towards the main fuse.
type fuseBox struct {
	bypasses, cuts []time.Time          // the newest, the oldest of them first, as many as blow it
	blind          map[string]time.Time // PBXs that nobody sees, since when
	dear           map[string]exposure  // calls that fraud may be behind, by PBX
}

// exposure are live calls that fraud may be behind.
type exposure struct {
	calls int
	since time.Time // when there was none before
}

func newFuseBox() fuseBox {
	return fuseBox{blind: make(map[string]time.Time), dear: make(map[string]exposure)}
}

// weigh adds a live lease, or takes it away.
func (f *fuseBox) weigh(l *toll.Lease, by int, at time.Time) {
	if !l.To.Class.Metered() || l.To.Class.Ordinary() {
		return
	}
	d := f.dear[l.Key.PBX]
	if d.calls == 0 {
		d.since = at
	}
	if d.calls += by; d.calls == 0 {
		delete(f.dear, l.Key.PBX)
		return
	}
	f.dear[l.Key.PBX] = d
}

// isBypass and isCut tell whether what a lease says counts. What the owner cut
// himself does not, nor do calls that are everyday business.
func isBypass(l *toll.Lease) bool {
	return l.Adopted && (l.Why == toll.ReasonBypass || l.Cut == toll.ReasonBypass)
}

func isCut(l *toll.Lease) bool {
	switch l.Cut {
	case "", toll.ReasonBypass, toll.ReasonLocked, toll.ReasonManual:
		return false
	}
	return !l.To.Class.Ordinary()
}

// recall counts, while the ledger is replayed, what was counted when it happened:
// each lease once, whatever the replay gives of it. before is what was known of
// it, if anything. A reset is not recalled; it may be that the fuse takes less
// than before when the daemon is restarted inside the window.
func (f *fuseBox) recall(e *toll.Entry, before *holder, o FuseOptions) {
	if isBypass(&e.Lease) && before == nil {
		f.bypasses = counted(f.bypasses, e.Lease.Granted, o.Bypasses)
	}
	if isCut(&e.Lease) && (before == nil || before.lease.Cut == "") {
		f.cuts = counted(f.cuts, e.At, o.Cuts)
	}
}

// feedFuse counts what the watcher and time have brought about, and blows the
// fuse when it is too much.
func (b *Book) feedFuse(entries []toll.Entry) []toll.Entry {
	o := b.options.Fuse
	if b.blown() {
		return entries
	}
	for i := range entries {
		e := &entries[i]
		switch {
		case e.Kind == toll.EntryAdopted && isBypass(&e.Lease):
			if b.fuse.bypasses = counted(b.fuse.bypasses, e.At, o.Bypasses); full(b.fuse.bypasses, e.At, o.Bypasses, o.Within) {
				return append(entries, b.blow(fmt.Sprintf("%d calls around the dialplan within %s", o.Bypasses, toll.FormatLength(o.Within)))...)
			}
		case e.Kind == toll.EntryCutting && isCut(&e.Lease):
			if b.fuse.cuts = counted(b.fuse.cuts, e.At, o.Cuts); full(b.fuse.cuts, e.At, o.Cuts, o.Within) {
				return append(entries, b.blow(fmt.Sprintf("%d calls had to be cut within %s", o.Cuts, toll.FormatLength(o.Within)))...)
			}
		}
	}
	return entries
}

// counted adds a moment to the newest n.
func counted(times []time.Time, at time.Time, n int64) []time.Time {
	if n <= 0 {
		return nil
	}
	place, _ := slices.BinarySearchFunc(times, at, time.Time.Compare)
	times = slices.Insert(times, place, at)
	if int64(len(times)) > n {
		times = times[1:]
	}
	return times
}

// full tells whether there are n moments inside the window.
func full(times []time.Time, now time.Time, n int64, within time.Duration) bool {
	return n > 0 && int64(len(times)) >= n && now.Sub(times[0]) <= within
}

// lookAway notes that nobody sees a PBX, if that is so and not known.
func (b *Book) lookAway(pbx string) {
	ours := len(b.options.Fuse.PBXs) == 0 || slices.Contains(b.options.Fuse.PBXs, pbx)
	if _, known := b.fuse.blind[pbx]; ours && !known && !b.linked[pbx] {
		b.fuse.blind[pbx] = b.now
	}
}

// blindUntil is how long the calls of a PBX that nobody sees are let be; false
// if there are none that could be fraud.
func (b *Book) blindUntil(pbx string) (time.Time, bool) {
	since, blind := b.fuse.blind[pbx]
	d, any := b.fuse.dear[pbx]
	if b.options.Fuse.Blind <= 0 || !blind || !any {
		return time.Time{}, false
	}
	return later(since, d.since).Add(b.options.Fuse.Blind), true
}

// nextBlind is when a PBX that nobody sees blows the fuse, unless its calls have
// ended by then.
func (b *Book) nextBlind() (next time.Time, any bool) {
	if b.options.Fuse.Blind <= 0 || b.blown() {
		return time.Time{}, false
	}
	for pbx := range b.fuse.blind {
		if at, is := b.blindUntil(pbx); is && (!any || at.Before(next)) {
			next, any = at, true
		}
	}
	return next, any
}

// watchBlind blows the fuse when calls have cost money for too long that nobody
// sees.
func (b *Book) watchBlind() []toll.Entry {
	for pbx := range b.fuse.blind {
		if at, is := b.blindUntil(pbx); is && !b.now.Before(at) {
			return b.blow(fmt.Sprintf("nothing was heard of %s for %s while calls may cost money: %d", pbx,
				toll.FormatLength(b.options.Fuse.Blind), b.fuse.dear[pbx].calls))
		}
	}
	return nil
}

func (b *Book) blown() bool {
	_, blown := b.Fuse()
	return blown
}

// Fuse is the main fuse, if it has blown.
func (b *Book) Fuse() (toll.Fuse, bool) {
	s, blown := b.settings[settingKey{"fuse", toll.Setting{Fuse: &toll.Fuse{}}.ID()}]
	if !blown {
		return toll.Fuse{}, false
	}
	return *s.Fuse, true
}

// blow lets the main fuse blow, once until it is reset.
func (b *Book) blow(why string) []toll.Entry {
	if b.blown() {
		return nil
	}
	return b.setFuse(toll.Fuse{Blown: b.now, Why: why})
}

// FuseRan notes how the fuse's command went, if that fuse still stands.
func (b *Book) FuseRan(now time.Time, f toll.Fuse) []toll.Entry {
	b.advance(now)
	stands, blown := b.Fuse()
	if !blown || !stands.Blown.Equal(f.Blown) {
		return nil
	}
	if f.Error != "" && f.Error == stands.Error {
		return nil // it fails as it did before
	}
	stands.Ran, stands.Error = f.Ran, f.Error
	return b.watchOver(b.setFuse(stands))
}

func (b *Book) setFuse(f toll.Fuse) []toll.Entry {
	s := toll.Setting{Fuse: &f, Author: fuseAuthor, At: b.now, Revision: b.judge.Revision() + 1}
	e := toll.Entry{Seq: b.seq + 1, At: b.now, Kind: toll.EntrySetting, Setting: &s}
	if err := b.Apply(e); err != nil {
		return nil // policy has no opinion on fuses
	}
	return []toll.Entry{e}
}
