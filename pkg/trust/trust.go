package trust

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// Config is TLS 1.2 or newer to a server of that name, whose certificate one of
// the authorities in the file ca has signed (PEM, RFC 7468), or one of the
// system's where no file is named. Without a name the one who connects must set it.
func Config(ca, serverName string) (*tls.Config, error) {
	c := &tls.Config{ServerName: serverName, MinVersion: tls.VersionTLS12}
	if ca == "" {
		return c, nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, fmt.Errorf("read the certificates to trust: %w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificate in it", ca)
	}
	return c, nil
}
