package config

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The forms of names. An endpoint is named alone or with its technology; a
// DAHDI channel or span always with it.
const (
	namePBX   = `[a-z0-9-]{1,32}`
	nameGroup = `[A-Za-z0-9_.-]{1,40}`
	endpoint  = `((PJSIP|SIP|IAX2)/)?[A-Za-z0-9_.+@-]{1,80}|DAHDI/(i?[0-9]{1,4})`
	pattern   = `_?([0-9*#XxZzNn]|\[[0-9-]{1,12}\]){1,16}`
)

func (c checker) asterisks(all []Asterisk) {
	c.that(len(all) > 0, "asterisk", "no Asterisk is named; list at least one, with name, ami and trunks")
	for i, a := range all {
		key := fmt.Sprintf("asterisk[%d]", i)
		c.that(match(namePBX, a.Name), key+".name", "want 1 to 32 of a-z, 0-9 and -, not %s", quote(a.Name))
		if a.Name != "" {
			c.that(!slices.ContainsFunc(all[:i], func(b Asterisk) bool { return b.Name == a.Name }), key+".name",
				"%s names another Asterisk already; calls of the two would be mixed up", quote(a.Name))
		}
		c.that(!slices.ContainsFunc(all[:i], func(b Asterisk) bool { return b.AMI.Address == a.AMI.Address }), key+".ami.address",
			"another Asterisk is reached at %s already; write where this one is", quote(a.AMI.Address))
		c.ami(key+".ami", a.AMI)
		c.ari(key+".ari", a.ARI)
		c.console(key+".console", a.Console)
		c.trunks(key+".trunks", a.Trunks)
		c.endpoints(key+".gateways", a.Gateways)
		c.endpoints(key+".accounts", a.Accounts)
		for _, name := range sortedKeys(a.Groups) {
			c.that(match(nameGroup, name), key+".groups", "a group has 1 to 40 of A-Z, a-z, 0-9, _ . and -, not %s", quote(name))
			c.endpoints(key+".groups."+name, a.Groups[name])
		}
	}
}

func (c checker) ami(key string, a AMI) {
	c.that(hostPort(a.Address), key+".address", "want a host and a port, such as 127.0.0.1:5038, not %s", quote(a.Address))
	c.that(match(`[A-Za-z0-9_.-]{1,64}`, a.User), key+".user", "want the name of the section in manager.conf, not %s", quote(a.User))
	c.secret(key, "secret", a.Secret, a.SecretFile)
	c.that(a.CA == "" || filepath.IsAbs(a.CA), key+".ca", "want an absolute path, not %s", quote(a.CA))
	c.that(a.CA == "" || a.TLS, key+".ca", "it is of use with tls: true only")
	c.that(a.ServerName == "" || a.TLS, key+".server_name", "it is of use with tls: true only")
	c.that(a.ServerName == "" || isHost(a.ServerName), key+".server_name", "want a host name, not %s", quote(a.ServerName))
}

func (c checker) ari(key string, a ARI) {
	if a.URL == "" {
		c.that(a == ARI{}, key+".url", "the address is missing; write one such as http://127.0.0.1:8088/ari")
		return
	}
	u, err := url.Parse(a.URL)
	c.that(err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "", key+".url",
		"want an address such as http://127.0.0.1:8088/ari, without a user or password in it")
	c.that(match(`[A-Za-z0-9_.-]{1,64}`, a.User), key+".user", "want the name of the section in ari.conf, not %s", quote(a.User))
	c.secret(key, "password", a.Password, a.PasswordFile)
	c.that(a.CA == "" || filepath.IsAbs(a.CA), key+".ca", "want an absolute path, not %s", quote(a.CA))
	c.that(a.CA == "" || err == nil && u.Scheme == "https", key+".ca", "it is of use with https only")
}

func (c checker) console(key string, command []string) {
	if len(command) == 0 {
		return
	}
	c.that(filepath.IsAbs(command[0]), key, "want the path of a program first, such as /usr/sbin/asterisk, not %s", quote(command[0]))
	c.that(len(command) > 1, key, "want what makes the program take a line for the console, such as -rx")
}

