package cdr

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// field is what a column has, in the order of fieldNames.
type field int

const (
	startField field = iota
	answerField
	durationField
	billsecField
	channelField
	dstchannelField
	dstField
	srcField
	dispositionField
	uniqueidField
	linkedidField
	accountField
	lastappField
	lastdataField
	fields
)

// fieldNames are the names of CDR() in Asterisk's function reference.
var fieldNames = [fields]string{
	"start", "answer", "duration", "billsec", "channel", "dstchannel", "dst", "src",
	"disposition", "uniqueid", "linkedid", "accountcode", "lastapp", "lastdata",
}

// required are the fields without which nothing can be said of a call.
var required = []field{startField, billsecField, channelField, dstchannelField, dstField}

// Columns tells where a field of CDR() is: by the heading of the column, or by
// its number, counted from 1. Empty means that the file is to be recognized.
type Columns map[string]string

// ParseColumns reads "start=3,dst=number". It says which part it cannot take.
func ParseColumns(text string) (Columns, error) {
	columns := make(Columns)
	for part := range strings.SplitSeq(text, ",") {
		name, place, ok := strings.Cut(part, "=")
		name, place = strings.TrimSpace(name), strings.TrimSpace(place)
		if !ok || place == "" {
			return nil, fmt.Errorf("%.80q is not a column: write it as start=3 or start=calldate", part)
		}
		if !slices.Contains(fieldNames[:], name) {
			return nil, fmt.Errorf("there is no field %.80q: the fields are %s", name, strings.Join(fieldNames[:], ", "))
		}
		if _, twice := columns[name]; twice {
			return nil, fmt.Errorf("%s is named twice", name)
		}
		columns[name] = place
	}
	return columns, nil
}

// layout is the place of each field in a row, -1 where it is not there.
type layout [fields]int

func nowhere() (l layout) {
	for f := range l {
		l[f] = -1
	}
	return l
}

// complete says which required field has no column.
func (l layout) complete() error {
	for _, f := range required {
		if l[f] < 0 {
			return fmt.Errorf("no column has %s", fieldNames[f])
		}
	}
	return nil
}

// asked finds the columns that the owner named. It also tells whether this row
// is a heading, which it is if it has no time where a start should be.
func (c Columns) asked(row []string) (l layout, heading bool, err error) {
	l = nowhere()
	for f, name := range fieldNames {
		place, ok := c[name]
		if !ok {
			continue
		}
		if n, err := strconv.Atoi(place); err == nil {
			if n < 1 || n > len(row) {
				return l, false, fmt.Errorf("%s is column %d, and there are %d", name, n, len(row))
			}
			l[f] = n - 1
			continue
		}
		heading = true
		if l[f] = slices.IndexFunc(row, func(cell string) bool { return strings.EqualFold(cell, place) }); l[f] < 0 {
			return l, false, fmt.Errorf("no column is called %.80q", place)
		}
	}
	if err := l.complete(); err != nil {
		return l, false, err
	}
	return l, heading || !isTime(row[l[startField]]), nil
}

// errUnknown is a row that looks like none of the files this package knows.
var errUnknown = errors.New("this is no row of Master.csv and no heading: name the columns, as start=3,dst=5")

// recognize tells of what kind a file is by one of its first rows.
func recognize(row []string) (l layout, heading bool, err error) {
	if l, ok := headed(row); ok {
		return l, true, l.complete()
	}
	switch {
	case len(row) >= 16 && len(row) <= 21 && isTime(row[9]) && isTime(row[11]):
		return master(row), false, nil
	case len(row) >= 16 && isTime(row[8]) && isTime(row[10]):
		return custom(row), false, nil
	}
	return l, false, errUnknown
}

// headed reads a heading in the names of CDR(); calldate is FreePBX's start.
func headed(row []string) (layout, bool) {
	l := nowhere()
	for i, cell := range row {
		name := strings.ToLower(cell)
		if name == "calldate" {
			name = "start"
		}
		if f := slices.Index(fieldNames[:], name); f >= 0 && l[f] < 0 {
			l[f] = i
		}
	}
	return l, l[dstField] >= 0 && l[channelField] >= 0
}

// master is a row of cdr_csv. Its width tells which optional columns it has; of
// a single one it must be seen whether it is the uniqueid or the userfield.
func master(row []string) layout {
	l := nowhere()
	l[accountField], l[srcField], l[dstField], l[channelField], l[dstchannelField] = 0, 1, 2, 5, 6
	l[lastappField], l[lastdataField], l[startField], l[answerField] = 7, 8, 9, 10
	l[durationField], l[billsecField], l[dispositionField] = 12, 13, 14
	width := len(row)
	if width >= 19 {
		if isUniqueid(row[width-2]) { // else it is a mapping of cdr_custom.conf with columns of its own
			l[linkedidField] = width - 2
		}
		width -= 3
	}
	if width == 18 || width == 17 && isUniqueid(row[16]) {
		l[uniqueidField] = 16
	}
	return l
}

// custom is a row by the sample of cdr_custom.conf; what sites add stands behind it.
func custom(row []string) layout {
	l := nowhere()
	l[srcField], l[dstField], l[channelField], l[dstchannelField] = 1, 2, 4, 5
	l[lastappField], l[lastdataField], l[startField], l[answerField] = 6, 7, 8, 9
	l[durationField], l[billsecField], l[dispositionField], l[accountField] = 11, 12, 13, 15
	if len(row) > 16 {
		l[uniqueidField] = 16
	}
	return l
}

// isUniqueid tells a Uniqueid, "pbx1-1795333356.17" or without the system's
// name, from what a dialplan may have put into the userfield.
func isUniqueid(cell string) bool {
	seconds, number, ok := strings.Cut(cell[strings.LastIndexByte(cell, '-')+1:], ".")
	return ok && len(seconds) >= 9 && digits(seconds) && digits(number)
}

func digits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
