//go:build e2e

package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Mail is one mail as one recipient has it.
type Mail struct {
	From, To   string // of the envelope
	Arrived    time.Time
	Header     mail.Header
	Subject    string // decoded
	Text, HTML string
	Raw        []byte
}

// Mails are the mails that have been delivered, the oldest first. A mail that cannot be read, or has not exactly one
// part of text and one of HTML, fails the test.
func (s *SMTPD) Mails(t testing.TB) []Mail {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "mail/new/*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []Mail
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := parseMail(raw)
		if err != nil {
			t.Fatalf("a mail that cannot be read: %v\n%s", err, raw)
		}
		m.Arrived = info.ModTime()
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b Mail) int { return a.Arrived.Compare(b.Arrived) })
	return all
}

// WaitMails waits until so many mails have been delivered that wanted accepts, and returns them.
func (s *SMTPD) WaitMails(t testing.TB, n int, limit time.Duration, what string, wanted func(Mail) bool) []Mail {
	t.Helper()
	var got []Mail
	Eventually(t, limit, fmt.Sprintf("%d mails %s", n, what), func() bool {
		got = slices.DeleteFunc(s.Mails(t), func(m Mail) bool { return !wanted(m) })
		return len(got) >= n
	})
	return got
}

// once are the headers that a mail has exactly one of: what our own program writes, and what the server adds when
// it delivers.
var once = []string{
	"From", "To", "Subject", "Date", "Message-Id", "Mime-Version", "Content-Type", "Auto-Submitted",
	"Return-Path", "Envelope-To", "Delivery-Date", "Received",
}

func parseMail(raw []byte) (Mail, error) {
	m := Mail{Raw: raw}
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, err
	}
	m.Header = message.Header
	for _, name := range once {
		if n := len(m.Header[name]); n != 1 {
			return m, fmt.Errorf("%d headers %s", n, name)
		}
	}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return m, fmt.Errorf("subject: %w", err)
	}
	if _, err := m.Header.Date(); err != nil {
		return m, fmt.Errorf("date: %w", err)
	}
	m.From, m.To = strings.Trim(m.Header.Get("Return-Path"), "<>"), m.Header.Get("Envelope-To")
	kind, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return m, fmt.Errorf("content type %q: %w", kind, err)
	}
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	// RFC 2046, section 5.1.4: the plainest comes first.
	if m.Text, err = readPart(parts, "text/plain"); err != nil {
		return m, err
	}
	if m.HTML, err = readPart(parts, "text/html"); err != nil {
		return m, err
	}
	if _, err := parts.NextRawPart(); err != io.EOF {
		return m, fmt.Errorf("after the second part: %w", err)
	}
	return m, nil
}

func readPart(parts *multipart.Reader, want string) (string, error) {
	part, err := parts.NextPart() // decodes quoted-printable
	if err != nil {
		return "", fmt.Errorf("part %s: %w", want, err)
	}
	kind, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
	if err != nil || kind != want || !strings.EqualFold(parameters["charset"], "utf-8") {
		return "", fmt.Errorf("part of type %q instead of %s in UTF-8: %w", part.Header.Get("Content-Type"), want, err)
	}
	var body io.Reader = part
	if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "base64") {
		body = base64.NewDecoder(base64.StdEncoding, part)
	}
	text, err := io.ReadAll(body)
	if err == nil && (len(text) == 0 || !utf8.Valid(text)) {
		err = fmt.Errorf("empty or no UTF-8: %q", text)
	}
	return string(text), err
}

// makeCertificate makes an authority, and a certificate that it signed for a server of that name; all as PEM.
func makeCertificate(t testing.TB, name string) (ca, certificate, key []byte) {
	t.Helper()
	sign := func(template, parent *x509.Certificate, public *ecdsa.PublicKey, private *ecdsa.PrivateKey) []byte {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
		der, err := x509.CreateCertificate(rand.Reader, template, parent, public, private)
		if err != nil {
			t.Fatalf("make a certificate: %v", err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	var keys [2]*ecdsa.PrivateKey
	for i := range keys {
		var err error
		if keys[i], err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "e2e authority"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	ca = sign(authority, authority, &keys[0].PublicKey, keys[0])
	certificate = sign(server, authority, &keys[1].PublicKey, keys[0])
	der, err := x509.MarshalPKCS8PrivateKey(keys[1])
	if err != nil {
		t.Fatal(err)
	}
	return ca, certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
