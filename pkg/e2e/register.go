//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// register registers an extension with a contact of any kind, for so many seconds,
// and answers the challenge (RFC 3261, section 10.2). It returns the last status.
func (l *Lab) register(t testing.TB, extension, contact string, expires int) string {
	t.Helper()
	conn, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 9, 1)}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: l.SIP})
	if err != nil {
		t.Fatalf("opening a SIP socket: %v", err)
	}
	defer conn.Close()
	uri, id, more := fmt.Sprintf("sip:127.0.0.1:%d", l.SIP), token(), ""
	for sequence := 1; ; sequence++ {
		fmt.Fprintf(conn, "REGISTER %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\nFrom: <sip:%s@127.0.0.1>;tag=%s\r\nTo: <sip:%s@127.0.0.1>\r\n"+
			"Call-ID: %s\r\nCSeq: %d REGISTER\r\nContact: %s\r\nExpires: %d\r\n%sContent-Length: 0\r\n\r\n",
			uri, conn.LocalAddr(), token(), extension, id, extension, id, sequence, contact, expires, more)
		answer := make([]byte, 4096)
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := conn.Read(answer)
		if err != nil {
			t.Fatalf("registering %s: %v", extension, err)
		}
		status, rest, _ := strings.Cut(string(answer[:n]), "\r\n")
		if !strings.Contains(status, " 401 ") || sequence > 1 {
			return status
		}
		for line := range strings.SplitSeq(rest, "\r\n") {
			if challenge, is := strings.CutPrefix(line, "WWW-Authenticate: "); is {
				more = "Authorization: " + authorization(challenge, "REGISTER", uri, extension, "pw"+extension) + "\r\n"
			}
		}
	}
}
