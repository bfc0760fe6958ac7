package watch

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// eventContact tells that a phone has registered, or that its contact has gone
// (class system; the same on 16 and 22).
const eventContact = "ContactStatus"

// contactGone is its ContactStatus then.
const contactGone = "Removed"

// noteContact looks whether a phone has registered with the address of a trunk: who
// calls that phone calls out, and asks nobody. What was registered before the link
// stood cannot be listed with the rights that we have; it is found when it is called.
func (w *Watcher) noteContact(ctx context.Context, m ami.Message) bool {
	if m.Event() != eventContact {
		return false
	}
	uri, whole := m.Only("URI")
	endpoint, named := m.Only("EndpointName")
	status, told := m.Only("ContactStatus")
	if whole && named && told && m.Get("Privilege") == "system,all" {
		aor, _ := m.Only("AOR")
		w.contact(ctx, endpoint, aor, uri, status == contactGone)
	}
	return true
}

// mostContacts bounds how many are kept in mind.
const mostContacts = 1000

// contactRest is how long one that has gone stays in mind after another one was told
// to have gone: a phone that comes and goes all night is told of a few times an hour.
const contactRest = 10 * time.Minute

// contact keeps an endpoint in mind whose contact is the address of a trunk. The
// trunks themselves have it by right.
func (w *Watcher) contact(ctx context.Context, endpoint, aor, uri string, gone bool) {
	channel := pjsip + endpoint + "-00000000"
	if _, isTrunk := w.options.Callers.Trunk(channel); isTrunk || uriAt(uri) != 0 {
		return
	}
	d := parseURI(uri)
	for _, t := range w.options.Trunks {
		for _, address := range t.Addresses {
			if !reaches(address, d.target) || w.isAtHome(d.number, t) {
				continue
			}
			l := lodger{caller: w.options.Callers.Resolve(caller.Facts{Channel: channel}), trunk: t.Name, address: address, aor: aor, uri: uri}
			w.lodge(ctx, endpoint+" "+uri, l, gone)
			return
		}
	}
}

// lodger is a phone that is where a trunk is.
type lodger struct {
	caller  toll.Caller
	trunk   string
	address string
	aor     string // Asterisk's name of the list that the contact is in
	uri     string
	left    bool // it has gone, and that is not told yet
}

// lodge notes that a phone has come to where a trunk is, or gone. Only one that has
// come is locked: the owner may have released those that were there.
func (w *Watcher) lodge(ctx context.Context, key string, l lodger, gone bool) {
	before, known := w.contacts[key]
	if known && !gone && !before.left {
		return
	}
	l.left = gone
	if !known && len(w.contacts) >= mostContacts {
		maps.DeleteFunc(w.contacts, func(_ string, l lodger) bool { return l.left })
	}
	switch {
	case known, !gone && len(w.contacts) < mostContacts:
		w.contacts[key] = l
	case !gone:
		w.options.Log.Error("too many phones are where a trunk is; no more of them are kept in mind", "pbx", w.options.PBX, "phones", mostContacts)
	}
	if !gone && w.options.LockBypass {
		w.record(ctx, toll.Event{Kind: toll.ContactFound, Found: &toll.Question{Caller: l.caller}})
	}
	w.forgetContacts()
	w.sayContacts(ctx)
}

// forgetContacts forgets who has gone, unless others were forgotten a short while ago.
func (w *Watcher) forgetContacts() (some bool) {
	now := w.ledger.Now()
	if !w.forgotten.IsZero() && now.Sub(w.forgotten) < contactRest {
		return false
	}
	before := len(w.contacts)
	maps.DeleteFunc(w.contacts, func(_ string, l lodger) bool { return l.left })
	if some = len(w.contacts) < before; some {
		w.forgotten = now
	}
	return some
}

// sayContacts tells the ledger who is where a trunk is, when that has changed. The
// sentence has no word of the contact's own, which anybody could have written.
func (w *Watcher) sayContacts(ctx context.Context) {
	keys := slices.Sorted(maps.Keys(w.contacts))
	e := toll.Event{Kind: toll.TroubleEnded, Trouble: toll.ContactTrouble}
	text := ""
	if len(keys) > 0 {
		one := w.contacts[keys[0]]
		text = fmt.Sprintf("the contact of %s has the address %s of the trunk %s", one.caller, one.address, one.trunk)
		if more := len(keys) - 1; more > 0 {
			text += fmt.Sprintf(", and so have %d more", more)
		}
		e.Kind, e.Text = toll.TroubleBegan, text
	}
	if text != "" && text == w.lodging {
		return
	}
	w.lodging = text
	if text != "" {
		w.options.Log.Warn("a phone is where a trunk is", "pbx", w.options.PBX, "text", text)
	}
	w.record(ctx, e)
}
