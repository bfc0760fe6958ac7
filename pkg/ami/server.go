package ami

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ServerConn is Asterisk's side of a connection, for tests and for a simulated PBX. It trusts whoever runs
// it with the content of events; line breaks are refused all the same. Several goroutines may send.
type ServerConn struct {
	conn net.Conn
	dec  *Decoder

	mu  sync.Mutex
	buf []byte
}

// NewServerConn speaks AMI over an accepted connection, which the caller closes.
func NewServerConn(conn net.Conn) *ServerConn {
	return &ServerConn{conn: conn, dec: NewDecoder(conn, Limits{Bytes: maxHeaders * maxLine, Headers: maxHeaders})}
}

// Banner sends the first line, such as "Asterisk Call Manager/11.0.0" for version 11.0.0.
func (s *ServerConn) Banner(version string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write([]byte(bannerPrefix + version + "\r\n"))
}

// ReadAction waits for the next action.
func (s *ServerConn) ReadAction() (Action, error) {
	m, err := s.dec.Next()
	if err != nil {
		return Action{}, err
	}
	return parseAction(m)
}

// Send sends an event or a response, header by header.
func (s *ServerConn) Send(fields ...Field) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, err := appendMessage(s.buf[:0], fields)
	if err != nil {
		return err
	}
	s.buf = text
	return s.write(text)
}

// write bounds how long a peer that does not read can hold the sender, as Asterisk does.
func (s *ServerConn) write(text []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	_, err := s.conn.Write(text)
	return err
}

// Event sends an event.
func (s *ServerConn) Event(name string, fields ...Field) error {
	return s.Send(append([]Field{{"Event", name}}, fields...)...)
}

// Respond answers an action: with "Success" or "Error", and a text in Message unless that is empty.
func (s *ServerConn) Respond(to Action, response, message string, fields ...Field) error {
	answer := []Field{{"Response", response}}
	if to.ID != "" {
		answer = append(answer, Field{"ActionID", to.ID})
	}
	if message != "" {
		answer = append(answer, Field{"Message", message})
	}
	return s.Send(append(answer, fields...)...)
}

// RespondList answers a list action: with an event of that name for each item, and an event named
// complete at the end.
func (s *ServerConn) RespondList(to Action, event string, items [][]Field, complete string) error {
	if err := s.Respond(to, "Success", event+" will follow", Field{"EventList", "start"}); err != nil {
		return err
	}
	var id []Field
	if to.ID != "" {
		id = []Field{{"ActionID", to.ID}}
	}
	for _, item := range items {
		if err := s.Event(event, append(id[:len(id):len(id)], item...)...); err != nil {
			return err
		}
	}
	return s.Event(complete, append(id[:len(id):len(id)],
		Field{"EventList", "Complete"}, Field{"ListItems", strconv.Itoa(len(items))})...)
}

// Login sends the banner and answers until the client has proved that it knows the secret, in plain or by
// MD5 challenge. A failure is answered and returned as [ErrAuthentication].
func (s *ServerConn) Login(version, username, secret string) error {
	if err := s.Banner(version); err != nil {
		return err
	}
	challenge := rand.Text()[:9]
	for {
		a, err := s.ReadAction()
		if err != nil {
			return err
		}
		switch {
		case strings.EqualFold(a.Name, "Challenge") && strings.EqualFold(a.Get("AuthType"), "MD5"):
			err = s.Respond(a, "Success", "", Field{"Challenge", challenge})
		case !strings.EqualFold(a.Name, "Login"):
			err = s.Respond(a, "Error", "Permission denied")
		case a.Get("Username") == username && proves(a, challenge, secret):
			return s.Respond(a, "Success", "Authentication accepted")
		default:
			return errors.Join(ErrAuthentication, s.Respond(a, "Error", "Authentication failed"))
		}
		if err != nil {
			return fmt.Errorf("login: %w", err)
		}
	}
}

func proves(a Action, challenge, secret string) bool {
	got, want := a.Get("Secret"), secret
	if strings.EqualFold(a.Get("AuthType"), "MD5") {
		got, want = a.Get("Key"), challengeKey(challenge, secret)
	}
	return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}
