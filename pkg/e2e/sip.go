//go:build e2e

package e2e

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// message is one SIP request or response (RFC 3261, section 7). Only what the agents here need is
// understood; everything else is kept as it came.
type message struct {
	method, uri string // of a request
	status      int    // of a response
	phrase      string
	fields      []field
	body        string
}

type field struct{ name, value string }

func parseMessage(packet []byte) (*message, error) {
	head, body, _ := bytes.Cut(packet, []byte("\r\n\r\n"))
	lines := strings.Split(string(head), "\r\n")
	first := strings.SplitN(lines[0], " ", 3)
	if len(first) < 3 {
		return nil, fmt.Errorf("bad start line %q", lines[0])
	}
	m := &message{body: string(body)}
	if first[0] == "SIP/2.0" {
		status, err := strconv.Atoi(first[1])
		if err != nil {
			return nil, fmt.Errorf("bad status line %q", lines[0])
		}
		m.status, m.phrase = status, first[2]
	} else {
		m.method, m.uri = first[0], first[1]
	}
	for _, line := range lines[1:] {
		if line == "" {
			continue // the end of a fragment, which has no body
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("bad header line %q", line)
		}
		m.add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return m, nil
}

func (m *message) add(name, value string) { m.fields = append(m.fields, field{name, value}) }

// get returns the first header of that name, or "".
func (m *message) get(name string) string {
	for _, f := range m.fields {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

func (m *message) bytes() []byte {
	var b bytes.Buffer
	if m.method != "" {
		fmt.Fprintf(&b, "%s %s SIP/2.0\r\n", m.method, m.uri)
	} else {
		fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", m.status, m.phrase)
	}
	for _, f := range m.fields {
		fmt.Fprintf(&b, "%s: %s\r\n", f.name, f.value)
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(m.body), m.body)
	return b.Bytes()
}

// response builds an answer to a request (RFC 3261, section 8.2.6). The tag is ours; it is left out
// where To has one already.
func (m *message) response(status int, tag string) *message {
	r := &message{status: status, phrase: phrases[status]}
	if r.phrase == "" {
		r.phrase = "Status"
	}
	for _, f := range m.fields {
		switch strings.ToLower(f.name) {
		case "to":
			if tag != "" && !strings.Contains(f.value, ";tag=") {
				f.value += ";tag=" + tag
			}
			r.add(f.name, f.value)
		case "via", "from", "call-id", "cseq":
			r.add(f.name, f.value)
		}
	}
	return r
}

var phrases = map[int]string{
	100: "Trying", 180: "Ringing", 200: "OK", 202: "Accepted", 302: "Moved Temporarily", 403: "Forbidden",
	404: "Not Found", 481: "Call/Transaction Does Not Exist", 486: "Busy Here", 487: "Request Terminated",
	503: "Service Unavailable", 603: "Decline",
}

// cause returns the Q.850 cause in the Reason headers (RFC 3326), or 0 when there is none.
func (m *message) cause() int {
	for _, f := range m.fields {
		if !strings.EqualFold(f.name, "Reason") || !strings.HasPrefix(f.value, "Q.850") {
			continue
		}
		cause, _ := strconv.Atoi(parameter(f.value, "cause"))
		return cause
	}
	return 0
}

// parameter returns the value of ;name=value behind a header value, or "".
func parameter(value, name string) string {
	for _, p := range strings.Split(value, ";")[1:] {
		if key, v, ok := strings.Cut(strings.TrimSpace(p), "="); ok && strings.EqualFold(key, name) {
			return v
		}
	}
	return ""
}

// addressURI returns the URI of a name-addr such as `"Ext" <sip:1001@host>;tag=x`.
func addressURI(value string) string {
	if _, rest, ok := strings.Cut(value, "<"); ok {
		uri, _, _ := strings.Cut(rest, ">")
		return uri
	}
	uri, _, _ := strings.Cut(value, ";")
	return uri
}

// uriUser returns the user part of a SIP URI exactly as it stands there, escapes included.
func uriUser(uri string) string {
	_, rest, _ := strings.Cut(uri, ":")
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return ""
	}
	return rest[:at]
}

// authorization answers a digest challenge (RFC 2617, MD5, with and without qop=auth).
func authorization(challenge, method, uri, user, password string) string {
	value := func(name string) string {
		for _, p := range strings.Split(strings.TrimPrefix(challenge, "Digest "), ",") {
			if key, v, ok := strings.Cut(strings.TrimSpace(p), "="); ok && strings.EqualFold(key, name) {
				return strings.Trim(v, `"`)
			}
		}
		return ""
	}
	sum := func(parts ...string) string {
		digest := md5.Sum([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(digest[:])
	}
	realm, nonce := value("realm"), value("nonce")
	first, second := sum(user, realm, password), sum(method, uri)
	header := fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", algorithm=MD5`, user, realm, nonce, uri)
	if opaque := value("opaque"); opaque != "" {
		header += fmt.Sprintf(`, opaque="%s"`, opaque)
	}
	if value("qop") == "" {
		return header + fmt.Sprintf(`, response="%s"`, sum(first, nonce, second))
	}
	const count, cnonce = "00000001", "0a4f113b"
	return header + fmt.Sprintf(`, qop=auth, nc=%s, cnonce="%s", response="%s"`,
		count, cnonce, sum(first, nonce, count, cnonce, "auth", second))
}
