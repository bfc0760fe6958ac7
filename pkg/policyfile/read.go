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
		r.problem(nil, "", "the file has more than %d bytes", Largest)
	} else if root, problem := strictyaml.Tree(text, noYAML); problem != nil {
		r.problems = append(r.problems, problem)
	} else if root != nil {
		r.file(root)
	}
	if err := strictyaml.Join(file, r.problems); err != nil {
		return Policy{}, err
	}
	return r.policy, nil
}

// reader fills a Policy from a syntax tree.
type reader struct {
	policy   Policy
	problems []*strictyaml.Problem
}

func (r *reader) problem(n ast.Node, key, format string, args ...any) {
	r.problems = append(r.problems, strictyaml.At(n, key, format, args...))
}

// noYAML words what the parser says of a file, in which nothing is secret.
func noYAML(sentence string) string {
	return "this is no YAML: " + strings.Join(strings.Fields(sentence), " ")
}

// file reads all sections.
func (r *reader) file(root ast.Node) {
	known := sections()
	for _, entry := range r.entries("", root) {
		key, ok := r.word("", entry.Key)
		if !ok {
			continue
		}
		i := slices.IndexFunc(known, func(s section) bool { return s.key == key })
		switch {
		case i < 0:
			r.problem(entry.Key, "", "unknown key %s; known here: %s", strictyaml.Quote(key), strings.Join(Sections(), ", "))
		case r.policy.there[key]:
			r.problem(entry.Key, key, "the key stands twice")
		default:
			r.policy.there[key] = true
			r.section(known[i], entry.Value)
		}
	}
}

func (r *reader) section(s section, n ast.Node) {
	seen := make(map[string]bool)
	for _, entry := range r.entries(s.key, n) {
		name, ok := r.word(s.key, entry.Key)
		if !ok {
			continue
		}
		key := s.key + "." + label(name)
		setting, err := s.named(name)
		switch {
		case err != nil:
			r.problem(entry.Key, key, "%s", err)
		case seen[nameOf(setting)]:
			r.problem(entry.Key, key, "the key stands twice")
		default:
			seen[nameOf(setting)] = true
			r.setting(s, key, entry, setting)
		}
	}
}

// setting reads what is said of one setting, in the order of its fields.
func (r *reader) setting(s section, key string, entry *ast.MappingValueNode, setting toll.Setting) {
	said := make(map[string]*ast.MappingValueNode)
	for _, e := range r.entries(key, entry.Value) {
		name, ok := r.word(key, e.Key)
		known := slices.ContainsFunc(s.fields, func(f field) bool { return f.key == name })
		switch {
		case !ok:
		case !known:
			r.problem(e.Key, key, "unknown key %s; known here: %s", strictyaml.Quote(name), strings.Join(keysOf(s.fields), ", "))
		case said[name] != nil:
			r.problem(e.Key, key+"."+name, "the key stands twice")
		default:
			said[name] = e
		}
	}
	for _, f := range s.fields {
		e := said[f.key]
		if e == nil {
			if f.needed {
				r.problem(entry.Key, key, "the key %s is missing", f.key)
			}
			continue
		}
		texts, ok := r.texts(f, key+"."+f.key, e.Value)
		if !ok || len(texts) == 0 {
			continue
		}
		if err := f.set(setting, texts); err != nil {
			r.problem(e.Value, key+"."+f.key, "%s", err)
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

// entries are the pairs of a mapping.
func (r *reader) entries(key string, n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	case *ast.NullNode:
		r.problem(n, key, "there is nothing behind it; write {} if that is meant")
		return nil
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.problem(n, key, "anchors, aliases and tags are not used here; write the value itself")
		return nil
	}
	r.problem(n, key, "want keys with values, one a line and indented")
	return nil
}

// word is the text of a key.
func (r *reader) word(parent string, k ast.MapKeyNode) (string, bool) {
	text, ok := strictyaml.Literal(k)
	if !ok {
		r.problem(k, parent, "a key must be a plain word")
	}
	return text, ok
}

// texts are the values of a field.
func (r *reader) texts(f field, key string, n ast.Node) ([]string, bool) {
	items := []ast.Node{n}
	if f.list {
		sequence, ok := n.(*ast.SequenceNode)
		if !ok {
			r.problem(n, key, "want a list: [a, b], or one item a line, each after a dash")
			return nil, false
		}
		items = sequence.Values
	}
	var texts []string
	for _, item := range items {
		text, ok := strictyaml.Literal(item)
		if !ok {
			r.problem(item, key, "want a single value; a text with marks in it stands in quotes")
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
