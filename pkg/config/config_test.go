package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// least is the smallest file that is one.
const least = `
site: {country: US}
asterisk: [{name: pbx, ami: {secret: x}, trunks: [{name: carrier}]}]
mail: {to: [admin@example.com]}
`

// TestSampleIsDefault keeps the sample true: but for what is required, it says
// exactly what a file means that says nothing.
func TestSampleIsDefault(t *testing.T) {
	got, err := Parse([]byte(Sample()))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Site.Country = "US"
	a := Asterisk{Name: "pbx", Groups: map[string][]string{}}
	a.preset()
	a.AMI.Secret = "change-me"
	a.Trunks = []Trunk{{Name: "carrier"}}
	want.Asterisk = []Asterisk{a}
	if len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "nobody is told") {
		t.Errorf("warnings %q", got.Warnings)
	}
	got.Warnings = nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the sample says\n%+v\nwant\n%+v", got, want)
	}
}

// TestSampleHasEveryKey takes each key out of the sample's own text.
func TestSampleHasEveryKey(t *testing.T) {
	for _, key := range keysOf(reflect.TypeFor[Config]()) {
		if key == "pattern" || key == "class" { // shown within a comment
			continue
		}
		if !strings.Contains(Sample(), key+":") {
			t.Errorf("the sample lacks %s", key)
		}
	}
	for i, line := range strings.Split(Sample(), "\n") {
		key, rest, isKey := strings.Cut(line, ": ")
		if isKey && !strings.HasPrefix(strings.TrimSpace(key), "#") && !strings.Contains(rest, "#") &&
			strings.TrimSpace(key) != "address" && strings.TrimSpace(key) != "path" {
			t.Errorf("line %d has no comment that says why: %s", i+1, line)
		}
	}
}

func keysOf(t reflect.Type) []string {
	var keys []string
	for t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if name := f.Tag.Get("yaml"); name != "-" {
			keys = append(append(keys, name), keysOf(f.Type)...)
		}
	}
	return keys
}

