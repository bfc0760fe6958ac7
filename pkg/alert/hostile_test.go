package alert

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// attacks on a mail, as names and numbers.
var attacks = []string{
	"1003\r\nBcc: victim@example.com",
	"1003\nSubject: you have won",
	"1003\r\n\r\n<html>another body",
	"1003\r\n.\r\nMAIL FROM:<x@example.com>",
	"<script>alert(1)</script>",
	`"><img src=x onerror=alert(1)>`,
	"</td></tr></table><h1>All is well",
	"=?utf-8?q?All_is_well?=",
	"=?utf-8?B?QWxsIGlzIHdlbGw=?=",
	"\u202e3001 :ot sllac",
	"\u2066\u2069\u200b\ufeff\u00ad",
	"a\u0335\u0336\u0489\u0489\u0489\u0489",
	"\x00\x01\x1b[31m\x7f\u0085\u2028\u2029",
	"\xff\xfe\xc3\x28\xed\xa0\x80",
	strings.Repeat("9", 2048),
	strings.Repeat("\u4e00", 700),
	"{{.Subject}}", "%s%d%!v", "$(reboot)", "`reboot`", "'; reboot; '", "--all", "-rf", "a b", "&lt;b&gt;", "",
	"Tollfuse\tis\vfine\f",
}

// hostile is a notice with the text wherever one can come from outside.
func hostile(kind toll.IncidentKind, notice toll.NoticeKind, s string) toll.Notice {
	who := toll.Caller{Kind: toll.CallerKind(s), ID: s, Group: s}
	n := toll.Notice{ID: s, Kind: notice, At: night, Tries: 2, Error: s}
	n.Incident = toll.Incident{
		ID: s, Kind: kind, PBX: s, Caller: s, Opened: night, Newest: night.Add(time.Minute), Text: s, ClosedBy: s,
		Refused: 5, Cut: 1, Bypassed: 1, Cost: 5, AtStake: 5,
		Calls: []toll.IncidentCall{
			{Lease: s, Caller: who, Number: s, Country: s, Class: toll.Class(s), Began: night, Cut: toll.Reason(s), By: s},
			{Lease: s, Caller: toll.Caller{Kind: toll.Extension, ID: s}, Number: s, Country: "GM", Began: night, Cut: toll.ReasonLimit, By: s, Ended: night},
		},
		Locks:  []toll.Lock{{Scope: toll.Scope(s), Subject: s, Reason: s, Author: s, Since: night}, {Scope: toll.PerCaller, Subject: s, Since: night}},
		From:   []toll.Tally{{Name: "extension:" + s, Count: 4}, {Name: s, Count: 3}},
		To:     []toll.Tally{{Name: s, Kind: s, Place: s, Count: 5}, {Name: "+" + s, Place: "SL", Count: 9}},
		Causes: []toll.Tally{{Name: s, Kind: s, Text: s, Count: 5}, {Name: s, Kind: "denied_rule", Text: s, Count: 5}},
	}
	if notice == toll.NoticeClosed {
		n.Incident.Closed = night.Add(time.Hour)
	}
	return n
}

var incidentKinds = []toll.IncidentKind{
	toll.Attack, toll.EmergencyCall, toll.FuseBlown, toll.LimitReached, toll.ContactTrouble, toll.LinkTrouble, toll.LedgerTrouble, toll.DiskTrouble, toll.MailTrouble, "something-new",
}

var noticeKinds = []toll.NoticeKind{toll.NoticeOpened, toll.NoticeWorse, toll.NoticeClosed, toll.NoticeTest}

// tags of HTML, and what of them does not depend on the notice.
var tag = regexp.MustCompile(`</?[a-z]+|<!DOCTYPE`)

// skeleton is the HTML without its text: which elements there are, in order.
func skeleton(html string) string { return strings.Join(tag.FindAllString(html, -1), " ") }

// checkHostile renders and encodes a notice with the text in it, and holds it
// against what every mail of ours must be.
func checkHostile(t interface {
	Helper()
	Fatalf(string, ...any)
}, kind toll.IncidentKind, notice toll.NoticeKind, s string) {
	t.Helper()
	site := berlin()
	site.Name = s
	n := hostile(kind, notice, s)
	m, err := Render(n, site)
	if err != nil {
		t.Fatalf("%s %s %q: %v", kind, notice, s, err)
	}
	if strings.ContainsFunc(m.Subject, func(r rune) bool { return !unicode.IsPrint(r) }) || strings.Contains(m.Subject, "=?") || utf8.RuneCountInString(m.Subject) > longestSubject {
		t.Fatalf("subject %q", m.Subject)
	}
	for _, part := range []string{m.Text, m.HTML} {
		if strings.ContainsFunc(part, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) || !utf8.ValidString(part) {
			t.Fatalf("%q puts what cannot be printed into:\n%q", s, part)
		}
	}
	// A harmless name of the same shape makes the same elements and the same lines.
	if bytes.ContainsAny([]byte(s), "<>&\"'") {
		plain := hostile(kind, notice, regexp.MustCompile(`[<>&"'=;/ ]`).ReplaceAllString(s, "x"))
		harmless, err := Render(plain, site)
		if err != nil {
			t.Fatalf("%v", err)
		}
		if n1, n2 := strings.Count(skeleton(m.HTML), "script"), strings.Count(skeleton(harmless.HTML), "script"); n1 != n2 {
			t.Fatalf("%q adds a script", s)
		}
		if skeleton(m.HTML) != skeleton(harmless.HTML) {
			t.Fatalf("%q changes the elements:\n%s\n%s", s, skeleton(m.HTML), skeleton(harmless.HTML))
		}
	}
	if rows := strings.Count(m.Text, "\n"); rows > 150 {
		t.Fatalf("%q makes %d lines", s, rows)
	}
	checkEncoded(t, NewMail(&n, m, "tollfuse@example.com", s, night), m)
}

