package agi

import (
	"bytes"
	"errors"
	"io"
)

// Errors of the framing. After any of them a dialogue cannot go on.
var (
	// ErrLineTooLong means that a line exceeded the limit on its length.
	ErrLineTooLong = errors.New("agi: line too long")
	// ErrEnvironment means that the block of agi_ variables is malformed.
	ErrEnvironment = errors.New("agi: malformed environment")
	// ErrOutOfStep means that the peer sent something that is no reply, or a
	// line nobody asked for. Replies can no longer be told apart.
	ErrOutOfStep = errors.New("agi: dialogue out of step")
)

// firstBuffer holds the introduction of an ordinary call (about 700 bytes)
// with room for arguments, so that it is read without growing.
const firstBuffer = 2048

// maxEmptyReads is how often a connection may return nothing without an error.
const maxEmptyReads = 100

// lineReader splits a hostile stream into lines. Its buffer grows with what
// arrives, and never beyond what its callers allow.
type lineReader struct {
	src     io.Reader
	buf     []byte
	r, w    int // buf[r:w] was received and not yet consumed
	maxLine int // bytes in a line, without its end
}

func newLineReader(src io.Reader, maxLine int) *lineReader {
	return &lineReader{src: src, buf: make([]byte, firstBuffer), maxLine: maxLine}
}

// readLine returns the next line without its end. The slice is valid until
// the next call.
func (l *lineReader) readLine() ([]byte, error) {
	for {
		line, size, err := l.scan(0)
		if err != nil {
			return nil, err
		}
		if size > 0 {
			l.r += size
			return line, nil
		}
		if err := l.fill(); err != nil {
			return nil, err
		}
	}
}

// readEnvironment returns the block of agi_ lines before the blank line. What
// cannot be one is refused at its first line, long before the block would end.
// The slice is valid until the next call.
func (l *lineReader) readEnvironment(maxVariables, maxBytes int) ([]byte, error) {
	end, variables := 0, 0
	for {
		line, size, err := l.scan(end)
		if err != nil {
			return nil, err
		}
		switch {
		case size == 0:
			if err := l.fill(); err != nil {
				return nil, err
			}
			continue
		case len(line) == 0:
			block := l.buf[l.r : l.r+end]
			l.r += end + size
			return block, nil
		case !bytes.HasPrefix(line, []byte(envPrefix)):
			return nil, envError("line %d is %.40q", variables+1, line)
		}
		end += size
		if variables++; variables > maxVariables {
			return nil, envError("more than %d variables", maxVariables)
		}
		if end > maxBytes {
			return nil, envError("more than %d bytes", maxBytes)
		}
	}
}

// scan looks for a whole line that starts offset bytes into what was received.
// Size counts its end too and is 0 if the line is not complete.
func (l *lineReader) scan(offset int) (line []byte, size int, err error) {
	rest := l.buf[l.r+offset : l.w]
	i := bytes.IndexByte(rest, '\n')
	if i > l.maxLine+1 || (i < 0 && len(rest) > l.maxLine+1) {
		return nil, 0, ErrLineTooLong
	}
	if i < 0 {
		return nil, 0, nil
	}
	line = bytes.TrimSuffix(rest[:i], []byte("\r"))
	if len(line) > l.maxLine {
		return nil, 0, ErrLineTooLong
	}
	return line, i + 1, nil
}

// fill reads until something came. The end of the stream within a line is unexpected.
func (l *lineReader) fill() error {
	if l.r == l.w {
		l.r, l.w = 0, 0
	}
	if l.w == len(l.buf) {
		pending := l.buf[l.r:l.w]
		if l.r == 0 {
			l.buf = make([]byte, 2*len(l.buf))
		}
		l.w = copy(l.buf, pending)
		l.r = 0
	}
	for range maxEmptyReads {
		n, err := l.src.Read(l.buf[l.w:])
		l.w += n
		switch {
		case n > 0:
			return nil // an error that came along is met at the next read
		case err == io.EOF && l.w > l.r:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
	}
	return io.ErrNoProgress
}

// buffered returns what was received and not yet consumed.
func (l *lineReader) buffered() []byte { return l.buf[l.r:l.w] }
