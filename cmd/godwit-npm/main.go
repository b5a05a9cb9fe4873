// Command godwit-npm makes the packages by which npm and its like install godwit:
// one for each platform, with the program, and the package godwit, which depends
// on all of them and starts the one that fits.
//
//	godwit-npm -version 1.2.3 -license LICENSE -out dist/npm linux/amd64=bin/godwit ...
package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/npm/semver"
	"godwit/internal/pack"
)

// files are those of the package godwit, but for its package.json.
//
//go:embed files
var files embed.FS

const description = "A fast package manager for npm, pnpm, yarn and bun projects"

func main() {
	r := release{}
	flag.StringVar(&r.version, "version", "", "the `version`; one that is none of npm's becomes a prerelease of 0.0.0")
	flag.StringVar(&r.license, "license", "LICENSE", "the `file` with the license")
	flag.StringVar(&r.out, "out", "dist/npm", "`directory` for the packages")
	flag.Parse()
	if err := r.make(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// release is what the packages are made of.
type release struct {
	version, license, out string
}

// manifest is a package.json.
type manifest struct {
	Name        string            `json:"name"`
	Version     string            `json:"version"`
	Description string            `json:"description"`
	License     string            `json:"license"`
	OS          []string          `json:"os,omitempty"`
	CPU         []string          `json:"cpu,omitempty"`
	Bin         map[string]string `json:"bin,omitempty"`
	Scripts     map[string]string `json:"scripts,omitempty"`
	Engines     map[string]string `json:"engines,omitempty"`
	Optional    map[string]string `json:"optionalDependencies,omitempty"`
}

// make writes the packages for programs given as GOOS/GOARCH=path.
func (r *release) make(programs []string) error {
	if len(programs) == 0 {
		return errors.New("godwit-npm: which programs? for example linux/amd64=bin/godwit")
	}
	r.version = published(r.version)
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	launcher := manifest{
		Name: "godwit", Bin: map[string]string{"godwit": "bin/godwit", "gwx": "bin/gwx"},
		Scripts: map[string]string{"postinstall": "node install.js"}, Engines: map[string]string{"node": ">=18"},
		Optional: map[string]string{},
	}
	for _, p := range programs {
		platform, path, _ := strings.Cut(p, "=")
		system, cpu, err := nodeWords(platform)
		if err != nil {
			return err
		}
		name := "@godwit/" + system + "-" + cpu
		if err := r.program(manifest{Name: name, OS: []string{system}, CPU: []string{cpu}}, path); err != nil {
			return err
		}
		launcher.Optional[name] = r.version
	}
	return r.launcher(launcher)
}

// published is a version as npm takes it.
func published(version string) string {
	text := strings.TrimPrefix(version, "v")
	if _, err := semver.Parse(text, semver.Options{}); err == nil {
		return text
	}
	return "0.0.0-g" + strings.Map(func(c rune) rune { // "g" as in git describe: digits alone may not begin with 0
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' {
			return c
		}
		return '-'
	}, text)
}

// nodeWords is a platform of Go's in Node's words.
func nodeWords(platform string) (system, cpu string, err error) {
	goos, goarch, _ := strings.Cut(platform, "/")
	system, cpu = goos, map[string]string{"amd64": "x64", "arm64": "arm64"}[goarch]
	if goos == "windows" {
		system = "win32"
	}
	if !slices.Contains([]string{"linux", "darwin", "win32"}, system) || cpu == "" {
		return "", "", fmt.Errorf("godwit-npm: %q is no platform that it knows", platform)
	}
	return system, cpu, nil
}

// program writes the package with one program.
func (r *release) program(m manifest, path string) error {
	bin := "bin/godwit"
	if m.OS[0] == "win32" {
		bin += ".exe"
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("program of %s: %w", m.Name, err)
	}
	return r.write(m, map[string][]byte{bin: data}, bin)
}

// launcher writes the package that starts programs.
func (r *release) launcher(m manifest) error {
	content := map[string][]byte{}
	for _, name := range []string{"launch.js", "install.js", "README.md"} {
		data, err := files.ReadFile("files/" + name)
		if err != nil {
			return err
		}
		content[name] = data
	}
	var bins []string
	for name, file := range m.Bin {
		content[file] = fmt.Appendf(nil, "#!/usr/bin/env node\nrequire('../launch.js').launch('%s')\n", name)
		bins = append(bins, file)
	}
	return r.write(m, content, bins...)
}

// write packs a package into a file of the name that npm pack gives it.
func (r *release) write(m manifest, content map[string][]byte, bins ...string) error {
	m.Version, m.Description, m.License = r.version, description, "MIT"
	var doc bytes.Buffer
	e := json.NewEncoder(&doc)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		return err
	}
	license, err := os.ReadFile(r.license)
	if err != nil {
		return err
	}
	content["package.json"], content["LICENSE"] = doc.Bytes(), license
	stage, err := os.MkdirTemp("", "godwit-npm")
	if err != nil {
		return err
	}
	defer os.RemoveAll(stage)
	for name, data := range content {
		path := filepath.Join(stage, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	p, err := pack.Dir(stage, pack.Options{Bins: bins, Level: -1})
	if err != nil {
		return err
	}
	name := strings.NewReplacer("@", "", "/", "-").Replace(m.Name) + "-" + m.Version + ".tgz"
	if err := os.WriteFile(filepath.Join(r.out, name), p.Tarball, 0o644); err != nil {
		return err
	}
	_, err = fmt.Println(name)
	return err
}
