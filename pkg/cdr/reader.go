package cdr

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	maxLine   = 64 << 10 // bytes of a row; cdr_csv.c itself stops at 1 kB, cdr_custom.c at 8
	maxTold   = 100      // bad rows that are told one by one
	maxLooked = 100      // rows in which the kind of the file must show
)

// Record is one row of the records, with its cells checked.
type Record struct {
	Line          int       // of the file, from 1
	Start, Answer time.Time // Answer is zero where the file does not tell it
	Duration      time.Duration
	Billed        time.Duration // from the answer to the end
	Channel       string        // who dialled
	DstChannel    string        // the leg that was dialled; empty where there was none
	Dst, Src      string
	Disposition   string // ANSWERED, NO ANSWER, BUSY, FAILED, CONGESTION
	Uniqueid      string
	Linkedid      string
	Account       string
	LastApp       string
	LastData      string
}

// Problem is a row that cannot be read, and why.
type Problem struct {
	Line int    `json:"line"`
	Text string `json:"text"`
}

// Reader reads records one after the other.
type Reader struct {
	lines   *bufio.Reader
	times   clock
	columns Columns

	layout    layout
	separator byte // of cells
	width     int  // of the row the layout is of, where the file has no heading; else 0
	most      int  // cells of that row or of the heading
	known     bool
	line      int
	rows      int
	bad       []Problem
	badRows   int

	cells  [][]byte // of the newest row
	picked []byte   // what is read of it
}

// NewReader reads records from r. A time without an epoch is one of the zone:
// that of the site, or UTC where cdr.conf says usegmtime=yes.
func NewReader(r io.Reader, columns Columns, zone *time.Location) *Reader {
	return &Reader{lines: bufio.NewReaderSize(r, maxLine), times: clock{zone: zone}, columns: columns}
}

// Rows is how many rows were read, good and bad; a heading is none.
func (r *Reader) Rows() int { return r.rows }

// Bad tells how many rows could not be read, and why the first hundred could not.
func (r *Reader) Bad() (int, []Problem) { return r.badRows, r.bad }

// Next is the next record that can be read; io.EOF after the last. Another error
// says that the file is of no known kind, or could not be read at all.
func (r *Reader) Next() (Record, error) {
	for {
		text, err := r.nextLine()
		if errors.Is(err, io.EOF) && !r.known {
			return Record{}, r.unusable()
		}
		if !r.known && r.line == 1 && isUTF16(text) {
			return Record{}, fmt.Errorf("%w: the file is UTF-16: write it as UTF-8, as with iconv -f UTF-16 -t UTF-8", ErrUnusable)
		}
		if errors.Is(err, errLong) {
			r.refuse(err)
			continue
		}
		if err != nil {
			return Record{}, err
		}
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		row, heading, err := r.take(text)
		if heading {
			continue
		}
		record := Record{Line: r.line}
		if err == nil {
			err = r.fill(&record, row)
		}
		if err == nil {
			r.rows++
			return record, nil
		}
		r.refuse(err)
		if !r.known && r.badRows >= maxLooked {
			return Record{}, r.unusable()
		}
	}
}

// ErrUnusable says that a file has no call records, or none of a known kind.
var ErrUnusable = errors.New("no call records")

// unusable tells why of the first row.
func (r *Reader) unusable() error {
	if r.badRows == 0 {
		return fmt.Errorf("%w: the file is empty", ErrUnusable)
	}
	return fmt.Errorf("%w: line %d: %s", ErrUnusable, r.bad[0].Line, r.bad[0].Text)
}

// refuse counts a row that cannot be read.
func (r *Reader) refuse(err error) {
	r.rows++
	r.badRows++
	if len(r.bad) < maxTold {
		r.bad = append(r.bad, Problem{Line: r.line, Text: err.Error()})
	}
}

// take takes a row apart, and finds out by one of the first where the fields are.
func (r *Reader) take(text []byte) (row [][]byte, heading bool, err error) {
	if !r.known {
		if heading, err = r.look(text); err != nil || heading {
			return nil, heading, err
		}
	}
	if row, err = r.split(text, r.separator, r.cells[:0]); err == nil {
		r.cells = row
	}
	return row, false, err
}

// split is split, also for rows whose quotation marks are not doubled. Of those one with
// more or fewer cells than the first is refused, for a name may have moved them.
func (r *Reader) split(text []byte, separator byte, cells [][]byte) ([][]byte, error) {
	row, err := split(text, separator, cells)
	if err == nil {
		return row, nil
	}
	if bare := splitBare(text, separator, cells[:0]); bare != nil && (len(bare) == r.most || !r.known) {
		return bare, nil
	}
	return nil, err
}

// separators are what stands between cells: a comma, a semicolon where Excel writes
// for countries with a decimal comma, a tab as mysql writes.
const separators = ",;\t"

// look finds out by a row what separates cells, and where the fields are. Where more
// than one could, it is the one that makes the most cells; where none can, the comma
// says why.
func (r *Reader) look(text []byte) (heading bool, err error) {
	most := 0
	for i := range len(separators) {
		cells, wrong := r.split(text, separators[i], nil)
		if wrong == nil && len(cells) > most {
			var l layout
			var headed bool
			if l, headed, wrong = r.recognize(texts(cells)); wrong == nil {
				r.known, r.layout, r.separator, heading = true, l, separators[i], headed
				most, r.most, r.width = len(cells), len(cells), 0
				if !heading && len(r.columns) == 0 {
					r.width = len(cells)
				}
			}
		}
		if i == 0 {
			err = wrong
		}
	}
	if r.known {
		err = nil
	}
	return heading, err
}

// recognize finds the columns that the owner has named, or those of a kind of file
// that is known.
func (r *Reader) recognize(row []string) (l layout, heading bool, err error) {
	if len(r.columns) > 0 {
		return r.columns.asked(row)
	}
	return recognize(row)
}

// isUTF16 tells the byte order mark with which Excel and others begin such a file.
func isUTF16(text []byte) bool {
	return bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff"))
}

var errLong = fmt.Errorf("the line has more than %d kB", maxLine>>10)

// nextLine is the next line without its end, until the one after it is read. Of one
// that is too long nothing is kept.
func (r *Reader) nextLine() ([]byte, error) {
	text, err := r.lines.ReadSlice('\n')
	r.line++
	long := errors.Is(err, bufio.ErrBufferFull)
	for errors.Is(err, bufio.ErrBufferFull) {
		text, err = r.lines.ReadSlice('\n')
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("reading line %d: %w", r.line, err)
	case long:
		return nil, errLong
	case err != nil && len(text) == 0:
		return nil, io.EOF
	}
	if r.line == 1 {
		text = bytes.TrimPrefix(text, []byte("\ufeff"))
	}
	return bytes.TrimRight(text, "\r\n"), nil
}
