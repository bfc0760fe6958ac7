package trust

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A server is believed by those who name its certificate, and by nobody else.
func TestOnlyTheNamedCertificateIsBelieved(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	ca := file(t, block)
	for _, test := range []struct {
		ca, name string
		believed bool
	}{
		{ca, "example.com", true}, {ca, "elsewhere.example", false}, {"", "example.com", false},
	} {
		c, err := Config(test.ca, test.name)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := tls.Dial("tcp", server.Listener.Addr().String(), c)
		if err == nil {
			conn.Close()
		}
		if believed := err == nil; believed != test.believed {
			t.Errorf("authorities %q, name %s: %v", test.ca, test.name, err)
		}
		if c.MinVersion != tls.VersionTLS12 {
			t.Errorf("the oldest version is %x", c.MinVersion)
		}
	}
}

func TestAFileWithoutACertificateIsAnError(t *testing.T) {
	for ca, want := range map[string]string{
		file(t, []byte("no certificate")): "no certificate in it", file(t, nil): "no certificate in it",
		filepath.Join(t.TempDir(), "none"): "read the certificates to trust",
	} {
		if c, err := Config(ca, "x"); c != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %s", ca, c, err, want)
		}
	}
}

// file is the path of a file with that text.
func file(t *testing.T, text []byte) string {
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
