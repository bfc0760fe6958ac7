package alert

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func TestSMTPHandsOver(t *testing.T) {
	trusted, ca := authority(t, time.Now().Add(24*time.Hour), "127.0.0.1", "mail.example.com")
	secured := func(s *server) { s.TLSConfig = trusted }
	login := func(s *server) { s.TLSConfig, s.mechanisms = trusted, []string{"LOGIN"} }
	inClear := func(s *server) { s.AllowInsecureAuth = true }
	for name, c := range map[string]struct {
		wrapped bool
		server  func(*server)
		options SMTPOptions
		logins  []string
	}{
		"STARTTLS and PLAIN":     {false, secured, SMTPOptions{Security: StartTLS, CA: ca, User: "owner", Password: "s3cret"}, []string{"PLAIN owner s3cret"}},
		"STARTTLS and LOGIN":     {false, login, SMTPOptions{Security: StartTLS, CA: ca, User: "owner", Password: "s3cret"}, []string{"LOGIN owner s3cret"}},
		"TLS, another name":      {true, secured, SMTPOptions{Security: TLS, CA: ca, ServerName: "mail.example.com", User: "owner", Password: "s3cret"}, []string{"PLAIN owner s3cret"}},
		"nothing on loopback":    {false, nil, SMTPOptions{Security: Plain}, nil},
		"a password on loopback": {false, inClear, SMTPOptions{Security: Plain, User: "owner", Password: "s3cret"}, []string{"PLAIN owner s3cret"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, c.wrapped, c.server)
			c.options.Address = server.address
			s := sender(t, c.options)
			if errs := s.Send(t.Context(), letter(t), []string{"a@example.com", "b@example.com"}); !slices.Equal(errs, []error{nil, nil}) {
				t.Fatalf("errors: %v", errs)
			}
			got := server.got()
			if len(got) != 1 || got[0].from != "tollfuse@example.com" || !slices.Equal(got[0].to, []string{"a@example.com", "b@example.com"}) {
				t.Errorf("delivered: %+v", got)
			}
			if !slices.Equal(server.logins, c.logins) {
				t.Errorf("logins %q, want %q", server.logins, c.logins)
			}
		})
	}
}

func TestSMTPSaysWhatIsWrong(t *testing.T) {
	trusted, ca := authority(t, time.Now().Add(24*time.Hour), "127.0.0.1")
	expired, expiredCA := authority(t, time.Now().Add(-time.Hour), "127.0.0.1")
	foreign, foreignCA := authority(t, time.Now().Add(24*time.Hour), "other.example.com")
	with := func(s *server) { s.TLSConfig = trusted }
	for name, c := range map[string]struct {
		wrapped bool
		server  func(*server)
		options SMTPOptions
		advice  string
	}{
		"no STARTTLS":         {false, nil, SMTPOptions{Security: StartTLS}, "cannot STARTTLS"},
		"unknown authority":   {false, with, SMTPOptions{Security: StartTLS}, "mail.ca"},
		"another's name":      {false, func(s *server) { s.TLSConfig = foreign }, SMTPOptions{Security: StartTLS, CA: foreignCA}, "mail.server_name"},
		"has run out":         {false, func(s *server) { s.TLSConfig = expired }, SMTPOptions{Security: StartTLS, CA: expiredCA}, "run out"},
		"wrong password":      {false, with, SMTPOptions{Security: StartTLS, CA: ca, User: "owner", Password: "wrong"}, "mail.password"},
		"no TLS on this port": {false, nil, SMTPOptions{Security: TLS, CA: ca}, "starttls"},
		"TLS on this port":    {true, with, SMTPOptions{Security: StartTLS, CA: ca, Timeout: 300 * time.Millisecond}, "465"},
		"nothing to log in":   {false, func(s *server) { s.TLSConfig, s.mechanisms = trusted, []string{"GSSAPI"} }, SMTPOptions{Security: StartTLS, CA: ca, User: "owner", Password: "s3cret"}, "no way to log in"},
		"wants a login": {false, func(s *server) {
			s.rcpt = func(string) error { return answer(530, "authentication required") }
		}, SMTPOptions{Security: Plain}, "mail.user"},
		"relays for nobody": {false, func(s *server) {
			s.rcpt = func(string) error { return answer(554, "Relay access denied") }
		}, SMTPOptions{Security: Plain}, "send mail on"},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, c.wrapped, c.server)
			c.options.Address = server.address
			tester := &Tester{Sender: sender(t, c.options), To: []string{"a@example.com", "b@example.com"}, From: "tollfuse@example.com", Site: berlin()}
			_, _, err := tester.Test(t.Context())
			if err == nil || !strings.Contains(Advice(err), c.advice) {
				t.Errorf("got %v\nadvice %q, want one with %q", err, Advice(err), c.advice)
			}
			if strings.Contains(err.Error()+Advice(err), "s3cret") {
				t.Errorf("the password is told: %v", err)
			}
			if len(server.got()) != 0 {
				t.Errorf("something was delivered all the same")
			}
		})
	}
}

func TestSMTPNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	errs := sender(t, SMTPOptions{Address: l.Addr().String(), Security: Plain}).Send(t.Context(), letter(t), []string{"a@example.com"})
	if f := failure(t, errs[0]); !f.Server || f.Permanent || !strings.Contains(f.Advice, "port") {
		t.Errorf("%+v", f)
	}
}

