package transcripts_test

import (
	"bytes"
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// said is a question as its end stands on the screen, and what is answered.
type said struct{ question, answer string }

// talks records a command that asks its questions on a terminal.
func (m *machine) talks(dialogue []said, args ...string) {
	m.t.Helper()
	m.shows(args...)
	person, program := newTerminal(m.t)
	cmd := m.command(args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	program.Close() // the program has it now, and the screen ends when it does
	if err := person.SetReadDeadline(time.Now().Add(patience)); err != nil {
		m.t.Fatal(err)
	}
	var screen bytes.Buffer
	from, piece := 0, make([]byte, 4096)
	for {
		n, err := person.Read(piece)
		screen.Write(piece[:n])
		if len(dialogue) > 0 {
			if at := bytes.Index(screen.Bytes()[from:], []byte(dialogue[0].question)); at >= 0 {
				from = screen.Len()
				if _, err := person.WriteString(dialogue[0].answer + "\n"); err != nil {
					m.t.Fatal(err)
				}
				dialogue = dialogue[1:]
			}
		}
		if err != nil { // EIO: nobody has the terminal any more
			break
		}
	}
	m.tape.Write(screen.Bytes())
	m.ended(cmd.Wait())
	if len(dialogue) > 0 {
		m.t.Errorf("%q was never asked in\n%s", dialogue[0].question, screen.String())
	}
}

// newTerminal opens a pseudo-terminal (pts(4)): what is written to the person's
// end is typed, and what the program writes and the terminal echoes is read
// there.
func newTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	person = os.NewFile(uintptr(fd), "/dev/ptmx") // not blocking, so that a read can be given up
	t.Cleanup(func() { _ = person.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return person, program
}
