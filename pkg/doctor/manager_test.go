package doctor_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestManager changes manager.conf and the user's file, one thing at a time.
func TestManager(t *testing.T) {
	general := func(from, to string) func(fstest.MapFS) {
		return replaced("etc/asterisk/manager.conf", from, to)
	}
	user := func(from, to string) func(fstest.MapFS) {
		return replaced("etc/asterisk/manager.d/tollfuse.conf", from, to)
	}
	for _, c := range []struct {
		name   string
		change func(fstest.MapFS)
		want   string
	}{
		{"as it should be", nil, ""},
		{"switched off", general("enabled = yes", "enabled = no"), "manager.enabled"},
		{"not switched on", general("enabled = yes", ""), "manager.enabled"},
		{"everywhere", general("bindaddr = 127.0.0.1", "bindaddr = ::"), "manager.open"},
		{"on the network", general("bindaddr = 127.0.0.1", "bindaddr = 192.0.2.1"), "manager.open"},
		{"no user", general("#include manager.d/*.conf", ""), "manager.user"},
		{"no events", general("timestampevents = yes", "timestampevents = yes\ndisabledevents = Newchannel,Hangup"), "manager.events"},
		{"no times", general("timestampevents = yes", "timestampevents = no"), "manager.timestampevents"},
		{"another secret", user("secret = ", "secret = x"), "manager.secret"},
		{"may read less", user("read = call,security,system", "read = system"), "manager.rights-few"},
		{"may read more", user("read = call,security,system", "read = call, dialplan ,security,system"), "manager.rights-many"},
		{"may do less", user("write = call,reporting", "write = reporting"), "manager.rights-few"},
		{"may do more", user("write = call,reporting", "write = call,reporting,originate"), "manager.rights-many"},
		{"may do all", user("write = call,reporting", "write = all"), "manager.rights-many"},
		{"in a hurry", user("writetimeout = 5000", "writetimeout = 100"), "manager.writetimeout"},
		{"from anywhere", user("permit = 127.0.0.1/32", "permit = 0.0.0.0/0.0.0.0"), "manager.acl"},
		{"without a deny", user("deny = ", ";deny = "), "manager.acl"},
		{"filtered", user("writetimeout", "eventfilter(action(exclude),name(Newstate)) =\nwritetimeout"), "manager.eventfilter"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := wrongWith(t, guardedPlan, c.change)
			if strings.Join(got, " ") != c.want {
				t.Errorf("found %v, want %q", got, c.want)
			}
		})
	}
}

// replaced changes a text in a file, which must be there.
func replaced(name, from, to string) func(fstest.MapFS) {
	return func(files fstest.MapFS) {
		text := string(files[name].Data)
		if !strings.Contains(text, from) {
			panic(name + " does not hold " + from)
		}
		files[name] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(text, from, to)), Mode: 0o644}
	}
}

