package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/config"
)

// berlin is a machine in Germany with an Asterisk: what init finds there.
var berlin = map[string]string{
	"usr/share/zoneinfo/zone.tab": "#comment\nDE\t+5230+01322\tEurope/Berlin\tmost of Germany\nCH\t+4723+00832\tEurope/Zurich\n",
	"usr/sbin/sendmail":           "",
	"asterisk/manager.conf":       "[general]\nenabled = yes\nport = 5039\nbindaddr = 0.0.0.0\n[someone]\nport = 1\n",
	"asterisk/extensions.conf":    "[internal]\nexten => _1XXX,1,Hangup()\n",
	"asterisk/pjsip.conf": `[phone](!)
type = endpoint
context = internal ; of the phones
[1001](phone)
aors = 1001
[1001]
type = aor
max_contacts = 1
[1002](phone)
[1015](phone)
[carrier]
type = endpoint
aors = carrier
[carrier]
type = aor
contact = sip:203.0.113.7:5060
[carrier]
type = identify
endpoint = carrier
match = 203.0.113.7,203.0.113.8
#include pjsip.d/*.conf
`,
	"asterisk/pjsip.d/backup.conf": `[reg]
type=registration
endpoint=backup
server_uri=sip:sip.example.net;transport=tcp
[backup]
type=endpoint
`,
}

// newMachine makes such a machine.
func newMachine(t *testing.T, files map[string]string) machine {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "etc"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/usr/share/zoneinfo/Europe/Berlin", filepath.Join(root, "etc/localtime")); err != nil {
		t.Fatal(err)
	}
	return machine{root, func(string) string { return "" }}
}

// folders are the flags that keep init inside the machine.
func folders(m machine) []string {
	return []string{
		"--ask", "--dir", m.file("etc/tollfuse"), "--dialplan-dir", m.file("asterisk"), "--ledger", m.file("lib/ledger.db"),
		"--socket", m.file("c.sock"), "--log-dir", m.file("log"),
	}
}

// answerInit runs init with these answers.
func answerInit(ctx context.Context, m machine, in io.Reader, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := tested().initOn(&options{}, m)
	cmd.SetIn(in)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(append(folders(m), args...))
	err := cmd.ExecuteContext(ctx)
	return out.String(), err
}

func lines(answers ...string) io.Reader { return strings.NewReader(strings.Join(answers, "\n") + "\n") }

