package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// file is the configuration as it is written. doc/server.md says what each
// line means.
type file struct {
	Listen    string `yaml:"listen"`
	PublicURL string `yaml:"public-url"`
	BasePath  string `yaml:"base-path"`
	TLS       struct {
		Cert string `yaml:"cert"`
		Key  string `yaml:"key"`
	} `yaml:"tls"`
	Hosts    []string            `yaml:"hosts"`
	Tokens   []string            `yaml:"tokens"`
	Trusted  []string            `yaml:"trusted-proxies"`
	Upstream upstream            `yaml:"upstream"`
	Scopes   map[string]upstream `yaml:"scopes"`
	Allow    []string            `yaml:"allow"`
	Aliases  []string            `yaml:"aliases"`
	CAFile   string              `yaml:"cafile"`
	Cache    struct {
		Dir    string `yaml:"dir"`
		Disk   string `yaml:"disk"`
		Memory string `yaml:"memory"`
		Stale  string `yaml:"stale"`
	} `yaml:"cache"`
	MinimumAge   string   `yaml:"minimum-release-age"`
	Exclude      []string `yaml:"minimum-release-age-exclude"`
	Trust        string   `yaml:"trust-policy"`
	TrustExclude []string `yaml:"trust-policy-exclude"`
	TrustAge     string   `yaml:"trust-policy-ignore-after"`
	Limits       struct {
		Connections int     `yaml:"connections"`
		Rate        float64 `yaml:"rate"`
		Burst       int     `yaml:"burst"`
		Shutdown    string  `yaml:"shutdown"`
	} `yaml:"limits"`
	Log struct {
		Format string `yaml:"format"`
		Level  string `yaml:"level"`
		All    bool   `yaml:"requests"`
	} `yaml:"log"`
}

// upstream is a registry and who we are to it.
type upstream struct {
	Registry string `yaml:"registry"`
	Token    string `yaml:"token"`
	Username string `yaml:"username"`
	Password string `yaml:"password"`
}

// document is a file with the places of what is in it.
type document struct {
	file
	path string
	tree *ast.File
	errs []error
}

// readFile reads and decodes a file; an empty path is an empty file. Names of
// the environment in ${…} are replaced in values, after the file was parsed, so
// that no value can be more than a value.
func readFile(path string, getenv func(string) (string, bool)) (*document, error) {
	d := &document{path: path}
	if path == "" {
		return d, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if d.tree, err = parser.ParseBytes(text, 0); err != nil {
		return nil, yamlError(path, err)
	}
	if len(d.tree.Docs) > 1 {
		return nil, fmt.Errorf("%s: it holds %d documents, and one is wanted", path, len(d.tree.Docs))
	}
	for _, doc := range d.tree.Docs {
		if doc.Body == nil {
			continue
		}
		ast.Walk(&expander{d, getenv}, doc.Body)
		if err := errors.Join(d.errs...); err != nil {
			return nil, err
		}
		if err := yaml.NodeToValue(doc.Body, &d.file, yaml.Strict()); err != nil {
			return nil, yamlError(path, err)
		}
	}
	return d, nil
}

// expander replaces variables in strings.
type expander struct {
	*document
	getenv func(string) (string, bool)
}

// variable is ${NAME} or ${NAME:-default}.
var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)(:-[^}]*)?\}`)

// Visit implements ast.Visitor.
func (e *expander) Visit(node ast.Node) ast.Visitor {
	s, ok := node.(*ast.StringNode)
	if !ok {
		return e
	}
	s.Value = variable.ReplaceAllStringFunc(s.Value, func(found string) string {
		parts := variable.FindStringSubmatch(found)
		value, set := e.getenv(parts[1])
		if fallback, given := strings.CutPrefix(parts[2], ":-"); given && value == "" {
			return fallback
		}
		if !set {
			e.errs = append(e.errs, fmt.Errorf("%s:%d: the variable %s is not set; write ${%s:-} where nothing will do",
				e.path, s.GetToken().Position.Line, parts[1], parts[1]))
		}
		return value
	})
	return e
}

// wrong notes that the value at a path ("$.cache.disk") will not do.
func (d *document) wrong(at, format string, args ...any) {
	d.errs = append(d.errs, fmt.Errorf("%s%s: %s", d.place(at), strings.TrimPrefix(at, "$."), fmt.Sprintf(format, args...)))
}

// place is "file:line: " of the value at a path, as far as it can be told.
func (d *document) place(at string) string {
	if d.tree == nil {
		return ""
	}
	path, err := yaml.PathString(at)
	if err != nil {
		return d.path + ": "
	}
	node, err := path.FilterFile(d.tree)
	if err != nil || node == nil {
		return d.path + ": "
	}
	return fmt.Sprintf("%s:%d: ", d.path, node.GetToken().Position.Line)
}
