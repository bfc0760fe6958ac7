package toll

import "time"

// EntryKind says what happened.
type EntryKind string

// The kinds of entries. They are stored; never renamed, never reused.
const (
	EntryRefused EntryKind = "refused"   // a question was refused
	EntryGranted EntryKind = "granted"   // a lease was given
	EntryAdopted EntryKind = "adopted"   // a live trunk leg without a lease was taken into the book
	EntryChanged EntryKind = "changed"   // leg known, answered, re-priced or timer moved
	EntryRenewed EntryKind = "renewed"   // more talk time was reserved
	EntryCutting EntryKind = "cutting"   // the order to hang up was given
	EntryEnded   EntryKind = "ended"     // settled
	EntryShadow  EntryKind = "would_cut" // a live call would have been hung up, if what stands against it did not only observe
	EntrySetting EntryKind = "setting"   // the owner changed a rule, limit or lock

	EntryIncident EntryKind = "incident" // an incident as it stands now
	EntryNotice   EntryKind = "notice"   // a notice to the owner was made, tried or sent
)

// WouldDeny stands where history is asked for an outcome, for calls that would have
// been refused or cut if what was against them had not only observed. No entry is
// of this kind.
const WouldDeny EntryKind = "would_deny"

// Extends tells whether the entry widens what somebody may do. Such an entry
// is durable before anybody hears of it; the others act at once and are
// durable soon after.
func (e *Entry) Extends() bool {
	switch e.Kind {
	case EntryGranted, EntryRenewed:
		return true
	case EntrySetting:
		s := e.Setting
		return s != nil && s.Fuse == nil && (s.Removed || s.Lock == nil)
	}
	return false
}

// Entry is one line of the ledger. It carries the lease as it stands after the
// change, whole, so that applying it needs nothing but the book.
type Entry struct {
	Seq     int64     `json:"seq"` // 1, 2, 3 … in the order of the book
	At      time.Time `json:"at"`  // the ledger's clock, which never runs backwards
	Kind    EntryKind `json:"kind"`
	Count   int64     `json:"count,omitempty"` // how many refusals this line stands for; 0 means one
	Lease   Lease     `json:"lease,omitzero"`
	Setting *Setting  `json:"setting,omitempty"`

	Incident *Incident `json:"incident,omitempty"`
	Notice   *Notice   `json:"notice,omitempty"`
}
