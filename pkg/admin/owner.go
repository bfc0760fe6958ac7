package admin

import (
	"context"
	"fmt"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// mailStatus is how the owner's mail stands.
func (l *Local) mailStatus(v View) MailStatus {
	m := MailStatus{Configured: l.parts.Alerts != nil}
	newest := -1
	for i := range v.Notices {
		n := &v.Notices[i]
		if !n.Waits() {
			continue
		}
		m.Waiting++
		if m.Oldest.IsZero() || n.At.Before(m.Oldest) {
			m.Oldest = n.At
		}
		if n.Error != "" && (newest < 0 || n.Next.After(v.Notices[newest].Next)) {
			newest = i
		}
	}
	if newest >= 0 {
		m.Error = v.Notices[newest].Error
	}
	return m
}

// fuseStatus is how the main fuse stands.
func (l *Local) fuseStatus(v View) FuseStatus {
	f := FuseStatus{Configured: l.parts.Fuse != nil}
	for _, s := range v.Settings {
		if s.Fuse != nil {
			f.Blown = s.Fuse
		}
	}
	return f
}

// TestAlert sends a mail at once.
func (l *Local) TestAlert(ctx context.Context) (AlertTest, error) {
	if l.parts.Alerts == nil {
		return AlertTest{}, Errorf(BadInput, "name who is to be told: mail.to in the configuration", "no mail is configured")
	}
	test, err := l.parts.Alerts.Test(ctx)
	if err != nil {
		return test, fmt.Errorf("send a test mail: %w", err)
	}
	return test, nil
}

// The words that the main fuse's command is run with by hand.
const (
	wordTest  = "test"
	wordReset = "reset"
)

// TestFuse runs the main fuse's command with the word "test".
func (l *Local) TestFuse(ctx context.Context) (FuseRun, error) {
	if l.parts.Fuse == nil {
		return FuseRun{}, Errorf(BadInput, "name one: fuse.command in the configuration", "the main fuse has no command")
	}
	run, err := l.parts.Fuse.Run(ctx, wordTest)
	if err != nil {
		return run, fmt.Errorf("test the main fuse: %w", err)
	}
	return run, nil
}

// ResetFuse runs the command with the word "reset" and, when that went well,
// takes the fuse's setting away: a fuse that counts as whole while the way out
// is shut would mislead everybody.
func (l *Local) ResetFuse(ctx context.Context) (FuseRun, error) {
	if l.author == "" {
		return FuseRun{}, errNobody
	}
	v, err := l.parts.Ledger.View(ctx)
	if err != nil {
		return FuseRun{}, fmt.Errorf("look into the ledger: %w", err)
	}
	var run FuseRun
	if l.parts.Fuse != nil {
		if run, err = l.parts.Fuse.Run(ctx, wordReset); err != nil {
			return run, fmt.Errorf("reset the main fuse: %w", err)
		}
	}
	blown := l.fuseStatus(v).Blown
	if blown == nil {
		return run, nil
	}
	setting := toll.Setting{Fuse: blown, Removed: true, Author: l.author, At: v.At, Revision: v.Revision + 1}
	if err := l.parts.Ledger.Change(ctx, setting); err != nil {
		return run, fmt.Errorf("note that the main fuse was reset: %w", err)
	}
	return run, nil
}