// TestInitAsks goes through all questions, with wrong answers on the way.
func TestInitAsks(t *testing.T) {
	m := newMachine(t, berlin)
	out, err := answerInit(t.Context(), m, lines(
		"UK", "?", "", // Germany is proposed
		"Mars", "", // Europe/Berlin
		"",         // EUR
		"at, ch",   // in small letters
		"many", "", // three phones were found
		"moon", "?", "mon,tue 08:00-12:00, wed-sat 10:00-16:00",
		"",          // 10XX
		"0",         // access code
		"1x", "144", // emergency
		"Main PBX", "head",
		"", // AMI
		"", // trunks
		"maybe", "deny",
		"Admin <a@example.com>", "a@example.com, b@example.com",
		"smtp.example.com", "smtp.example.com:587",
		"ssl", "",
		"user", "", "hunter2",
		"perhaps", "",
		"", // write
	))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"Country of the site, two letters [DE]: ", "! the code of the United Kingdom is GB", "The code of ISO 3166-1",
		"Time zone [Europe/Berlin]: ", `! "Mars" is not a time zone`, "Currency of all amounts [EUR]: ",
		"Number of extensions [3]: ", `! want the number of extensions in digits, such as 12, not "many"`, "X for any digit [10XX]: ", "always go out: 110, 112.",
		"[127.0.0.1:5039]: ", "backup=sip.example.net", "carrier=203.0.113.7,203.0.113.8]: ",
		`! want allow or deny, not "maybe"`, "! want one address without a name", "! want a host and a port, such as smtp.example.com:587",
		"starttls, tls or none [starttls]: ", "! the password is missing", "! say yes or no",
		"This will be written:", "etc/tollfuse/mail-password", "45 limits for 3 extensions", "open mon,tue 08:00-12:00, wed-sat 10:00-16:00, but for the public holidays of DE",
		"always for a hotel", `! hours "moon": want days and times`, "less may be spent abroad", "AT, CH", "Write it [yes]: ", "\nNext:\n1. Dial",
	} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("lacks %q", want)
		}
	}
	if strings.Contains(out, "hunter2") {
		t.Error("the password is shown")
	}
	if t.Failed() {
		t.Log(out)
	}
	c, err := config.Load(m.file("etc/tollfuse/tollfuse.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	a := c.Asterisk[0]
	got := fmt.Sprint(c.Site, c.Numbering.Extensions, c.Numbering.AccessCodes, c.Numbering.Emergency, a.Name, a.AMI.Address, a.Trunks, c.Failure.Home)
	want := "{DE [AT CH] Europe/Berlin EUR  3} [10XX] [0] [144]head127.0.0.1:5039[{backup [sip.example.net] } {carrier [203.0.113.7 203.0.113.8] }]deny"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	mail := fmt.Sprint(c.Mail.To, c.Mail.Server, c.Mail.Security, c.Mail.User, c.Mail.Password.Reveal(), c.Mail.PasswordFile, c.Alerts.Emergency, c.Log.Decisions)
	want = fmt.Sprint([]string{"a@example.com", "b@example.com"}, "smtp.example.com:587", "starttls", "user", "hunter2", m.file("etc/tollfuse/mail-password"), false, m.file("log/decisions.log"))
	if mail != want {
		t.Errorf("got  %s\nwant %s", mail, want)
	}
	info, err := os.Stat(c.Mail.PasswordFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the password file: %v, %v", info, err)
	}
}

// TestInitAborts ends the dialogue after each answer, and nothing is written.
func TestInitAborts(t *testing.T) {
	answers := []string{"", "", "", "", "", "", "", "", "", "", "", "", "", "a@example.com", "", "", "", "", "no"}
	for n := range answers {
		m := newMachine(t, berlin)
		out, err := answerInit(t.Context(), m, lines(answers[:n+1]...))
		if !errors.Is(err, errNothingWritten) {
			t.Fatalf("after %d answers: %v\n%s", n+1, err, out)
		}
		if last := n == len(answers)-1; last != strings.Contains(err.Error(), "as you said") {
			t.Errorf("after %d answers: %v", n+1, err)
		}
		for _, path := range []string{"etc/tollfuse", "lib", "log", "asterisk/extensions_tollfuse.conf"} {
			if _, err := os.Stat(m.file(path)); err == nil {
				t.Errorf("after %d answers there is %s", n+1, path)
			}
		}
	}
}

// Whoever interrupts a question waits for nothing.
func TestInitIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	defer out.Close()
	go func() {
		_, _ = out.Write([]byte("\n")) // the country is answered, the rest never
		cancel()
	}()
	if _, err := answerInit(ctx, newMachine(t, berlin), in); !errors.Is(err, errNothingWritten) || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("%v", err)
	}
}

