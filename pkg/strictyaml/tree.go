package strictyaml

import (
	"bytes"
	"errors"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Tree makes a syntax tree of the text; nil where the text says nothing. The
// parser's own error shows the lines around a mistake, which may hold a secret:
// only its sentence is passed on, as the caller words it.
func Tree(text []byte, word func(sentence string) string) (ast.Node, *Problem) {
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, &Problem{Text: "the file holds zero bytes and is no text"}
	}
	f, err := parser.ParseBytes(text, 0)
	var syntax yaml.Error
	switch {
	case errors.As(err, &syntax):
		p := &Problem{Text: word(syntax.GetMessage())}
		if t := syntax.GetToken(); t != nil && t.Position != nil {
			p.Line, p.Column = t.Position.Line, t.Position.Column
		}
		return nil, p
	case err != nil:
		return nil, &Problem{Text: "this is no YAML"}
	}
	var root ast.Node
	for _, doc := range f.Docs {
		switch {
		case doc.Body == nil:
		case root != nil:
			return nil, At(doc.Body, "", "a second document begins here; the file must be one document, without ---")
		default:
			root = doc.Body
		}
	}
	return root, nil
}

// Place is where a node begins, from 1; zeros where there is none.
func Place(n ast.Node) (line, column int) {
	if n == nil {
		return 0, 0
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line, t.Position.Column
	}
	return 0, 0
}

// Literal is a scalar as the file has it, without its quotes.
func Literal(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}
