package main

import (
	"cmp"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// What is read of Asterisk's files, at most.
const (
	mostIncludes = 8
	mostFiles    = 200
	mostSections = 20_000
)

// section is one section of a file of Asterisk, with what it inherits.
type section struct {
	name     string
	template bool
	keys     [][2]string // in order; the keys in small letters
}

// get is the last value of a key.
func (s section) get(key string) string {
	for _, k := range slices.Backward(s.keys) {
		if k[0] == key {
			return k[1]
		}
	}
	return ""
}

// asteriskFiles reads files below Asterisk's folder, as far as proposals need
// it: sections, templates, comments behind a semicolon, and #include.
type asteriskFiles struct {
	folder   string
	files    int
	sections []section
}

// readAsterisk is the sections of one file, without the templates.
func readAsterisk(folder, name string) []section {
	r := asteriskFiles{folder: folder}
	r.read(filepath.Join(folder, name), 0)
	return slices.DeleteFunc(r.sections, func(s section) bool { return s.template })
}

func (r *asteriskFiles) read(path string, depth int) {
	r.files++
	if depth > mostIncludes || r.files > mostFiles {
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, ";")
		line = strings.TrimSpace(line)
		switch name, rest, isSection := strings.Cut(strings.TrimPrefix(line, "["), "]"); {
		case strings.HasPrefix(line, "#include ") || strings.HasPrefix(line, "#tryinclude "):
			_, pattern, _ := strings.Cut(line, " ")
			r.include(strings.Trim(strings.TrimSpace(pattern), `"<>`), depth)
		case strings.HasPrefix(line, "[") && isSection && len(r.sections) < mostSections:
			r.begin(name, strings.Trim(strings.TrimSpace(rest), "()"))
		default:
			r.key(line)
		}
	}
}

func (r *asteriskFiles) include(pattern string, depth int) {
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(r.folder, pattern)
	}
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return
	}
	for _, path := range paths {
		r.read(path, depth+1)
	}
}

// begin starts a section, with what its templates say.
func (r *asteriskFiles) begin(name, from string) {
	s := section{name: name}
	for parent := range strings.SplitSeq(from, ",") {
		switch parent = strings.TrimSpace(parent); parent {
		case "", "+":
		case "!":
			s.template = true
		default:
			for _, other := range r.sections {
				if other.name == parent {
					s.keys = append(s.keys, other.keys...)
				}
			}
		}
	}
	r.sections = append(r.sections, s)
}

func (r *asteriskFiles) key(line string) {
	key, value, ok := strings.Cut(line, "=")
	if !ok || len(r.sections) == 0 {
		return
	}
	here := &r.sections[len(r.sections)-1]
	value = strings.TrimSpace(strings.TrimPrefix(value, ">"))
	here.keys = append(here.keys, [2]string{strings.ToLower(strings.TrimSpace(key)), value})
}

// managerAddress is where manager.conf says that the manager interface is.
func managerAddress(folder string) string {
	host, port := "127.0.0.1", "5038"
	for _, s := range readAsterisk(folder, "manager.conf") {
		if s.name != "general" {
			continue
		}
		if bound := s.get("bindaddr"); bound != "" && bound != "0.0.0.0" && bound != "::" {
			host = bound
		}
		port = cmp.Or(s.get("port"), port)
	}
	return net.JoinHostPort(host, port)
}

// includes tells whether a file of Asterisk includes one of these.
func includes(path string, names ...string) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(strings.ReplaceAll(line, `"`, ""))
		if len(words) >= 2 && (words[0] == "#include" || words[0] == "#tryinclude") && slices.Contains(names, words[1]) {
			return true
		}
	}
	return false
}

// peers are the endpoints of an Asterisk.
type peers struct {
	trunks []string // as --trunk takes them
	phones []string
}

// endpoints sorts what pjsip.conf and pjsip_wizard.conf define. One is taken for
// a trunk where Asterisk knows by itself where it is: it registers there, tells
// it by its address, or has a contact that nobody registered.
func endpoints(folder string) peers {
	at := make(map[string][]string) // endpoint → addresses
	contacts := make(map[string][]string)
	var found []section
	for _, s := range readAsterisk(folder, "pjsip.conf") {
		switch s.get("type") {
		case "endpoint":
			found = append(found, s)
		case "identify":
			name := s.get("endpoint")
			at[name] = append(at[name], s.hosts("match")...)
		case "registration":
			name := cmp.Or(s.get("endpoint"), s.name)
			at[name] = append(at[name], s.hosts("server_uri")...)
		case "aor":
			contacts[s.name] = append(contacts[s.name], s.hosts("contact")...)
		}
	}
	var p peers
	for _, s := range found {
		addresses := at[s.name]
		for aor := range strings.SplitSeq(s.get("aors"), ",") {
			addresses = append(addresses, contacts[strings.TrimSpace(aor)]...)
		}
		p.add(s.name, addresses)
	}
	for _, s := range readAsterisk(folder, "pjsip_wizard.conf") {
		if s.get("type") == "wizard" {
			p.add(s.name, s.hosts("remote_hosts"))
		}
	}
	slices.Sort(p.trunks)
	slices.Sort(p.phones)
	return p
}

func (p *peers) add(name string, addresses []string) {
	if len(addresses) == 0 {
		p.phones = append(p.phones, name)
		return
	}
	slices.Sort(addresses)
	p.trunks = append(p.trunks, name+"="+strings.Join(slices.Compact(addresses), ","))
}

// hosts are the hosts that the values of a key name, as addresses, networks,
// names, or SIP URIs; without ports, which calls need not name.
func (s section) hosts(key string) []string {
	var all []string
	for _, k := range s.keys {
		if k[0] != key {
			continue
		}
		for text := range strings.SplitSeq(k[1], ",") {
			if host := hostIn(text); host != "" {
				all = append(all, host)
			}
		}
	}
	return all
}

// hostIn is the host of an address or of a SIP URI.
func hostIn(text string) string {
	text = strings.Trim(strings.TrimSpace(text), `"`)
	for _, scheme := range []string{"sip:", "sips:"} {
		text = strings.TrimPrefix(text, scheme)
	}
	text = text[strings.LastIndexByte(text, '@')+1:]
	text, _, _ = strings.Cut(text, ";")
	if host, _, err := net.SplitHostPort(text); err == nil {
		return host
	}
	return strings.Trim(text, "[]")
}

// insidePatterns are the patterns that cover numbers such as 1001 to 1099: what
// those of one length and first digit have in common, and X for the rest.
func insidePatterns(phones []string) []string {
	groups := make(map[string]string)
	for _, number := range phones {
		if len(number) < 3 || len(number) > 6 || strings.Trim(number, "0123456789") != "" {
			continue
		}
		group := string(rune('0'+len(number))) + number[:1]
		if common, known := groups[group]; known {
			number = commonPattern(common, number)
		}
		groups[group] = number
	}
	return slices.Sorted(maps.Values(groups))
}

// commonPattern keeps the digits that both begin with.
func commonPattern(a, b string) string {
	n := 0
	for n < len(a) && a[n] == b[n] {
		n++
	}
	return a[:n] + strings.Repeat("X", len(a)-n)
}
