package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// confirm shows what will be written, and asks once.
func (i *interview) confirm(ctx context.Context, path string) error {
	s, err := i.settings()
	if err != nil {
		return err
	}
	files, err := i.files(path, s)
	if err != nil {
		return fmt.Errorf("%w; %w", err, errNothingWritten)
	}
	begin, err := i.defaults()
	if err != nil {
		return fmt.Errorf("%w; %w", err, errNothingWritten)
	}
	fmt.Fprintln(i.out, "\nThis will be written:")
	for _, f := range files {
		fmt.Fprintf(i.out, "  %s\n", clean(f.path))
	}
	fmt.Fprintf(i.out, "  %s, with %d limits for %d extensions\n", clean(s.Ledger.Path), limitsIn(begin), s.Site.Size)
	fmt.Fprintln(i.out, "for")
	if err := table(i.out, append(summary(s), []string{"  open", openingOf(begin)})); err != nil {
		return err
	}
	yes := false
	if err := i.ask(ctx, question{
		text: "Write it", usual: "yes", take: yesOrNo(&yes),
		help: "Nothing that exists is replaced without --force, and then it is kept with .old at its end.",
	}); err != nil {
		return err
	}
	if !yes {
		return fmt.Errorf("as you said, %w", errNothingWritten)
	}
	fmt.Fprintln(i.out)
	return nil
}

// openingOf says when a site works that begins with these settings.
func openingOf(begin []toll.Setting) string {
	for _, s := range begin {
		if t := s.Schedule; t != nil {
			text := strings.Join(t.Hours, ", ")
			if len(t.Holidays) > 0 {
				text += ", but for the public holidays of " + strings.Join(t.Holidays, ", ")
			}
			return text
		}
	}
	return admin.Around
}

// summary is what was chosen, for a last look.
func summary(s config.Config) [][]string {
	abroad := cmp.Or(strings.Join(s.Site.Countries, ", "), none)
	rows := [][]string{
		{"  site", fmt.Sprintf("%s, calling %s; %s; %s", s.Site.Country, abroad, s.Site.Timezone, s.Site.Currency)},
		{"  inside", cmp.Or(strings.Join(s.Numbering.Extensions, ", "), none)},
	}
	for _, t := range s.Asterisk[0].Trunks {
		rows = append(rows, []string{"  trunk", t.Name + " at " + cmp.Or(strings.Join(t.Addresses, ", "), "an address that was not named")})
	}
	told := "nobody"
	if len(s.Mail.To) > 0 {
		told = strings.Join(s.Mail.To, ", ") + " by " + cmp.Or(s.Mail.Server, "sendmail")
	}
	return slices.Concat(rows, [][]string{
		{"  AMI", fmt.Sprintf("%s as %s", s.Asterisk[0].AMI.Address, s.Asterisk[0].AMI.User)},
		{"  without a daemon", "ordinary home calls: " + string(s.Failure.Home)},
		{"  told of attacks", told},
	})
}
