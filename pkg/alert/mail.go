package alert

import (
	"bytes"
	"encoding/base64"
	"fmt"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/wneessen/go-mail"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Mail is a message on its way, with what a mail program needs to know of it.
type Mail struct {
	Message
	ID     string    // Message-ID without its brackets (RFC 5322, section 3.6.4)
	Thread string    // Message-ID of the first mail of the incident, if this is another one
	Date   time.Time // when it is sent, so that it lies on top of a mailbox
	Urgent bool      // an attack, a call for help, or the main fuse
	From   string    // an address
	Host   string    // of this machine; beside the name of the sender
}

// NewMail addresses a message about a notice. Its ID is made of the notice
// alone, so that a mail that was delivered twice can be recognized. The first
// mail of an incident has the incident's own ID, which the others refer to:
// mail programs show them as one conversation. The time is part of each because
// the IDs begin anew in a new ledger.
func NewMail(n *toll.Notice, m Message, from, host string, now time.Time) Mail {
	domain := "localhost"
	if _, after, found := strings.Cut(from, "@"); found && after != "" {
		domain = after
	}
	name := func(kind, id string, at time.Time) string {
		return kind + "." + atom(id) + "." + strconv.FormatInt(at.Unix(), 10) + "@" + domain
	}
	i := &n.Incident
	mail := Mail{
		Message: m, Date: now, From: from, Host: host,
		ID:     name("notice", n.ID, n.At),
		Urgent: n.Kind != toll.NoticeTest && i.Open() && !i.Observed && (!i.Kind.Trouble() || i.Kind == toll.CutTrouble),
	}
	if n.Kind == toll.NoticeTest {
		return mail
	}
	first := name("incident", i.ID, i.Opened)
	if n.Kind == toll.NoticeOpened {
		mail.ID = first
	} else {
		mail.Thread = first
	}
	return mail
}

// atom keeps of an ID what the left side of a Message-ID can have.
func atom(id string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, clean(id, longestWord))
}

// plain keeps of the name of a machine what one can have (RFC 1123, section 2.1).
func plain(host string) string {
	host = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return -1
	}, host)
	return host[:min(len(host), longestWord)]
}

// words writes a header as encoded words (RFC 2047) if it must be. They are so
// short that the first one stands on the line of the header's name: mail
// programs have trouble with a name that stands alone.
func words(s string) string {
	const room = 36 // bytes; "Subject: =?UTF-8?b??=" and four thirds of this are less than a line
	if !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) {
		return s
	}
	var encoded []string
	for s != "" {
		end := 0
		for end < len(s) {
			_, size := utf8.DecodeRuneInString(s[end:])
			if end+size > room {
				break
			}
			end += size
		}
		encoded = append(encoded, "=?UTF-8?b?"+base64.StdEncoding.EncodeToString([]byte(s[:end]))+"?=")
		s = s[end:]
	}
	return strings.Join(encoded, " ")
}

// encode writes the mail as RFC 5322 wants it. All recipients stand in To, so
// that they can answer each other.
func (m *Mail) encode(to []string) ([]byte, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.EncodingQP))
	msg.FromMailAddress(&netmail.Address{Name: strings.TrimSpace("Tollfuse " + plain(m.Host)), Address: m.From})
	if err := msg.To(to...); err != nil {
		return nil, fmt.Errorf("recipients: %w", err)
	}
	msg.SetGenHeader(mail.HeaderSubject, words(header(m.Subject)))
	msg.SetDateWithValue(m.Date)
	msg.SetMessageIDWithValue(m.ID)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday notices in answer
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")  // Exchange's word for it
	if m.Thread != "" {
		msg.SetGenHeader(mail.HeaderInReplyTo, "<"+m.Thread+">")
		msg.SetGenHeader(mail.HeaderReferences, "<"+m.Thread+">")
	}
	if m.Urgent {
		msg.SetGenHeader(mail.HeaderImportance, "high") // RFC 2156; and
		msg.SetGenHeader(mail.HeaderXPriority, "1")     // what most mail programs look at
	}
	msg.SetBodyString(mail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	}
	var out bytes.Buffer
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("encode the mail: %w", err)
	}
	return out.Bytes(), nil
}
