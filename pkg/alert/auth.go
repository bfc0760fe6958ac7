package alert

import (
	"net"
	"slices"
	"strings"

	"github.com/wneessen/go-mail/smtp"
)

// auth chooses how to say who we are, of what the server offers. What does not
// disclose the password comes first. Behind TLS CRAM-MD5 comes last: servers
// offer it that have no password it could be compared with.
func (s *SMTP) auth(c *smtp.Client) (smtp.Auth, error) {
	_, line := c.Extension("AUTH")
	offered := strings.Fields(strings.ToUpper(line))
	if len(offered) == 0 {
		return nil, errNoAuth
	}
	_, encrypted := c.TLSConnectionState()
	user, password, clear := s.options.User, s.options.Password, encrypted || loopback(s.host)
	ways := []way{
		{"SCRAM-SHA-256", true, func() smtp.Auth { return smtp.ScramSHA256Auth(user, password) }},
		{"SCRAM-SHA-1", true, func() smtp.Auth { return smtp.ScramSHA1Auth(user, password) }},
		{"PLAIN", clear, func() smtp.Auth { return smtp.PlainAuth("", user, password, s.host, true) }},
		{"LOGIN", clear, func() smtp.Auth { return smtp.LoginAuth(user, password, s.host, true) }},
		{"CRAM-MD5", true, func() smtp.Auth { return smtp.CRAMMD5Auth(user, password) }},
	}
	disclosed := false
	for _, w := range ways {
		if !slices.Contains(offered, w.name) {
			continue
		}
		if w.allowed {
			return w.auth(), nil
		}
		disclosed = true
	}
	if disclosed {
		return nil, errDisclosed
	}
	return nil, errNoAuth
}

// way is one way to say who we are.
type way struct {
	name    string
	allowed bool
	auth    func() smtp.Auth
}

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
