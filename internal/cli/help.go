package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"godwit/internal/cli/codes"
	"godwit/internal/config"
)

// commonFlags are what the overview shows; the help of a command has all.
var commonFlags = []string{"dir", "registry", "frozen-lockfile", "offline", "dry-run", "reporter", "help", "version"}

// runHelp is the command help: an overview, or all about one command, one flag or
// the code of an error.
func runHelp(_ context.Context, p *Process, args []string) error {
	if len(args) == 0 {
		return overview(p.Stdout)
	}
	if cmd := find(args[0]); cmd != nil {
		return cmd.describe(p.Stdout)
	}
	if code, ok := codes.Of(args[0]); ok {
		_, err := fmt.Fprintf(p.Stdout, "%s\n\n%s\n\nNext: %s\n", strings.ToUpper(args[0]), code.Means, code.Next)
		return err
	}
	if s := config.Lookup(strings.TrimPrefix(args[0], "no-")); s != nil && s.Help != "" {
		return describeFlag(p.Stdout, s)
	}
	return unknown(args[0])
}

// describeFlag writes everything about one flag.
func describeFlag(w io.Writer, s *config.Setting) error {
	var b strings.Builder
	writeFlag(&b, s)
	takes := "every command"
	if s.For != nil {
		takes = strings.Join(s.For, ", ")
	}
	fmt.Fprintf(&b, "\nTaken by: %s\n\ngodwit config get %s tells what it is here.\n", takes, s.Key)
	_, err := io.WriteString(w, b.String())
	return err
}

func overview(w io.Writer) error {
	var b strings.Builder
	b.WriteString("Usage: godwit [command] [flags]\n\nWithout a command godwit installs.\n")
	for _, section := range sections() {
		fmt.Fprintf(&b, "\n%s:\n", section.title)
		for _, cmd := range section.commands {
			// The first two names; help about the command has all of them.
			fmt.Fprintf(&b, "  %-19s %s\n", strings.Join(cmd.names[:min(2, len(cmd.names))], ", "), cmd.help)
		}
	}
	b.WriteString("\nFlags that are often used:\n")
	for _, s := range config.Table() {
		if slices.Contains(commonFlags, s.Key) {
			writeFlag(&b, &s)
		}
	}
	b.WriteString("\ngodwit help <command> lists all flags of a command; help <flag> and help <code of an error> tell about one.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// setAnywhere is where flags may be set beside the command line.
const setAnywhere = "Every flag may also be set in .npmrc (key=value) or in the environment (npm_config_key)."

// describe writes everything about one command. Flags come from the table of
// settings.
func (cmd *command) describe(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: godwit %s\n\n%s\n", cmd.usage, cmd.sentence())
	if cmd.more != "" {
		fmt.Fprintf(&b, "\n%s\n", cmd.more)
	}
	if len(cmd.names) > 1 {
		fmt.Fprintf(&b, "\nAlso: %s\n", strings.Join(cmd.names[1:], ", "))
	}
	if cmd.words != nil {
		b.WriteString("\nWords:\n")
		for _, w := range cmd.words {
			fmt.Fprintf(&b, "  %-*s%s\n", flagColumn, w.name, w.help)
		}
	}
	if shown := examples[cmd.names[0]]; shown != nil {
		b.WriteString("\nExamples:\n")
		for _, e := range shown {
			writeEntry(&b, e.line, e.does)
		}
	}
	for _, group := range cmd.flags() {
		fmt.Fprintf(&b, "\n%s:\n", group.title)
		for _, s := range group.settings {
			writeFlag(&b, &s)
		}
	}
	b.WriteString("\n" + setAnywhere + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// flagGroup is some flags of a command under one heading of its help.
type flagGroup struct {
	title    string
	settings []config.Setting
}

// flags are those of a command, its own first: nobody finds -D behind a hundred
// flags that add has in common with install. A letter stands at the flag that it
// means for this command.
func (cmd *command) flags() []flagGroup {
	name := cmd.names[0]
	groups := []flagGroup{{title: "Flags"}, {title: "Flags about which projects of a workspace"}, {title: "Flags of install, and what else chooses packages"}, {title: "Flags of every command"}}
	for _, s := range config.Table() {
		if s.Help == "" || !s.Takes(name) {
			continue
		}
		if !s.HasShort(name) {
			s.Short = ""
		}
		at := 0
		switch {
		case s.For == nil:
			at = 3
		case s.Takes("stop") && s.Takes("install"): // all else that they have in common
			at = 1
		case name != "install" && s.Takes("fetch"): // which takes what install does
			at = 2
		}
		groups[at].settings = append(groups[at].settings, s)
	}
	return slices.DeleteFunc(groups, func(g flagGroup) bool { return len(g.settings) == 0 })
}

// sentence is the line about a command with a capital and a full stop.
func (cmd *command) sentence() string {
	return strings.ToUpper(cmd.help[:1]) + cmd.help[1:] + "."
}

// flagColumn is where help texts begin: most flags are shorter, and the line
// still fits 80 columns for most.
const flagColumn = 34

func writeFlag(b *strings.Builder, s *config.Setting) {
	flag, help := spelling(s), flagHelp(s)
	if s.Short == "" {
		flag = "    " + flag
	}
	writeEntry(b, flag, help)
}

// writeEntry writes a line of help, or two where what it is about is long.
func writeEntry(b *strings.Builder, what, help string) {
	switch {
	case help == "":
		fmt.Fprintf(b, "  %s\n", what)
	case len(what) > flagColumn-2:
		fmt.Fprintf(b, "  %s\n  %*s%s\n", what, flagColumn, "", help)
	default:
		fmt.Fprintf(b, "  %-*s%s\n", flagColumn, what, help)
	}
}

// spelling is how a flag is typed: "-C, --dir <path>".
func spelling(s *config.Setting) string {
	flag := "--" + s.Key
	if s.Kind == config.Bool && s.Default != "false" && s.For != nil {
		flag = "--[no-]" + s.Key
	}
	if s.Short != "" {
		flag = "-" + s.Short + ", " + flag
	}
	if value := placeholder(s); value != "" {
		flag += " " + value
	}
	return flag
}

func flagHelp(s *config.Setting) string {
	if s.Default != "" && s.Default != "false" && !strings.Contains(s.Help, "default") {
		return s.Help + " (default " + s.Default + ")"
	}
	return s.Help
}

// placeholder is what stands for the value of a flag.
func placeholder(s *config.Setting) string {
	switch s.Kind {
	case config.Bool:
		return ""
	case config.Enum:
		return strings.ReplaceAll(s.Values, " ", "|")
	case config.Int:
		return "<n>"
	case config.Path:
		return "<path>"
	case config.URL, config.Proxy:
		return "<url>"
	case config.Millis:
		return "<ms>"
	case config.Minutes:
		return "<minutes>"
	case config.Days:
		return "<days>"
	case config.Date:
		return "<date>"
	case config.List, config.Names, config.Versions:
		return "<list>"
	}
	return "<text>"
}
