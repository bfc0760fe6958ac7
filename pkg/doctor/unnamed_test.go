package doctor_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tollfuse/tollfuse/pkg/doctor"
)

// TestTrunksAreProposed puts endpoints that nobody dials into an exchange about which there is nothing to say.
func TestTrunksAreProposed(t *testing.T) {
	const fixed = "[other]\ntype = endpoint\naors = other\nallow_transfer = no\n[other]\ntype = aor\ncontact = sip:HOST\n"
	for _, c := range []struct {
		name, file, text string
		want             string // what is to be pasted; "" if nothing is proposed
	}{
		{"one with a fixed contact", "pjsip.conf", strings.Replace(fixed, "HOST", "203.0.113.7:5060", 1), "- name: other\n  addresses: [\"203.0.113.7\"]"},
		{"one with the name of a host", "pjsip.conf", strings.Replace(fixed, "HOST", "sip.example.net", 1), "- name: other\n  addresses: [\"sip.example.net\"]"},
		{"one that registers", "pjsip.conf", "[other]\ntype = endpoint\n[reg]\ntype = registration\nendpoint = other\nserver_uri = sip:192.168.7.1\n", "- name: other\n  addresses: [\"192.168.7.1\"]"},
		{"one that is identified", "pjsip.conf", "[other]\ntype = endpoint\n[who]\ntype = identify\nendpoint = other\nmatch = 203.0.113.0/24\n", "- name: other\n  addresses: [\"203.0.113.0/24\"]"},
		{"a peer of IAX2", "iax.conf", "[old]\ntype = peer\nhost = 203.0.113.9\n", "- name: IAX2/old\n  addresses: [\"203.0.113.9\"]"},
		{"a peer of chan_sip", "sip.conf", "[old]\ntype = peer\nhost = 203.0.113.9\n", "- name: SIP/old\n  addresses: [\"203.0.113.9\"]"},
		{"a door station", "pjsip.conf", strings.Replace(fixed, "HOST", "192.168.7.20", 1), ""},
		{"a friend of IAX2 that comes from anywhere", "iax.conf", "[2001]\ntype = friend\nhost = dynamic\nsecret = jG3vYpQ7rTfLk3d8WXzN\n", ""},
	} {
		files, config := exchange(t, "careful")
		withGenerated(t, files, config)
		path, before := "etc/asterisk/"+c.file, ""
		if f := files[path]; f != nil {
			before = string(f.Data) + "\n"
		}
		files[path] = &fstest.MapFile{Data: []byte(before + c.text), Mode: 0o644}
		found := examine(t, files, config, "pbx")
		i := slices.IndexFunc(found, func(f doctor.Finding) bool { return f.ID == "trunk.proposed" })
		switch {
		case i < 0 && c.want != "":
			t.Errorf("%s is not proposed", c.name)
		case i >= 0 && (c.want == "" || !strings.Contains(strings.Join(found[i].Mend, "\n"), c.want)):
			t.Errorf("%s: proposed %q, want %q", c.name, found[i].Mend, c.want)
		}
	}
}

// TestGroupOfLinesIsProposedByItsLines dials a group, whose name is that of no channel and of no trunk.
func TestGroupOfLinesIsProposedByItsLines(t *testing.T) {
	for group, want := range map[string]string{"g1": "- name: DAHDI/1 ", "R0": "- name: DAHDI/i1 ", "i2": "- name: DAHDI/i2"} {
		files, config := exchange(t, "careful")
		withGenerated(t, files, config)
		files["etc/asterisk/extensions.conf"] = &fstest.MapFile{Data: []byte("[internal]\nexten => _9.,1,Dial(DAHDI/" + group + "/${EXTEN:1},40)\n#include extensions_tollfuse.conf\n")}
		found := examine(t, files, config, "pbx")
		i := slices.IndexFunc(found, func(f doctor.Finding) bool { return f.ID == "trunk.unnamed" })
		if i < 0 {
			t.Errorf("%s: nobody says that it is not named", group)
			continue
		}
		if mend := strings.Join(found[i].Mend, "\n"); !strings.Contains(mend, want) || group != "i2" && strings.Contains(mend, "DAHDI/"+group) {
			t.Errorf("%s: proposed %q, want %q", group, mend, want)
		}
	}
}
