package project

import (
	"bytes"
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxYAML bounds a YAML file: goccy/go-yaml reads 6 MB/s (measured), and the
// largest pnpm-workspace.yaml of the ecosystem fixtures is 15 KB.
const maxYAML = 1 << 20

// maxNodes bounds what aliases may expand to.
const maxNodes = 100_000

// yamlReader turns goccy's syntax tree into Nodes.
type yamlReader struct {
	document
	anchors map[string]ast.Node
	nodes   int
}

// parseYAML reads one YAML document. Duplicate keys are an error; anchors,
// aliases and merge keys are followed. An empty file is an empty Map.
func parseYAML(file string, raw []byte) (Node, error) {
	raw = bytes.TrimPrefix(raw, []byte(bom))
	r := &yamlReader{document: document{file, raw}, anchors: map[string]ast.Node{}}
	if len(raw) > maxYAML {
		return Node{}, r.at(0, 0, "larger than %d KiB", maxYAML>>10)
	}
	if line := tooDeep(raw); line > 0 {
		return Node{}, r.at(line, 1, "nested deeper than %d levels", maxDepth)
	}
	f, err := parser.ParseBytes(raw, 0)
	if err != nil {
		return Node{}, r.syntax(err)
	}
	out := Node{Kind: Map, Line: 1, Column: 1}
	for i, doc := range f.Docs {
		if doc.Body == nil {
			continue
		}
		if i > 0 && out.Fields != nil {
			line, column := position(doc.Body)
			return out, r.at(line, column, "more than one YAML document in the file")
		}
		if out, err = r.value(doc.Body, 0); err != nil {
			return out, err
		}
	}
	return out, nil
}

// tooDeep is the first line that opens more than maxDepth brackets or list
// items, or is indented by more than that many levels: the library recurses
// without a bound of its own. It may count brackets inside of strings.
func tooDeep(raw []byte) int {
	open, line := 0, 1
	for text := range bytes.Lines(raw) {
		lead := bytes.TrimLeft(text, " -?\t")
		if len(text)-len(lead) > 2*maxDepth {
			return line
		}
		for _, c := range text {
			switch c {
			case '[', '{':
				open++
			case ']', '}':
				open = max(0, open-1)
			}
			if open > maxDepth {
				return line
			}
		}
		line++
	}
	return 0
}

// syntax gives a parser's error the shape of ours.
func (r *yamlReader) syntax(err error) error {
	var syn *yaml.SyntaxError
	if errors.As(err, &syn) && syn.Token != nil && syn.Token.Position != nil {
		return r.at(syn.Token.Position.Line, syn.Token.Position.Column, "invalid YAML: %s", syn.Message)
	}
	message, _, _ := strings.Cut(err.Error(), "\n")
	return r.at(0, 0, "invalid YAML: %s", message)
}

// position is where a node begins. The library's position of a map is its
// first colon.
func position(n ast.Node) (line, column int) {
	switch v := n.(type) {
	case *ast.MappingNode:
		if len(v.Values) > 0 && !v.IsFlowStyle {
			return position(v.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return position(v.Key)
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line, t.Position.Column
	}
	return 0, 0
}

// value turns one syntax node into a Node.
func (r *yamlReader) value(n ast.Node, depth int) (Node, error) {
	line, column := position(n)
	out := Node{Line: line, Column: column}
	if r.nodes++; depth > maxDepth || r.nodes > maxNodes {
		return out, r.at(line, column, "too large: nested deeper than %d levels, or more than %d values", maxDepth, maxNodes)
	}
	switch v := n.(type) {
	case *ast.AnchorNode:
		inner, err := r.value(v.Value, depth+1)
		r.anchors[v.Name.GetToken().Value] = v.Value
		return inner, err
	case *ast.AliasNode:
		target, ok := r.anchors[v.Value.GetToken().Value]
		if !ok {
			return out, r.at(line, column, "alias *%s has no anchor before it", v.Value.GetToken().Value)
		}
		return r.value(target, depth+1)
	case *ast.TagNode:
		return r.value(v.Value, depth+1)
	case *ast.SequenceNode:
		out.Kind = List
		for _, item := range v.Values {
			node, err := r.value(item, depth+1)
			if err != nil {
				return out, err
			}
			out.Items = append(out.Items, node)
		}
		return out, nil
	case *ast.MappingNode:
		return r.mapping(out, v.Values, depth)
	case *ast.MappingValueNode:
		return r.mapping(out, []*ast.MappingValueNode{v}, depth)
	}
	out.Kind, out.Text = scalar(n)
	return out, nil
}

// mapping reads the fields of a map. Fields of a merge key ("<<") come where
// it stands and do not replace the map's own.
func (r *yamlReader) mapping(out Node, values []*ast.MappingValueNode, depth int) (Node, error) {
	out.Kind = Map
	index := map[string]int{}
	var merged []Field
	for _, mv := range values {
		value, err := r.value(mv.Value, depth+1)
		if err != nil {
			return out, err
		}
		if mv.Key.IsMergeKey() {
			merged = append(merged, value.Fields...)
			for _, item := range value.Items {
				merged = append(merged, item.Fields...)
			}
			continue
		}
		line, column := position(mv.Key)
		key := keyText(mv.Key)
		if i, ok := index[key]; ok {
			return out, r.at(line, column, "key %q is already defined on line %d", key, out.Fields[i].Line)
		}
		out.set(Field{Key: key, Line: line, Column: column, Value: value}, index)
	}
	for _, f := range merged {
		if _, own := index[f.Key]; !own {
			out.set(f, index)
		}
	}
	return out, nil
}

// keyText is a key as a string, whatever its type.
func keyText(k ast.MapKeyNode) string {
	var n ast.Node = k
	if complex, ok := n.(*ast.MappingKeyNode); ok {
		n = complex.Value
	}
	_, text := scalar(n)
	return text
}

// scalar is the kind and text of a scalar. Numbers stay as written: an
// unquoted 1.10 in a dependency map means the version, not 1.1.
func scalar(n ast.Node) (Kind, string) {
	switch v := n.(type) {
	case *ast.NullNode:
		return Null, ""
	case *ast.BoolNode:
		return Bool, strings.ToLower(v.GetToken().Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return Number, strings.TrimSpace(v.GetToken().Value)
	case *ast.StringNode:
		return String, v.Value
	case *ast.LiteralNode:
		return String, v.Value.Value
	}
	return Null, ""
}