// secret checks what is called so under the key: it stands there, or in a file.
func (c checker) secret(key, name string, s Secret, file string) {
	at := key + "." + name
	switch {
	case s == "" && file == "":
		c.that(false, at, "the %s is missing; write %s, or %s_file with the path of a file that holds it", name, name, name)
	case s != "" && file != "":
		c.that(false, at+"_file", "there is a %s too; write only one of the two", name)
	case file != "":
		c.that(filepath.IsAbs(file), at+"_file", "want an absolute path, not %s", quote(file))
	default:
		wrong := wrongSecret(s.Reveal())
		c.that(wrong == "", at, "the %s %s", name, wrong)
	}
}

// wrongSecret says what is wrong with a secret, without the secret. A line
// break in it would be another AMI header.
func wrongSecret(s string) string {
	switch {
	case s == "":
		return "is empty"
	case len(s) > longestSecret:
		return fmt.Sprintf("has more than %d bytes", longestSecret)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return "holds characters that cannot be sent, such as a line break"
	}
	return ""
}

func (c checker) trunks(key string, all []Trunk) {
	c.that(len(all) > 0, key, "no trunk is named; without one nobody knows which calls leave the site")
	for i, t := range all {
		at := fmt.Sprintf("%s[%d]", key, i)
		c.that(match(endpoint, t.Name), at+".name", "want the name of an endpoint, such as carrier or PJSIP/carrier, not %s", quote(t.Name))
		c.that(!slices.ContainsFunc(all[:i], func(u Trunk) bool { return u.Name == t.Name }), at+".name", "%s is a trunk already", quote(t.Name))
		c.that(match(`\+?[0-9*#]{0,16}`, t.Prefix), at+".prefix", "want what is dialled before the number, 0-9 * and #, not %s", quote(t.Prefix))
		for j, address := range t.Addresses {
			c.that(isAddress(address), fmt.Sprintf("%s.addresses[%d]", at, j), "want an IP address, a network, or a host, with or without a port, not %s", quote(address))
		}
	}
}

// isAddress tells whether the text can be where a carrier is reached.
func isAddress(s string) bool {
	if _, err := Network(s); err == nil {
		return true
	}
	if _, _, err := net.SplitHostPort(s); err == nil {
		return hostPort(s)
	}
	return isHost(s)
}

func (c checker) endpoints(key string, names []string) {
	for i, name := range names {
		c.that(match(endpoint, name), fmt.Sprintf("%s[%d]", key, i), "want the name of an endpoint, such as 1001 or PJSIP/1001, not %s", quote(name))
	}
}

// numbering checks the forms; what the numbers mean in the country is for the
// number plan to check.
func (c checker) numbering(n Numbering) {
	for _, list := range []struct {
		key, form, want string
		values          []string
	}{
		{"access_codes", pattern, "a code such as 9, or a pattern such as 101XXXX", n.AccessCodes},
		{"international_prefixes", `[0-9]{1,6}`, "digits such as 011", n.InternationalPrefixes},
		{"carrier_codes", pattern, "a code, or a pattern such as XX", n.CarrierCodes},
		{"extensions", pattern, "a number such as 1001, or a pattern such as 1XXX", n.Extensions},
		{"feature_codes", pattern, "a code such as *97, or a pattern such as *7X", n.FeatureCodes},
		{"emergency", `[0-9]{2,6}`, "two to six digits", n.Emergency},
	} {
		for i, value := range list.values {
			c.that(match(list.form, value), fmt.Sprintf("numbering.%s[%d]", list.key, i), "want %s, not %s", list.want, quote(value))
		}
	}
	c.that(match(`none|[0-9]{0,3}`, n.NationalPrefix), "numbering.national_prefix", "want one to three digits, none, or nothing for that of the country, not %s", quote(n.NationalPrefix))
	c.that(match(`[0-9]{0,5}`, n.AreaCode), "numbering.area_code", "want one to five digits without the national prefix, not %s", quote(n.AreaCode))
	for i, country := range n.AlsoHome {
		c.country(fmt.Sprintf("numbering.also_home[%d]", i), country)
	}
	for i, s := range n.ShortNumbers {
		key := fmt.Sprintf("numbering.short_numbers[%d]", i)
		c.that(match(pattern, s.Pattern), key+".pattern", "want a number such as 118, or a pattern such as 118XX, not %s", quote(s.Pattern))
		c.oneOf(key+".class", string(s.Class), string(toll.HomeFixed), string(toll.TollFree), string(toll.SharedCost), string(toll.HomePremium))
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
