package yamltree

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of what goes through the general parser.
const (
	// maxTokens: the parser needs quadratic time for wide maps; this many
	// tokens take it a minute at worst, and a second in a real lockfile of
	// 5,000 packages.
	maxTokens = 400_000
	// maxNodes bounds what aliases may multiply a document to: more values than
	// any lockfile has that fits into maxTokens.
	maxNodes = 1_000_000
)

// parseGeneral reads any YAML. Anchors, aliases and merge keys are resolved.
func parseGeneral(text string, firstLine int) (*Node, error) {
	if !utf8.ValidString(text) {
		return nil, &Error{Line: firstLine + strings.Count(text[:invalidUTF8(text)], "\n"), Col: 1, Msg: "the line is not UTF-8"}
	}
	tokens := lexer.Tokenize(text)
	if err := bounded(tokens, firstLine); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, generalError(err, firstLine)
	}
	c := converter{firstLine: firstLine, anchors: map[string]*Node{}}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			return c.convert(doc.Body, 0)
		}
	}
	return nil, nil
}

func invalidUTF8(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd") {
			return i
		}
	}
	return len(s)
}

// generalError keeps place and message of the library's error, not its picture
// of the source.
func generalError(err error, firstLine int) error {
	var ye yaml.Error
	if !errors.As(err, &ye) || ye.GetToken() == nil {
		return &Error{Line: firstLine, Col: 1, Msg: err.Error()}
	}
	pos := ye.GetToken().Position
	return &Error{Line: pos.Line + firstLine - 1, Col: pos.Column, Msg: ye.GetMessage()}
}

// bounded refuses what the parser, which recurses without limit, might not
// survive. In block style each level begins further right than the one around
// it, or on the same column for a sequence in a map.
func bounded(tokens token.Tokens, firstLine int) error {
	if len(tokens) > maxTokens {
		return &Error{Line: firstLine, Col: 1, Msg: fmt.Sprintf(
			"more than %d tokens in a notation that is not pnpm's own", maxTokens)}
	}
	depth, marks := 0, 0
	for i, t := range tokens {
		block := 0
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth = max(depth-1, 0)
		case token.AnchorType, token.TagType, token.AliasType:
			marks++
		case token.SequenceEntryType, token.MappingKeyType:
			block = t.Position.Column
		case token.MappingValueType:
			if i > 0 {
				block = tokens[i-1].Position.Column
			}
		}
		if t.Type != token.AnchorType && t.Type != token.TagType && t.Type != token.StringType {
			marks = 0
		}
		if depth == 0 && block > 8*maxDepth || depth > maxDepth || marks > maxDepth {
			return &Error{Line: t.Position.Line + firstLine - 1, Col: t.Position.Column, Msg: "nested too deep"}
		}
	}
	return nil
}

// converter turns the library's tree into ours.
type converter struct {
	firstLine int
	count     int
	anchors   map[string]*Node
}

func (c *converter) convert(a ast.Node, depth int) (*Node, error) {
	n := &Node{Line: int32(c.firstLine), Col: 1}
	if t := a.GetToken(); t != nil && t.Position != nil {
		n.Line, n.Col = int32(t.Position.Line+c.firstLine-1), int32(t.Position.Column)
	}
	if c.count++; c.count > maxNodes {
		return nil, n.Errorf("more than %d values", maxNodes)
	}
	if depth > maxDepth {
		return nil, n.Errorf("nested too deep")
	}
	switch a := a.(type) {
	case *ast.MappingNode:
		n.Kind = Map
		return n, c.entries(n, a.Values, depth)
	case *ast.MappingValueNode:
		n.Kind = Map
		return n, c.entries(n, []*ast.MappingValueNode{a}, depth)
	case *ast.SequenceNode:
		n.Kind = Seq
		for _, v := range a.Values {
			item, err := c.convert(v, depth+1)
			if err != nil {
				return nil, err
			}
			n.Items = append(n.Items, Item{Value: item})
		}
	case *ast.AnchorNode:
		value, err := c.convert(a.Value, depth)
		if err != nil {
			return nil, err
		}
		c.anchors[a.Name.String()] = value
		return value, nil
	case *ast.AliasNode:
		value := c.anchors[a.Value.String()]
		if value == nil {
			return nil, n.Errorf("unidentified alias %q", a.Value.String())
		}
		return c.alias(value, n, depth)
	case *ast.TagNode:
		return c.tagged(a, n, depth)
	default:
		return n, c.scalar(n, a)
	}
	return n, nil
}

