package transcripts_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/pbxsim"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// A firm's owner begins: he takes what is proposed, asks once what is meant, and
// names who is told.
func TestInit(t *testing.T) {
	const password = "correct horse"
	m := newMachine(t)
	m.talks([]said{
		{"[US]: ", ""},
		{"[America/Chicago]: ", ""},
		{"[USD]: ", ""},
		{"[none]: ", "CA, GB"},
		{"[2]: ", "?"},
		{"[2]: ", "12"},
		{"08:00-18:00]: ", ""},
		{"[100X]: ", "1XXX"},
		{"[none]: ", ""},
		{"[none]: ", ""},
		{"[pbx]: ", ""},
		{"[127.0.0.1:5038]: ", ""},
		{"[carrier=203.0.113.7]: ", ""},
		{"[allow]: ", ""},
		{"[none]: ", "owner@example.com"},
		{": ", "smtp.example.com"},
		{": ", "smtp.example.com:587"},
		{"[starttls]: ", ""},
		{"[none]: ", "pbx@example.com"},
		{"Password of that user: ", password},
		{"[yes]: ", ""},
		{"[yes]: ", ""},
	}, "init")
	if strings.Contains(m.tape.String(), password) {
		t.Error("the password can be seen")
	}
	m.check("init", nil)
}

func TestExplain(t *testing.T) {
	a := newAttacked(t) // explain says first of all when no daemon runs
	a.types("explain", "--from", "1001", "--to", "0118823222123456")
	a.types("explain", "--from", "1001", "--to", "011442079460123")
	a.check("explain", nil)
}

// A list of what people dial at a site with an access code, and slips of theirs.
func TestNumber(t *testing.T) {
	m := newMachine(t)
	m.founded("--access-code", "9")
	m.lists("dialled.txt", `# from the call records of a week
92025550123
9 1 (312) 555-0142
9011 44 20 7946 0123
9011442079460123#
911
9911
1004
17672250123
9011 882 322 212 345
9011 210 555 0123
0044 20 7946 0123
555&SIP/itsp/14165551212
`)
	m.types("number", "dialled.txt")
	m.types("number", "--class", "unplaced", "dialled.txt")
	m.types("number", "--csv", "--number", "+44 7012 345678", "--number", "+1 907 555 0123")
	m.check("number", nil)
}

// The owner imports what his carrier has sent.
func TestRates(t *testing.T) {
	a := newAttacked(t)
	a.lists("carrier.csv", `Example Telecom;;;;;
Price list from 2026-01-01;;;;;
Dial code;Destination;Price per minute;Connect fee;Billing;Valid from
1;United States and Canada;0,0095;;6/6;01.01.2026
1767;Dominica;0,3120;;30/6;01.01.2026
44;United Kingdom;0,0084;;1/1;01.01.2026
447;United Kingdom mobile;0,0245;;1/1;01.01.2026
4470;United Kingdom personal;0,8900;0,05;60/60;01.01.2026
220;Gambia;0,8200;;60/1;01.01.2026
220;Gambia;0,9500;;60/1;31.12.2099
232;Sierra Leone;82,00;;1/1;01.01.2026
8823;Satellite;n/a;;60/60;01.01.2026
`)
	a.types("rates", "import", "carrier.csv", "--trunk", "carrier")
	a.types("rates", "import", "carrier.csv", "--trunk", "carrier", "--skip-bad")
	a.types("rates", "list")
	a.types("rates", "list", "--trunk", "carrier", "--prefix", "44")
	a.types("rates", "price", "011 44 7012 345678", "--talk", "61s")
	a.types("rates", "price", "0118823222123456")
	a.check("rates", nil)
}

// lists writes a file, and records what is in it.
func (m *machine) lists(name, text string) {
	m.t.Helper()
	m.write(name, text)
	fmt.Fprintf(&m.tape, "# cat %s\n%s", name, text)
}

