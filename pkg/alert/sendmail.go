package alert

import (
	"bytes"
	"cmp"
	"context"
	"os/exec"
	"strings"
	"time"
)

// SendmailOptions say how to run the local sendmail.
type SendmailOptions struct {
	Path    string        // of the program; empty means /usr/sbin/sendmail
	Timeout time.Duration // of one run; 0 means a minute
}

// Sendmail hands mails to the local sendmail, or to what stands in for it.
type Sendmail struct {
	options SendmailOptions
}

// NewSendmail makes a sender.
func NewSendmail(o SendmailOptions) *Sendmail {
	o.Path = cmp.Or(o.Path, "/usr/sbin/sendmail")
	o.Timeout = cmp.Or(o.Timeout, time.Minute)
	return &Sendmail{o}
}

// Server is the path of the program.
func (s *Sendmail) Server() string { return s.options.Path }

// Send runs the program once for each recipient, so that one that is refused
// does not keep the others from the mail. No shell is involved, the addresses
// stand behind "--", and a line that is a single dot ends nothing (-i).
func (s *Sendmail) Send(ctx context.Context, m Mail, to []string) []error {
	failures := make([]error, len(to))
	body, err := m.encode(to)
	body = bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")) // a text of this system's, not of the network's
	for i, address := range to {
		if err != nil {
			failures[i] = &Failure{Doing: "write the mail", Err: err, Permanent: true, Advice: "look at mail.from and mail.to"}
			continue
		}
		if f := s.run(ctx, m.From, address, body); f != nil {
			failures[i] = f
		}
	}
	return failures
}

// mostPrinted is how much of what the program says is read.
const mostPrinted = 4 << 10

func (s *Sendmail) run(ctx context.Context, from, to string, body []byte) *Failure {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.options.Path, "-i", "-f", from, "--", to) //nolint:gosec // the path and the addresses are the owner's, and no shell reads them
	cmd.Stdin = bytes.NewReader(body)
	cmd.WaitDelay = time.Second // a child that keeps the pipes open is not waited for
	var printed tail
	cmd.Stdout, cmd.Stderr = &printed, &printed
	err := cmd.Run()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return s.failure(err, strings.Join(strings.Fields(printed.String()), " "))
}

// tail takes what is printed, and forgets what is too much.
type tail struct{ bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	if room := mostPrinted - t.Len(); room > 0 {
		t.Buffer.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}
