package alert

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// rudeProxy stands before a server and cuts the connection as soon as the
// server has taken a mail.
func rudeProxy(t *testing.T, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		client, err := l.Accept()
		if err != nil {
			return
		}
		defer client.Close()
		server, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		defer server.Close()
		go func() { _, _ = io.Copy(server, client) }()
		for lines, data := bufio.NewReader(server), false; ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			if _, err := io.WriteString(client, line); err != nil {
				return
			}
			if data && strings.HasPrefix(line, "250") {
				return
			}
			data = data || strings.HasPrefix(line, "354")
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l.Addr().String()
}

// newSession says hello to a server over a connection.
func newSession(t *testing.T, conn net.Conn) *smtp.Client {
	t.Helper()
	c, err := smtp.NewClient(conn, "mail.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Hello("localhost"); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSMTPStrangeServers talks to what is hardly a mail server: each try ends,
// and nothing is taken for delivered.
func TestSMTPStrangeServers(t *testing.T) {
	const greeting = "220 mail.example.com\r\n"
	for name, c := range map[string]struct {
		says func(conn net.Conn, lines *bufio.Reader)
		want string
	}{
		"a line without end": {func(conn net.Conn, _ *bufio.Reader) {
			for _, err := io.WriteString(conn, "220 "); err == nil; {
				_, err = conn.Write(make([]byte, 64<<10))
			}
		}, "says more than"},
		"an answer without end": {func(conn net.Conn, lines *bufio.Reader) {
			_, _ = io.WriteString(conn, greeting)
			_, _ = lines.ReadString('\n')
			for _, err := io.WriteString(conn, "250-mail"); err == nil; {
				_, err = io.WriteString(conn, strings.Repeat("\r\n250-X", 1000))
			}
		}, "says more than"},
		"byte by byte, and never a line": {func(conn net.Conn, _ *bufio.Reader) {
			beat := time.NewTicker(10 * time.Millisecond)
			defer beat.Stop()
			for range beat.C {
				if _, err := io.WriteString(conn, "2"); err != nil {
					return
				}
			}
		}, "connect to the mail server"},
		"taken before it was written": {func(conn net.Conn, lines *bufio.Reader) {
			_, _ = io.WriteString(conn, greeting)
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if _, err := io.WriteString(conn, "250 ok\r\n"); err != nil || strings.HasPrefix(line, "DATA") {
					return
				}
			}
		}, "hand over the mail"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				conn, err := l.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				c.says(conn, bufio.NewReader(conn))
			}()
			t.Cleanup(func() {
				l.Close()
				<-done
			})
			s := sender(t, SMTPOptions{Address: l.Addr().String(), Security: Plain, Timeout: time.Second})
			errs := s.Send(t.Context(), letter(t), []string{"a@example.com"})
			if errs[0] == nil || !strings.Contains(errs[0].Error(), c.want) {
				t.Errorf("%v, want something with %q", errs[0], c.want)
			}
		})
	}
}
