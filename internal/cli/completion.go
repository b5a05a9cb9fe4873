package cli

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/config"
	"godwit/internal/project"
)

const completionHelp = `For bash and zsh put into the shell's start-up file
    eval "$(godwit completion SHELL)"
and for fish
    godwit completion fish | source
What the shell asks for then is: godwit completion -- WORD... with the words
typed so far, the last of them the one to complete. The answer is a line for
each word that fits, with what it means behind a tab.`

// shells has a file for each shell that is known.
//
//go:embed completion
var shells embed.FS

// runCompletion is the command completion.
func runCompletion(_ context.Context, c *call) error {
	if len(c.args.Positional) > 1 {
		text, err := shells.ReadFile("completion/" + c.args.Positional[1])
		if err != nil {
			return err
		}
		_, err = c.Stdout.Write(text)
		return err
	}
	if !c.args.Dashes {
		return errors.New("completion wants the name of a shell: bash, zsh or fish")
	}
	typed := joined(c.args.Rest)
	return writeWords(c.Stdout, c.complete(typed), typed[len(typed)-1])
}

// joined undoes that bash takes the "=" of --key=value for a word of its own. There
// always is a last word.
func joined(typed []string) []string {
	switch n := len(typed); {
	case n == 0:
		return []string{""}
	case n > 1 && typed[n-1] == "=":
		return append(slices.Clone(typed[:n-1]), "")
	case n > 2 && typed[n-2] == "=":
		return append(slices.Clone(typed[:n-2]), typed[n-1])
	}
	return typed
}

// writeWords prints the words that begin with what was typed.
func writeWords(w io.Writer, words []word, typed string) error {
	var b strings.Builder
	for _, word := range words {
		if strings.HasPrefix(word.name, typed) && !strings.ContainsAny(word.name, "\t\n") {
			fmt.Fprintf(&b, "%s\t%s\n", ui.Plain(word.name), ui.Plain(word.help))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// complete lists what may stand for the last of the words typed; nothing where
// only the user knows. Commands come by their own names only: who types an
// alias needs no help with it.
func (c *call) complete(typed []string) []word {
	before, last := typed[:len(typed)-1], typed[len(typed)-1]
	args, err := config.ParseArgs(before, config.Grammar{Command: commandOf, Stop: stops})
	if err != nil {
		return c.flagValues(before, "")
	}
	if args.Rest != nil || args.Dashes {
		return nil // for another program
	}
	command := commandOf(args.Positional)
	if key, _, ok := strings.Cut(last, "="); ok && strings.HasPrefix(key, "--") {
		return c.flagValues([]string{key}, key+"=")
	}
	if strings.HasPrefix(last, "-") {
		return flagsOf(command)
	}
	if len(args.Positional) == 0 {
		return slices.Concat(commandNames(c), scripts(c))
	}
	cmd := find(command)
	switch {
	case cmd == nil:
		return nil
	case len(args.Positional) == 1 && cmd.words != nil:
		return cmd.words
	case cmd.offers != nil:
		return cmd.offers(c)
	}
	return nil
}

// flagsOf are the flags of a command; of an unknown one, all that every command
// takes.
func flagsOf(command string) []word {
	var out []word
	for _, s := range config.Table() {
		if s.Help != "" && s.Takes(command) {
			out = append(out, word{"--" + s.Key, s.Help})
		}
	}
	return out
}

// flagValues are the values that the last of the words may have, if it is a flag
// that wants one.
func (c *call) flagValues(typed []string, prefix string) []word {
	if len(typed) == 0 {
		return nil
	}
	s, ok := config.Flag(typed[len(typed)-1])
	if !ok {
		return nil
	}
	var out []word
	switch {
	case s.Values != "":
		for value := range strings.FieldsSeq(s.Values) {
			out = append(out, word{prefix + value, s.Help})
		}
	case strings.HasPrefix(s.Key, "filter") || s.Key == "resume-from":
		out = c.memberNames(prefix)
	}
	return out
}

// offer lists what the arguments of a command may be.
type offer func(*call) []word

// commandNames offers all commands.
func commandNames(*call) []word {
	var out []word
	for _, section := range sections() {
		for _, cmd := range section.commands {
			out = append(out, word{cmd.names[0], cmd.help})
		}
	}
	return out
}

// scripts offers those of the project.
func scripts(c *call) []word {
	p, err := c.project()
	if err != nil {
		return nil
	}
	var out []word
	for _, name := range p.Manifest.ScriptOrder {
		out = append(out, word{name, p.Manifest.Scripts[name]})
	}
	return out
}

// dependencies offers what the project depends on.
func dependencies(c *call) []word {
	p, err := c.project()
	if err != nil {
		return nil
	}
	var out []word
	for _, group := range []string{"dependencies", "devDependencies", "optionalDependencies"} {
		for _, d := range p.Manifest.Document.Field(group).Deps() {
			out = append(out, word{d.Alias, d.Specifier})
		}
	}
	return out
}

// bins offers the commands of the dependencies.
func bins(c *call) []word {
	entries, err := os.ReadDir(filepath.Join(c.modulesOf(c.workspace.here), ".bin"))
	if err != nil {
		return nil
	}
	var out []word
	for _, e := range entries {
		if !strings.Contains(e.Name(), ".") { // Windows has three files for each
			out = append(out, word{e.Name(), "a command of the dependencies"})
		}
	}
	return out
}

// memberNames are the projects of the workspace.
func (c *call) memberNames(prefix string) []word {
	if c.workspace.list() != nil {
		return nil
	}
	var out []word
	for _, dir := range c.workspace.dirs {
		if p, err := project.Read(filepath.Join(c.workspace.root, filepath.FromSlash(dir))); err == nil && p.Manifest.Name != "" {
			out = append(out, word{prefix + string(p.Manifest.Name), dir})
		}
	}
	return out
}

// runnable is what the project adds to the words of the command line.
func (c *call) runnable() []string {
	var out []string
	for _, w := range slices.Concat(scripts(c), bins(c)) {
		out = append(out, w.name)
	}
	return out
}
