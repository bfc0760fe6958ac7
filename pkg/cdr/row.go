package cdr

import (
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
func split(text string) ([]string, error) {
	cells := make([]string, 0, 21)
	for {
		if !strings.HasPrefix(text, `"`) {
			cell, rest, more := strings.Cut(text, ",")
			cells = append(cells, cell)
			if !more {
				return cells, nil
			}
			text = rest
			continue
		}
		end := closing(text)
		if end < 0 {
			return nil, errors.New("a quotation mark is opened and not closed")
		}
		cells = append(cells, strings.ReplaceAll(text[1:end], `""`, `"`))
		switch text = text[end+1:]; {
		case text == "":
			return cells, nil
		case text[0] != ',':
			return nil, errors.New("there is text behind a cell in quotation marks")
		}
		text = text[1:]
	}
}

// closing is the place of the quote that closes the one text begins with.
func closing(text string) int {
	for i := 1; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		if i+1 < len(text) && text[i+1] == '"' {
			i++
			continue
		}
		return i
	}
	return -1
}

// fill checks the cells of a row and puts them into a record.
func (r *Reader) fill(record *Record, row []string) error {
	l := r.layout
	if r.width > 0 && len(row) != r.width {
		// Options of cdr.conf may have changed while the file was written.
		var err error
		if l, _, err = recognize(row); err != nil {
			return fmt.Errorf("it has %d cells where the rows before it have %d", len(row), r.width)
		}
	}
	var cells [fields]string
	for f, place := range l {
		if place < 0 {
			continue
		}
		if place >= len(row) {
			return fmt.Errorf("there is no %s: the row has only %d cells", fieldNames[f], len(row))
		}
		cell := row[place]
		if field(f) == lastdataField && len(cell) > maxCell {
			cell = "" // options of Dial may be long, and nobody misses them
		}
		if len(cell) > maxCell {
			return fmt.Errorf("%s has more than %d bytes", fieldNames[f], maxCell)
		}
		if !printable(cell) {
			return fmt.Errorf("%s has characters that do not print", fieldNames[f])
		}
		cells[f] = strings.Clone(cell) // the record is kept longer than its line
	}
	var err error
	if record.Start, err = parseTime(cells[startField], r.zone); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	if !none(cells[answerField]) {
		if record.Answer, err = parseTime(cells[answerField], r.zone); err != nil {
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

func printable(cell string) bool {
	return utf8.ValidString(cell) && strings.IndexFunc(cell, func(c rune) bool { return !unicode.IsPrint(c) }) < 0
}

// none tells whether there is no time: SQL writes the second for none.
func none(cell string) bool { return cell == "" || cell == "0000-00-00 00:00:00" }

const epochs = 1_000_000_000 // before 2001 there was no Asterisk worth the name

// parseTime reads "2026-03-07 00:30:00", also with a T or a fraction, or the
// seconds since 1970 that CDR(start,u) gives.
func parseTime(cell string, zone *time.Location) (time.Time, error) {
	if !strings.Contains(cell, "-") { // an error of strconv costs more than a date
		seconds, err := strconv.ParseFloat(cell, 64)
		if err == nil && seconds >= epochs && seconds < 10*epochs {
			whole, part := math.Modf(seconds)
			return time.Unix(int64(whole), int64(math.Round(part*1e6))*1000).In(zone), nil
		}
	}
	for _, form := range []string{time.DateTime, "2006-01-02T15:04:05"} {
		if at, err := time.ParseInLocation(form, cell, zone); err == nil && at.Unix() >= epochs && at.Unix() < 10*epochs {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is no time: expected 2026-03-07 00:30:00 or the seconds since 1970", cell)
}

func isTime(cell string) bool {
	_, err := parseTime(cell, time.UTC)
	return err == nil
}

// longest is more than any call lasts: a week.
const longest = 7 * 24 * time.Hour

// parseSeconds reads whole seconds, or with the fraction of CDR(billsec,f).
func parseSeconds(cell string) (time.Duration, error) {
	seconds, err := strconv.ParseFloat(cell, 64)
	if err != nil || !(seconds >= 0 && seconds <= longest.Seconds()) {
		return 0, fmt.Errorf("%.40q is no number of seconds up to a week", cell)
	}
	return time.Duration(math.Round(seconds*1e6)) * time.Microsecond, nil
}
