package watch

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// reviewContacts asks whether the phones that are where a trunk is still are: their
// end may have been lost with the link. What cannot be known changes nothing.
func (w *Watcher) reviewContacts(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	lists := make(map[string][]string) // the contacts of each AOR; nil where nothing is known
	for _, key := range slices.Sorted(maps.Keys(w.contacts)) {
		l := w.contacts[key]
		if l.left || !isPlain(l.aor) {
			continue
		}
		if _, asked := lists[l.aor]; !asked {
			lists[l.aor] = w.contactsOf(ctx, l.aor)
		}
		if list := lists[l.aor]; list != nil && !slices.Contains(list, l.uri) {
			w.lodge(ctx, key, l, true)
		}
	}
}

// contactsOf are the contacts of an AOR, by functions of Asterisk that need no right
// beyond those we have (func_pjsip_aor and func_pjsip_contact; seen on 16 and 22). It
// is nil if they are not known: a function that is not loaded has an empty answer, and
// a long list is cut off.
func (w *Watcher) contactsOf(ctx context.Context, aor string) []string {
	ids, told := w.function(ctx, "PJSIP_AOR("+aor+",contact)")
	if !told {
		if _, there := w.function(ctx, "PJSIP_AOR("+aor+",max_contacts)"); there {
			return []string{} // it has none
		}
		return nil
	}
	var list []string
	for id := range strings.SplitSeq(ids, ",") {
		if !isPlain(id) {
			return nil
		}
		uri, told := w.function(ctx, "PJSIP_CONTACT("+id+",uri)")
		if !told {
			return nil
		}
		list = append(list, uri)
	}
	return list
}

// function reads a function of Asterisk's that is of no channel; false if it says nothing.
func (w *Watcher) function(ctx context.Context, name string) (string, bool) {
	short, cancel := context.WithTimeout(ctx, markWait)
	defer cancel()
	value, err := w.client.Getvar(short, "", name)
	return value, err == nil && value != ""
}

// isPlain tells whether a name may stand in a question as it is.
func isPlain(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !strings.ContainsRune("-_.+@;:", r) && (r > 'z' || r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a')
	})
}
