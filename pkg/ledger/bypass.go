package ledger

import "github.com/tollfuse/tollfuse/pkg/toll"

// bypassAuthor is who sets the locks of those who went around the dialplan.
const bypassAuthor = "bypass"

// punish does what else the site wants of a call around the dialplan that is cut:
// whoever is accountable is locked until the owner releases him, and the main fuse
// blows.
func (b *Book) punish(e toll.Event, l *toll.Lease) (entries []toll.Entry) {
	if e.Lock && l.Caller.ID != "" && lockable(l.Caller.Kind) {
		entries = b.shut(toll.Lock{
			Scope: toll.PerCaller, Subject: l.Caller.ID, Reason: "a call around the dialplan", Author: bypassAuthor, Since: b.now,
		})
	}
	if e.Fuse {
		entries = append(entries, b.blow("a call around the dialplan")...)
	}
	return entries
}

// lockContact locks a phone that has registered with the address of a trunk: whoever
// calls it calls out around the dialplan.
func (b *Book) lockContact(c toll.Caller) []toll.Entry {
	if c.ID == "" || !lockable(c.Kind) {
		return nil
	}
	return b.shut(toll.Lock{
		Scope: toll.PerCaller, Subject: c.ID, Reason: "its contact has the address of a trunk", Author: bypassAuthor, Since: b.now,
	})
}
