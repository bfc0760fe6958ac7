package config

import (
	"fmt"
	"net/mail"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
)

// The bounds of what the owner is told, and of the command that shuts the way
// out.
const (
	mostReceivers  = 20
	longestAddress = 254 // of RFC 5321, section 4.5.3.1.3, less its angle brackets
	mostArguments  = 64
	longestWait    = 24 * time.Hour
	mostCalls      = 1_000_000
	largestReserve = 10_000_000 // megabytes
)

func (c checker) alerts(a Alerts) {
	c.count("alerts.refusals", a.Refusals, 1, mostCalls)
	c.count("alerts.disk_free", a.DiskFree, 0, largestReserve)
	c.wait("alerts.gather", a.Gather, 0, 10*time.Minute)
	c.wait("alerts.quiet", a.Quiet, time.Second, longestWait)
	c.wait("alerts.link_down", a.LinkDown, time.Second, longestWait)
}

func (c checker) count(key string, n, least, most int64) {
	c.that(n >= least && n <= most, key, "want %d to %d, not %d", least, most, n)
}

func (c checker) wait(key string, d, least, most time.Duration) {
	c.that(d >= least && d <= most, key, "want %s to %s, not %s", brief(least), brief(most), d)
}

// brief is a duration as a person would write it in the file.
func brief(d time.Duration) string {
	s := d.String()
	if short, cut := strings.CutSuffix(s, "m0s"); cut {
		s = short + "m"
	}
	if short, cut := strings.CutSuffix(s, "h0m"); cut {
		s = short + "h"
	}
	return s
}

func (c checker) mail(m Mail) {
	c.that(len(m.To) <= mostReceivers, "mail.to", "want at most %d addresses, not %d; a list of your mail server can have more", mostReceivers, len(m.To))
	for i, address := range m.To {
		key := fmt.Sprintf("mail.to[%d]", i)
		c.that(bareAddress(address), key, "want one address without a name, such as admin@example.com, not %s", quote(address))
		c.that(!slices.Contains(m.To[:i], address), key, "%s stands twice", quote(address))
	}
	c.that(m.From == "" || bareAddress(m.From), "mail.from", "want one address without a name, such as tollfuse@example.com, or nothing, not %s", quote(m.From))
	c.that(m.Server == "" || hostPort(m.Server), "mail.server", "want a host and a port, such as smtp.example.com:587, or nothing for the local sendmail, not %s", quote(m.Server))
	c.oneOf("mail.security", string(m.Security), string(StartTLS), string(TLS), string(Plain))
	c.login(m)
	secured := m.Server != "" && m.Security != Plain
	c.that(m.CA == "" || filepath.IsAbs(m.CA), "mail.ca", "want an absolute path, not %s", quote(m.CA))
	c.that(m.CA == "" || secured, "mail.ca", "it is of use with mail.server, and security starttls or tls, only")
	c.that(m.ServerName == "" || isHost(m.ServerName), "mail.server_name", "want a host name, not %s", quote(m.ServerName))
	c.that(m.ServerName == "" || secured, "mail.server_name", "it is of use with mail.server, and security starttls or tls, only")
	c.that(filepath.IsAbs(m.Sendmail), "mail.sendmail", "want an absolute path, not %s", quote(m.Sendmail))
	c.that(m.Templates == "" || filepath.IsAbs(m.Templates), "mail.templates", "want an absolute path, not %s", quote(m.Templates))
}

// login checks user and password: both or neither.
func (c checker) login(m Mail) {
	if m.User == "" {
		c.that(m.Password == "", "mail.password", "there is no user that it belongs to; write mail.user")
		c.that(m.PasswordFile == "", "mail.password_file", "there is no user that it belongs to; write mail.user")
		return
	}
	wrong := wrongSecret(m.User)
	c.that(wrong == "", "mail.user", "the name %s", wrong)
	c.that(m.Server != "", "mail.user", "the local sendmail asks for no user; name the server in mail.server")
	c.secret("mail", "password", m.Password, m.PasswordFile)
}

// bareAddress tells whether the text is an address of RFC 5322 and nothing
// else: no name, no comment, no second one, nothing that could end a header. A
// dash in front could be taken for an option of sendmail.
func bareAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s && len(s) <= longestAddress && s[0] != '-' &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) })
}

// fuse checks the main fuse. The command is run without a shell, so its first
// word must be the path of a program; the kernel would end a text at a zero.
func (c checker) fuse(f Fuse) {
	if len(f.Command) > 0 {
		c.that(filepath.IsAbs(f.Command[0]), "fuse.command[0]",
			"want the absolute path of a program, not %s; it is run without a shell", quote(f.Command[0]))
	}
	c.that(len(f.Command) <= mostArguments, "fuse.command", "want at most %d words, not %d", mostArguments, len(f.Command))
	for i, word := range f.Command {
		c.that(!strings.ContainsFunc(word, unicode.IsControl), fmt.Sprintf("fuse.command[%d]", i), "it holds characters that cannot be given to a program, such as a line break")
	}
	c.count("fuse.bypasses", f.Bypasses, 1, mostCalls)
	c.count("fuse.cuts", f.Cuts, 1, mostCalls)
	c.wait("fuse.within", f.Within, time.Second, longestWait)
	c.that(f.Blind == 0 || f.Blind >= time.Second && f.Blind <= longestWait, "fuse.blind", "want 1s to %s, or 0s for never, not %s", brief(longestWait), f.Blind)
	c.wait("fuse.timeout", f.Timeout, time.Second, 5*time.Minute)
}
