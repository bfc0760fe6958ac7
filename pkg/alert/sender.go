package alert

import "context"

// Sender hands mails over.
type Sender interface {
	// Send hands the mail over for each of the recipients. It returns one error
	// for each, nil where the mail is now somebody else's to deliver, and
	// otherwise a [*Failure].
	Send(ctx context.Context, m Mail, to []string) []error
	// Server is where mails are handed over: host and port, or a path.
	Server() string
}

// Security is how the connection to the mail server is secured.
type Security string

// The ways.
const (
	StartTLS Security = "starttls" // a mail is not sent where the server cannot
	TLS      Security = "tls"      // from the first byte, as on port 465
	Plain    Security = "none"     // for a server on this machine
)

// SenderOptions are what the owner says about how his mails leave.
type SenderOptions struct {
	Server     string // host:port; empty means the local sendmail
	Security   Security
	User       string // empty: no authentication
	Password   string
	CA         string // PEM file to trust instead of the system's
	ServerName string // in the certificate; empty means the host of Server
	Sendmail   string // path of the program; empty means /usr/sbin/sendmail
	Hostname   string // of this machine
}

// NewSender makes the sender that the options ask for.
func NewSender(o SenderOptions) (Sender, error) {
	if o.Server == "" {
		return NewSendmail(SendmailOptions{Path: o.Sendmail}), nil
	}
	return NewSMTP(SMTPOptions{
		Address: o.Server, Security: o.Security, User: o.User, Password: o.Password,
		CA: o.CA, ServerName: o.ServerName, Hostname: o.Hostname,
	})
}
