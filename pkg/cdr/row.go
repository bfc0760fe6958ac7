package cdr

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const maxCell = 256 // bytes of what is kept; Asterisk's own names end at 80

// split takes a row apart as RFC 4180 says, except that a cell ends with its line.
// The cells are parts of the text, or of the text without doubled quotes; they come
// behind those that are given. Between tabs quotation marks are no more than text, for
// mysql writes a caller ID as it is, and a tab in it as \t.
func split(text []byte, separator byte, cells [][]byte) ([][]byte, error) {
	for {
		if len(text) == 0 || text[0] != '"' || separator == '\t' {
			end := bytes.IndexByte(text, separator)
			if end < 0 {
				return append(cells, text), nil
			}
			cells, text = append(cells, text[:end]), text[end+1:]
			continue
		}
		end, doubled := closing(text)
		if end < 0 {
			return nil, errors.New("a quotation mark is opened and not closed")
		}
		cell := text[1:end]
		if doubled {
			cell = bytes.ReplaceAll(cell, []byte(`""`), []byte(`"`))
		}
		cells = append(cells, cell)
		switch text = text[end+1:]; {
		case len(text) == 0:
			return cells, nil
		case text[0] != separator:
			return nil, errors.New("there is text behind a cell in quotation marks")
		}
		text = text[1:]
	}
}

// closing is the place of the quote that closes the one text begins with, -1 where
// there is none, and whether there are doubled ones before it.
func closing(text []byte) (end int, doubled bool) {
	for i := 1; ; i += 2 {
		next := bytes.IndexByte(text[i:], '"')
		if next < 0 {
			return -1, doubled
		}
		i += next
		if i+1 == len(text) || text[i+1] != '"' {
			return i, doubled
		}
		doubled = true
	}
}

// fill checks the cells of a row and puts them into a record.
func (r *Reader) fill(record *Record, row [][]byte) error {
	l := r.layout
	if r.width > 0 && len(row) != r.width {
		// Options of cdr.conf may have changed while the file was written.
		var err error
		if l, _, err = recognize(texts(row)); err != nil {
			return fmt.Errorf("it has %d cells where the rows before it have %d", len(row), r.width)
		}
	}
	var cells [fields]string
	if err := r.pick(&cells, &l, row); err != nil {
		return err
	}
	var err error
	if record.Start, err = r.times.parse(cells[startField]); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	if !none(cells[answerField]) {
		if record.Answer, err = r.times.parse(cells[answerField]); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
	if record.Billed, err = parseSeconds(cells[billsecField]); err != nil {
		return fmt.Errorf("billsec: %w", err)
	}
	record.Duration = record.Billed
	if cells[durationField] != "" {
		if record.Duration, err = parseSeconds(cells[durationField]); err != nil {
			return fmt.Errorf("duration: %w", err)
		}
	}
	record.Channel, record.DstChannel = cells[channelField], cells[dstchannelField]
	record.Dst, record.Src = cells[dstField], cells[srcField]
	record.Disposition = strings.ToUpper(cells[dispositionField])
	record.Uniqueid, record.Linkedid = cells[uniqueidField], cells[linkedidField]
	record.Account = cells[accountField]
	record.LastApp, record.LastData = cells[lastappField], cells[lastdataField]
	return nil
}

// pick checks the cells that are read, and copies them: a record is kept longer than
// its line. They share one piece of memory, for there are many.
func (r *Reader) pick(cells *[fields]string, l *layout, row [][]byte) error {
	var ends [fields]int
	r.picked = r.picked[:0]
	for f, place := range l {
		if place >= len(row) {
			return fmt.Errorf("there is no %s: the row has only %d cells", fieldNames[f], len(row))
		}
		if place >= 0 {
			cell := row[place]
			switch {
			case null(cell):
				cell = nil
			case len(cell) > maxCell && field(f) == lastdataField:
				cell = nil // options of Dial may be long, and nobody misses them
			case len(cell) > maxCell:
				return fmt.Errorf("%s has more than %d bytes", fieldNames[f], maxCell)
			case !printable(cell):
				return fmt.Errorf("%s has characters that do not print", fieldNames[f])
			}
			r.picked = append(r.picked, cell...)
		}
		ends[f] = len(r.picked)
	}
	all, begin := string(r.picked), 0
	for f, end := range ends {
		cells[f] = all[begin:end]
		begin = end
	}
	return nil
}

// texts are the cells as the recognition of a file takes them.
func texts(row [][]byte) []string {
	all := make([]string, len(row))
	for i, cell := range row {
		all[i] = string(cell)
	}
	return all
}

// printable tells whether a cell can be shown to a person.
func printable(cell []byte) bool {
	for _, c := range cell {
		if c < ' ' || c > '~' {
			return utf8.Valid(cell) && bytes.IndexFunc(cell, func(c rune) bool { return !unicode.IsPrint(c) }) < 0
		}
	}
	return true
}

// null tells a cell without a value, as mysql and its tools write it.
func null(cell []byte) bool {
	return string(cell) == "NULL" || string(cell) == `\N`
}

// none tells whether there is no time: SQL writes zeros for none.
func none(cell string) bool {
	return cell == "" || cell == "0000-00-00 00:00:00"
}

// longest is more than any call lasts: a week.
const longest = 7 * 24 * time.Hour

// parseSeconds reads whole seconds, or with the fraction of CDR(billsec,f).
func parseSeconds(cell string) (time.Duration, error) {
	if len(cell) <= 6 && digits(cell) { // as nearly all are
		if n := time.Duration(decimal(cell)) * time.Second; n <= longest {
			return n, nil
		}
	}
	seconds, err := strconv.ParseFloat(cell, 64)
	if err != nil || !(seconds >= 0 && seconds <= longest.Seconds()) {
		return 0, fmt.Errorf("%.40q is no number of seconds up to a week", cell)
	}
	return time.Duration(math.Round(seconds*1e6)) * time.Microsecond, nil
}
