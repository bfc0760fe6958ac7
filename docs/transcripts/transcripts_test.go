package transcripts_test

import (
	"strings"
	"testing"
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
	m := newMachine(t)
	m.founded()
	m.types("explain", "--from", "1001", "--to", "0118823222123456")
	m.types("explain", "--from", "1001", "--to", "011442079460123")
	m.check("explain", nil)
}

// founded writes what a site needs, off the tape.
func (m *machine) founded(more ...string) {
	m.t.Helper()
	args := []string{"init", "--country", "US", "--countries", "CA,GB", "--timezone", "America/Chicago", "--size", "12",
		"--trunk", "carrier=203.0.113.7", "--extension", "1XXX"}
	if out, err := m.command(append(args, more...)...).CombinedOutput(); err != nil {
		m.t.Fatalf("%v\n%s", err, out)
	}
}