// headers are all that a mail of ours can have.
var headers = []string{
	"Auto-Submitted", "Content-Type", "Content-Transfer-Encoding", "Date", "From", "Importance", "In-Reply-To", "Message-Id", "Mime-Version",
	"References", "Subject", "To", "X-Auto-Response-Suppress", "X-Priority",
}

func checkEncoded(t interface {
	Helper()
	Fatalf(string, ...any)
}, m Mail, message Message) {
	t.Helper()
	body, err := m.encode([]string{"owner@example.com", "night@example.com"})
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	for line := range bytes.SplitSeq(body, []byte("\r\n")) {
		if bytes.HasSuffix(line, []byte(":")) && !bytes.Contains(line, []byte(" ")) && bytes.Contains(line, []byte("Subject")) {
			t.Fatalf("the name of a header stands alone: %q", line)
		}
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n\x00") || bytes.ContainsFunc(line, func(r rune) bool { return r > 126 }) {
			t.Fatalf("a line of the mail: %q", line)
		}
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(body))
	if err != nil {
		t.Fatalf("the mail cannot be read: %v\n%s", err, body)
	}
	for name, values := range parsed.Header {
		if !slices.Contains(headers, name) || len(values) != 1 {
			t.Fatalf("header %s: %q", name, values)
		}
	}
	to, err := parsed.Header.AddressList("To")
	if err != nil || len(to) != 2 {
		t.Fatalf("to %v %v", to, err)
	}
	from, err := parsed.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Address != "tollfuse@example.com" {
		t.Fatalf("from %v %v", from, err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil || subject != message.Subject {
		t.Fatalf("subject %q, %v, want %q", subject, err, message.Subject)
	}
	_, parameters, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil {
		t.Fatalf("content type: %v", err)
	}
	parts := multipart.NewReader(parsed.Body, parameters["boundary"])
	for _, want := range []string{message.Text, message.HTML} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatalf("parts: %v", err)
		}
		got, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil || strings.TrimSpace(strings.ReplaceAll(string(got), "\r\n", "\n")) != strings.TrimSpace(want) {
			t.Fatalf("a part is not what was rendered (%v):\n%s\nwant\n%s", err, got, want)
		}
	}
	if _, err := parts.NextRawPart(); err != io.EOF {
		t.Fatalf("there are more parts: %v", err)
	}
}

func TestHostileTextChangesNoMail(t *testing.T) {
	for _, kind := range incidentKinds {
		for _, notice := range noticeKinds {
			if kind != toll.Attack && notice == toll.NoticeWorse || kind != toll.Attack && notice == toll.NoticeTest {
				continue // the same words as opened, and as for an attack
			}
			for _, s := range attacks {
				checkHostile(t, kind, notice, s)
			}
		}
	}
}

func TestAnyTextChangesNoMail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(incidentKinds).Draw(t, "kind")
		notice := rapid.SampledFrom(noticeKinds).Draw(t, "notice")
		checkHostile(t, kind, notice, rapid.OneOf(
			rapid.String(), rapid.StringMatching(`(?s)[\r\n<>&"'=?.a-c \x{202e}-]{0,40}`),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		).Draw(t, "text"))
	})
}

func FuzzMail(f *testing.F) {
	for _, s := range attacks {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkHostile(t, toll.Attack, toll.NoticeOpened, s)
		checkHostile(t, toll.LinkTrouble, toll.NoticeClosed, s)
	})
}

// A command in a mail is copied into a shell: it says what it seems to say, or
// it is not there.
func TestCommandsAreForAShell(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"1003", "tollfuse lock 1003"},
		{"a b", "tollfuse lock 'a b'"},
		{"$(reboot)", "tollfuse lock '$(reboot)'"},
		{"it's", `tollfuse lock 'it'\''s'`},
		{"%s", "tollfuse lock '%s'"},
		{"--all", ""},
		{"", ""},
		{"a\nb", ""},
		{"\u202eabc", ""},
		{strings.Repeat("1", longestWord+1), ""},
	} {
		if got := command("tollfuse lock %s", c.word); got != c.want {
			t.Errorf("%q: %q, want %q", c.word, got, c.want)
		}
	}
	if got, want := command("tollfuse explain --from %s --to %s", "%s", "+1"), "tollfuse explain --from '%s' --to +1"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCleanIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		got := clean(s, 16)
		if strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) || utf8.RuneCountInString(got) > 16*10 {
			t.Fatalf("%q becomes %q", s, got)
		}
		if utf8.RuneCountInString(s) <= 16 && regexp.MustCompile(`^[ -~]*$`).MatchString(s) && got != s {
			t.Fatalf("harmless %q becomes %q", s, got)
		}
	})
}
