package agi

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Codes of Asterisk's replies.
const (
	CodeOK             = 200
	CodeUnknownCommand = 510 // invalid or unknown command
	CodeDeadChannel    = 511 // not permitted on a dead channel or in an intercept routine
	CodeUsage          = 520 // invalid syntax; the usage follows
)

// Reply is what Asterisk answered with code 200:
//
//	200 result=1 (data) endpos=1234
type Reply struct {
	Result string // what follows "result="; may be empty
	Data   string // what stands between the parentheses; may hold parentheses itself
	Rest   string // what follows, as "endpos=1234"
	// HasData tells an empty pair of parentheses from none.
	HasData bool
}

// Int returns the result as a number.
func (r Reply) Int() (int, error) {
	n, err := strconv.Atoi(r.Result)
	if err != nil {
		return 0, fmt.Errorf("agi: result is not a number: %.40q", r.Result)
	}
	return n, nil
}

// Endpos returns where playing or recording stopped, in samples (8,000 a
// second), and whether Asterisk told.
func (r Reply) Endpos() (int64, bool) {
	for field := range strings.FieldsSeq(r.Rest) {
		if value, ok := strings.CutPrefix(field, "endpos="); ok {
			n, err := strconv.ParseInt(value, 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// ReplyError is a reply with a code other than 200. The dialogue is in step
// and can go on.
type ReplyError struct {
	Code int    // CodeUnknownCommand, CodeDeadChannel, CodeUsage or one unknown to this package
	Text string // what Asterisk said, at most 2048 bytes; the usage for CodeUsage
}

func (e *ReplyError) Error() string {
	return fmt.Sprintf("asterisk replied %d %.200q", e.Code, e.Text)
}

const (
	maxErrorText = 2048
	// maxReplyLines bounds what stands before and within one reply: lines of
	// HANGUP, of progress, of usage.
	maxReplyLines = 256
)

// rawReply is a reply whose code is known and whose text is not yet
// understood.
type rawReply struct {
	code int
	text string
}

// readReply reads one reply. A line HANGUP, wherever it comes, is reported to
// hangup and is no part of the reply. Asterisk sends no provisional (1xx)
// lines; should it, they are passed over.
func readReply(l *lineReader, hangup func()) (rawReply, error) {
	var text []byte
	block := 0 // the code of the block being read, 0 outside
	for range maxReplyLines {
		line, err := l.readLine()
		if err != nil {
			return rawReply{}, err
		}
		if string(line) == "HANGUP" {
			hangup()
			continue
		}
		code, more, ok := splitCode(line)
		switch {
		case block != 0 && (code != block || more):
			text = appendBounded(text, line)
		case block != 0:
			return rawReply{code, string(text)}, nil
		case !ok:
			return rawReply{}, fmt.Errorf("%w: not a reply: %.60q", ErrOutOfStep, line)
		case code < 200:
		case more:
			block = code
		default:
			return rawReply{code, string(bytes.TrimPrefix(line[3:], []byte(" ")))}, nil
		}
	}
	return rawReply{}, fmt.Errorf("%w: a reply of more than %d lines", ErrOutOfStep, maxReplyLines)
}

// splitCode finds the three digits a reply begins with. More means that a "-"
// follows them: the reply goes on until the same code comes without it.
func splitCode(line []byte) (code int, more, ok bool) {
	if len(line) < 3 || (len(line) > 3 && line[3] != ' ' && line[3] != '-') {
		return 0, false, false
	}
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return 0, false, false
		}
		code = code*10 + int(c-'0')
	}
	return code, len(line) > 3 && line[3] == '-', code >= 100
}

func appendBounded(text, line []byte) []byte {
	if len(text) > 0 && len(text) < maxErrorText {
		text = append(text, '\n')
	}
	return append(text, line[:min(len(line), maxErrorText-len(text))]...)
}

// parse understands a reply. A code other than 200 is a *ReplyError.
func (raw rawReply) parse() (Reply, error) {
	if raw.code != CodeOK {
		return Reply{}, &ReplyError{raw.code, raw.text[:min(len(raw.text), maxErrorText)]}
	}
	rest, ok := strings.CutPrefix(raw.text, "result=")
	if !ok {
		return Reply{}, fmt.Errorf("%w: 200 without a result: %.60q", ErrOutOfStep, raw.text)
	}
	var r Reply
	r.Result, rest, _ = strings.Cut(rest, " ")
	if !strings.HasPrefix(rest, "(") {
		r.Rest = rest
		return r, nil
	}
	// The data of GET VARIABLE ends with the line and may hold parentheses;
	// other data is one plain word with more behind it. Data that does not end
	// held a line break, and its rest would pass for the next reply.
	end := len(rest) - 1
	if rest[end] != ')' {
		end = strings.Index(rest, ") ")
	}
	if end < 1 {
		return Reply{}, fmt.Errorf("%w: data without an end: %.60q", ErrOutOfStep, raw.text)
	}
	r.HasData, r.Data = true, rest[1:end]
	r.Rest = strings.TrimPrefix(rest[end+1:], " ")
	return r, nil
}
