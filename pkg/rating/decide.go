package rating

import "strings"

// decide looks at the rows that were read ahead, for what a single cell does not
// tell: the decimal mark, the order of dates, and whether the prefixes have
// their country code in them.
func (p *list) decide(asked Columns) error {
	var v votes
	var cells []string
	for _, next := range p.ahead[p.at:] {
		if next.long || blank(next.text, p.delimiter) || strings.HasPrefix(next.text, "#") {
			continue
		}
		var open bool
		if cells, open = split(next.text, p.delimiter, cells[:0]); open || len(cells) > p.width {
			continue // its cells may be in the wrong columns
		}
		r := record{line: next.number, cells: cells}
		v.amount(p.of(r, perMinuteField))
		v.amount(p.of(r, connectField))
		v.date(p.of(r, validFromField))
		v.country(p.of(r, countryCodeField), p.of(r, prefixField))
	}
	if err := v.decideMark(&p.amounts); err != nil {
		return err
	}
	if err := v.decideOrder(&p.moments); err != nil {
		return err
	}
	return p.decideArea(v, asked)
}

// votes count what cells show of themselves, each with one that does.
type votes struct {
	point, comma, eitherMark       string
	dayFirst, monthFirst, eitherIs string
	whole, area, letters           int // prefixes that begin with the country code, that do not, and codes that are no digits
	example                        string
}

func (v *votes) amount(cell string) {
	bare, err := bareAmount(cell)
	if err != nil {
		return
	}
	mark, sure := decimalMark(bare)
	switch {
	case !sure:
		v.eitherMark = cell
	case mark == '.':
		v.point = cell
	case mark == ',':
		v.comma = cell
	}
}

func (v *votes) decideMark(a *amounts) error {
	switch {
	case a.mark != 0:
	case v.point != "" && v.comma != "":
		return badFormat("prices are written in two ways, %s and %s: say which is the decimal mark with --decimal", quoted(v.point), quoted(v.comma))
	case v.point != "":
		a.mark = '.'
	case v.comma != "":
		a.mark = ','
	case v.eitherMark != "":
		return badFormat("price %s: %w", quoted(v.eitherMark), errMark)
	}
	return nil
}

func (v *votes) date(cell string) {
	if unsaid(cell) || len(cell) > echo {
		return
	}
	date, _ := cutClock(cell)
	order, decides := dateOrder(date)
	switch {
	case order == "":
		v.eitherIs = cell
	case decides && order == dayFirst:
		v.dayFirst = cell
	case decides:
		v.monthFirst = cell
	}
}

func (v *votes) decideOrder(m *moments) error {
	switch {
	case m.order != "":
	case v.dayFirst != "" && v.monthFirst != "":
		return badFormat("dates are written in two orders, %s and %s: say which counts with --date", quoted(v.dayFirst), quoted(v.monthFirst))
	case v.dayFirst != "":
		m.order = dayFirst
	case v.monthFirst != "":
		m.order = monthFirst
	case v.eitherIs != "":
		return badFormat("date %s: %w", quoted(v.eitherIs), errOrder)
	}
	return nil
}

func (v *votes) country(code, prefix string) {
	if code == "" {
		return
	}
	digits, err := dialDigits(code, false)
	if err != nil {
		v.letters++
		return
	}
	if prefix == "" {
		return
	}
	first := prefix
	if end := strings.IndexAny(prefix, ",;/-"); end > 0 {
		first = strings.TrimSpace(prefix[:end])
	}
	whole, err := dialDigits(first, false)
	if err != nil {
		whole = first
	}
	if strings.HasPrefix(whole, digits) {
		v.whole++
	} else {
		v.area++
		v.example = prefix
	}
}

// decideArea tells whether a prefix is only what follows the country code. One
// that the owner named, or that is called an area code, is. Of any other the rows
// decide, because lists have country codes beside whole prefixes too.
func (p *list) decideArea(v votes, asked Columns) error {
	if p.columns[countryCodeField] == nowhere {
		return nil
	}
	meant := false
	if p.headings != nil && asked.Prefix == "" {
		m, _ := heard(p.headings[p.columns[prefixField]])
		meant = m.area
	}
	switch {
	case asked.CountryCode != "" || meant:
		p.area = true
	case v.letters > 0 && v.area+v.whole == 0: // GB, not 44
	case v.area == 0:
	case v.whole == 0 && v.letters == 0:
		p.area = true
	default:
		return badFormat("some prefixes have their country code in them, and some, such as %s, have not: say %s none if none needs it, or name that column with %s",
			quoted(v.example), countryCodeField.option(), countryCodeField.option())
	}
	if !p.area {
		p.columns[countryCodeField] = nowhere
		delete(p.reading.Columns, countryCodeField.name())
	}
	return nil
}
