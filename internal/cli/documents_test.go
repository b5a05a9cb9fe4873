package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"godwit/internal/config"
)

// Each call of ours that a document shows can be typed: the command is there, and knows
// its flags. A word that is no command would be a script or a command of a dependency.
func TestDocumentsShowWhatCanBeTyped(t *testing.T) {
	shown := regexp.MustCompile("(?m)`(?:godwit|gwx) ([^`|]+)`|^(?:[-\\s]*run: |RUN |\\s*- )?(?:godwit|gwx) ([^`|\n]+)$")
	scripts := map[string]bool{"dev": true, "tsc": true, "changeset": true, "x": true}
	for _, name := range []string{"README.md", "doc/migrating.md", "doc/ci.md"} {
		data, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		calls := shown.FindAllStringSubmatch(string(data), -1)
		if len(calls) < 3 {
			t.Errorf("%s shows %d calls: is the pattern right?", name, len(calls))
		}
		for _, call := range calls {
			line, _, _ := strings.Cut(call[1]+call[2], " #")
			words := strings.Fields(strings.NewReplacer("'", "", "\n", " ").Replace(line))
			args, err := config.ParseArgs(inOurWords(words), config.Grammar{Command: commandOf, Stop: stops})
			switch {
			case strings.HasPrefix(call[0], "`gwx"):
			case err != nil:
				t.Errorf("%s: godwit %s: %v", name, line, err)
			case len(args.Positional) > 0 && find(args.Positional[0]) == nil && !scripts[args.Positional[0]]:
				t.Errorf("%s: godwit %s: there is no such command", name, line)
			}
		}
	}
}
