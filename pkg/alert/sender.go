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
