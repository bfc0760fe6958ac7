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
	if line := tooDeep(text); line > 0 {
		return nil, &Problem{Line: line, Column: 1, Text: "brackets, or dashes, stand within each other more than a hundred times"}
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

// deepest is how far values may stand within each other. The parser goes down with
// each, and would take all memory for a file of brackets.
const deepest = 100

// tooDeep is the line in which that is too far, or 0. Brackets in a text or a comment
// count as well, which no file of ours has so many of.
func tooDeep(text []byte) int {
	line, depth, dashes, begins := 1, 0, 0, true
	for _, c := range text {
		switch c {
		case '\n':
			line++
			dashes, begins = 0, true
		case '[', '{':
			depth++
			begins = false
		case ']', '}':
			depth = max(depth-1, 0)
			begins = false
		case '-', '?', ':':
			if begins {
				dashes++
			}
		case ' ', '\t':
		default:
			begins = false
		}
		if depth > deepest || dashes > deepest {
			return line
		}
	}
	return 0
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
