package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/strictyaml"
)

// flagKeys are the keys of the configuration that the flags of init fill in.
var flagKeys = []struct {
	flag string
	keys []string
}{
	{"country", []string{"site.country"}},
	{"countries", []string{"site.countries"}},
	{"timezone", []string{"site.timezone"}},
	{"currency", []string{"site.currency"}},
	{"size", []string{"site.size"}},
	{"ledger", []string{"ledger.path"}},
	{"socket", []string{"control.socket"}},
	{"pbx", []string{"asterisk[0].name"}},
	{"ami-address", []string{"asterisk[0].ami.address"}},
	{"ami-user", []string{"asterisk[0].ami.user"}},
	{"ami-secret", []string{"asterisk[0].ami.secret"}},
	{"trunk", []string{"asterisk[0].trunks"}},
	{"access-code", []string{"numbering.access_codes"}},
	{"extension", []string{"numbering.extensions"}},
	{"emergency", []string{"numbering.emergency"}},
	{"fail-home", []string{"failure.home"}},
	{"mail-to", []string{"mail.to"}},
	{"mail-from", []string{"mail.from"}},
	{"mail-server", []string{"mail.server"}},
	{"mail-security", []string{"mail.security"}},
	{"mail-user", []string{"mail.user"}},
	{"mail-password-file", []string{"mail.password_file", "mail.password"}},
	{"log-dir", []string{"log.decisions"}},
}

// byFlag tells of problems with the choices by the flags that were given, not
// by the lines of a file that nobody has written.
func byFlag(err error) error {
	var all []error
	for _, p := range problems(err) {
		all = append(all, fmt.Errorf("%s: %s", flagOf(p.Key), p.Text))
	}
	if len(all) == 0 {
		return err
	}
	return errors.Join(all...)
}

func flagOf(key string) string {
	for _, f := range flagKeys {
		if slices.ContainsFunc(f.keys, func(k string) bool { return isAbout(key, k) }) {
			return "--" + f.flag
		}
	}
	return key
}

// isAbout tells whether the key is that other one or inside it.
func isAbout(key, other string) bool {
	rest, within := strings.CutPrefix(key, other)
	return within && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// problems takes a joined error apart.
func problems(err error) []*strictyaml.Problem {
	var p *strictyaml.Problem
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*strictyaml.Problem
		for _, one := range joined.Unwrap() {
			all = append(all, problems(one)...)
		}
		return all
	}
	if errors.As(err, &p) {
		return []*strictyaml.Problem{p}
	}
	return nil
}

// wrongWith is what the configuration would say about the choice of a flag.
func (c choices) wrongWith(flag string) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	_, err = config.Starter(s)
	var all []error
	for _, p := range problems(err) {
		if flagOf(p.Key) == "--"+flag {
			all = append(all, errors.New(p.Text))
		}
	}
	return errors.Join(all...)
}
