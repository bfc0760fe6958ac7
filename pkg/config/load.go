package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/strictyaml"
)

// The bounds of what is read.
const (
	largestFile   = 1 << 20
	longestSecret = 256
)

// Load reads the file and the secret files that it names. The error is one
// line for each strictyaml.Problem, or why the file cannot be read.
func Load(path string) (Config, error) {
	text, readable, err := readBounded(path, largestFile)
	if err != nil {
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	c, err := parse(path, text)
	if err != nil {
		return Config{}, err
	}
	c.Path = path
	if err := c.readSecrets(readable); err != nil {
		return Config{}, err
	}
	return c, nil
}

// Socket reads from the file only where the daemon listens; where that cannot be
// read it is the usual place. A mistake elsewhere in the file must not keep its
// owner from a daemon that runs well on what it has read before.
func Socket(path string) string {
	usual := Default()
	text, _, err := readBounded(path, largestFile)
	if err != nil {
		return usual.Control.Socket
	}
	root, problem := strictyaml.Tree(text, withoutQuotes)
	if problem != nil {
		return usual.Control.Socket
	}
	c := Default()
	newReader().read(root, &c)
	if !filepath.IsAbs(c.Control.Socket) {
		return usual.Control.Socket
	}
	return c.Control.Socket
}

// Parse reads the text of a file and checks it. A secret_file is checked by
// name only; Load reads it.
func Parse(text []byte) (Config, error) { return parse("", text) }

func parse(file string, text []byte) (Config, error) {
	c := Default()
	root, problem := strictyaml.Tree(text, withoutQuotes)
	if problem != nil {
		return Config{}, strictyaml.Join(file, []*strictyaml.Problem{problem})
	}
	r := newReader()
	r.read(root, &c)
	check(&c, r)
	if err := strictyaml.Join(file, r.problems); err != nil {
		return Config{}, err
	}
	c.lookTwice()
	return c, nil
}

// withoutQuotes takes what the parser's sentence quotes off its end, where it may
// be a secret, unless that is a key.
func withoutQuotes(sentence string) string {
	if strings.HasPrefix(sentence, "mapping key ") {
		return sentence
	}
	before, _, _ := strings.Cut(sentence, `"`)
	return strings.TrimRight(before, " :")
}

// readSecrets fills in the secrets that stand in files of their own, and warns
// of those that every user of the machine can read.
func (c *Config) readSecrets(readable bool) error {
	for i := range c.Asterisk {
		ami, whose := &c.Asterisk[i].AMI, "the AMI secret of "+c.Asterisk[i].Name
		if err := c.readSecret(&ami.Secret, ami.SecretFile, fmt.Sprintf("asterisk[%d].ami.secret_file", i), whose, readable); err != nil {
			return err
		}
		ari, whose := &c.Asterisk[i].ARI, "the ARI password of "+c.Asterisk[i].Name
		if err := c.readSecret(&ari.Password, ari.PasswordFile, fmt.Sprintf("asterisk[%d].ari.password_file", i), whose, readable); err != nil {
			return err
		}
	}
	return c.readSecret(&c.Mail.Password, c.Mail.PasswordFile, "mail.password_file", "the password of the mail server", readable)
}

// readSecret fills in one secret from its file, if it has one.
func (c *Config) readSecret(s *Secret, path, key, whose string, readable bool) error {
	switch {
	case path == "" && *s == "":
		return nil
	case path == "":
		c.warnReadable(c.Path, whose, readable)
		return nil
	}
	text, readable, err := readBounded(path, longestSecret)
	if err != nil {
		return &strictyaml.Problem{File: c.Path, Key: key, Text: fmt.Sprintf("the secret cannot be read: %v", err)}
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if wrong := wrongSecret(secret); wrong != "" {
		return &strictyaml.Problem{File: c.Path, Key: key, Text: fmt.Sprintf("the secret in %s %s", path, wrong)}
	}
	c.warnReadable(path, whose, readable)
	*s = Secret(secret)
	return nil
}

func (c *Config) warnReadable(path, whose string, readable bool) {
	if readable {
		c.warn("%s holds %s and can be read by every user of this machine: chmod 0600 it", path, whose)
	}
}

// readBounded reads a small regular file, and tells whether everybody can.
func readBounded(path string, largest int64) (text []byte, byOthers bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	if !info.Mode().IsRegular() {
		return nil, false, fmt.Errorf("%s is no regular file", path)
	}
	text, err = io.ReadAll(io.LimitReader(f, largest+1))
	if err != nil {
		return nil, false, err
	}
	if int64(len(text)) > largest {
		return nil, false, fmt.Errorf("%s is larger than %d bytes", path, largest)
	}
	return text, info.Mode().Perm()&0o004 != 0, nil
}