// TestEndpoints changes pjsip.conf, one thing at a time.
func TestEndpoints(t *testing.T) {
	pjsip := func(from, to string) func(fstest.MapFS) {
		return replaced("etc/asterisk/pjsip.conf", from, to)
	}
	add := func(name, text string) func(fstest.MapFS) {
		return func(files fstest.MapFS) {
			old := ""
			if f := files["etc/asterisk/"+name]; f != nil {
				old = string(f.Data)
			}
			files["etc/asterisk/"+name] = &fstest.MapFile{Data: []byte(old + text), Mode: 0o644}
		}
	}
	for _, c := range []struct {
		name   string
		change func(fstest.MapFS)
		want   string
	}{
		{"any contact", pjsip("rewrite_contact = yes", ""), "endpoint.rewrite_contact"},
		{"any contact but the carrier's", pjsip("rewrite_contact = yes", "contact_deny = 0.0.0.0/0\ncontact_permit = 192.168.0.0/255.255.0.0"), ""},
		{"the carrier's contact too", pjsip("rewrite_contact = yes", "contact_deny = 0.0.0.0/0\ncontact_permit = 127.0.0.0/255.0.0.0"), "endpoint.contact_acl"},
		{"contacts for all", pjsip("rewrite_contact = yes", "[acl]\ntype = acl\ncontact_deny = 127.0.2.0/24\n[phone](+)"), ""},
		{"a 302 by its address", pjsip("rewrite_contact = yes", "rewrite_contact = yes\nredirect_method = uri_pjsip"), "endpoint.redirect_method"},
		{"a carrier that transfers", pjsip("allow_transfer = no", "allow_transfer = yes"), "endpoint.allow_transfer"},
		{"a short password", pjsip("password = 8WXzJmC2vYpQ7rTfLk3d", "password = 8WXzJmC2v"), "endpoint.password"},
		{"everybody's password", pjsip("password = 8WXzJmC2vYpQ7rTfLk3d", "password = 1234567890"), "endpoint.password"},
		{"no password", pjsip("auth = 1001", ""), "endpoint.no-auth"},
		{"anonymous callers at home", add("pjsip.conf", "\n[anonymous]\ntype=endpoint\ncontext=inside\n"), "endpoint.anonymous"},
		{"anonymous callers who dial out", add("pjsip.conf", "\n[anonymous]\ntype=endpoint\ncontext=internal\n"), "dialplan.inbound-out endpoint.anonymous"},
		{"a trunk of another name", pjsip("[carrier]", "[provider]"), "trunk.missing"},
		{"a trunk at another address", pjsip("match = 127.0.2.1", "match = 127.0.2.1,192.0.2.0/24"), "trunk.address"},
		{"a wizard's phone", add("pjsip_wizard.conf", "[1003]\ntype = wizard\naccepts_registrations = yes\naccepts_auth = yes\ninbound_auth/password = secret\nendpoint/context = internal\n"), "endpoint.password endpoint.rewrite_contact"},
		{"a wizard's trunk that calls in", add("pjsip_wizard.conf", "[spare]\ntype = wizard\nremote_hosts = 192.0.2.9\nendpoint/context = internal\n"), "trunk.proposed"},
		{"guests of chan_sip", add("sip.conf", "[general]\ncontext = inside\n"), "endpoint.guests"},
		{"no guests of chan_sip", add("sip.conf", "[general]\nallowguest = no\n[2001]\ntype = friend\ncontext = internal\nsecret = x2001\n"), "endpoint.password"},
		{"voicemail that calls back", add("voicemail.conf", "[general]\ncallback = raw\n"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := wrongWith(t, guardedPlan+"\n[inside]\nexten => 1,1,Hangup()\n", c.change)
			got = slices.DeleteFunc(got, func(id string) bool { return id == "trunk.address" && c.name == "a trunk of another name" })
			if strings.Join(got, " ") != c.want {
				t.Errorf("found %v, want %q", got, c.want)
			}
		})
	}
}

// TestVoicemailThatDialsOut begins a call where only voicemail.conf says so.
func TestVoicemailThatDialsOut(t *testing.T) {
	got := wrongWith(t, guardedPlan+"\n[raw]\nexten => _X.,1,Dial(PJSIP/${EXTEN}@carrier)\n", func(files fstest.MapFS) {
		files["etc/asterisk/voicemail.conf"] = &fstest.MapFile{Data: []byte("[general]\ndialout = raw\n"), Mode: 0o644}
	})
	if !slices.Equal(got, []string{"dialplan.bypass"}) {
		t.Errorf("found %v", got)
	}
}

// TestNoSecretIsShown looks through all that is said of the careless.
func TestNoSecretIsShown(t *testing.T) {
	files, c := exchange(t, "careless")
	for _, f := range examine(t, files, c, "") {
		said := f.Title + f.Detail + strings.Join(f.Mend, " ")
		for _, secret := range []string{"hunter2", "pw1001", "jG3vYpQ7rTfLk3d8WXzN"} {
			if strings.Contains(said, secret) {
				t.Errorf("%s shows a secret: %s", f.ID, said)
			}
		}
	}
}
