package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"os"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/trust"
)

// mailServer connects to the mail server as the daemon would, up to where it
// would say who it is; nothing is sent. Of sendmail it looks whether it is there.
func mailServer(ctx context.Context, m config.Mail, limit time.Duration) Mail {
	if len(m.To) == 0 {
		return Mail{}
	}
	if m.Server == "" {
		return sendmail(m.Sendmail)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	mend, err := greet(ctx, m)
	if err != nil {
		text := err.Error() // may hold all that the server said
		return Mail{Error: strings.ToValidUTF8(text[:min(len(text), 300)], ""), Mend: mend}
	}
	return Mail{}
}

func sendmail(path string) Mail {
	const mend = "apt install postfix   # or name a server: mail.server"
	switch info, err := os.Stat(path); {
	case err != nil:
		return Mail{Error: path + ": " + reason(err), Mend: mend}
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
		return Mail{Error: path + " is not executable", Mend: mend}
	}
	return Mail{}
}

// greet says EHLO, secured as configured. The first result says what to look at.
func greet(ctx context.Context, m config.Mail) (mend string, err error) {
	host, _, err := net.SplitHostPort(m.Server)
	if err != nil {
		return "# correct mail.server", err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", m.Server)
	if err != nil {
		return "# mail.server: is the name right, and does a firewall let the port through?", err
	}
	conn = &heard{Conn: conn}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	name := m.ServerName
	if name == "" {
		name = host
	}
	secured, err := trust.Config(m.CA, name)
	if err != nil {
		return "# correct mail.ca", err
	}
	const certificate = "# mail.ca: who signed the server's certificate; mail.server_name: the name in it"
	if m.Security == config.TLS {
		conn = tls.Client(conn, secured)
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return certificate + "; mail.security: tls is for port 465", err
	}
	defer c.Close()
	if err := c.Hello(hello()); err != nil {
		return "# look at the log of the mail server", err
	}
	if m.Security == config.StartTLS {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return "# mail.security: tls for port 465; none only for a server on this machine", errors.New("the server offers no STARTTLS")
		}
		if err := c.StartTLS(secured); err != nil {
			return certificate, fmt.Errorf("STARTTLS: %w", err)
		}
	}
	if ok, _ := c.Extension("AUTH"); !ok && m.User != "" {
		return "# take mail.user away, or use the server's port for submission (587)", errors.New("the server lets nobody log in")
	}
	return "", c.Quit()
}

// mostHeard is how much of what a mail server says is read.
const mostHeard = 64 << 10

// heard is a connection of which no more than that is read: a server's line has
// no end of its own.
type heard struct {
	net.Conn
	bytes int
}

func (h *heard) Read(p []byte) (int, error) {
	if h.bytes >= mostHeard {
		return 0, fmt.Errorf("the server says more than %d bytes", mostHeard)
	}
	n, err := h.Conn.Read(p[:min(len(p), mostHeard-h.bytes)])
	h.bytes += n
	return n, err
}

// hello is the name by which this machine greets.
func hello() string {
	if name, err := os.Hostname(); err == nil && name != "" {
		return name
	}
	return "localhost"
}
