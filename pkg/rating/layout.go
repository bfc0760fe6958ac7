package rating

import (
	"strconv"
	"strings"
)

// How far the heading of a list is looked for, and how much of a list is looked
// at before it is read.
const (
	maxTitles = 50
	sample    = 1 << 20
)

// nowhere is the column of a field that a list has not.
const nowhere = -1

// notThere is what the owner calls the column of a field that is not to be
// looked for.
const notThere = "none"

// layout is how a price list is laid out.
type layout struct {
	delimiter string
	columns   [fields]int // from 0; nowhere
	headings  []string    // nil if the list has no heading
	width     int         // how many columns there are
}

// newLayout finds the delimiter and the heading, and leaves the rows behind it.
func newLayout(l *lines, f Format) (layout, error) {
	delimiters, err := f.delimiters()
	if err != nil {
		return layout{}, err
	}
	for field := range fields {
		if named := f.Columns.asked(field); len(named) > maxHeading {
			return layout{}, badFormat("%s is too long", field.option())
		}
	}
	if f.NoHeading {
		return withoutHeading(l, f.Columns, delimiters)
	}
	return withHeading(l, f.Columns, delimiters)
}

// delimiters are those that a list may have, the least likely to be a part of
// a cell first.
func (f Format) delimiters() ([]string, error) {
	switch {
	case f.Delimiter == "":
		return []string{"\t", ";", "|", ","}, nil
	case f.Delimiter == "tab":
		return []string{"\t"}, nil
	case len([]rune(f.Delimiter)) == 1 && !strings.ContainsAny(f.Delimiter, "\"\r\n 0123456789"):
		return []string{f.Delimiter}, nil
	}
	return nil, badFormat("--delimiter is %s: want one character that is no digit, blank or quotation mark, or tab", quoted(f.Delimiter))
}

// withoutHeading takes the columns by their numbers, and the delimiter that
// makes as many columns of the first rows.
func withoutHeading(l *lines, asked Columns, delimiters []string) (layout, error) {
	found := layout{columns: noColumns()}
	for field := range fields {
		name := asked.asked(field)
		if name == "" || name == notThere {
			continue
		}
		place, ok := number(name)
		if !ok {
			return found, badFormat("%s is %s: in a list without a heading a column is named by its number", field.option(), quoted(name))
		}
		found.columns[field] = place
		found.width = max(found.width, place+1)
	}
	for _, field := range []field{prefixField, perMinuteField} {
		if found.columns[field] == nowhere {
			return found, badFormat("a list without a heading does not tell its columns: name the number of that of the %s with %s", field.thing(), field.option())
		}
	}
	for _, delimiter := range delimiters {
		if width := l.even(delimiter); width >= found.width {
			found.delimiter, found.width = delimiter, width
			return found, nil
		}
	}
	return found, badFormat("no delimiter parts the first rows into %d columns: say which it is with --delimiter", found.width)
}

// thing is what a column has, in words.
func (f field) thing() string {
	if f == prefixField {
		return "prefixes"
	}
	return "prices a minute"
}

// even is how many columns a delimiter makes of each of the first rows; 0 if
// not of each as many.
func (l *lines) even(delimiter string) int {
	width := 0
	for _, next := range l.ahead[:min(len(l.ahead), maxTitles)] {
		if blank(next.text, delimiter) || strings.HasPrefix(next.text, "#") {
			continue
		}
		cells, open := split(next.text, delimiter, nil)
		if width == 0 {
			width = len(cells)
		}
		if open || len(cells) != width {
			return 0
		}
	}
	return width
}

// number reads the number of a column, from 1; the place is one less.
func number(text string) (place int, ok bool) {
	n, err := strconv.Atoi(text)
	return n - 1, err == nil && n >= 1 && n <= 1000
}

func noColumns() [fields]int {
	var columns [fields]int
	for field := range fields {
		columns[field] = nowhere
	}
	return columns
}

// withHeading looks for the first line that, parted by one of the delimiters,
// has a heading for the prefixes and one for the price. What stands before it is
// the title. Of the other lines, that which came nearest tells what is missing.
func withHeading(l *lines, asked Columns, delimiters []string) (layout, error) {
	var nearest error
	nearestKnown := 0
	for i := range min(len(l.ahead), maxTitles) {
		var found layout
		known, behind := 0, 0
		for _, delimiter := range delimiters {
			cells, after := l.headingAt(i, delimiter)
			candidate, n, err := layoutOf(cells, asked)
			switch {
			case err != nil && n > nearestKnown:
				nearestKnown, nearest = n, badFormat("line %d: %w", l.ahead[i].number, err)
			case err == nil && n > known:
				known, found, behind = n, candidate, after
				found.delimiter = delimiter
			}
		}
		if known > 0 {
			if found.headings == nil {
				behind = i
			}
			l.skip(behind)
			return found, nil
		}
	}
	if nearest != nil {
		return layout{}, nearest
	}
	return layout{}, badFormat("no line has a heading for the prefixes and one for the prices: name the columns with %s and %s; if the list has no heading, by their numbers and with --no-heading",
		prefixField.option(), perMinuteField.option())
}

// headingAt takes apart a line that may be the heading, with those that its
// cells in quotes reach over, and tells where the rows begin then.
func (l *lines) headingAt(i int, delimiter string) (cells []string, after int) {
	text := strings.TrimLeft(l.ahead[i].text, "# ")
	cells, open := split(text, delimiter, nil)
	for after = i + 1; open && after < len(l.ahead) && after <= i+maxJoined && len(text) < maxLine; after++ {
		text += " " + l.ahead[after].text
		cells, open = split(text, delimiter, nil)
	}
	if open || l.ahead[i].long {
		return nil, i + 1
	}
	return cells, after
}