// TestScalarsAreTakenAsWritten is about what YAML would make of them.
func TestScalarsAreTakenAsWritten(t *testing.T) {
	c, err := Parse([]byte(`
site: {country: NO, countries: [SE], currency: NOK, size: 010}
asterisk:
  - name: 007
    ami: {secret: 0123456}
    trunks: [{name: 0x10, prefix: 00}]
    groups: {010: [1001]}
numbering:
  international_prefixes: [00, 011]
  access_codes: [9, 0]
  extensions: [1XXX, 0100]
  feature_codes: ["*97"]
  area_code: 030
  emergency: [061]
prices: {home: 0.015, allowed: 010, other: 11, premium: 12}
calls: {max: 1h30m}
fastagi: {deadline: 50ms, allow: ["::1"]}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range []struct {
		what      string
		got, want any
	}{
		{"size", c.Site.Size, 10},
		{"country that YAML 1.1 takes for no", c.Site.Country, "NO"},
		{"name", c.Asterisk[0].Name, "007"},
		{"secret", c.Asterisk[0].AMI.Secret.Reveal(), "0123456"},
		{"trunk", c.Asterisk[0].Trunks[0].Name, "0x10"},
		{"prefix", c.Asterisk[0].Trunks[0].Prefix, "00"},
		{"group", c.Asterisk[0].Groups, map[string][]string{"010": {"1001"}}},
		{"preset", c.Asterisk[0].AMI.Address, "127.0.0.1:5038"},
		{"international prefixes", c.Numbering.InternationalPrefixes, []string{"00", "011"}},
		{"access codes", c.Numbering.AccessCodes, []string{"9", "0"}},
		{"extensions", c.Numbering.Extensions, []string{"1XXX", "0100"}},
		{"area code", c.Numbering.AreaCode, "030"},
		{"emergency", c.Numbering.Emergency, []string{"061"}},
		{"home", c.Prices.Home, toll.Money(15_000)},
		{"allowed", c.Prices.Allowed, 10 * toll.Unit},
		{"premium", c.Prices.Premium, 12 * toll.Unit},
		{"shared cost keeps its default", c.Prices.SharedCost, Default().Prices.SharedCost},
		{"max", c.Calls.Max, 90 * time.Minute},
		{"a list replaces its default", c.FastAGI.Allow, []string{"::1"}},
	} {
		if !reflect.DeepEqual(check.got, check.want) {
			t.Errorf("%s: got %v, want %v", check.what, check.got, check.want)
		}
	}
}

// TestSecretIsNeverShown prints a configuration by every way there is.
func TestSecretIsNeverShown(t *testing.T) {
	c, err := Parse([]byte(strings.Replace(least, "secret: x", "secret: hunter2", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if c.Asterisk[0].AMI.Secret.Reveal() != "hunter2" {
		t.Fatal("the secret was not read")
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&out, verb+"\n", c)
		fmt.Fprintf(&out, verb+"\n", c.Asterisk[0].AMI.Secret)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("text", "config", c, "secret", c.Asterisk[0].AMI.Secret)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "config", c, "ami", c.Asterisk[0].AMI)
	inJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	inYAML, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(inJSON)
	out.Write(inYAML)
	for _, hidden := range []string{"hunter2", "68756e74657232"} {
		if strings.Contains(out.String(), hidden) {
			t.Errorf("the secret shows in\n%s", out.String())
		}
	}
	if !strings.Contains(out.String(), redacted) {
		t.Error("nothing shows that there is a secret")
	}
}

// TestSyntaxErrorsHideTheSecret breaks the line of the secret in many ways.
func TestSyntaxErrorsHideTheSecret(t *testing.T) {
	for _, line := range []string{
		`secret: "hunter2`, `secret: 'hunter2`, `secret: "hunter2" hunter2`, `secret: hunter2: x`, `secret: [hunter2`,
		`secret: {hunter2`, `secret: "\hunter2"`, `secret: @hunter2`, "secret: `hunter2", `secret: *hunter2`, `secret: !hunter2 x`,
		`secret: |hunter2`, `secret: %hunter2`, `hunter2`, `- hunter2`, `secret: &hunter2`, `secret: !!int hunter2`, `secret: ]hunter2`,
	} {
		_, err := Parse([]byte("site: {country: US}\nasterisk:\n  - name: pbx\n    ami:\n      " + line + "\n    trunks: [{name: carrier}]\n"))
		if err == nil {
			continue // a strange secret, but one
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func withMail(more string) string {
	return strings.Replace(least, "[admin@example.com]", "[admin@example.com], "+more, 1)
}

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return path
}

func TestLoadWarnsOfReadableSecrets(t *testing.T) {
	withFile := func(path string) string {
		return strings.Replace(least, "secret: x", "secret_file: "+path, 1)
	}
	open, closed := write(t, "open", "hunter2\n", 0o644), write(t, "closed", "hunter2\n", 0o600)
	for _, test := range []struct {
		name, text string
		mode       os.FileMode
		warns      bool
	}{
		{"secret inside, private", least, 0o600, false},
		{"secret inside, for the group", least, 0o640, false},
		{"secret inside, for all", least, 0o644, true},
		{"secret in a private file", withFile(closed), 0o644, false},
		{"secret in an open file", withFile(open), 0o600, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, "tollfuse.yaml", test.text, test.mode)
			c, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if c.Path != path || c.Asterisk[0].AMI.Secret == "" {
				t.Errorf("path %q, secret %q", c.Path, c.Asterisk[0].AMI.Secret)
			}
			if warned := len(c.Warnings) == 1 && strings.Contains(c.Warnings[0], "chmod 0600"); warned != test.warns {
				t.Errorf("warnings %q", c.Warnings)
			}
		})
	}
}

func TestSecretFiles(t *testing.T) {
	for _, test := range []struct{ name, path, want string }{
		{"missing", filepath.Join(t.TempDir(), "none"), "no such file"},
		{"a folder", t.TempDir(), "is no regular file"},
		{"empty", write(t, "s", "\n", 0o600), "is empty"},
		{"two lines", write(t, "s", "hunter2\nAction: Originate\n", 0o600), "such as a line break"},
		{"endless", write(t, "s", strings.Repeat("x", 300), 0o600), "larger than 256 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(write(t, "tollfuse.yaml", strings.Replace(least, "secret: x", "secret_file: "+test.path, 1), 0o600))
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "asterisk[0].ami.secret_file") {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{least + "observe: true\n", "nothing is blocked"},
		{least + "fastagi: {allow: [0.0.0.0/0]}\n", "lets everybody ask"},
		{strings.Replace(least, "secret: x", "secret: x, address: pbx.example.net:5038", 1), "in the clear"},
		{strings.Replace(least, "secret: x", "secret: x, tls: true, address: pbx.example.net:5039", 1), ""},
		{strings.Replace(least, "admin@example.com", "", 1), "nobody is told"},
		{least + "log: {level: warn}\n", ""},
		{withMail("server: mail.example.com:25, security: none"), "what is told of attacks crosses the network to mail.example.com"},
		{withMail("server: mail.example.com:25, security: none, user: u, password: x"), "with the password, crosses"},
		{withMail("server: localhost:25, security: none"), ""},
		{withMail("server: '[::1]:25', security: none, user: u, password: x"), ""},
		{withMail("server: mail.example.com:587"), ""},
		{strings.Replace(least, "{name: carrier}", "{name: carrier, addresses: ['203.0.113.7:5060']}", 1), "another port of 203.0.113.7 than 5060"},
		{strings.Replace(least, "{name: carrier}", "{name: carrier, addresses: ['203.0.113.7', '2001:db8::1', sip.example.com, 198.51.100.0/24]}", 1), ""},
		{least, ""},
	} {
		c, err := Parse([]byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(c.Warnings, "\n"); !strings.Contains(got, test.want) || (test.want == "") != (got == "") {
			t.Errorf("%s\ngave %q, want %q", test.text, got, test.want)
		}
	}
}

// A call that never asked is cut by a site that says nothing about it, a new one included.
func TestBypassesAreCutByDefault(t *testing.T) {
	c, err := Parse([]byte(least))
	if err != nil || c.Bypass != BypassCut {
		t.Errorf("bypass: %s, %v", c.Bypass, err)
	}
	text, err := Starter(c)
	if err != nil || !strings.Contains(string(text), "\nbypass: \"cut\"") {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestStarter reads back what init writes, hostile choices included.
func TestStarter(t *testing.T) {
	c := Default()
	c.Site.Country, c.Site.Countries, c.Site.Timezone = "DE", []string{"AT", "CH"}, "Europe/Berlin"
	a := Asterisk{Name: "pbx", Trunks: []Trunk{{Name: "carrier", Addresses: []string{"203.0.113.7"}}, {Name: "DAHDI/i1"}}}
	a.preset()
	a.AMI.Secret = `"quoted" # {{.}} <&> 'x' \ ü`
	c.Asterisk = []Asterisk{a}
	c.Numbering.AccessCodes, c.Numbering.Extensions, c.Numbering.Emergency = []string{"9"}, []string{"1XXX", "2[0-4]X"}, []string{"144"}
	c.Failure.Home = Deny
	c.Alerts.Emergency, c.Log.Decisions = true, "/var/log/tollfuse/decisions.log"
	c.Mail.To, c.Mail.From, c.Mail.Server, c.Mail.Security = []string{"a+b@example.com", "x'y@example.com"}, "fuse@example.com", "mail.example.com:465", TLS
	c.Mail.User, c.Mail.PasswordFile = `DOMAIN\user "x"`, "/etc/tollfuse/mail password"
	text, err := Starter(c)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, c) {
		t.Errorf("read back\n%+v\nwant\n%+v\nfrom\n%s", got, c, text)
	}
	c.Ledger.Path = "/x\nobserve: true"
	if text, err := Starter(c); err == nil {
		if got, err := Parse(text); err != nil || got.Observe {
			t.Errorf("a choice has become a key: %v\n%s", err, text)
		}
	}
	c.Asterisk[0].Trunks[0].Name = "carrier,60"
	if _, err := Starter(c); err == nil {
		t.Error("a trunk that Parse refuses was written")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(Sample()))
	f.Add([]byte(least))
	files, _ := filepath.Glob("testdata/bad/*.yml")
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(text)
		if err != nil || !reflect.DeepEqual(c, again) {
			t.Fatal("the same text was read in two ways")
		}
		if c.Site.Country == "" || len(c.Asterisk) == 0 || c.Calls.Max <= 0 || c.Prices.Home < 0 {
			t.Fatalf("accepted: %+v", c)
		}
	})
}

func TestSocketOfABrokenFile(t *testing.T) {
	for text, want := range map[string]string{
		"control: {socket: /run/x.sock}\nbypass: off\nnonsense: 1\n": "/run/x.sock",
		"control: {socket: relative}\n":                              Default().Control.Socket,
		"control: [":                                                 Default().Control.Socket,
		"":                                                           Default().Control.Socket,
	} {
		path := filepath.Join(t.TempDir(), "tollfuse.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := Socket(path); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := Socket("/nowhere"); got != Default().Control.Socket {
		t.Errorf("no file: %q", got)
	}
}
