package watch

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// clocked is a blank ledger whose clock the test sets.
type clocked struct {
	blank
	now time.Time
}

func (c *clocked) Now() time.Time { return c.now }

func lodging(asterisk Asterisk, lock bool) (*Watcher, *clocked) {
	heard := &clocked{now: time.Date(2026, 3, 7, 0, 30, 0, 0, time.UTC)}
	return NewStepped(asterisk, heard, Options{
		PBX: "pbx1", Callers: caller.Site{Trunks: []string{"carrier"}}, Trunks: []Trunk{{Name: "carrier", Addresses: []string{"192.0.2.1"}}}, Numbering: short{},
		LockBypass: lock, Log: slog.New(slog.DiscardHandler),
	}), heard
}

// A phone that comes and goes makes few entries, one that comes beside it is told at
// once, and in the end it is told that both have gone.
func TestFlappingContactsMakeFewEntries(t *testing.T) {
	w, heard := lodging(variables{}, false)
	registers := func(endpoint, status string) {
		w.noteContact(t.Context(), contactEvent(t, endpoint, "sip:0023222123456@192.0.2.1", status))
	}
	for range 60 {
		registers("1001", "NonQualified")
		registers("1001", "Removed")
		heard.now = heard.now.Add(time.Minute)
		w.TakeLatePicture(t.Context())
	}
	if n := len(heard.told); n > 14 {
		t.Errorf("in an hour %d entries: %s", n, inWords(heard.told))
	}
	heard.now = heard.now.Add(contactRest)
	w.TakeLatePicture(t.Context())
	if last := heard.told[len(heard.told)-1]; last.Kind != toll.TroubleEnded {
		t.Errorf("it has gone, and the last that is told is %s", inWords(heard.told[len(heard.told)-1:]))
	}
	registers("1001", "NonQualified")
	registers("1001", "Removed")
	heard.told = nil
	registers("1002", "NonQualified")
	if got := inWords(heard.told); !strings.HasPrefix(got, "trouble ") {
		t.Errorf("another one comes: %q", got)
	}
	registers("1002", "Removed")
	heard.told = nil
	heard.now = heard.now.Add(contactRest)
	w.TakeLatePicture(t.Context())
	w.TakeLatePicture(t.Context())
	if got := inWords(heard.told); got != "mended" {
		t.Errorf("all have gone: %q", got)
	}
}

// Those that have gone make room for those that come.
func TestGoneContactsTakeNobodysPlace(t *testing.T) {
	w, heard := lodging(variables{}, false)
	w.forgotten = heard.now
	for n := range mostContacts + 1 {
		uri := fmt.Sprintf("sip:0023222%06d@192.0.2.1", n)
		w.noteContact(t.Context(), contactEvent(t, "1001", uri, "NonQualified"))
		w.noteContact(t.Context(), contactEvent(t, "1001", uri, "Removed"))
	}
	w.noteContact(t.Context(), contactEvent(t, "1002", "sip:0023222123456@192.0.2.1", "NonQualified"))
	if l, kept := w.contacts["1002 sip:0023222123456@192.0.2.1"]; !kept || l.left {
		t.Error("one that is there is not kept in mind")
	}
}

func TestNumbersWithLettersBehindThem(t *testing.T) {
	w, _ := lodging(variables{}, false)
	for user, home := range map[string]bool{
		"0088212345x": false, "+88212345678x": false, "0023222123456abc": false, "0023222123456": false,
		"1001": true, "1001a": true, "9af2l3": true, "k3j2h1ab": true, "1234567a": true, "48120391f3": true,
		"a00232221234": true, "0123456789abcdef0123456789abcdef": true, "00000000-1111-4abc-8def-000000000000": true,
	} {
		if got := w.isAtHome(user, w.options.Trunks[0]); got != home {
			t.Errorf("%s: at home %t, want %t", user, got, home)
		}
	}
	w.options.Numbering = homeOnly{} // which takes every number for one
	if w.isAtHome("48120391x", w.options.Trunks[0]) {
		t.Error("a number of the country with a letter behind it is at home")
	}
}

// unsure is an Asterisk that does not answer what somebody asks of no channel.
type unsure struct{ variables }

func (unsure) Getvar(context.Context, string, string) (string, error) {
	return "", context.DeadlineExceeded
}

// The end of a contact that was lost with the link is seen afterwards, where Asterisk
// says so for sure.
func TestContactsThatWentUnseen(t *testing.T) {
	const uri, other, id = "sip:0023222123456@192.0.2.1", "sip:1001@198.51.100.7", "1001;@1f307475f1ab6695f4aa87e45291deef"
	loaded := variables{"PJSIP_AOR(1001,max_contacts)": "2"}
	with := func(more variables) variables { all := maps.Clone(loaded); maps.Copy(all, more); return all }
	for name, test := range map[string]struct {
		asterisk Asterisk
		gone     bool
	}{
		"no contact is left":            {loaded, true},
		"it has another":                {with(variables{"PJSIP_AOR(1001,contact)": id, "PJSIP_CONTACT(" + id + ",uri)": other}), true},
		"it is there":                   {with(variables{"PJSIP_AOR(1001,contact)": "1001@@0a," + id, "PJSIP_CONTACT(1001@@0a,uri)": other, "PJSIP_CONTACT(" + id + ",uri)": uri}), false},
		"a contact that cannot be read": {with(variables{"PJSIP_AOR(1001,contact)": id}), false},
		"a list that is cut off":        {with(variables{"PJSIP_AOR(1001,contact)": id + ",1001;@1f", "PJSIP_CONTACT(" + id + ",uri)": other}), false},
		"a contact with an odd name":    {with(variables{"PJSIP_AOR(1001,contact)": "a)b", "PJSIP_CONTACT(a)b,uri)": other}), false},
		"the functions are not loaded":  {variables{}, false},
		"Asterisk does not answer":      {unsure{}, false},
	} {
		w, heard := lodging(test.asterisk, true)
		w.noteContact(t.Context(), contactEvent(t, "1001", uri, "NonQualified"))
		heard.told = nil
		w.Take(t.Context(), ami.Notice{Kind: ami.Up})
		if got := inWords(heard.told); strings.Contains(got, "mended") != test.gone || strings.Contains(got, "contact") {
			t.Errorf("%s: the ledger hears %q, gone is %t", name, got, test.gone)
		}
	}
}

func TestOddNamesAreNotAsked(t *testing.T) {
	for name, want := range map[string]bool{"1001": true, "1001;@0af": true, "a.b-c_d": true, "": false, "a,b": false, "a)b": false, "a(b": false, "a${b}": false, "a\nb": false, "ä": false} {
		if got := isPlain(name); got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
}
