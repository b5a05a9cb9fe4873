package cli

import (
	"slices"
	"strings"
	"testing"

	"godwit/internal/config"
)

// What help shows can be typed: the command is there, and knows its flags.
func TestExamplesCanBeTyped(t *testing.T) {
	for name, shown := range examples {
		if cmd := find(name); cmd == nil || cmd.names[0] != name {
			t.Errorf("there is no command %s to show examples of", name)
		}
		for _, e := range shown {
			words := strings.Fields(strings.ReplaceAll(e.line, "'", ""))
			if words[0] == "gwx" {
				words = append([]string{"gwx", "npx"}, words[1:]...)
			}
			args, err := config.ParseArgs(words[1:], config.Grammar{Command: commandOf, Stop: stops})
			if err != nil {
				t.Errorf("%s: %v", e.line, err)
				continue
			}
			cmd := find(args.Positional[0])
			if cmd == nil {
				t.Errorf("%s: there is no such command", e.line)
			} else if err := cmd.checkArgs(args); err != nil {
				t.Errorf("%s: %v", e.line, err)
			}
		}
	}
}

// A letter stands at one flag of a command, and at the one that it means.
func TestLettersInHelpAreWhatTheyMean(t *testing.T) {
	for _, word := range commandNames(nil) {
		seen := map[string]string{}
		for _, group := range find(word.name).flags() {
			for _, s := range group.settings {
				if s.Short == "" {
					continue
				}
				if other := seen[s.Short]; other != "" {
					t.Errorf("%s: -%s is --%s and --%s", word.name, s.Short, other, s.Key)
				}
				seen[s.Short] = s.Key
			}
		}
	}
	first := find("add").flags()[0].settings
	if !slices.ContainsFunc(first, func(s config.Setting) bool { return s.Key == "save-dev" && s.Short == "D" }) {
		t.Error("add -D is not among the first")
	}
}
