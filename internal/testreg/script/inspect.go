package script

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

func tree(ts *testscript.TestScript, neg bool, args []string) {
	var excludes []string
	for len(args) >= 2 && args[0] == "-x" {
		excludes, args = append(excludes, args[1]), args[2:]
	}
	if neg || len(args) != 1 {
		ts.Check(usage("tree [-x GLOB]… DIR"))
	}
	root, err := filepath.EvalSymlinks(ts.MkAbs(args[0])) // a slot is often reached by its link
	ts.Check(err)
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == root {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		for _, x := range excludes {
			whole, err1 := path.Match(x, rel)
			base, err2 := path.Match(x, path.Base(rel))
			if err := errors.Join(err1, err2); err != nil {
				return fmt.Errorf("%s: %w", x, err)
			}
			if (whole || base) && d.IsDir() {
				return fs.SkipDir
			}
			if whole || base {
				return nil
			}
		}
		line, err := describe(ts, p, rel, d)
		fmt.Fprintln(ts.Stdout(), line)
		return err
	})
	ts.Check(err)
}

// describe is one line of a tree: a name, and behind it what kind of file it
// names, in the manner of ls -F.
func describe(ts *testscript.TestScript, p, rel string, d fs.DirEntry) (string, error) {
	info, err := d.Info()
	if err != nil {
		return rel, err
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return rel + "/", nil
	case mode&fs.ModeSymlink != 0:
		target, err := os.Readlink(p)
		target = strings.ReplaceAll(filepath.ToSlash(target), filepath.ToSlash(ts.Getenv("WORK")), "$WORK")
		return rel + " -> " + target, err
	case !mode.IsRegular():
		return rel + " (" + mode.Type().String() + ")", nil
	case mode&0o111 != 0:
		return rel + "*", nil
	}
	return rel, nil
}

func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	var want *string
	if n := len(args); n >= 2 && args[n-2] == "=" {
		want, args = &args[n-1], args[:n-2]
	}
	if len(args) == 0 {
		ts.Check(usage("json FILE KEY… [= WANT]"))
	}
	value, found, err := lookUp([]byte(ts.ReadFile(args[0])), args[1:])
	if err != nil {
		ts.Fatalf("%s: %v", args[0], err)
	}
	at := strings.Join(args, " ")
	switch {
	case !found && neg:
	case !found:
		ts.Fatalf("%s: there is no such value", at)
	case want == nil && neg:
		ts.Fatalf("%s is %s", at, value)
	case want == nil:
		fmt.Fprintln(ts.Stdout(), value)
	case neg == (value == *want):
		ts.Fatalf("%s is %s", at, value)
	}
}

// lookUp follows keys (or indexes of arrays) into a JSON document. A string
// comes out without quotes, anything else as compact JSON.
func lookUp(data []byte, keys []string) (value string, found bool, err error) {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return "", false, err
	}
	for _, key := range keys {
		found := false
		switch parent := v.(type) {
		case map[string]any:
			v, found = parent[key]
		case []any:
			i, err := strconv.Atoi(key)
			if found = err == nil && 0 <= i && i < len(parent); found {
				v = parent[i]
			}
		}
		if !found {
			return "", false, nil
		}
	}
	if s, ok := v.(string); ok {
		return s, true, nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err = enc.Encode(v)
	return strings.TrimSpace(b.String()), true, err
}