// alias counts the values an alias repeats; the nodes themselves are shared,
// which is safe since nobody changes a tree that was read.
func (c *converter) alias(value, at *Node, depth int) (*Node, error) {
	if !c.measure(value, depth) {
		return nil, at.Errorf("aliases repeat more than %d values, or nest too deep", maxNodes)
	}
	return value, nil
}

// measure adds the values of a tree that stands at depth to the count and
// reports whether all bounds are kept.
func (c *converter) measure(n *Node, depth int) bool {
	if c.count++; c.count > maxNodes || depth > maxDepth {
		return false
	}
	for _, it := range n.Items {
		if !c.measure(it.Value, depth+1) {
			return false
		}
	}
	return true
}

func (c *converter) scalar(n *Node, a ast.Node) error {
	switch a := a.(type) {
	case *ast.StringNode:
		n.Text = a.Value
		n.Plain = a.Token == nil || a.Token.Type == token.StringType
	case *ast.LiteralNode:
		n.Text = a.Value.Value
	case *ast.NullNode:
		n.Plain = true
		if a.Token != nil && isNull(a.Token.Value) {
			n.Text = a.Token.Value
		}
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		n.Text, n.Plain = a.GetToken().Value, true
	default:
		return n.Errorf("a %s is not expected here", strings.ToLower(a.Type().String()))
	}
	return nil
}

// tagged reads through the tags of plain data; others could mean anything.
func (c *converter) tagged(a *ast.TagNode, n *Node, depth int) (*Node, error) {
	value, err := c.convert(a.Value, depth+1)
	if err != nil {
		return nil, err
	}
	switch a.Start.Value {
	case "!!str":
		value.Plain = false
	case "!!map", "!!seq", "!!int", "!!float", "!!bool", "!!null":
	default:
		return nil, n.Errorf("unknown tag %s", a.Start.Value)
	}
	return value, nil
}

func (c *converter) entries(n *Node, values []*ast.MappingValueNode, depth int) error {
	var merged []Item
	for _, v := range values {
		value, err := c.convert(v.Value, depth+1)
		if err != nil {
			return err
		}
		if v.Key.IsMergeKey() {
			if merged, err = mergeInto(merged, value); err != nil {
				return err
			}
			continue
		}
		key, err := c.key(v.Key, depth)
		if err != nil {
			return err
		}
		n.Put(key, value)
	}
	if dup := duplicate(n.Items); dup != nil {
		return dup.Value.Errorf("duplicated mapping key %q", dup.Key)
	}
	if len(merged) == 0 {
		return nil
	}
	// What is merged gives way to what is there.
	there := make(map[string]bool, len(n.Items)+len(merged))
	for _, it := range n.Items {
		there[it.Key] = true
	}
	for _, it := range merged {
		if !there[it.Key] {
			there[it.Key] = true
			n.Items = append(n.Items, it)
		}
	}
	return nil
}

// mergeInto collects the entries of "<<: *map" and "<<: [*map, *map]".
func mergeInto(merged []Item, value *Node) ([]Item, error) {
	switch value.Kind {
	case Map:
		return append(merged, value.Items...), nil
	case Seq:
		for _, it := range value.Items {
			if it.Value.Kind != Map {
				return nil, it.Value.Errorf("only maps can be merged")
			}
			merged = append(merged, it.Value.Items...)
		}
		return merged, nil
	}
	return nil, value.Errorf("only maps can be merged")
}

func (c *converter) key(k ast.MapKeyNode, depth int) (string, error) {
	var a ast.Node = k
	if explicit, ok := k.(*ast.MappingKeyNode); ok {
		a = explicit.Value
	}
	n, err := c.convert(a, depth+1)
	if err != nil {
		return "", err
	}
	if n.Kind != Scalar {
		return "", n.Errorf("a key must be a scalar")
	}
	return n.Text, nil
}
