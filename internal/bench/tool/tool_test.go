package tool

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// placeholder matches what Expand should have replaced.
var placeholder = regexp.MustCompile(`\{[a-z-]+\}`)

func TestTableIsComplete(t *testing.T) {
	place := Place{Root: "/v", Registry: "http://127.0.0.1:1/", Server: "http://127.0.0.1:2/", Token: "t", Name: "left-pad", Trace: "/t"}
	ground := Ground{Listen: "127.0.0.1:1", Upstream: "http://127.0.0.1:2/", Registry: "http://127.0.0.1:3/", Dir: "/d"}
	names := map[string]bool{}
	for _, tool := range Table() {
		t.Run(tool.Name, func(t *testing.T) {
			if names[tool.Name] {
				t.Error("two tools of the same name")
			}
			names[tool.Name] = true
			if tool.Layout == "" || tool.Fair == "" || len(tool.Locks) == 0 {
				t.Error("layout, fairness and lockfiles are required")
			}
			for _, a := range []Action{Install, Frozen, Resolve, Add, Update} {
				args, err := tool.Args(a, place)
				if errors.Is(err, ErrNotOffered) && (a == Add || a == Update) {
					continue
				}
				if err != nil {
					t.Errorf("%s: %v", a, err)
				}
				if line := strings.Join(args, " "); placeholder.MatchString(line) {
					t.Errorf("%s: unknown placeholder in %q", a, line)
				}
				if a == Add && !slices.Contains(args, "left-pad") {
					t.Errorf("add does not name what it adds: %q", args)
				}
			}
			for _, e := range tool.Environ(place, "/bin") {
				if placeholder.MatchString(e) || !strings.Contains(e, "=") {
					t.Errorf("environment: %q", e)
				}
			}
			if s := tool.Server; s != nil {
				line := ground.Expand(s.Command)
				if placeholder.MatchString(line) || !strings.Contains(line, "127.0.0.1:1") || !s.Ours && len(s.Programs) == 0 {
					t.Errorf("server: %+v", s)
				}
			}
			for _, f := range tool.Files {
				if !strings.HasPrefix(place.Expand(f.Path), "/v/") {
					t.Errorf("%s lies outside of the volume", f.Path)
				}
			}
		})
	}
}

func TestTraceOnlyWhenAsked(t *testing.T) {
	godwit := Table()[0]
	without, _ := godwit.Args(Install, Place{Root: "/v"})
	with, _ := godwit.Args(Install, Place{Root: "/v", Trace: "/t.json"})
	if slices.Contains(without, "--trace") || !slices.Contains(with, "/t.json") {
		t.Errorf("without: %q, with: %q", without, with)
	}
}

func TestFind(t *testing.T) {
	peers := t.TempDir()
	row := Tool{Name: "x", Programs: []string{"none/{os}-{cpu}/x", "there/{os}-{cpu}/x"}}
	if _, err := row.Find(peers); err == nil || !strings.Contains(err.Error(), "godwit-bench peers") {
		t.Errorf("the next step is not said: %v", err)
	}
	at := filepath.Join(peers, "node_modules", Machine("there/{os}-{cpu}/x"))
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte("#!/bin/sh\necho x version v1.2.3 built today\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := row.Find(peers)
	if err != nil || f.Command[0] != at || f.Version != "1.2.3" {
		t.Errorf("%+v, %v", f, err)
	}
	row = Tool{Name: "sh", Path: "sh", Programs: []string{"none/x"}}
	if f, err := row.Find(peers); err != nil || filepath.Base(f.Command[0]) != "sh" {
		t.Errorf("on PATH: %+v, %v", f, err)
	}
}

func TestNamed(t *testing.T) {
	tools, err := Named([]string{"utoo", "bun"})
	if err != nil || len(tools) != 2 || tools[0].Name != "bun" {
		t.Errorf("%v, %v", tools, err)
	}
	if _, err := Named([]string{"bunn"}); err == nil || !strings.Contains(err.Error(), "bun, utoo") {
		t.Errorf("the known names are not said: %v", err)
	}
}

func TestPrepareWritesSettings(t *testing.T) {
	root := t.TempDir()
	tools, _ := Named([]string{"pnpm"})
	p := Place{Root: root, Registry: "http://127.0.0.1:1/"}
	if err := tools[0].Prepare(p); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"home/.npmrc":                 "registry=http://127.0.0.1:1/",
		"project/pnpm-workspace.yaml": "minimumReleaseAge: 0",
	} {
		if b, err := os.ReadFile(filepath.Join(root, path)); err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%s: %q, %v", path, b, err)
		}
	}
}
