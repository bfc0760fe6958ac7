package ledger

import (
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// longestProlonged is for how long a lock of a limit stands at most, whoever tries:
// a forgotten fax machine must not be shut for ever.
const longestProlonged = 7 * 24 * time.Hour

// byLimit is how the author of such a lock begins.
const byLimit = "limit "

// prolong lets a lock that a limit has set last for its whole time from now, since
// somebody still tries: an attack that is shut out tonight would else go on in the
// morning, and be paid for once more before the limit acts again. It is written
// anew when half of its time is over, so that ten tries a second make no ten
// entries.
func (b *Book) prolong(id string) []toll.Entry {
	stands, found := b.settings[settingKey{"lock", id}]
	if !found || stands.Lock.Until.IsZero() {
		return nil
	}
	name, ours := strings.CutPrefix(stands.Lock.Author, byLimit)
	limit, known := b.settings[settingKey{"limit", name}]
	if !ours || !known || !locks(limit.Limit) {
		return nil
	}
	lock, whole := *stands.Lock, limit.Limit.LockFor
	until := b.now.Add(whole)
	if last := lock.Since.Add(longestProlonged); last.Before(until) {
		until = last
	}
	if lock.Until.Sub(b.now) > whole/2 || !lock.Until.Before(until) {
		return nil
	}
	lock.Until = until
	set := toll.Setting{Lock: &lock, Author: lock.Author, At: b.now, Revision: b.judge.Revision() + 1}
	e := toll.Entry{Seq: b.seq + 1, At: b.now, Kind: toll.EntrySetting, Setting: &set}
	if err := b.Apply(e); err != nil {
		return nil // policy has no opinion on locks
	}
	return []toll.Entry{e}
}

// locks tells whether the limit would lock somebody today: its owner may have turned
// it into one that only observes since, because it locked the wrong one.
func locks(l *toll.Limit) bool {
	return !l.Observe && (l.Does(toll.LockCaller) || l.Does(toll.LockRange))
}
