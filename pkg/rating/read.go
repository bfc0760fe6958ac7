package rating

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// How many bad rows are told, and how many make a list one of another kind.
const (
	maxTold = 100
	maxBad  = 100_000
)

// FormatError is a price list that cannot be read at all in that Format. Its
// text tells what would help, by the options of the command line.
type FormatError struct {
	Text  string
	cause error
}

// Error implements error.
func (e *FormatError) Error() string { return e.Text }

// Unwrap is what it was made of.
func (e *FormatError) Unwrap() error { return e.cause }

func badFormat(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &FormatError{Text: err.Error(), cause: errors.Unwrap(err)}
}

// Reading is what was read of a price list.
type Reading struct {
	Deck    *Deck             // of the good rows
	Columns map[string]string // field of Columns in JSON, and the heading or number of the column it was found in
	Rows    int               // of the list, good and bad
	Bad     []Problem         // the first of the bad ones, by line
	BadRows int
	SHA256  string // of the file, in hexadecimal digits
}

// Read reads a carrier's price list row by row. What Format leaves open it
// recognizes in the first megabyte: how the text is written, the delimiter, the
// heading (in English, German, French or Spanish, behind any title), the decimal
// mark and the order of dates. Where that would be a guess it is a FormatError
// or a Problem that names the option to say it with. A date without a time means
// midnight in the zone. Columns that it does not know, one of end dates for
// example, are not looked at.
//
// A row that cannot be taken is a Problem and is left out; whether the rest is
// good enough is the caller's to decide, also where nothing is left. Of rows that
// price the same prefix from the same moment differently all but the first are
// Problems, and the dearest counts. An error is a *FormatError, or says that the
// file could not be read.
func Read(r io.Reader, f Format, zone *time.Location) (Reading, error) {
	sum := sha256.New()
	l, err := newLines(io.TeeReader(r, sum))
	if err != nil {
		return Reading{}, err
	}
	list, err := newList(l, f, zone)
	if err != nil {
		return Reading{}, err
	}
	if err := list.read(); err != nil {
		return Reading{}, err
	}
	list.reading.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return list.reading, nil
}

// list is a price list while it is read.
type list struct {
	*lines
	layout
	amounts amounts
	moments moments
	area    bool // the prefix is only what follows the country code

	builder  Builder
	prefixes []string // of a row
	reading  Reading
}

// newList looks at the beginning of a list until it knows how to read it.
func newList(l *lines, f Format, zone *time.Location) (*list, error) {
	amounts, err := newAmounts(f)
	if err != nil {
		return nil, err
	}
	moments, err := newMoments(f, zone)
	if err != nil {
		return nil, err
	}
	if err := l.look(sample); err != nil {
		return nil, err
	}
	layout, err := newLayout(l, f)
	if err != nil {
		return nil, err
	}
	p := &list{lines: l, layout: layout, amounts: amounts, moments: moments}
	p.reading.Columns = layout.list()
	if err := p.decide(f.Columns); err != nil {
		return nil, err
	}
	return p, nil
}

// read takes the rows.
func (p *list) read() error {
	var cells []string
	for {
		row, err := p.nextRecord(p.delimiter, cells)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		cells = row.cells
		p.reading.Rows++
		err = p.take(row)
		if err != nil {
			again, other := p.heads(row)
			if other {
				return badFormat("line %d is another heading, with other columns: import the rows from there on as a list of their own", row.line)
			}
			if again {
				p.reading.Rows--
				continue
			}
		}
		if errors.Is(err, errTooMany) {
			return badFormat("line %d: %w", row.line, err)
		}
		if err != nil {
			p.bad(row.line, err)
		}
		if p.reading.BadRows > maxBad {
			return badFormat("more than %d rows cannot be read, the first of them line %d: %s; is this the right file?", maxBad, p.reading.Bad[0].Line, p.reading.Bad[0].Text)
		}
	}
	if p.reading.Rows == 0 {
		return badFormat("the price list has no rows behind its heading")
	}
	if p.builder.free() {
		return badFormat("every price in the list is 0: name the column of the prices with %s", perMinuteField.option())
	}
	p.finish()
	return nil
}