// A file of answers is no terminal, and its password is not shown either.
func TestInitReadsAFile(t *testing.T) {
	m := newMachine(t, berlin)
	answers, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer answers.Close()
	if _, err := io.Copy(answers, lines(strings.Repeat("\n", 13)+"a@example.com", "mail.example.com:587", "", "me", "hunter2", "", "")); err != nil {
		t.Fatal(err)
	}
	if _, err := answers.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	out, err := answerInit(t.Context(), m, answers)
	if err != nil || strings.Contains(out, "hunter2") || !strings.Contains(out, "]: a@example.com\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

// Questions are no part of what a program reads.
func TestInitAsksBesideJSON(t *testing.T) {
	m := newMachine(t, berlin)
	var out, questions bytes.Buffer
	cmd := tested().initOn(&options{json: true}, m)
	cmd.SetIn(lines(strings.Repeat("\n", 15)))
	cmd.SetOut(&out)
	cmd.SetErr(&questions)
	cmd.SetArgs(folders(m))
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(out.Bytes()) || !strings.Contains(questions.String(), "Write it") {
		t.Errorf("%s\n%s", out.String(), questions.String())
	}
}

// What exists is found before anything is asked.
func TestInitRefusesBeforeItAsks(t *testing.T) {
	m := newMachine(t, berlin)
	if err := os.WriteFile(m.file("asterisk/extensions_tollfuse.conf"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := answerInit(t.Context(), m, lines("DE"))
	if err == nil || !strings.Contains(err.Error(), "there is already") || out != "" {
		t.Errorf("%v\n%s", err, out)
	}
}

// Who has said everything is asked only whether to write it.
func TestInitAsksOnlyWhatIsMissing(t *testing.T) {
	m := newMachine(t, berlin)
	out, err := answerInit(t.Context(), m, lines(""), "--country", "AT", "--timezone", "Europe/Vienna", "--currency", "EUR", "--countries", "DE",
		"--size", "5", "--hours", "always", "--extension", "1XX", "--access-code", "0", "--emergency", "141", "--pbx", "pbx", "--ami-address", "127.0.0.1:5038",
		"--trunk", "a=192.0.2.1", "--fail-home", "allow", "--mail-to", "a@example.com", "--mail-server", "localhost:25", "--mail-security", "none",
		"--mail-user", "", "--mail-emergency")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := strings.Count(out, "]: "); n != 1 || !strings.Contains(out, "Write it [yes]: ") {
		t.Errorf("%d questions\n%s", n, out)
	}
}

func TestHoursIn(t *testing.T) {
	for answer, want := range map[string]string{
		"mon-fri 08:00-18:00":                          "mon-fri 08:00-18:00",
		"mon,tue 08:00-12:00, sat,sun,wed 22:00-06:00": "mon,tue 08:00-12:00|sat,sun,wed 22:00-06:00",
		"always":                                 "always",
		" mon-thu 08:00-17:00 ,fri 08:00-14:00,": "mon-thu 08:00-17:00|fri 08:00-14:00",
		"daily 00:00-24:00, moon":                "daily 00:00-24:00|moon",
		"":                                       "",
	} {
		if got := strings.Join(hoursIn(answer), "|"); got != want {
			t.Errorf("%q: %q, want %q", answer, got, want)
		}
	}
}

// A machine that answers must not be asked for ever.
func TestInitGivesUp(t *testing.T) {
	out, err := answerInit(t.Context(), newMachine(t, berlin), strings.NewReader(strings.Repeat("nowhere\n", 1000)))
	if !errors.Is(err, errNothingWritten) || !strings.Contains(err.Error(), "20 tries") {
		t.Errorf("%v\n%s", err, out)
	}
}

// Asterisk's files may hold anything; it reaches neither the terminal nor the
// configuration.
func TestHostileProposals(t *testing.T) {
	files := map[string]string{
		"asterisk/pjsip.conf":   "[\x1b[2Jx]\ntype=endpoint\naors=y\n[y]\ntype=aor\ncontact=sip:1.2.3.4\x1b]0;x\a\n[a\nnot = a section]\n]=[\n#include pjsip.conf\n",
		"asterisk/manager.conf": "#include manager.conf\n[general]\nport = \x1b[31m\n",
	}
	out, err := answerInit(t.Context(), newMachine(t, files), lines("DE", "", "", "", "", "", "", "", "", "", ""))
	if !errors.Is(err, errNothingWritten) {
		t.Error(err)
	}
	if strings.ContainsAny(out, "\x1b\a") {
		t.Errorf("%q", out)
	}
	if !strings.Contains(out, "! want a host and a port") {
		t.Errorf("a manager's port that is none was taken\n%s", out)
	}
}

func TestProposals(t *testing.T) {
	for _, test := range []struct{ country, want string }{
		{"DE", "EUR"}, {"US", "USD"}, {"GB", "GBP"}, {"CH", "CHF"}, {"HR", "EUR"}, {"BG", "EUR"}, {"", ""}, {"XX", ""}, {"x\x00", ""},
	} {
		if got := currencyOf(test.country); got != test.want {
			t.Errorf("currency of %q: %q, want %q", test.country, got, test.want)
		}
	}
	for _, test := range []struct{ phones, want []string }{
		{nil, nil},
		{[]string{"1001", "1002", "1099"}, []string{"10XX"}},
		{[]string{"1001"}, []string{"1001"}},
		{[]string{"101", "102", "110", "201", "2001", "reception", "12"}, []string{"1XX", "2001", "201"}},
		{[]string{"5001", "5900", "5901"}, []string{"5XXX"}},
	} {
		if got := insidePatterns(test.phones); fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%q: %q, want %q", test.phones, got, test.want)
		}
	}
	m := machine{t.TempDir(), func(name string) string { return map[string]string{"LANG": "pt_BR.UTF-8"}[name] }}
	if m.country() != "BR" || m.timezone() != "" {
		t.Errorf("%q, %q", m.country(), m.timezone())
	}
}

// TestNextSteps is about what is pasted.
func TestNextSteps(t *testing.T) {
	c := choices{dialplanDir: "/etc/asterisk of ours", extensions: []string{"1XXX"}, mail: mailChoices{to: []string{"a@example.com"}}}
	m := machine{t.TempDir(), func(string) string { return "admin" }}
	var all []string
	for _, step := range c.nextSteps(m, config.DefaultPath) {
		all = append(all, strings.Split(step.Command, "\n")...)
	}
	want := []string{
		"echo '#include extensions_tollfuse.conf' | sudo tee -a '/etc/asterisk of ours/extensions.conf'",
		"echo '#include manager.d/*.conf' | sudo tee -a '/etc/asterisk of ours/manager.conf'",
		"sudo asterisk -rx 'core reload'",
		"sudo systemctl enable --now tollfuse",
		"sudo tollfuse doctor",
		"sudo tollfuse explain --from 1001 --to NUMBER",
		"sudo tollfuse alert test",
		"sudo tollfuse rates import FILE --trunk NAME",
	}
	if strings.Join(all, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(all, "\n"))
	}
}

// TestReplacedTwice is about who says --force again: what was there at first is
// still there.
func TestReplacedTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tollfuse.yaml")
	for _, text := range []string{"first", "second", "third"} {
		f := newFile{path: path, text: []byte(text), mode: 0o600, own: func(string) error { return nil }}
		if err := writeAll([]newFile{f}, true); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{path: "third", path + ".old": "first", path + ".old.2": "second"} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestForbiddenFolder names a way out to who is not root.
func TestForbiddenFolder(t *testing.T) {
	f := newFile{path: filepath.Join(t.TempDir(), "f"), mode: 0o600, own: func(string) error { return fs.ErrPermission }}
	err := writeAll([]newFile{f}, false)
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(hintOf(err), "run it as root") {
		t.Errorf("%v, hint %q", err, hintOf(err))
	}
}

func TestNamedTrunksAndThoseThatWereFound(t *testing.T) {
	found := []config.Trunk{{Name: "carrier", Addresses: []string{"192.0.2.1", "192.0.2.2"}}, {Name: "backup"}, {Name: "third"}}
	named := withAddresses([]string{"carrier", "backup", "own=198.51.100.1"}, found)
	if want := []string{"carrier=192.0.2.1,192.0.2.2", "backup", "own=198.51.100.1"}; !slices.Equal(named, want) {
		t.Errorf("named %q, want %q", named, want)
	}
	if left := leftOut(named, found); !slices.Equal(left, []string{"third"}) {
		t.Errorf("left out %q", left)
	}
}
