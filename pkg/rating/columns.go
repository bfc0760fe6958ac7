package rating

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// heading is a line that may be the heading of a list, and what its cells mean.
type heading struct {
	cells    []string
	meanings []meaning
	heard    []bool
}

// layoutOf tells where the fields are if these cells are a heading, and how many
// fields it knows. The layout has no headings if the line is a row already,
// which can only be where the owner named the columns by number.
func layoutOf(cells []string, asked Columns) (layout, int, error) {
	found := layout{columns: noColumns(), headings: cells}
	for i, cell := range cells {
		if cell != "" {
			found.width = i + 1
		}
	}
	if len(cells) < 2 {
		return found, 0, errors.New("it has a single column")
	}
	h := heading{cells: cells, meanings: make([]meaning, len(cells)), heard: make([]bool, len(cells))}
	for i, cell := range cells {
		h.meanings[i], h.heard[i] = heard(cell)
	}
	known := 0
	var wrong error
	for f := range fields {
		place, err := h.place(f, asked.asked(f))
		if err != nil && wrong == nil {
			wrong = err
		}
		if found.columns[f] = place; place != nowhere || errors.Is(err, errAmbiguous) {
			known++
		}
		found.width = max(found.width, place+1)
	}
	if wrong == nil {
		wrong = found.settle(h, asked)
	}
	if wrong != nil {
		return found, known, wrong
	}
	_, prefixNumber := number(asked.Prefix)
	_, priceNumber := number(asked.PerMinute)
	if prefixNumber && priceNumber {
		return found.numbered(known)
	}
	return found, known, nil
}

// numbered looks at a line whose most important columns are told by number, so
// that it need not be the heading.
func (found layout) numbered(known int) (layout, int, error) {
	prefix, price := found.headings[found.columns[prefixField]], found.headings[found.columns[perMinuteField]]
	if prefix == "" || price == "" {
		return found, 0, errors.New("its columns are empty")
	}
	if strings.Trim(prefix, "+0123456789") == "" {
		found.headings = nil
	}
	return found, known, nil
}

// errAmbiguous is a heading that two columns have.
var errAmbiguous = errors.New("which of them is it?")

// place is the column of a field, as the owner named it or by its usual
// headings.
func (h heading) place(f field, name string) (int, error) {
	if name == notThere {
		return nowhere, nil
	}
	if place, ok := number(name); ok {
		if place >= len(h.cells) {
			return nowhere, fmt.Errorf("%s is %s, and there are %d columns", f.option(), name, len(h.cells))
		}
		return place, nil
	}
	if name != "" {
		return h.named(f, name)
	}
	var sure, likely []int
	for i, m := range h.meanings {
		switch {
		case !h.heard[i] || m.field != f:
		case m.sure:
			sure = append(sure, i)
		default:
			likely = append(likely, i)
		}
	}
	places := sure
	if len(sure) == 0 {
		places = likely
	}
	switch {
	case len(places) == 0:
		return nowhere, nil
	case len(places) == 1 || f == descriptionField:
		return places[0], nil
	}
	return nowhere, fmt.Errorf("columns %d (%s) and %d (%s) could both be the %s: %w Say it with %s",
		places[0]+1, quoted(h.cells[places[0]]), places[1]+1, quoted(h.cells[places[1]]), f, errAmbiguous, f.option())
}

// named is the column that has a heading.
func (h heading) named(f field, name string) (int, error) {
	place, times := nowhere, 0
	for i, cell := range h.cells {
		if strings.EqualFold(strings.Join(strings.Fields(cell), " "), strings.Join(strings.Fields(name), " ")) {
			place = i
			times++
		}
	}
	switch times {
	case 0:
		return nowhere, fmt.Errorf("no column is called %s (%s); there are %s", quoted(name), f.option(), h.list())
	case 1:
		return place, nil
	}
	return nowhere, fmt.Errorf("%d columns are called %s: %w Say its number with %s", times, quoted(name), errAmbiguous, f.option())
}

// list names the columns, bounded.
func (h heading) list() string {
	const most = 12
	var names []string
	for _, cell := range h.cells[:min(len(h.cells), most)] {
		names = append(names, quoted(cell))
	}
	if len(h.cells) > most {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// settle decides what one column alone does not tell.
func (found *layout) settle(h heading, asked Columns) error {
	prefix, country := found.columns[prefixField], found.columns[countryCodeField]
	if prefix == nowhere && country != nowhere && asked.Prefix == "" && asked.CountryCode == "" {
		prefix, country = country, nowhere // all that the list has is countries
		found.columns[prefixField], found.columns[countryCodeField] = prefix, country
	}
	price := found.columns[perMinuteField]
	switch {
	case prefix == nowhere:
		return fmt.Errorf("no column of prefixes among %s: name it with %s", h.list(), prefixField.option())
	case price == nowhere:
		return fmt.Errorf("no column of prices a minute among %s: name it with %s", h.list(), perMinuteField.option())
	case asked.Prefix == "" && h.meanings[prefix].area && country == nowhere:
		return fmt.Errorf("column %s has what follows a country code: name the column of that with %s, or this one with %s if it has both",
			quoted(h.cells[prefix]), countryCodeField.option(), prefixField.option())
	case asked.PerMinute == "" && h.meanings[price].unit == perSecond:
		return fmt.Errorf("column %s has prices a second: name it with %s, and say --times 60", quoted(h.cells[price]), perMinuteField.option())
	case asked.PerMinute == "" && h.meanings[price].unit == inCents:
		return fmt.Errorf("column %s has prices in hundredths: name it with %s, and say --times 0.01", quoted(h.cells[price]), perMinuteField.option())
	}
	return nil
}

// String names a field in a sentence.
func (f field) String() string {
	switch f {
	case perMinuteField:
		return "price a minute"
	case connectField:
		return "connect fee"
	case freeField:
		return "free seconds"
	}
	return strings.ReplaceAll(f.name(), "_", " ")
}

// list names the fields of the layout with the heading or the number of their
// columns.
func (found layout) list() map[string]string {
	list := make(map[string]string)
	for f := range fields {
		place := found.columns[f]
		switch {
		case place == nowhere:
		case found.headings == nil || printable(found.headings[place]) == "":
			list[f.name()] = strconv.Itoa(place + 1)
		default:
			list[f.name()] = printable(found.headings[place])
		}
	}
	return list
}
