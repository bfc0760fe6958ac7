package alert

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Tester sends test mails, past the outbox.
type Tester struct {
	Sender Sender
	To     []string
	From   string
	Site   Site
}

// Test sends a mail to everybody who is told, at once. It returns where the
// mail was handed over and how long that took. The error names what failed, for
// every recipient, and [Advice] what to do about it. A broken template of the
// owner's is an error too, though the mail has left.
func (t *Tester) Test(ctx context.Context) (server string, took time.Duration, err error) {
	server, began := t.Sender.Server(), time.Now()
	n := toll.Notice{ID: "test-" + strconv.FormatInt(began.UnixNano(), 36), Kind: toll.NoticeTest, At: began}
	message, err := Render(n, t.Site)
	if err != nil {
		return server, 0, err
	}
	errs := t.Sender.Send(ctx, NewMail(&n, message, t.From, t.Site.Name, began), t.To)
	took = time.Since(began)
	if err := errors.Join(distinct(errs)...); err != nil {
		return server, took, err
	}
	if len(message.Warnings) > 0 {
		return server, took, fmt.Errorf("the mail has left, but %s", message.Warnings[0])
	}
	return server, took, nil
}

// distinct leaves out what was said before: a server that is down says the same
// for each recipient.
func distinct(errs []error) []error {
	said := make(map[string]bool)
	var all []error
	for _, err := range errs {
		if err != nil && !said[err.Error()] {
			said[err.Error()] = true
			all = append(all, err)
		}
	}
	return all
}
