package strictyaml

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Reader takes a syntax tree apart and gathers what is wrong with it.
type Reader struct {
	Problems []*Problem
}

// Problem notes what is wrong with what stands at the node.
func (r *Reader) Problem(n ast.Node, key, format string, args ...any) {
	r.Problems = append(r.Problems, At(n, key, format, args...))
}

// Entries are the pairs of a mapping.
func (r *Reader) Entries(key string, n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	case *ast.NullNode:
		r.Problem(n, key, "there is nothing behind it; write {} if that is meant")
		return nil
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.Problem(n, key, "anchors, aliases and tags are not used here; write the value itself")
		return nil
	}
	r.Problem(n, key, "want keys with values, one a line and indented")
	return nil
}

// Word is the text of a key.
func (r *Reader) Word(parent string, k ast.MapKeyNode) (string, bool) {
	text, ok := Literal(k)
	if !ok {
		r.Problem(k, parent, "a key must be a plain word")
	}
	return text, ok
}

// Fields are the pairs of a mapping whose keys are known, each at most once.
func (r *Reader) Fields(key string, n ast.Node, known []string) map[string]*ast.MappingValueNode {
	said := make(map[string]*ast.MappingValueNode)
	for _, e := range r.Entries(key, n) {
		name, ok := r.Word(key, e.Key)
		switch {
		case !ok:
		case !slices.Contains(known, name):
			r.Problem(e.Key, key, "unknown key %s; known here: %s", Quote(name), strings.Join(known, ", "))
		case said[name] != nil:
			r.Problem(e.Key, Inside(key, name), "the key stands twice")
		default:
			said[name] = e
		}
	}
	return said
}

// Items are the items of a list.
func (r *Reader) Items(key string, n ast.Node) ([]ast.Node, bool) {
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		r.Problem(n, key, "want a list: [a, b], or one item a line, each after a dash")
		return nil, false
	}
	return sequence.Values, true
}

// Text is a single value.
func (r *Reader) Text(key string, n ast.Node) (string, bool) {
	text, ok := Literal(n)
	if !ok {
		r.Problem(n, key, "want a single value; a text with marks in it stands in quotes")
	}
	return text, ok
}

// Inside names a key within another, such as site.country.
func Inside(parent, key string) string {
	if parent == "" {
		return key
	}
	return parent + "." + key
}
