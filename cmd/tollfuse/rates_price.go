package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) ratesPriceCommand(o *options) *cobra.Command {
	q := admin.PriceQuery{Talk: time.Minute}
	var at string
	talked := length(time.Minute)
	cmd := &cobra.Command{
		Use:   "price NUMBER",
		Short: "Say what a call costs, by each trunk",
		Long: withExits(`Say what a call to that number costs by each trunk, and who says so: the row of a
rate deck, or that the price is assumed, and why. NUMBER is what is dialled, or
E.164 with a +; blanks and dashes between digits are left out.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse rates price 0023222123456\n" +
			"  tollfuse rates price '+44 20 7946 0123' --talk 3m --trunk carrier\n" +
			"  tollfuse rates price 0023222123456 --at '2026-12-24' --json",
		Args: exactly("NUMBER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := stated(cmd, "trunk", "at"); err != nil {
				return err
			}
			if talked <= 0 {
				return badUsage(cmd, "--talk: want a length above zero")
			}
			q.To, q.Talk = asDialled(args[0]), time.Duration(talked)
			return p.with(cmd.Context(), o, func(s *session) error {
				if at != "" {
					var err error
					if q.At, err = parseMoment(at, s.zone); err != nil {
						return badUsage(cmd, "--at %v", err)
					}
				}
				answer, err := s.Prices(cmd.Context(), q)
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(cmd.OutOrStdout(), answer)
				}
				return printPrices(cmd.OutOrStdout(), s, args[0], answer)
			})
		},
	}
	cmd.Flags().StringVar(&q.Trunk, "trunk", "", "by this trunk alone")
	cmd.Flags().Var(&talked, "talk", "length of the call, such as 90s or 3m")
	cmd.Flags().StringVar(&at, "at", "", "at this time, such as '2026-12-24' in the site's zone; now without it")
	return cmd
}

func printPrices(w io.Writer, s *session, typed string, a admin.PriceAnswer) error {
	if _, err := fmt.Fprintf(w, "%s: %s\n", clean(clip(typed)), clean(placeOf(a.To))); err != nil {
		return err
	}
	switch {
	case a.To.Class == toll.Unplaced:
		_, err := fmt.Fprintln(w, "it resolves to no number: such calls are refused")
		return err
	case !a.To.Class.Metered():
		_, err := fmt.Fprintln(w, "it costs nothing: such calls are not counted")
		return err
	}
	rows := [][]string{{"TRUNK", s.status.Site.Currency + " A MINUTE", "CONNECT", "BILLED", "FREE", "COST OF " + talk(a.Talk), "ACCORDING TO"}}
	for i := range a.Trunks {
		t := &a.Trunks[i]
		name := t.Trunk
		if name == "" {
			name = "(not known yet)"
		}
		cells := priceCells(s, t.Quote.Price, t.Quote.ValidFrom)
		rows = append(rows, append(append([]string{name}, cells[:4]...), t.Cost.String(), accordingTo(s, t)))
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return table(w, rows)
}

// accordingTo is who says what a price is.
func accordingTo(s *session, p *admin.TrunkPrice) string {
	q := &p.Quote
	if q.Price.Assumed || q.Deck == "" {
		text := "assumed"
		if q.Why != "" {
			text += ": " + q.Why
		}
		return text
	}
	text := "deck of " + q.Deck + ", prefix " + q.Prefix
	if q.Description != "" {
		text += " " + q.Description
	}
	if !q.ValidFrom.IsZero() {
		text += ", valid from " + s.day(q.ValidFrom)
	}
	return strings.Join(nonEmpty(text, q.Why), "; ")
}
