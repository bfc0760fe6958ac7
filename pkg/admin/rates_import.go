package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// LargestList bounds a price list, in bytes.
const LargestList = 512 << 20

// largestFormat bounds what is said of how to read a list, as JSON.
const largestFormat = 4 << 10

// farAbove is how many times the assumed price a row must have to be pointed out:
// assumed prices are meant as ceilings.
const farAbove = 3

// ImportRates reads a price list and makes it the deck of a trunk.
func (l *Local) ImportRates(ctx context.Context, in RatesImport, list io.Reader) (RatesReport, error) {
	if l.author == "" {
		return RatesReport{}, errNobody
	}
	if in.Trunk == toll.EveryTrunk {
		in.Trunk = ""
	}
	if err := l.checkTrunk(in.Trunk); err != nil {
		return RatesReport{}, err
	}
	reading, err := l.readList(ctx, in, list)
	if err != nil {
		return RatesReport{}, err
	}
	leave, err := l.enter(ctx)
	if err != nil {
		return RatesReport{}, err
	}
	defer leave()
	v, err := l.parts.Ledger.View(ctx)
	if err != nil {
		return RatesReport{}, fmt.Errorf("look into the ledger: %w", err)
	}
	rates, err := l.parts.Rates.Rates(ctx)
	if err != nil {
		return RatesReport{}, fmt.Errorf("read the rate decks: %w", err)
	}
	report := l.report(v, rates, in, reading)
	if in.DryRun || report.BadRows > 0 && !in.SkipBad {
		return report, nil
	}
	s := toll.Setting{Deck: &report.Deck, Author: l.author, At: v.At, Revision: v.Revision + 1}
	if s, err = l.parts.Rates.Replace(ctx, s, reading.Deck); err != nil {
		return RatesReport{}, fmt.Errorf("import the rate deck %s: %w", report.Deck.Name(), err)
	}
	report.Imported, report.Deck = true, *s.Deck
	return report, nil
}

// readList reads a price list. A list without any row that can be used is an
// error: it was read in the wrong way, and would take the prices away.
func (l *Local) readList(ctx context.Context, in RatesImport, list io.Reader) (rating.Reading, error) {
	if text, err := json.Marshal(in.Format); err != nil || len(text) > largestFormat {
		return rating.Reading{}, Errorf(BadInput, "", "the names of the columns are longer than anything that could be meant")
	}
	zone, err := time.LoadLocation(l.parts.Site.Timezone)
	if err != nil {
		return rating.Reading{}, fmt.Errorf("time zone of the site: %w", err)
	}
	from := &bounded{ctx: ctx, from: list, most: l.longest, left: l.longest}
	reading, err := rating.Read(from, in.Format, zone)
	switch {
	case ctx.Err() != nil:
		return reading, fmt.Errorf("read the price list: %w", ctx.Err())
	case from.failed != nil:
		return reading, from.failed
	case err != nil:
		return reading, &Error{Kind: BadInput, Text: err.Error(), Hint: "tollfuse rates import --help lists what can be said of a price list", Err: err}
	case reading.Deck.Len() > 0:
		return reading, nil
	case len(reading.Bad) > 0:
		first := reading.Bad[0]
		return reading, Errorf(BadInput, "name the columns with flags: tollfuse rates import --help", "no row of the price list can be used; the first one, in line %d: %s", first.Line, first.Text)
	}
	return reading, Errorf(BadInput, "look whether it is the right file", "there is no row in the price list")
}

// report says what was found in a list, and what it would change.
func (l *Local) report(v View, rates *rating.Rates, in RatesImport, reading rating.Reading) RatesReport {
	r := RatesReport{
		Deck:    toll.Deck{Trunk: in.Trunk, File: recorded(in.File), SHA256: reading.SHA256, Rows: reading.Deck.Len()},
		Columns: reading.Columns, Bad: append([]rating.Problem{}, reading.Bad...), BadRows: reading.BadRows,
		Difference: rating.Compare(rates.Deck(in.Trunk), reading.Deck, v.At),
	}
	dear, n := rates.FarAbove(reading.Deck, farAbove, l.parts.Numbering.Resolve, v.At)
	r.Dear, r.DearRows = append([]rating.Dear{}, dear...), n
	r.FarBelow = rates.FarBelow(reading.Deck, v.At)
	free, first := reading.Deck.Nothing(v.At)
	r.FreeRows, r.FirstFree = free, first.Prefix
	r.NotYet, r.NotYetFrom = reading.Deck.NotYet(v.At)
	for _, s := range v.Settings {
		if s.Deck != nil && s.Deck.Trunk == in.Trunk {
			r.Before = s.Deck
		}
	}
	return r
}

// recorded is the name of a file as it is kept: on one line, and its end where it
// is absurdly long.
func recorded(name string) string {
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(name, "?"))
	if len(name) > longestReason {
		name = strings.ToValidUTF8(name[len(name)-longestReason:], "")
	}
	return name
}

// bounded is a list that is read as long as somebody wants it, and not for ever.
type bounded struct {
	ctx    context.Context //nolint:containedctx // lives no longer than one call
	from   io.Reader
	most   int64
	left   int64
	failed error
}

// Read reads on. It remembers why it could not, since whoever reads a format may
// not keep that apart from what is wrong with the list.
func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.from.Read(p)
	switch b.left -= int64(n); {
	case b.left < 0:
		b.failed = Errorf(BadInput, "leave out what is not needed of it", "the price list has more than %d MB", b.most>>20)
	case err != nil && !errors.Is(err, io.EOF):
		b.failed = Errorf(BadInput, "send it again; nothing was changed", "the price list cannot be read to its end: %w", err)
	default:
		return n, err
	}
	return n, b.failed
}
