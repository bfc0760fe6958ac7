package ami

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrTooLarge says that a message had more bytes or headers than [Limits] allows. The decoder has skipped
// it and can go on with the next one.
var ErrTooLarge = errors.New("AMI message too large")

const (
	eventPrefix   = "Event: "
	followsPrefix = "Response: Follows\r\n"
	endOfCommand  = "--END COMMAND--\r\n"
	overlap       = 32 // bytes kept of a message that is skipped in parts: longer than any end mark
)

// Limits bounds what a decoder accepts. Zero values stand for the defaults.
type Limits struct {
	Bytes   int // of one message, by default 64 KiB; the decoder allocates a buffer of this size once
	Headers int // lines of one message, by default 512
}

func (l Limits) withDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 64 << 10
	}
	l.Bytes = max(l.Bytes, 2*overlap)
	if l.Headers <= 0 {
		l.Headers = 512
	}
	return l
}

// Filter says whether an event is wanted. It sees the name and all bytes of the event before anything is
// allocated for it, and may keep neither. Of an event larger than the limit it sees the beginning.
type Filter func(event, text []byte) bool

// Decoder reads messages from a connection. It takes a message as one block: nothing is copied or
// allocated for an event that is not wanted, and one string for a message that is.
type Decoder struct {
	r      io.Reader
	limits Limits
	filter Filter

	buf        []byte
	start, end int // the bytes not yet consumed
	scanned    int // everything before was searched for the end of the message
	seq        uint64

	skipping bool // the rest of a message that outgrew the buffer
	unwanted bool // … which nobody wants
	follows  bool // … which is a command's output
}

// NewDecoder returns a decoder of what r brings.
func NewDecoder(r io.Reader, limits Limits) *Decoder {
	limits = limits.withDefaults()
	return &Decoder{r: r, limits: limits, buf: make([]byte, limits.Bytes)}
}

// SetFilter makes Next skip the events that the filter does not want. Responses are never skipped.
func (d *Decoder) SetFilter(f Filter) { d.filter = f }

// Seq is the number of messages received so far, skipped ones included.
func (d *Decoder) Seq() uint64 { return d.seq }

// Line reads one line that is not part of a message, the banner, of at most limit bytes.
func (d *Decoder) Line(limit int) (string, error) {
	for {
		held := d.buf[d.start:d.end]
		if n := bytes.Index(held, []byte("\r\n")); n >= 0 && n <= limit {
			d.consume(n + 2)
			return string(held[:n]), nil
		}
		if len(held) > limit+1 { // with the CR, whose LF is still to come
			return "", fmt.Errorf("read a line: %w", ErrTooLarge)
		}
		if err := d.fill(); err != nil {
			return "", err
		}
	}
}

// Next returns the next response or wanted event. After [ErrTooLarge] it can be called again; every other
// error is that of the reader and final: io.EOF between two messages, io.ErrUnexpectedEOF within one.
func (d *Decoder) Next() (Message, error) {
	for {
		n := d.block()
		if n == 0 {
			if err := d.more(); err != nil {
				return Message{}, err
			}
			continue
		}
		text := d.buf[d.start : d.start+n-len("\r\n")]
		d.consume(n)
		d.seq++
		if d.skipping {
			d.skipping = false
			if d.unwanted {
				continue
			}
			return Message{}, fmt.Errorf("message %d: %w: more than %d bytes", d.seq, ErrTooLarge, d.limits.Bytes)
		}
		if !d.wanted(text) {
			continue
		}
		if bytes.Count(text, []byte("\n")) > d.limits.Headers {
			return Message{}, fmt.Errorf("message %d: %w: more than %d headers", d.seq, ErrTooLarge, d.limits.Headers)
		}
		return Message{text: string(text), seq: d.seq}, nil
	}
}

// block returns the length of the message at the start of the buffer with the blank line that ends it, or
// 0 if it is not complete.
func (d *Decoder) block() int {
	for !d.skipping && bytes.HasPrefix(d.buf[d.start:d.end], []byte("\r\n")) {
		d.consume(2) // a blank line more than needed between messages
	}
	held := d.buf[d.start:d.end]
	for at := d.scanned - d.start; ; {
		n := bytes.IndexByte(held[at:], '\n')
		if n < 0 {
			d.scanned = d.end
			return 0
		}
		at += n + 1
		if at >= 4 && held[at-2] == '\r' && held[at-3] == '\n' && held[at-4] == '\r' && d.ends(held[:at-2]) {
			return at
		}
	}
}

// ends tells whether a blank line after this text is the end of the message. The output of a command
// before Asterisk 14 may have blank lines, and ends with a mark.
func (d *Decoder) ends(text []byte) bool {
	follows := d.follows
	if !d.skipping {
		follows = bytes.HasPrefix(text, []byte(followsPrefix))
	}
	return !follows || bytes.HasSuffix(text, []byte(endOfCommand))
}

func (d *Decoder) wanted(text []byte) bool {
	if d.filter == nil || !bytes.HasPrefix(text, []byte(eventPrefix)) {
		return true
	}
	name := text[len(eventPrefix):]
	if n := bytes.IndexByte(name, '\r'); n >= 0 {
		name = name[:n]
	}
	return d.filter(name, text)
}

func (d *Decoder) consume(n int) {
	d.start += n
	d.scanned = max(d.scanned, d.start)
	if d.start == d.end {
		d.start, d.end, d.scanned = 0, 0, 0
	}
}

// more reads on within or between messages. A message that fills the whole buffer is skipped from here
// on, whatever its length: an endless line costs no memory.
func (d *Decoder) more() error {
	if held := d.buf[d.start:d.end]; len(held) == len(d.buf) {
		if !d.skipping {
			d.skipping = true
			d.follows = bytes.HasPrefix(held, []byte(followsPrefix))
			d.unwanted = !d.wanted(held)
		}
		d.consume(len(held) - overlap)
	}
	inside := d.skipping || d.end > d.start
	err := d.fill()
	if errors.Is(err, io.EOF) && inside {
		return io.ErrUnexpectedEOF
	}
	return err
}

// fill reads once, after moving what is left to the front of the buffer if there is no room behind it.
func (d *Decoder) fill() error {
	if d.start > 0 && d.end == len(d.buf) {
		copy(d.buf, d.buf[d.start:d.end])
		d.end -= d.start
		d.scanned -= d.start
		d.start = 0
	}
	for range 100 {
		n, err := d.r.Read(d.buf[d.end:])
		d.end += n
		if n > 0 {
			return nil // an error will come again at the next read
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}
