package ledger

import (
	"fmt"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// cutFailed blows the main fuse and tells the owner, once, that a call lives on
// which was ordered to be hung up, whatever was tried.
func (b *Book) cutFailed(h *holder) []toll.Entry {
	l := &h.lease
	if l.Cut == "" || h.failed {
		return nil
	}
	h.failed = true
	b.uncut[l.Key.PBX] = true
	text := fmt.Sprintf("call %s was to be hung up and is still up after %s", l.ID, toll.FormatLength(b.now.Sub(h.cutAt)))
	return append(b.blow(text), b.writeIncidents(b.incidents.Begin(b.now, toll.CutTrouble, l.Key.PBX, text))...)
}

// endUncut closes the incident once the last such call of a PBX has ended.
func (b *Book) endUncut() (entries []toll.Entry) {
	for pbx := range b.uncut {
		if b.anyUncut(pbx) {
			continue
		}
		delete(b.uncut, pbx)
		entries = append(entries, b.writeIncidents(b.incidents.End(b.now, toll.CutTrouble, pbx))...)
	}
	return entries
}

func (b *Book) anyUncut(pbx string) bool {
	for _, h := range b.live {
		if h.failed && h.lease.Key.PBX == pbx {
			return true
		}
	}
	return false
}
