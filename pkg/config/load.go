package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// The bounds of what is read.
const (
	largestFile   = 1 << 20
	longestSecret = 256
)

// Load reads the file and the secret files that it names. The error is one
// line for each Problem, or why the file cannot be read.
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
	for i := range c.Asterisk {
		ami := &c.Asterisk[i].AMI
		if ami.SecretFile == "" {
			if readable {
				c.warn("%s holds the AMI secret of %s and can be read by every user of this machine: chmod 0600 it", path, c.Asterisk[i].Name)
			}
			continue
		}
		if err := ami.readSecret(&c, i); err != nil {
			return Config{}, err
		}
	}
	return c, nil
}

// Parse reads the text of a file and checks it. A secret_file is checked by
// name only; Load reads it.
func Parse(text []byte) (Config, error) { return parse("", text) }

func parse(file string, text []byte) (Config, error) {
	c := Default()
	root, problem := readTree(text)
	if problem != nil {
		return Config{}, joined(file, []*Problem{problem})
	}
	r := newReader()
	r.read(root, &c)
	check(&c, r)
	if err := joined(file, r.problems); err != nil {
		return Config{}, err
	}
	c.lookTwice()
	return c, nil
}

// readTree makes a syntax tree of the text. The parser's own error shows the
// lines around the mistake, which may hold a secret, so only its sentence is
// passed on.
func readTree(text []byte) (ast.Node, *Problem) {
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, &Problem{Text: "the file holds zero bytes and is no text"}
	}
	f, err := parser.ParseBytes(text, 0)
	var syntax yaml.Error
	switch {
	case errors.As(err, &syntax):
		p := &Problem{Text: withoutQuotes(syntax.GetMessage())}
		if t := syntax.GetToken(); t != nil && t.Position != nil {
			p.Line, p.Column = t.Position.Line, t.Position.Column
		}
		return nil, p
	case err != nil:
		return nil, &Problem{Text: "this is no YAML"}
	}
	var root ast.Node
	for _, doc := range f.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			line, column := place(doc.Body)
			return nil, &Problem{Line: line, Column: column, Text: "a second document begins here; the file must be one document, without ---"}
		}
		root = doc.Body
	}
	return root, nil
}

// withoutQuotes takes what the sentence quotes off its end, unless that is a key.
func withoutQuotes(sentence string) string {
	if strings.HasPrefix(sentence, "mapping key ") {
		return sentence
	}
	before, _, _ := strings.Cut(sentence, `"`)
	return strings.TrimRight(before, " :")
}

// readSecret fills in the secret from its file.
func (a *AMI) readSecret(c *Config, i int) error {
	key := fmt.Sprintf("asterisk[%d].ami.secret_file", i)
	text, readable, err := readBounded(a.SecretFile, longestSecret)
	if err != nil {
		return &Problem{File: c.Path, Key: key, Text: fmt.Sprintf("the secret cannot be read: %v", err)}
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if wrong := wrongSecret(secret); wrong != "" {
		return &Problem{File: c.Path, Key: key, Text: fmt.Sprintf("the secret in %s %s", a.SecretFile, wrong)}
	}
	if readable {
		c.warn("%s holds the AMI secret of %s and can be read by every user of this machine: chmod 0600 it", a.SecretFile, c.Asterisk[i].Name)
	}
	a.Secret = Secret(secret)
	return nil
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

func (c *Config) warn(format string, args ...any) {
	c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...))
}
