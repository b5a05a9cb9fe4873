package config

import (
	"errors"
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
// Without it npm, if it is installed, is asked once. [Remembered] has its answer.
var BuiltinRegistry string

// defaultRegistry is the registry when no level has one, or "".
func (l *loader) defaultRegistry() (url string, src Source) {
	if BuiltinRegistry != "" {
		return BuiltinRegistry, Source{Level: FromBuiltin, Name: "built in"}
	}
	answer := Remembered(l.Settings.Dirs.Cache, "default-registry", l.npm.program, validURL, func() (string, error) {
		if l.host.AskRegistry == nil {
			return "", errors.New("nobody to ask")
		}
		// Asked from the home directory: a project's .npmrc must not be
		// remembered for the others.
		return l.host.AskRegistry(l.npm.program, l.host.Home)
	})
	if answer == "" {
		return "", Source{Level: FromDefault}
	}
	return answer, Source{Level: FromBuiltin, Name: l.npm.program}
}

// Remembered is what a program says of itself: ask's answer without the blanks
// around it, if valid takes it, else "". It is kept in the cache directory, in the
// file called what, under the program's path, size and time: the next run costs a
// stat and a small read, and another program is asked again.
func Remembered(cache, what, program string, valid func(string) bool, ask func() (string, error)) string {
	info, err := os.Stat(program)
	if program == "" || err != nil {
		return ""
	}
	identity := fmt.Sprintf("%s %d %d", program, info.Size(), info.ModTime().UnixNano())
	file := filepath.Join(cache, "v1", what)
	if kept, err := os.ReadFile(file); err == nil {
		if id, answer, ok := strings.Cut(string(kept), "\n"); ok && id == identity && valid(strings.TrimSpace(answer)) {
			return strings.TrimSpace(answer)
		}
	}
	answer, err := ask()
	if answer = strings.TrimSpace(answer); err != nil || !valid(answer) {
		return ""
	}
	remember(file, identity+"\n"+answer+"\n")
	return answer
}

// remember writes a file of the cache by one rename. A cache that cannot be
// written costs the question again, so errors are dropped.
func remember(file, text string) {
	dir := filepath.Dir(file)
	if os.MkdirAll(dir, 0o755) != nil {
		return
	}
	f, err := os.CreateTemp(dir, filepath.Base(file)+"-*")
	if err != nil {
		return
	}
	_, err = f.WriteString(text)
	if f.Close() != nil || err != nil || os.Rename(f.Name(), file) != nil {
		_ = os.Remove(f.Name())
	}
}
