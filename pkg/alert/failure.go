package alert

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/textproto"
	"os/exec"
	"strings"
	"syscall"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// Failure is why a mail did not reach a recipient.
type Failure struct {
	Doing     string // what was being done
	Err       error
	Permanent bool   // the server refuses this recipient or this mail for good (SMTP 5xx)
	Server    bool   // it is about the server and not about this mail: others need not be tried now
	Advice    string // what to do about it; may be empty
}

// Error says what was being done, and what came of it, on one line.
func (f *Failure) Error() string { return f.Doing + ": " + sentence(f.Err.Error()) }

// Unwrap is the error behind it.
func (f *Failure) Unwrap() error { return f.Err }

// Advice says what to do about an error of a [Sender]; "" when that is not known.
func Advice(err error) string {
	var f *Failure
	if errors.As(err, &f) {
		return f.Advice
	}
	return ""
}

// serverFailure is a failure before the server knew of any mail.
func (s *SMTP) serverFailure(doing string, err error) *Failure {
	return &Failure{Doing: doing, Err: err, Server: true, Advice: s.advise(err)}
}

// mailFailure is an answer to this mail or recipient. A server that says that it
// goes away (421) fails for the others as well. One that hangs up without a word
// may do so at this mail only: whether it is gone the next mail will tell.
func (s *SMTP) mailFailure(doing string, err error) *Failure {
	code := reply(err)
	return &Failure{
		Doing: doing, Err: err, Permanent: code >= 500 && code < 600, Server: code == 421, Advice: s.advise(err),
	}
}

// reply is the code of the server's answer (RFC 5321, section 4.2); 0 when it
// gave none.
func reply(err error) int {
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return answer.Code
	}
	return 0
}

// advise says what to do about an error of the mail server.
func (s *SMTP) advise(err error) string {
	if text := s.adviseReply(err); text != "" {
		return text
	}
	var (
		unknownName *net.DNSError
		authority   x509.UnknownAuthorityError
		hostname    x509.HostnameError
		invalid     x509.CertificateInvalidError
		notTLS      tls.RecordHeaderError
		timeout     net.Error
	)
	switch {
	case errors.As(err, &unknownName):
		return "the name of the mail server is not known: look at mail.server, and at the machine's DNS"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there: look at the port in mail.server (587 with security: starttls, 465 with security: tls)"
	case errors.As(err, &authority):
		return "the server's certificate is signed by nobody this machine trusts: name the PEM file of who signed it in mail.ca"
	case errors.As(err, &hostname):
		return "the server's certificate is for another name: name one that is in it in mail.server_name"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid now: it has run out, or this machine's clock is wrong"
	case errors.As(err, &notTLS):
		return "the server does not begin with TLS on this port: set mail.security to starttls, or use port 465"
	case errors.Is(err, smtp.ErrUnencrypted):
		return "the server wants the password over a connection that is not encrypted: set mail.security to starttls or tls"
	case errors.Is(err, mail.ErrNoSupportedAuthDiscovered), errors.Is(err, errNoAuth):
		return "the server offers no way to log in that Tollfuse knows (SCRAM-SHA-256, SCRAM-SHA-1, PLAIN, LOGIN, CRAM-MD5): look at mail.security and the port, or leave mail.user empty"
	case errors.Is(err, errNoStartTLS):
		return "the server cannot STARTTLS: use another port, or set mail.security to tls, or to none for a server on this machine"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "the server does not answer: look at mail.server, and whether a firewall lets this machine out to that port; a port that wants TLS at once (465) needs security: tls"
	}
	return ""
}

// adviseReply says what to do about an answer of the server.
func (s *SMTP) adviseReply(err error) string {
	code := reply(err)
	switch {
	case code == 534 || code == 535 || code == 538:
		return "the server does not take mail.user with mail.password: try them in a mail program; many providers want a password made for this one use"
	case code == 530:
		return "the server wants to know who sends: set mail.user and mail.password"
	case code == 554 && strings.Contains(strings.ToLower(err.Error()), "relay"), code == 550 && strings.Contains(strings.ToLower(err.Error()), "relay"):
		return "the server does not send mail on for this machine: set mail.user and mail.password, or allow it there"
	case code == 550 || code == 551 || code == 553:
		return "the server refuses an address: look at mail.to and mail.from, which must be one that you may send from"
	case code >= 400 && code < 500:
		return "the server cannot take it now; a notice is tried again, a test mail is not"
	}
	return ""
}

// The exit codes of sendmail that matter here, from sysexits.h.
const (
	exitUsage       = 64
	exitDataErr     = 65
	exitNoUser      = 67
	exitNoHost      = 68
	exitUnavailable = 69
	exitNoPerm      = 77
)

// failure is how the local sendmail failed.
func (s *Sendmail) failure(err error, printed string) *Failure {
	f := &Failure{Doing: "run " + s.options.Path, Err: err, Server: true}
	if printed != "" {
		f.Err = fmt.Errorf("%w: %s", err, printed)
	}
	var exit *exec.ExitError
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		f.Advice = "there is no such program: install a mail server such as postfix or msmtp-mta, or name a mail server in mail.server"
	case errors.Is(err, fs.ErrPermission):
		f.Advice = "Tollfuse may not run it: look at its rights, or name a mail server in mail.server"
	case errors.As(err, &exit):
		switch exit.ExitCode() {
		case exitNoUser, exitNoHost, exitDataErr:
			f.Permanent, f.Server = true, false
			f.Advice = "it refuses an address: look at mail.to and mail.from"
		case exitUsage, exitUnavailable, exitNoPerm:
			f.Advice = hardened
		default: // 75 is “later”, and whatever else may be gone later as well
			f.Advice = "look at the log of the local mail server; " + hardened
		}
	}
	return f
}

// hardened is why sendmail may work in a shell, and not in the service.
const hardened = "a sendmail that needs more rights than its caller (set-group-ID, as postfix's) cannot work in a service with NoNewPrivileges: name the mail server in mail.server, such as localhost:25 with security: none"
