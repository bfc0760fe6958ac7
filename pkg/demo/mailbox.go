package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/alert"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/control"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// mailIn lets the daemon tell the owner, in fast motion too. The program that
// stands in for sendmail takes every mail and throws it away.
func mailIn(c *config.Config) {
	c.Mail.To, c.Mail.Sendmail = []string{"owner@example.com"}, "/bin/true"
	c.Alerts.Gather, c.Alerts.Quiet = 2*time.Minute/fast, 30*time.Minute/fast
}

// mailbox is what the owner has been told, the oldest first.
func mailbox(ctx context.Context, client *control.Client) ([]toll.Notice, error) {
	incidents, err := client.Incidents(ctx, admin.IncidentQuery{})
	if err != nil {
		return nil, fmt.Errorf("ask for the incidents: %w", err)
	}
	var told []toll.Notice
	for _, i := range incidents {
		report, err := client.Incident(ctx, i.ID)
		if err != nil {
			return nil, fmt.Errorf("ask for incident %s: %w", i.ID, err)
		}
		told = append(told, report.Notices...)
	}
	slices.SortStableFunc(told, func(a, b toll.Notice) int { return a.At.Compare(b.At) })
	return told, nil
}

// mails writes their subjects. Their texts say what a real second costs, which
// means nothing here.
func (s *screen) mails(told []toll.Notice) error {
	s.printf("\n%s", s.paint(bold, fmt.Sprintf("The owner's mailbox: %d mails", len(told))))
	for _, n := range told {
		m, err := alert.Render(n, alert.Site{Currency: "USD"})
		if err != nil {
			return err
		}
		s.printf("  %s", m.Subject)
	}
	return nil
}
