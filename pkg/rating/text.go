package rating

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxLine bounds a line of a price list, in bytes.
const maxLine = 64 << 10

// line is one line of a file, in UTF-8, without what ends it.
type line struct {
	number int // from 1
	text   string
	long   bool // it has more than maxLine bytes, and text is only its beginning
}

// lines reads a text line by line, whatever wrote it: UTF-8 or UTF-16 with or
// without a byte order mark, or Windows-1252 (of which Latin-1 is a part), with
// lines that end in LF, CR LF or CR. It can look ahead.
type lines struct {
	in    *bufio.Reader
	end   byte
	taken int
	ahead []line // read, and from the place at on not yet taken
	at    int
}

// newLines looks at the beginning of a file and tells how it is written.
func newLines(r io.Reader) (*lines, error) {
	l := &lines{in: bufio.NewReaderSize(r, maxLine), end: '\n'}
	head, err := l.in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the price list: %w", err)
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		_, _ = l.in.Discard(3) // they were peeked
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		l.in = bufio.NewReaderSize(&fromUTF16{in: l.in, order: binary.LittleEndian}, maxLine)
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		l.in = bufio.NewReaderSize(&fromUTF16{in: l.in, order: binary.BigEndian}, maxLine)
	case len(head) == 4 && head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0:
		l.in = bufio.NewReaderSize(&fromUTF16{in: l.in, order: binary.LittleEndian}, maxLine)
	case len(head) == 4 && head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0:
		l.in = bufio.NewReaderSize(&fromUTF16{in: l.in, order: binary.BigEndian}, maxLine)
	}
	head, err = l.in.Peek(maxLine)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the price list: %w", err)
	}
	if len(bytes.TrimSpace(head)) == 0 && len(head) < maxLine {
		return nil, &FormatError{Text: "the price list is empty"}
	}
	if bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 {
		l.end = '\r'
	}
	return l, notText(head)
}

// notText tells what a file is that is no text.
func notText(head []byte) error {
	for _, known := range []struct{ magic, text string }{
		{"PK\x03\x04", "the file is a spreadsheet or an archive: save its sheet as CSV"},
		{"\xd0\xcf\x11\xe0", "the file is a spreadsheet: save its sheet as CSV"},
		{"%PDF", "the file is a PDF: ask the carrier for the list as CSV"},
		{"\x1f\x8b", "the file is compressed: unpack it with gunzip"},
	} {
		if bytes.HasPrefix(head, []byte(known.magic)) {
			return &FormatError{Text: known.text}
		}
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return &FormatError{Text: "the file is no text: save the price list as CSV"}
	}
	return nil
}

// next takes the next line; io.EOF after the last one.
func (l *lines) next() (line, error) {
	next, err := l.peek(0)
	if err == nil {
		l.skip(1)
	}
	return next, err
}

// peek is a line further on, 0 for the next one; io.EOF behind the last one.
func (l *lines) peek(n int) (line, error) {
	for len(l.ahead)-l.at <= n {
		read, err := l.read()
		if err != nil {
			return line{}, err
		}
		l.ahead = append(l.ahead, read)
	}
	return l.ahead[l.at+n], nil
}

// skip takes lines that were peeked, and forgets the taken ones from time to
// time.
func (l *lines) skip(n int) {
	l.at += n
	if rest := l.ahead[l.at:]; l.at > len(rest) {
		clear(l.ahead[copy(l.ahead, rest):])
		l.ahead, l.at = l.ahead[:len(rest)], 0
	}
}

// look reads ahead until there are so many bytes, or nothing more.
func (l *lines) look(size int) error {
	for size > 0 {
		next, err := l.read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		size -= len(next.text) + 1
		l.ahead = append(l.ahead, next)
	}
	return nil
}

// read takes a line from the file.
func (l *lines) read() (line, error) {
	raw, err := l.in.ReadSlice(l.end)
	if len(raw) == 0 && errors.Is(err, io.EOF) {
		return line{}, io.EOF
	}
	l.taken++
	read := line{number: l.taken}
	if errors.Is(err, bufio.ErrBufferFull) {
		read.long, raw = true, raw[:echo+1]
	}
	read.text = toUTF8(bytes.TrimRight(raw, "\r\n"))
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = l.in.ReadSlice(l.end)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return line{}, fmt.Errorf("read the price list: %w", err)
	}
	return read, nil
}

// toUTF8 is a line in UTF-8. One that is not UTF-8 is taken for Windows-1252.
func toUTF8(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	// Where Windows-1252 has letters and Latin-1 has control characters.
	high := []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")
	var text strings.Builder
	for _, b := range raw {
		if b >= 0x80 && b < 0xa0 {
			text.WriteRune(high[b-0x80])
		} else {
			text.WriteRune(rune(b))
		}
	}
	return text.String()
}

// printable is a text as it may be shown: bounded, on one line, without control
// and invisible characters.
func printable(s string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	clean = strings.TrimSpace(clean)
	if len(clean) > maxDescription {
		clean = strings.TrimSpace(strings.ToValidUTF8(clean[:maxDescription], ""))
	}
	return clean
}

// fromUTF16 makes UTF-8 of UTF-16, and drops its byte order mark.
type fromUTF16 struct {
	in      *bufio.Reader
	order   binary.ByteOrder
	high    rune   // the first half of a surrogate pair, kept until the second comes
	pending []byte // made, and not yet read
}

// Read implements io.Reader.
func (u *fromUTF16) Read(p []byte) (int, error) {
	var unit [2]byte
	for len(u.pending) == 0 {
		if _, err := io.ReadFull(u.in, unit[:]); err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = io.EOF // half a unit at the end is nothing
			}
			return 0, err
		}
		u.take(rune(u.order.Uint16(unit[:])))
		for u.in.Buffered() >= 2 && len(u.pending) < len(p) {
			_, _ = io.ReadFull(u.in, unit[:]) // it is buffered
			u.take(rune(u.order.Uint16(unit[:])))
		}
	}
	n := copy(p, u.pending)
	u.pending = u.pending[n:]
	return n, nil
}

// take makes UTF-8 of one unit.
func (u *fromUTF16) take(r rune) {
	const mark = '\ufeff'
	switch {
	case u.high != 0:
		r, u.high = utf16.DecodeRune(u.high, r), 0
	case utf16.IsSurrogate(r):
		u.high = r
		return
	case r == mark:
		return
	}
	u.pending = utf8.AppendRune(u.pending, r)
}