// Somebody has the password of 1007: three calls are up in London, and twenty-five to
// satellites were refused, when the owner reads the mail and locks the extension.
func TestIncidents(t *testing.T) {
	a := newAttacked(t)
	var live []*pbxsim.Live
	for n := range 3 {
		live = append(live, a.up("1007", fmt.Sprintf("0114420794601%02d", 23+n)))
	}
	for n := range 25 {
		a.refused("1007", fmt.Sprintf("0118823222123%03d", n*7))
	}
	id := a.incident(func(r admin.IncidentReport) bool { return r.Incident.Refused == 25 && sent(r, 1) })
	a.types("incidents", "list")
	a.types("incidents", "show", id)
	a.types("lock", "1007", "--reason", "password stolen")
	for _, l := range live {
		<-l.Done()
	}
	a.incident(func(r admin.IncidentReport) bool {
		return sent(r, 2) && len(r.Incident.Calls) == 3 && !slices.ContainsFunc(r.Incident.Calls, func(c toll.IncidentCall) bool { return c.Ended.IsZero() })
	})
	a.types("incidents", "show", id)
	a.check("incidents", map[string]string{
		`\b\d-[0-9a-z]+\b`:           "ID", // and no date
		`\b0\.\d\d USD`:              "SMALL AMOUNT",
		`\d+:\d\d\s+\d+\.\d\d\s+cut`: "LENGTH AMOUNT cut",
	})
}

// sent tells whether the owner was told so often, and no mail waits.
func sent(r admin.IncidentReport, mails int) bool {
	return len(r.Notices) == mails && !slices.ContainsFunc(r.Notices, func(n toll.Notice) bool { return n.Waits() })
}

// founded writes what a site needs, off the tape. It never closes, so that the day of
// the week on which this runs changes nothing.
func (m *machine) founded(more ...string) {
	m.t.Helper()
	args := []string{"init", "--country", "US", "--countries", "CA,GB", "--timezone", "America/Chicago", "--size", "12",
		"--hours", "always", "--trunk", "carrier=203.0.113.7", "--extension", "1XXX"}
	if out, err := m.command(append(args, more...)...).CombinedOutput(); err != nil {
		m.t.Fatalf("%v\n%s", err, out)
	}
}

// Somebody lets the manager interface dial, which asks nobody: each call is cut,
// and after five the main fuse blows.
func TestFuse(t *testing.T) {
	a := newAttacked(t)
	a.types("fuse", "test")
	for n := range 5 {
		a.bypasses(fmt.Sprintf("011232761234%02d", n))
	}
	until(a.machine, func(s admin.Status) bool { return s.Fuse.Blown != nil && !s.Fuse.Blown.Ran.IsZero() }, "status")
	a.types("fuse")
	a.types("fuse", "reset")
	a.types("fuse")
	a.check("fuse", nil)
}

// What the doctor finds where a dialplan was written in a hurry and a trunk is
// dialled beside the question, and when that was mended.
func TestDoctor(t *testing.T) {
	a := newAttacked(t)
	a.types("doctor")
	a.mend("extensions.conf", "exten => _8.,1,Dial(PJSIP/${EXTEN:1}@carrier,60,T)\n", "")
	a.mend("pjsip.conf", "password = 1002\n", "password = Qd7-vTn5-xHb9\n")
	a.mend("pjsip.conf", "aors = carrier\n", "aors = carrier\nallow_transfer = no\n")
	a.mend("manager.conf", "enabled = yes\n", "enabled = yes\ntimestampevents = yes\n")
	a.types("doctor", "--verbose")
	// Clock and disk of the machine on which this runs are nobody's business, nor
	// is what they do to the exit code where nothing else is wrong.
	a.forget(`(?m)^(?:system|ledger)\n(?:  .*\n)*`)
	a.forget(`\[exit code 1\]\n\z`)
	a.check("doctor", map[string]string{
		`\d+ checks found`: "SOME checks found",
		`127\.0\.0\.1:\d+`: "ADDRESS",
	})
}

// mend changes a file of Asterisk's.
func (m *machine) mend(name, from, to string) {
	m.t.Helper()
	path := "etc/asterisk/" + name
	text := m.read(path)
	if strings.Count(text, from) != 1 {
		m.t.Fatalf("%s has not one %q", path, from)
	}
	m.write(path, strings.Replace(text, from, to, 1))
}

// The README shows the beginning of what explain says.
func TestReadme(t *testing.T) {
	const command = "$ tollfuse explain --from 1001 --to 0118823222123456 | head"
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, found := strings.Cut(string(text), command)
	shown, _, closed := strings.Cut(shown, "\n```")
	if !found || !closed {
		t.Fatalf("there is no %q in a block", command)
	}
	_, shown, _ = strings.Cut(shown, "\n")
	recorded, err := os.ReadFile("explain.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, said, _ := strings.Cut(string(recorded), "\n")
	if want := unmoved(shown, nil); !strings.HasPrefix(unmoved(said, nil), want+"\n") {
		t.Errorf("the README shows\n%s\nand recorded was\n%.1500s", shown, said)
	}
}
