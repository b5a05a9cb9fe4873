package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// BuiltinRegistry is the registry when nothing is configured. It is set when
// the program is linked:
//
//	go build -ldflags "-X godwit/internal/config.BuiltinRegistry=https://registry.example/"
//
// Without it npm, if it is installed, is asked once.
var BuiltinRegistry string

// defaultRegistry is the registry when no level has one, or "". npm's answer
// is kept in the cache under npm's own identity, so that the next run costs
// one stat and one small read, and another npm is asked again.
func (l *loader) defaultRegistry() (url string, src Source) {
	if BuiltinRegistry != "" {
		return BuiltinRegistry, Source{Level: FromBuiltin, Name: "built in"}
	}
	info, err := os.Stat(l.npm.program)
	if l.npm.program == "" || err != nil {
		return "", Source{Level: FromDefault}
	}
	src = Source{Level: FromBuiltin, Name: l.npm.program}
	identity := fmt.Sprintf("%s %d %d", l.npm.program, info.Size(), info.ModTime().UnixNano())
	file := filepath.Join(l.Settings.Dirs.Cache, "v1", "default-registry")
	if kept, err := os.ReadFile(file); err == nil {
		if id, answer, ok := strings.Cut(string(kept), "\n"); ok && id == identity && validURL(strings.TrimSpace(answer)) {
			return strings.TrimSpace(answer), src
		}
	}
	if l.host.AskRegistry == nil {
		return "", Source{Level: FromDefault}
	}
	// Asked from the home directory: a project's .npmrc must not be
	// remembered for the others.
	answer, err := l.host.AskRegistry(l.npm.program, l.host.Home)
	if answer = strings.TrimSpace(answer); err != nil || !validURL(answer) {
		return "", Source{Level: FromDefault}
	}
	remember(file, identity+"\n"+answer+"\n")
	return answer, src
}

// remember writes a file of the cache by one rename. A cache that cannot be
// written costs the question again, so errors are dropped.
func remember(file, text string) {
	dir := filepath.Dir(file)
	if os.MkdirAll(dir, 0o755) != nil {
		return
	}
	f, err := os.CreateTemp(dir, "default-registry-*")
	if err != nil {
		return
	}
	_, err = f.WriteString(text)
	if f.Close() != nil || err != nil || os.Rename(f.Name(), file) != nil {
		_ = os.Remove(f.Name())
	}
}
