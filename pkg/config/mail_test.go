package config

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPasswordFile(t *testing.T) {
	withFile := func(path string) string {
		return write(t, "tollfuse.yaml", withMail("server: mail.example.com:587, user: u, password_file: "+path), 0o600)
	}
	c, err := Load(withFile(write(t, "closed", "hunter2\r\n", 0o600)))
	if err != nil || c.Mail.Password.Reveal() != "hunter2" || len(c.Warnings) > 0 {
		t.Errorf("%q, %q, %v", c.Mail.Password.Reveal(), c.Warnings, err)
	}
	c, err = Load(withFile(write(t, "open", "hunter2", 0o644)))
	if err != nil || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "the password of the mail server and can be read by every user") {
		t.Errorf("%q, %v", c.Warnings, err)
	}
	_, err = Load(withFile(filepath.Join(t.TempDir(), "none")))
	if err == nil || !strings.Contains(err.Error(), "mail.password_file: the secret cannot be read") {
		t.Errorf("%v", err)
	}
	inside := write(t, "tollfuse.yaml", withMail("server: mail.example.com:587, user: u, password: hunter2"), 0o644)
	if err := os.Chmod(inside, 0o604); err != nil {
		t.Fatal(err)
	}
	if c, err = Load(inside); err != nil || len(c.Warnings) != 2 { // the AMI secret is there too
		t.Errorf("%q, %v", c.Warnings, err)
	}
}

func TestBareAddress(t *testing.T) {
	for _, test := range []struct {
		text string
		bare bool
	}{
		{"admin@example.com", true},
		{"first.last+tag@mail.example.com", true},
		{"o'neil@example.com", true},
		{"root@localhost", true},
		{"jürgen@exämple.de", true},
		{"root", false},
		{"", false},
		{"-bs@example.com", false},
		{"Admin <admin@example.com>", false},
		{"<admin@example.com>", false},
		{"admin@example.com (the boss)", false},
		{"a@example.com, b@example.com", false},
		{"a@example.com\r\nBcc: b@example.com", false},
		{"a@example.com\n", false},
		{" a@example.com", false},
		{`"a b"@example.com`, false},
		{"a@example.com\x00", false},
		{strings.Repeat("a", 250) + "@example.com", false},
	} {
		if got := bareAddress(test.text); got != test.bare {
			t.Errorf("%q: %v", test.text, got)
		}
	}
}

func TestSender(t *testing.T) {
	for _, test := range []struct{ from, host, want string }{
		{"", "pbx.example.com", "tollfuse@pbx.example.com"},
		{"", "pbx", "tollfuse@pbx"},
		{"", "", "tollfuse@localhost"},
		{"", "my pbx\r\nBcc: x", "tollfuse@localhost"},
		{"fuse@example.com", "pbx", "fuse@example.com"},
	} {
		if got := (Mail{From: test.from}).Sender(test.host); got != test.want {
			t.Errorf("%q on %q: %q", test.from, test.host, got)
		}
	}
}

func TestDefaultsOfAlertsStand(t *testing.T) {
	c, err := Parse([]byte(least + "alerts: {emergency: true}\nfuse: {command: [/usr/local/sbin/shut, --all], blind: 0s}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Alerts.Refusals != 5 || !c.Alerts.Emergency || c.Alerts.Quiet != 30*time.Minute {
		t.Errorf("%+v", c.Alerts)
	}
	if !slices.Equal(c.Fuse.Command, []string{"/usr/local/sbin/shut", "--all"}) || c.Fuse.Blind != 0 || c.Fuse.Cuts != 30 {
		t.Errorf("%+v", c.Fuse)
	}
}

// TestLookUp is about trunks named by host.
func TestLookUp(t *testing.T) {
	names := map[string][]string{
		"sip.example.com":  {"203.0.113.8", "203.0.113.7", "2001:db8::7"},
		"both.example.com": {"203.0.113.7"},
		"none.example.com": {},
	}
	asked := 0
	lookup := func(_ context.Context, host string) ([]string, error) {
		asked++
		if there, known := names[host]; known {
			return slices.Clone(there), nil
		}
		return nil, errors.New("no such host")
	}
	for _, test := range []struct {
		addresses []string
		want      string
	}{
		{[]string{"203.0.113.7", "2001:db8::1", "198.51.100.0/24", "203.0.113.7:5060"}, ""},
		{[]string{"gone.example.com"}, "asterisk pbx: trunk carrier: the name gone.example.com cannot be resolved, so nothing is found by it: no such host"},
		{[]string{"none.example.com:5060"}, "it has no address"},
		{[]string{"both.example.com", "203.0.113.0/24"}, ""},
		{[]string{"sip.example.com", "203.0.113.7"}, "add to addresses: 2001:db8::7, 203.0.113.8"},
	} {
		c := Config{Asterisk: []Asterisk{{Name: "pbx", Trunks: []Trunk{{Name: "carrier", Addresses: test.addresses}}}}}
		got := strings.Join(c.LookUp(t.Context(), lookup), "\n")
		if !strings.Contains(got, test.want) || (test.want == "") != (got == "") {
			t.Errorf("%q gave %q, want %q", test.addresses, got, test.want)
		}
	}
	if asked != 4 {
		t.Errorf("%d names were looked up", asked)
	}
}
