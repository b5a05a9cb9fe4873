package pnpmlock

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile/conflict"
	"godwit/internal/lockfile/pnpmlock/yamltree"
)

// maxSize bounds a lockfile: pnpm's own budget. The largest known, of a
// package with 611,034 resolved packages, would come near it.
const maxSize = 256 << 20

// ErrEmpty says that a file has no project document: it is empty, or holds the
// env document alone. It stands for a project without a lockfile.
var ErrEmpty = errors.New("the lockfile is empty")

const (
	hintBroken   = "restore the file from version control, or delete it and install to resolve anew"
	hintConflict = "resolve the conflict by hand, or take one side (git checkout --theirs pnpm-lock.yaml) and install"
)

// Read parses a lockfile. The name is for messages. If the file has conflict
// markers that git left, both sides are read and merged. Errors are *Error, or
// ErrEmpty.
func Read(name string, data []byte) (*Document, error) {
	if len(data) > maxSize {
		return nil, &Error{File: name, code: CodeBroken, hint: hintBroken,
			msg: fmt.Sprintf("the file has more than %d MiB", maxSize>>20)}
	}
	text := normalize(data)
	if conflict.Has(text) {
		return readConflict(name, text)
	}
	return readText(name, text, decoder{})
}

// normalize strips a byte order mark and makes CRLF LF.
func normalize(data []byte) string {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.IndexByte(data, '\r') >= 0 {
		data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	}
	return string(data)
}

// readText reads a file without markers, by a decoder that says how strictly.
func readText(name, text string, d decoder) (*Document, error) {
	env, main, line := split(text)
	parse := yamltree.Parse
	if d.tolerant {
		parse = yamltree.ParseJoined
	}
	root, err := parse(main, line)
	if err != nil {
		return nil, broken(name, err)
	}
	if root == nil || root.IsNull() || isEnv(root) {
		return nil, ErrEmpty
	}
	if root.Kind != yamltree.Map {
		return nil, broken(name, root.Errorf("a lockfile is a map of sections"))
	}
	if err := checkVersion(name, root); err != nil {
		return nil, err
	}
	d.doc = &Document{Graph: &graph.Graph{}}
	d.doc.Env = env
	if err := d.document(root); err != nil {
		return nil, broken(name, err)
	}
	return d.doc, nil
}

// broken turns an error of a place into one of the file.
func broken(name string, err error) error {
	var missing *missingError
	if errors.As(err, &missing) {
		return &Error{File: name, Line: missing.at.Line, Col: missing.at.Col, code: CodeMissing, msg: missing.at.Msg,
			hint: "the file is damaged, perhaps by a merge: " + hintBroken}
	}
	e := &Error{File: name, code: CodeBroken, msg: err.Error(), hint: hintBroken}
	var at *yamltree.Error
	if errors.As(err, &at) {
		e.Line, e.Col, e.msg = at.Line, at.Col, at.Msg
	}
	return e
}

// split finds the documents of the text: the first of several is the env
// document, the last is the project's, which begins at the given line.
func split(text string) (env, main string, line int) {
	const mark = "\n---\n"
	main, line = text, 1
	rest, marked := strings.CutPrefix(text, "---\n")
	if marked {
		main, line = rest, 2
	}
	for {
		head, tail, found := strings.Cut(main, mark)
		if !found {
			return env, main, line
		}
		if marked && env == "" {
			env = head
		}
		line += strings.Count(head, "\n") + 2
		main = tail
	}
}

// isEnv tells a lone env document from a project's.
func isEnv(root *yamltree.Node) bool {
	importers := root.At("importers")
	if importers == nil || len(importers.Items) != 1 {
		return false
	}
	im := importers.Items[0].Value
	return im.At("configDependencies") != nil || im.At("packageManagerDependencies") != nil
}

// checkVersion accepts the major versions 9 and 12, which differ in what keys
// may contain only (pnpm's lockfile_version.rs).
func checkVersion(name string, root *yamltree.Node) error {
	n := root.At("lockfileVersion")
	if n == nil || n.Kind != yamltree.Scalar {
		return broken(name, root.Errorf("there is no lockfileVersion; this is no lockfile of pnpm"))
	}
	text, _, _ := strings.Cut(n.Text, ".")
	major, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return broken(name, n.Errorf("lockfileVersion %q is no version", n.Text))
	case major == 9 || major == 12:
		return nil
	}
	e := &Error{File: name, Line: int(n.Line), Col: int(n.Col), code: CodeBreaking}
	if major < 9 {
		e.code, e.Old = CodeBroken, true // as pnpm 12 says
		e.msg = fmt.Sprintf("lockfileVersion %s is of pnpm 8 or older; versions 9 and 12 can be read", n.Text)
		e.hint = "run godwit dlx pnpm@9 install --lockfile-only once to convert it; an install that may change the file resolves anew"
		if major < 6 { // pnpm 9 resolves anew, too, where it sees such a file
			e.hint = "run godwit dlx pnpm@8 install --lockfile-only once to convert it, then the same with pnpm@9; an install that may change the file resolves anew"
		}
	} else {
		e.msg = fmt.Sprintf("lockfileVersion %s is newer than what can be read, versions 9 and 12", n.Text)
		e.hint = "update godwit, or install with the tool that wrote the file"
	}
	return e
}

// Same reports whether the project document of a file is what was written,
// whatever stands in front of it.
func Same(old, written []byte) bool {
	if bytes.Equal(old, written) {
		return true
	}
	_, a, _ := split(normalize(old))
	_, b, _ := split(string(written))
	return a == b && a != ""
}
