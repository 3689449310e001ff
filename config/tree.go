package config

import (
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

var secretType = reflect.TypeFor[Secret]()

func (f field) isSecret() bool { return f.typ == secretType }

// join appends a key to a path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// start is where a value begins. goccy gives a block mapping the position of its first colon, so it is looked for.
func start(n ast.Node) position {
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return start(m.Values[0])
		}
	case *ast.MappingValueNode:
		return start(m.Key)
	case nil:
		return position{1, 1}
	}
	t := n.GetToken()
	if t == nil || t.Position == nil {
		return position{1, 1}
	}
	return position{max(t.Position.Line, 1), max(t.Position.Column, 1)}
}

// pairsOf returns the pairs of a mapping.
func pairsOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}, true
	}
	return nil, false
}

// keyText returns the text of a plain key.
func keyText(k ast.MapKeyNode) (string, bool) {
	switch k := k.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return k.GetToken().Value, true
	}
	return "", false
}

// textOf returns a scalar's text as written, and its clothes.
func textOf(n ast.Node) (string, plainness, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, textOnly, true
	case *ast.LiteralNode:
		return n.Value.Value, textOnly, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, numberOnly, true
	case *ast.BoolNode:
		return n.GetToken().Value, boolOnly, true
	}
	return "", anyScalar, false
}

// hideLines keeps the lines below a secret's first one out of excerpts, up to the next value's; with whole set, its
// first line too.
func (d *decoder) hideLines(n ast.Node, whole bool) {
	t := n.GetToken()
	if t == nil || t.Position == nil {
		return
	}
	if whole {
		d.hide[t.Position.Line] = true
	}
	if lit, ok := n.(*ast.LiteralNode); ok && lit.Value != nil {
		t = lit.Value.GetToken()
		d.hide[t.Position.Line] = true
	}
	last := t.Position.Line + strings.Count(t.Origin, "\n")
	if t.Type == token.StringType && t.Next != nil {
		last = min(last, t.Next.Position.Line-1)
	}
	for line := t.Position.Line + 1; line <= last; line++ {
		d.hide[line] = true
	}
}
