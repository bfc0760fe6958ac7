package ledger

import (
	"fmt"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// FuseOptions say when the main fuse blows. What is zero never blows it.
type FuseOptions struct {
	Bypasses int64 // so many calls around the dialplan inside Within
	Cuts     int64 // so many calls inside Within that nobody asked us to cut
	Within   time.Duration
	Blind    time.Duration // for how long calls that fraud may be behind may be up while nobody sees them
}

// fuseAuthor is who sets the main fuse.
const fuseAuthor = "tollfuse"

// fuseBox counts towards the main fuse.
type fuseBox struct {
	bypasses, cuts []time.Time          // the newest, as many as blow it
	blind          map[string]time.Time // PBXs that nobody sees, since when
}

// feedFuse counts what the watcher and time have brought about, and blows the
// fuse when it is too much. What the owner cut himself does not count.
func (b *Book) feedFuse(entries []toll.Entry) []toll.Entry {
	o := b.options.Fuse
	for _, e := range entries {
		switch {
		case e.Kind == toll.EntryAdopted && e.Lease.Why == toll.ReasonBypass:
			if b.fuse.bypasses = counted(b.fuse.bypasses, e.At, o.Bypasses); full(b.fuse.bypasses, e.At, o.Bypasses, o.Within) {
				return append(entries, b.blow(fmt.Sprintf("%d calls around the dialplan within %s", o.Bypasses, toll.Span(o.Within)))...)
			}
		case e.Kind == toll.EntryCutting && e.Lease.Cut != toll.ReasonBypass && e.Lease.Cut != toll.ReasonLocked && e.Lease.Cut != toll.ReasonManual:
			if b.fuse.cuts = counted(b.fuse.cuts, e.At, o.Cuts); full(b.fuse.cuts, e.At, o.Cuts, o.Within) {
				return append(entries, b.blow(fmt.Sprintf("%d calls had to be cut within %s", o.Cuts, toll.Span(o.Within)))...)
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
	times = append(times, at)
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
	if _, known := b.fuse.blind[pbx]; !known && !b.linked[pbx] {
		b.fuse.blind[pbx] = b.now
	}
}

// nextBlind is when a PBX that nobody sees blows the fuse, unless its dear calls
// have ended by then.
func (b *Book) nextBlind() (next time.Time, any bool) {
	if b.options.Fuse.Blind <= 0 || b.blown() {
		return time.Time{}, false
	}
	for pbx, since := range b.fuse.blind {
		if at := since.Add(b.options.Fuse.Blind); b.dearCalls(pbx) > 0 && (!any || at.Before(next)) {
			next, any = at, true
		}
	}
	return next, any
}

// watchBlind blows the fuse when calls have cost money for too long that nobody
// sees.
func (b *Book) watchBlind() []toll.Entry {
	at, any := b.nextBlind()
	if !any || b.now.Before(at) {
		return nil
	}
	for pbx, since := range b.fuse.blind {
		if calls := b.dearCalls(pbx); calls > 0 && !b.now.Before(since.Add(b.options.Fuse.Blind)) {
			return b.blow(fmt.Sprintf("nothing was heard of %s for %s while %d calls may cost money", pbx, toll.Span(b.now.Sub(since).Round(time.Second)), calls))
		}
	}
	return nil
}

// dearCalls is how many calls of the PBX fraud could be behind.
func (b *Book) dearCalls(pbx string) (n int) {
	for _, h := range b.live {
		if l := &h.lease; l.Key.PBX == pbx && l.To.Class.Metered() && !l.To.Class.Ordinary() {
			n++
		}
	}
	return n
}

func (b *Book) blown() bool {
	_, blown := b.settings[settingKey{"fuse", toll.Setting{Fuse: &toll.Fuse{}}.ID()}]
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
	b.fuse.bypasses, b.fuse.cuts = nil, nil
	return b.setFuse(toll.Fuse{Blown: b.now, Why: why})
}

// FuseRan notes how the fuse's command went, if that fuse still stands.
func (b *Book) FuseRan(now time.Time, f toll.Fuse) []toll.Entry {
	b.advance(now)
	stands, blown := b.Fuse()
	if !blown || !stands.Blown.Equal(f.Blown) {
		return nil
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