// The password leaves this machine only encrypted, whatever a server offers.
// The name is one that only looks like another machine's: it is never dialled.
func TestSMTPKeepsThePassword(t *testing.T) {
	if loopback("mail.example.com") || loopback("10.0.0.1") || loopback("localhost.example.com") || !loopback("::1") || !loopback("127.0.0.2") {
		t.Error("which hosts are this machine is not known")
	}
	server := serve(t, false, func(s *server) { s.AllowInsecureAuth = true })
	s := sender(t, SMTPOptions{Address: server.address, Security: Plain, User: "owner", Password: "s3cret"})
	s.host = "mail.example.com" // what it believes to talk to
	c := &connection{security: Plain}
	conn, err := c.dial(t.Context(), "tcp", server.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	session := newSession(t, conn)
	if _, err := s.auth(session); err == nil {
		t.Fatal("the password would be sent in the clear")
	} else if !strings.Contains(s.advise(err), "not encrypted") {
		t.Errorf("advice %q", s.advise(err))
	}
}

func TestSMTPOneRecipientRefused(t *testing.T) {
	server := serve(t, false, func(s *server) {
		s.rcpt = func(to string) error {
			switch to {
			case "gone@example.com":
				return answer(550, "no such user")
			case "grey@example.com":
				return answer(451, "come back later")
			}
			return nil
		}
	})
	to := []string{"gone@example.com", "a@example.com", "grey@example.com"}
	errs := sender(t, SMTPOptions{Address: server.address, Security: Plain}).Send(t.Context(), letter(t), to)
	if f := failure(t, errs[0]); !f.Permanent || f.Server {
		t.Errorf("550: %+v", f)
	}
	if errs[1] != nil {
		t.Errorf("the good one: %v", errs[1])
	}
	if f := failure(t, errs[2]); f.Permanent || f.Server {
		t.Errorf("451: %+v", f)
	}
	if got := server.got(); len(got) != 1 || !slices.Equal(got[0].to, []string{"a@example.com"}) {
		t.Errorf("delivered %+v", got)
	}
}

func TestSMTPMailRefused(t *testing.T) {
	for name, c := range map[string]struct {
		err               error
		permanent, server bool
	}{
		"for good":      {answer(554, "it is spam"), true, false},
		"now":           {answer(452, "no room"), false, false},
		"shutting down": {answer(421, "good night"), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, false, func(s *server) { s.data = func() error { return c.err } })
			errs := sender(t, SMTPOptions{Address: server.address, Security: Plain}).Send(t.Context(), letter(t), []string{"a@example.com"})
			if f := failure(t, errs[0]); f.Permanent != c.permanent || f.Server != c.server {
				t.Errorf("%+v", f)
			}
		})
	}
}

// A server that falls silent keeps nobody from stopping.
func TestSMTPStopsWithItsContext(t *testing.T) {
	silent := make(chan struct{})
	reached := make(chan struct{})
	server := serve(t, false, func(s *server) {
		s.data = func() error {
			close(reached)
			<-silent
			return nil
		}
	})
	defer close(silent)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-reached
		cancel()
	}()
	errs := sender(t, SMTPOptions{Address: server.address, Security: Plain}).Send(ctx, letter(t), []string{"a@example.com"})
	if errs[0] == nil {
		t.Error("it says the mail was taken")
	}
}

// What the server has taken is delivered, even if it then hangs up rudely.
func TestSMTPTakenIsTaken(t *testing.T) {
	server := serve(t, false, nil)
	rude := rudeProxy(t, server.address)
	errs := sender(t, SMTPOptions{Address: rude, Security: Plain}).Send(t.Context(), letter(t), []string{"a@example.com"})
	if errs[0] != nil {
		t.Errorf("the mail was taken, and this was said: %v", errs[0])
	}
	if len(server.got()) != 1 {
		t.Error("it was not taken")
	}
}

func TestNewSMTPRefuses(t *testing.T) {
	for _, o := range []SMTPOptions{
		{Address: "mail.example.com", Security: Plain},
		{Address: "mail.example.com:smtp-in", Security: Plain},
		{Address: "mail.example.com:25", Security: "ssl"},
	} {
		if _, err := NewSMTP(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

// Advice is given for what a test cannot bring about on loopback, too.
func TestAdvice(t *testing.T) {
	s := sender(t, SMTPOptions{Address: "mail.example.com:587", Security: StartTLS})
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"unknown name":  {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "mail.example.com", IsNotFound: true}}, "DNS"},
		"silence":       {&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, "firewall"},
		"another owner": {fmt.Errorf("mail from: %w", &textproto.Error{Code: 553, Msg: "not your address"}), "mail.from"},
		"later":         {&textproto.Error{Code: 451, Msg: "try again"}, "tried again"},
		"nothing known": {errors.New("something"), ""},
	} {
		f := s.serverFailure("connect", fmt.Errorf("wrapped: %w", c.err))
		if got := Advice(fmt.Errorf("test: %w", f)); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q, want something with %q", name, got, c.want)
		}
	}
	if got := Advice(errors.New("no failure")); got != "" {
		t.Errorf("advice about nothing: %q", got)
	}
}

// An error of the server's is one harmless line, whatever the server says.
func TestAServerCannotForgeLogLines(t *testing.T) {
	server := serve(t, false, func(s *server) {
		s.rcpt = func(string) error { return answer(550, "no\x1b[2J\u202e such user") }
	})
	errs := sender(t, SMTPOptions{Address: server.address, Security: Plain}).Send(t.Context(), letter(t), []string{"a@example.com"})
	if text := errs[0].Error(); strings.ContainsAny(text, "\x1b\u202e\r\n") || !strings.Contains(text, "such user") {
		t.Errorf("%q", text)
	}
}

var _ smtp.AuthSession = (*session)(nil)
