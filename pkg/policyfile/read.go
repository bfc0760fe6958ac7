package policyfile

import (
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"

	"github.com/tollfuse/tollfuse/pkg/strictyaml"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Largest is how long a file may be, in bytes.
const Largest = 1 << 20

// Policy is what a file says.
type Policy struct {
	Settings []toll.Setting
	places   []strictyaml.Problem // of each of them, without a text
	there    map[string]bool      // sections that the file has
}

// Has tells whether the file has the section, be it empty.
func (p *Policy) Has(section string) bool { return p.there[section] }

// Problem is what is wrong with one of the settings, at its place in the file.
func (p *Policy) Problem(setting int, text string) *strictyaml.Problem {
	at := p.places[setting]
	at.Text = text
	return &at
}

// Parse reads a file. It says what cannot be read; what makes no sense to policy
// is for others to find.
func Parse(file string, text []byte) (Policy, error) {
	r := reader{policy: Policy{there: make(map[string]bool)}}
	if len(text) > Largest {
		r.Problem(nil, "", "the file has more than %d bytes", Largest)
	} else if root, problem := strictyaml.Tree(text, noYAML); problem != nil {
		r.Problems = append(r.Problems, problem)
	} else if root != nil {
		r.file(root)
	}
	if err := strictyaml.Join(file, r.Problems); err != nil {
		return Policy{}, err
	}
	return r.policy, nil
}

// reader fills a Policy from a syntax tree.
type reader struct {
	strictyaml.Reader
	policy Policy
}

// noYAML words what the parser says of a file, in which nothing is secret.
func noYAML(sentence string) string {
	return "this is no YAML: " + strings.Join(strings.Fields(sentence), " ")
}

// file reads all sections.
func (r *reader) file(root ast.Node) {
	known := sections()
	for _, entry := range r.Entries("", root) {
		key, ok := r.Word("", entry.Key)
		if !ok {
			continue
		}
		i := slices.IndexFunc(known, func(s section) bool { return s.key == key })
		switch {
		case i < 0:
			r.Problem(entry.Key, "", "unknown key %s; known here: %s", strictyaml.Quote(key), strings.Join(Sections(), ", "))
		case r.policy.there[key]:
			r.Problem(entry.Key, key, "the key stands twice")
		default:
			r.policy.there[key] = true
			r.section(known[i], entry.Value)
		}
	}
}

func (r *reader) section(s section, n ast.Node) {
	seen := make(map[string]bool)
	for _, entry := range r.Entries(s.key, n) {
		name, ok := r.Word(s.key, entry.Key)
		if !ok {
			continue
		}
		key := s.key + "." + label(name)
		setting, err := s.named(name)
		switch {
		case err != nil:
			r.Problem(entry.Key, key, "%s", err)
		case seen[nameOf(setting)]:
			r.Problem(entry.Key, key, "the key stands twice")
		default:
			seen[nameOf(setting)] = true
			r.setting(s, key, entry, setting)
		}
	}
}

// setting reads what is said of one setting, in the order of its fields.
func (r *reader) setting(s section, key string, entry *ast.MappingValueNode, setting toll.Setting) {
	said := r.Fields(key, entry.Value, keysOf(s.fields))
	for _, f := range s.fields {
		e := said[f.key]
		if e == nil {
			if f.needed {
				r.Problem(entry.Key, key, "the key %s is missing", f.key)
			}
			continue
		}
		texts, ok := r.texts(f, key+"."+f.key, e.Value)
		if !ok || len(texts) == 0 {
			continue
		}
		if err := f.set(setting, texts); err != nil {
			r.Problem(e.Value, key+"."+f.key, "%s", err)
		}
	}
	r.policy.Settings = append(r.policy.Settings, setting)
	r.policy.places = append(r.policy.places, *strictyaml.At(entry.Key, key, ""))
}

func keysOf(fields []field) (keys []string) {
	for _, f := range fields {
		keys = append(keys, f.key)
	}
	return keys
}

// texts are the values of a field.
func (r *reader) texts(f field, key string, n ast.Node) ([]string, bool) {
	items := []ast.Node{n}
	if f.list {
		var ok bool
		if items, ok = r.Items(key, n); !ok {
			return nil, false
		}
	}
	var texts []string
	for _, item := range items {
		text, ok := r.Text(key, item)
		if !ok {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, true
}

// label is a name as a part of a key in a problem: on one line and not at length.
func label(s string) string {
	if len(s) > 60 || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strictyaml.Quote(s)
	}
	return s
}
