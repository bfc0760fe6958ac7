package sqlite

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The body of an entry is
//
//	1 byte   format
//	fields   uvarint key, then a uvarint (number) or a uvarint length and bytes (text)
//	4 bytes  CRC-32C of everything before, little endian
//
// where the key is tag<<1, plus 1 for text. Tags ascend; what is zero is left
// out; a tag that the reader does not know is skipped, so that a field can be
// added without a new format. Signed numbers are zigzag coded, as in Protocol
// Buffers.
const (
	format   = 1
	sealSize = 4
	maxBody  = 1 << 20 // far above any entry; a bound for what is read back
)

// endOfFields is the tag that stands behind the last field.
const endOfFields = math.MaxUint64

var errBody = errors.New("body of entry is damaged")

// coder walks over the fields of an entry, in one direction or the other, so
// that layout lists them once.
type coder struct {
	buf   []byte
	at    int    // reading: where in buf
	words *words // nil while writing
	err   error

	// The field that was read last and is not used yet.
	tag    uint64
	isText bool
	value  uint64 // the number, or the length of the text, which ends at at
}

// appendEntry appends the body of the entry to buf.
func appendEntry(buf []byte, e *toll.Entry) ([]byte, error) {
	start := len(buf)
	c := coder{buf: append(buf, format)}
	layout(&c, e)
	if c.err != nil {
		return buf, c.err
	}
	if size := len(c.buf) - start + sealSize; size > maxBody {
		return buf, fmt.Errorf("entry has %d bytes, more than %d", size, maxBody)
	}
	return binary.LittleEndian.AppendUint32(c.buf, seal(c.buf[start:])), nil
}

// decodeEntry reads a body into e, which must be zero. Nothing of body is kept.
func decodeEntry(body []byte, w *words, e *toll.Entry) error {
	if len(body) < 1+sealSize || len(body) > maxBody {
		return fmt.Errorf("%w: %d bytes", errBody, len(body))
	}
	if body[0] != format {
		return fmt.Errorf("body of entry has format %d, this version reads %d", body[0], format)
	}
	fields, sum := body[:len(body)-sealSize], body[len(body)-sealSize:]
	if seal(fields) != binary.LittleEndian.Uint32(sum) {
		return fmt.Errorf("%w: checksum differs", errBody)
	}
	c := coder{buf: fields, at: 1, words: w}
	c.next()
	layout(&c, e)
	for c.tag != endOfFields {
		c.next()
	}
	return c.err
}

func seal(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// next reads the field that follows. At the end, and at the first damage, it
// leaves endOfFields, which no field matches.
func (c *coder) next() {
	if c.at == len(c.buf) {
		c.tag = endOfFields
		return
	}
	key, ok := c.uvarint()
	value, ok2 := c.uvarint()
	switch {
	case !ok || !ok2:
		c.fail("bad varint")
		return
	case key>>1 <= c.tag:
		c.fail("field %d after field %d", key>>1, c.tag)
		return
	}
	c.tag, c.isText, c.value = key>>1, key&1 == 1, value
	if c.isText {
		if value > uint64(len(c.buf)-c.at) {
			c.fail("field %d is cut off", c.tag)
			return
		}
		c.at += int(value)
	}
}

// text is the bytes of the field that was read last.
func (c *coder) text() []byte { return c.buf[c.at-int(c.value) : c.at] }

func (c *coder) uvarint() (uint64, bool) {
	// Keys and lengths mostly take one byte.
	if c.at < len(c.buf) && c.buf[c.at] < 0x80 {
		c.at++
		return uint64(c.buf[c.at-1]), true
	}
	v, n := binary.Uvarint(c.buf[c.at:])
	c.at += max(n, 0)
	return v, n > 0
}

func (c *coder) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: "+format, append([]any{errBody}, args...)...)
	}
	c.tag, c.at = endOfFields, len(c.buf)
}

// has tells whether the next field is this one, skipping what is unknown.
func (c *coder) has(tag uint64, text bool) bool {
	for c.tag < tag {
		c.next()
	}
	if c.tag != tag {
		return false
	}
	if c.isText != text {
		c.fail("field %d has the wrong form", tag)
		return false
	}
	return true
}

func (c *coder) putNumber(tag, v uint64) {
	c.buf = binary.AppendUvarint(binary.AppendUvarint(c.buf, tag<<1), v)
}

func putText[T string | []byte](c *coder, tag uint64, v T) {
	c.buf = binary.AppendUvarint(binary.AppendUvarint(c.buf, tag<<1|1), uint64(len(v)))
	c.buf = append(c.buf, v...)
}

func zigzag(v int64) uint64   { return uint64(v)<<1 ^ uint64(v>>63) }
func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// number is a field with a signed integer.
func number[T ~int64](c *coder, tag uint64, v *T) {
	switch {
	case c.words == nil:
		if *v != 0 {
			c.putNumber(tag, zigzag(int64(*v)))
		}
	case c.has(tag, false):
		*v = T(unzigzag(c.value))
		c.next()
	}
}

// flag is a field with a truth value.
func flag(c *coder, tag uint64, v *bool) {
	switch {
	case c.words == nil:
		if *v {
			c.putNumber(tag, 1)
		}
	case c.has(tag, false):
		*v = c.value != 0
		c.next()
	}
}

// text is a field with a string that hardly ever comes twice.
func text[T ~string](c *coder, tag uint64, v *T) {
	switch {
	case c.words == nil:
		if *v != "" {
			putText(c, tag, string(*v))
		}
	case c.has(tag, true):
		*v = T(c.text())
		c.next()
	}
}

// word is a field with a string that comes again and again, such as a country:
// written like text, and read without an allocation.
func word[T ~string](c *coder, tag uint64, v *T) {
	if c.words == nil {
		text(c, tag, v)
		return
	}
	if c.has(tag, true) {
		*v = T(c.words.of(c.text()))
		c.next()
	}
}

// moment is a time: seconds since 1970 under tag, nanoseconds under the next
// one. It comes back in UTC and without a monotonic reading.
func moment(c *coder, tag uint64, v *time.Time) {
	if c.words == nil {
		if !v.IsZero() {
			c.putNumber(tag, zigzag(v.Unix()))
			if ns := v.Nanosecond(); ns != 0 {
				c.putNumber(tag+1, uint64(ns))
			}
		}
		return
	}
	if !c.has(tag, false) {
		return
	}
	seconds := unzigzag(c.value)
	nanoseconds := uint64(0)
	c.next()
	if c.has(tag+1, false) {
		if nanoseconds = c.value; nanoseconds >= 1e9 {
			c.fail("field %d has %d nanoseconds", tag+1, nanoseconds)
			return
		}
		c.next()
	}
	*v = time.Unix(seconds, int64(nanoseconds)).UTC()
}

// setting is a field with the owner's change as JSON: rare, and of a shape that
// changes more often than a lease.
func setting(c *coder, tag uint64, v **toll.Setting) {
	if c.words == nil {
		if *v != nil {
			body, err := json.Marshal(*v)
			if err != nil {
				c.err = fmt.Errorf("write setting as JSON: %w", err)
				return
			}
			putText(c, tag, body)
		}
		return
	}
	if c.has(tag, true) {
		s := new(toll.Setting)
		if err := json.Unmarshal(c.text(), s); err != nil {
			c.fail("setting is not JSON: %w", err)
			return
		}
		*v = s
		c.next()
	}
}
