package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/tollfuse/tollfuse/pkg/strictyaml"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// reader fills a Config from a syntax tree and remembers where each key stood,
// so that a check can say where the mistake is. It reads what is written, not
// what YAML makes of it: see the package comment.
type reader struct {
	places   map[string][2]int // line and column, by key
	unread   map[string]bool   // keys whose value has the wrong shape
	problems []*strictyaml.Problem
}

func newReader() *reader {
	return &reader{places: make(map[string][2]int), unread: make(map[string]bool)}
}

// problem notes what is wrong with a key. Where the key itself is missing, its
// nearest parent has the place.
func (r *reader) problem(key, format string, args ...any) {
	p := &strictyaml.Problem{Key: key, Text: fmt.Sprintf(format, args...)}
	at := key
	for {
		if place, ok := r.places[at]; ok || at == "" {
			p.Line, p.Column = place[0], place[1]
			break
		}
		at = at[:max(strings.LastIndexAny(at, ".["), 0)]
	}
	r.problems = append(r.problems, p)
}

// refuse notes that nothing under the key could be read.
func (r *reader) refuse(key, text string) {
	r.problem(key, "%s", text)
	r.unread[key] = true
}

// broken tells whether the key, something in it, or all that it stands in could
// not be read; then its value means nothing and a check would only confuse.
func (r *reader) broken(key string) bool {
	for at := range r.unread {
		rest, within := strings.CutPrefix(key, at)
		if at == "" || within && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return slices.ContainsFunc(r.problems, func(p *strictyaml.Problem) bool {
		rest, within := strings.CutPrefix(p.Key, key)
		return within && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

func (r *reader) mark(key string, n ast.Node) {
	line, column := strictyaml.Place(n)
	r.places[key] = [2]int{line, column}
}

// read fills in the whole configuration.
func (r *reader) read(root ast.Node, c *Config) {
	if root != nil { // an empty file is a file that says nothing
		r.mark("", root)
		r.value("", root, reflect.ValueOf(c).Elem())
	}
}

// value fills in one value, whatever it is.
func (r *reader) value(key string, n ast.Node, v reflect.Value) {
	switch n.(type) {
	case *ast.NullNode:
		r.refuse(key, "the key has no value; write one, or take the key away")
		return
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		r.refuse(key, "anchors, aliases and tags are not used here; write the value itself")
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.structure(key, n, v)
	case reflect.Map:
		r.table(key, n, v)
	case reflect.Slice:
		r.list(key, n, v)
	default:
		r.scalar(key, n, v)
	}
}

// entries are the pairs of a mapping; nil where it is none.
func (r *reader) entries(key string, n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	r.refuse(key, "want keys with values, one a line and indented")
	return nil
}

// word is the text of a key.
func (r *reader) word(parent string, k ast.MapKeyNode) (string, bool) {
	text, ok := strictyaml.Literal(k)
	if !ok {
		r.problems = append(r.problems, strictyaml.At(k, parent, "a key must be a plain word"))
	}
	return text, ok
}

func (r *reader) structure(key string, n ast.Node, v reflect.Value) {
	fields, names := fieldsOf(v)
	seen := make(map[string]bool)
	for _, entry := range r.entries(key, n) {
		name, ok := r.word(key, entry.Key)
		if !ok {
			continue
		}
		child := under(key, name)
		field, known := fields[name]
		switch {
		case !known:
			r.problems = append(r.problems, strictyaml.At(entry.Key, key, "unknown key %s; known here: %s", quote(name), strings.Join(names, ", ")))
		case seen[name]:
			r.problems = append(r.problems, strictyaml.At(entry.Key, child, "the key stands twice"))
		default:
			seen[name] = true
			r.mark(child, entry.Key)
			r.value(child, entry.Value, field)
		}
	}
}

// fieldsOf are the fields of a struct by the names they have in the file.
func fieldsOf(v reflect.Value) (fields map[string]reflect.Value, names []string) {
	fields = make(map[string]reflect.Value)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Tag.Get("yaml"); name != "-" {
			fields[name] = v.Field(i)
			names = append(names, name)
		}
	}
	return fields, names
}

// table is a mapping with names that the owner chooses.
func (r *reader) table(key string, n ast.Node, v reflect.Value) {
	v.Set(reflect.MakeMap(v.Type()))
	for _, entry := range r.entries(key, n) {
		name, ok := r.word(key, entry.Key)
		if !ok {
			continue
		}
		child := under(key, name)
		if v.MapIndex(reflect.ValueOf(name)).IsValid() {
			r.problems = append(r.problems, strictyaml.At(entry.Key, child, "the key stands twice"))
			continue
		}
		r.mark(child, entry.Key)
		value := reflect.New(v.Type().Elem()).Elem()
		r.value(child, entry.Value, value)
		v.SetMapIndex(reflect.ValueOf(name), value)
	}
}

// list replaces the default; it never adds to it.
func (r *reader) list(key string, n ast.Node, v reflect.Value) {
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		r.refuse(key, "want a list: [a, b], or one item a line, each after a dash")
		return
	}
	all := reflect.MakeSlice(v.Type(), len(sequence.Values), len(sequence.Values))
	for i, item := range sequence.Values {
		child := fmt.Sprintf("%s[%d]", key, i)
		r.mark(child, item)
		if p, ok := all.Index(i).Addr().Interface().(interface{ preset() }); ok {
			p.preset()
		}
		r.value(child, item, all.Index(i))
	}
	if all.Len() == 0 {
		all = reflect.Zero(v.Type())
	}
	v.Set(all)
}

// scalar reads a single value. What is wrong with a text is not repeated where
// it may be a secret.
func (r *reader) scalar(key string, n ast.Node, v reflect.Value) {
	text, ok := strictyaml.Literal(n)
	if !ok {
		r.problem(key, "want a single value")
		return
	}
	switch p := v.Addr().Interface().(type) {
	case *toll.Money:
		amount, err := toll.ParseMoney(text)
		if err != nil {
			r.problem(key, "want an amount such as 0.30, with at most six decimals, not %s", quote(text))
		}
		*p = amount
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			r.problem(key, "want a duration such as 500ms, 90s, 10m or 2h, not %s", quote(text))
		}
		*p = d
	default:
		r.plain(key, text, v)
	}
}

func (r *reader) plain(key, text string, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		if text != "true" && text != "false" {
			r.problem(key, "want true or false, not %s", quote(text))
		}
		v.SetBool(text == "true")
	case reflect.Int, reflect.Int64:
		number, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			r.problem(key, "want a whole number, not %s", quote(text))
		}
		v.SetInt(number)
	default:
		panic("config: no reader for " + v.Type().String()) // a field of a new type; every test would show it
	}
}

// under is the key of a child.
func under(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

// quote shows what the file says.
func quote(s string) string { return strictyaml.Quote(s) }
