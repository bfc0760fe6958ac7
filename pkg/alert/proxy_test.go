package alert

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

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
