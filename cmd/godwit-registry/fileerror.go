package main

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// yamlError says what is wrong with a file in the form of all other errors about
// it, "file:line: key: want …", and in words of YAML, not of Go.
func yamlError(path string, err error) error {
	var known yaml.Error
	if !errors.As(err, &known) || known.GetToken() == nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	at, text := known.GetToken(), known.GetMessage()
	var kind *yaml.TypeError
	var node *yaml.UnexpectedNodeTypeError
	switch {
	case errors.As(err, &kind):
		text = keyBefore(at) + "want " + wanted(kind.DstType.Kind())
	case errors.As(err, &node) && node.Expected == ast.MappingType:
		text = keyBefore(at) + "want " + wanted(reflect.Struct)
	case errors.As(err, &node) && node.Expected == ast.SequenceType:
		text = keyBefore(at) + "want " + wanted(reflect.Slice)
	}
	return fmt.Errorf("%s:%d: %s", path, at.Position.Line, text)
}

// wanted is what a value of a kind looks like in YAML.
func wanted(k reflect.Kind) string {
	switch k {
	case reflect.Int, reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list such as [a, b]"
	case reflect.Struct, reflect.Map:
		return "keys with values"
	}
	return "a text"
}

// keyBefore is the key of the value that begins at a token, if it has one.
func keyBefore(at *token.Token) string {
	if at.Prev == nil || at.Prev.Type != token.MappingValueType || at.Prev.Prev == nil {
		return ""
	}
	return at.Prev.Prev.Value + ": "
}