// heads tells whether a row that cannot be taken is the heading again, as on each
// page of a list that was printed, or that of another table.
func (p *list) heads(r record) (again, other bool) {
	if p.headings == nil || r.bad != "" {
		return false, false
	}
	if slices.EqualFunc(trimmed(r.cells), trimmed(p.headings), strings.EqualFold) {
		return true, false
	}
	found, _, err := layoutOf(r.cells, Columns{})
	if err != nil {
		return false, false
	}
	for f, place := range found.columns {
		if place != nowhere && place != p.columns[f] && field(f) != countryCodeField {
			return false, true
		}
	}
	return false, false
}

// trimmed are cells without the empty ones behind them.
func trimmed(cells []string) []string {
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// finish makes the deck, and tells of rows that contradict each other.
func (p *list) finish() {
	p.reading.Deck = p.builder.deck(func(c conflict) {
		p.reading.BadRows++
		p.reading.Bad = append(p.reading.Bad, Problem{
			Line: int(c.line),
			Text: fmt.Sprintf("prefix %s: line %d has another price for it, from the same moment on; the dearer one counts", c.prefix, c.earlier),
		})
		if len(p.reading.Bad) > 10*maxTold {
			p.tell()
		}
	})
	p.tell()
}

// tell keeps the first of the bad rows.
func (p *list) tell() {
	slices.SortStableFunc(p.reading.Bad, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	p.reading.Bad = p.reading.Bad[:min(len(p.reading.Bad), maxTold)]
}

// bad notes a row that cannot be taken.
func (p *list) bad(line int, err error) {
	p.reading.BadRows++
	if len(p.reading.Bad) < maxTold {
		p.reading.Bad = append(p.reading.Bad, Problem{Line: line, Text: err.Error()})
	}
}

// of is the cell of a field in a row.
func (p *list) of(r record, f field) string { return r.cell(p.columns[f]) }

// take puts a row into the deck.
func (p *list) take(r record) error {
	if r.bad != "" {
		return errors.New(r.bad)
	}
	for _, cell := range r.cells[min(len(r.cells), p.width):] {
		if cell != "" {
			return fmt.Errorf("it has %d cells where the heading has %d: is there a delimiter in a cell that is not in quotes?", len(r.cells), p.width)
		}
	}
	country := ""
	if p.area {
		if country = p.of(r, countryCodeField); country == "" {
			return errors.New("there is no country code")
		}
	}
	var err error
	if p.prefixes, err = parsePrefixes(p.of(r, prefixField), country, p.prefixes[:0]); err != nil {
		return err
	}
	row, err := p.terms(r)
	if err != nil {
		return err
	}
	for _, prefix := range p.prefixes {
		row.Prefix = prefix
		if err := p.builder.add(row, r.line); err != nil {
			return err
		}
	}
	return nil
}

// terms is all of a row but its prefix.
func (p *list) terms(r record) (row Row, err error) {
	row.Description = printable(p.of(r, descriptionField))
	if row.Price.PerMinute, err = p.amounts.parse(p.of(r, perMinuteField)); err != nil {
		return row, err
	}
	if cell := p.of(r, connectField); !unsaid(cell) {
		if row.Price.Connect, err = p.amounts.parse(cell); err != nil {
			return row, fmt.Errorf("%s: %w", connectField, err)
		}
	}
	if row.Price.Minimum, err = parseSeconds(p.of(r, minimumField)); err != nil {
		return row, fmt.Errorf("%s: %w", minimumField, err)
	}
	if row.Price.Free, err = parseSeconds(p.of(r, freeField)); err != nil {
		return row, fmt.Errorf("%s: %w", freeField, err)
	}
	minimum, increment, both, err := parseBilling(p.of(r, incrementField))
	if err != nil {
		return row, err
	}
	row.Price.Increment = increment
	if both {
		if !unsaid(p.of(r, minimumField)) && row.Price.Minimum != minimum {
			return row, fmt.Errorf("the minimum is %s in one column and %s in another", row.Price.Minimum, minimum)
		}
		row.Price.Minimum = minimum
	}
	if cell := p.of(r, validFromField); !unsaid(cell) {
		if row.ValidFrom, err = p.moments.parse(cell); err != nil {
			return row, err
		}
	}
	return row, nil
}
