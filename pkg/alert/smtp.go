package alert

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/tollfuse/tollfuse/pkg/trust"
)

// SMTPOptions say how to reach a mail server.
type SMTPOptions struct {
	Address    string // host:port
	Security   Security
	User       string // empty: no authentication
	Password   string
	CA         string        // PEM file to trust instead of the system's; read at each connection
	ServerName string        // in the certificate; empty means the host of Address
	Hostname   string        // of this machine, for EHLO; empty means localhost
	Timeout    time.Duration // of each step; 0 means 30 s
}

// SMTP sends by a mail server (RFC 5321, with the submission of RFC 6409).
type SMTP struct {
	options SMTPOptions
	host    string
	port    int
}

// Errors that the library has no value for.
var (
	errNoStartTLS = errors.New("the server does not offer STARTTLS")
	errNoAuth     = errors.New("the server does not offer authentication")
	errDisclosed  = fmt.Errorf("the password would leave this machine in the clear: %w", smtp.ErrUnencrypted)
)

// NewSMTP makes a sender. It connects when there is something to send.
func NewSMTP(o SMTPOptions) (*SMTP, error) {
	host, port, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("mail server %q: the port is no number", o.Address)
	}
	switch o.Security {
	case StartTLS, TLS, Plain:
	default:
		return nil, fmt.Errorf("mail server: security %q is not starttls, tls or none", o.Security)
	}
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.Hostname = cmp.Or(o.Hostname, "localhost")
	return &SMTP{options: o, host: host, port: number}, nil
}

// Server is the address of the mail server.
func (s *SMTP) Server() string { return s.options.Address }

// Send hands the mail over in one transaction. A recipient that the server
// refuses does not keep the others from it.
func (s *SMTP) Send(ctx context.Context, m Mail, to []string) []error {
	failures := make([]error, len(to))
	whole := func(err error) []error {
		for i := range failures {
			if failures[i] == nil {
				failures[i] = err
			}
		}
		return failures
	}
	body, err := m.encode(to)
	if err != nil {
		return whole(&Failure{Doing: "write the mail", Err: err, Permanent: true, Advice: "look at mail.from and mail.to"})
	}
	client, done, err := s.connect(ctx)
	if err != nil {
		return whole(err)
	}
	defer done()
	if err := s.transact(client, m.From, body, to, failures); err != nil {
		return whole(err)
	}
	return failures
}

// transact is the mail transaction itself. It notes which recipients were
// refused, and returns what failed for all the others.
func (s *SMTP) transact(c *smtp.Client, from string, body []byte, to []string, failures []error) error {
	s.extend(c)
	if err := c.Mail("<" + from + ">"); err != nil {
		f := s.mailFailure("hand over the sender to "+s.Server(), err)
		f.Server = true // the next mail has the same one
		return f
	}
	accepted := 0
	for i, address := range to {
		s.extend(c)
		if err := c.Rcpt("<" + address + ">"); err != nil {
			f := s.mailFailure("hand over the recipient "+word(address)+" to "+s.Server(), err)
			failures[i] = f
			if f.Server {
				return f
			}
			continue
		}
		accepted++
	}
	if accepted == 0 {
		return nil
	}
	s.extend(c)
	w, err := c.Data()
	if err != nil {
		return s.mailFailure("hand over the mail to "+s.Server(), err)
	}
	if _, err = w.Write(body); err == nil {
		err = w.Close() // waits for the server's word that it has the mail
	}
	if err != nil {
		return s.mailFailure("hand over the mail to "+s.Server(), err)
	}
	return nil
}

// extend gives the next step its time. A connection whose deadline cannot be set
// is broken, and the step will say so.
func (s *SMTP) extend(c *smtp.Client) { _ = c.UpdateDeadline(s.options.Timeout) }

// connect opens a session that is ready for a mail. What it returns beside the
// client ends it. A mail that the server has taken stays taken, however the
// session ends.
func (s *SMTP) connect(ctx context.Context) (*smtp.Client, func(), error) {
	failed := func(err error) (*smtp.Client, func(), error) {
		return nil, nil, s.serverFailure("connect to the mail server "+s.Server(), err)
	}
	trust, err := s.trust()
	if err != nil {
		return failed(err)
	}
	connection := &connection{security: s.options.Security, trust: trust}
	stop := context.AfterFunc(ctx, connection.close)
	options := []mail.Option{
		mail.WithPort(s.port), mail.WithTimeout(s.options.Timeout), mail.WithHELO(s.options.Hostname),
		mail.WithTLSConfig(trust), mail.WithoutSMTPUTF8(), mail.WithDialContextFunc(connection.dial),
		mail.WithTLSPolicy(mail.NoTLS), // STARTTLS, and who we are, come below, where their errors can be told apart
	}
	client, err := mail.NewClient(s.host, options...)
	if err != nil {
		stop()
		return failed(err)
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err == nil {
		err = s.secure(session, trust)
	}
	if err != nil {
		stop()
		connection.close()
		return failed(err)
	}
	return session, func() {
		_ = session.Quit() // whether it says good-bye does not matter
		stop()
		connection.close()
	}, nil
}

// trust is what the server's certificate is held against.
func (s *SMTP) trust() (*tls.Config, error) {
	c, err := trust.Config(s.options.CA, cmp.Or(s.options.ServerName, s.host))
	if err != nil {
		return nil, fmt.Errorf("mail.ca: %w", err)
	}
	return c, nil
}

// secure begins TLS where it is to begin later than the connection, and then
// says who we are.
func (s *SMTP) secure(c *smtp.Client, trust *tls.Config) error {
	if s.options.Security == StartTLS {
		if offered, _ := c.Extension("STARTTLS"); !offered {
			return errNoStartTLS
		}
		if err := c.StartTLS(trust); err != nil {
			return fmt.Errorf("begin TLS: %w", err)
		}
	}
	if s.options.User == "" {
		return nil
	}
	auth, err := s.auth(c)
	if err != nil {
		return err
	}
	if err := c.Auth(auth); err != nil {
		return fmt.Errorf("log in as %s: %w", word(s.options.User), err)
	}
	return nil
}
