package cli

import (
	"fmt"
	"iter"
	"strings"

	"godwit/internal/config"
)

// Manual yields the pages of the manual, in the language of man(7), by their
// file names: godwit.1 and one page for each command.
func Manual() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		if !yield("godwit.1", overviewPage()) {
			return
		}
		for _, section := range sections() {
			for _, cmd := range section.commands {
				if !yield("godwit-"+cmd.names[0]+".1", cmd.page()) {
					return
				}
			}
		}
	}
}

// page is one page of the manual as it grows.
type page struct{ strings.Builder }

// heading begins a page. There is no date in it: equal sources make equal pages.
func (p *page) heading(name, help string) {
	fmt.Fprintf(p, ".TH %s 1 \"\" \"godwit %s\"\n.SH NAME\n%s \\- %s\n", roff(strings.ToUpper(name)), roff(Version), roff(name), roff(help))
}

// item is a word or flag and what it means.
func (p *page) item(term, text string) {
	fmt.Fprintf(p, ".TP\n.B %s\n%s\n", roff(term), roff(text))
}

// flags lists settings.
func (p *page) flags(list []config.Setting) {
	for _, s := range list {
		p.item(spelling(&s), flagHelp(&s))
	}
}

// common are the flags of every command.
func common() (out []config.Setting) {
	for _, s := range config.Table() {
		if s.Help != "" && s.For == nil {
			out = append(out, s)
		}
	}
	return out
}

func overviewPage() []byte {
	var p page
	p.heading("godwit", "a package manager for npm and pnpm projects")
	p.WriteString(".SH SYNOPSIS\n.B godwit\n[command] [flags]\n.SH DESCRIPTION\nWithout a command godwit installs the dependencies of the project.\n")
	for _, section := range sections() {
		fmt.Fprintf(&p, ".SH %s\n", roff(strings.ToUpper(section.title)))
		for _, cmd := range section.commands {
			p.item("godwit-"+cmd.names[0]+"(1)", cmd.help)
		}
	}
	p.WriteString(".SH FLAGS OF EVERY COMMAND\n")
	p.flags(common())
	fmt.Fprintf(&p, ".SH ENVIRONMENT\n%s\n.SH EXIT STATUS\n0, that of the script or command that failed, or 1 for any other failure.\n", roff(setAnywhere))
	return []byte(p.String())
}

func (cmd *command) page() []byte {
	var p page
	p.heading("godwit-"+cmd.names[0], cmd.help)
	fmt.Fprintf(&p, ".SH SYNOPSIS\n.B godwit\n%s\n.SH DESCRIPTION\n%s\n", roff(cmd.usage), roff(cmd.sentence()))
	if cmd.more != "" {
		fmt.Fprintf(&p, ".PP\n.nf\n%s\n.fi\n", roff(cmd.more))
	}
	if len(cmd.names) > 1 {
		fmt.Fprintf(&p, ".PP\nAlso: %s\n", roff(strings.Join(cmd.names[1:], ", ")))
	}
	if cmd.words != nil {
		p.WriteString(".SH WORDS\n")
		for _, w := range cmd.words {
			p.item(w.name, w.help)
		}
	}
	if shown := examples[cmd.names[0]]; shown != nil {
		p.WriteString(".SH EXAMPLES\n")
		for _, e := range shown {
			p.item(e.line, e.does)
		}
	}
	for _, group := range cmd.flags() {
		fmt.Fprintf(&p, ".SH %s\n", roff(strings.ToUpper(group.title)))
		p.flags(group.settings)
	}
	fmt.Fprintf(&p, ".PP\n%s\n.SH SEE ALSO\n.BR godwit (1)\n", roff(setAnywhere))
	return []byte(p.String())
}

// roff quotes text for man(7): a backslash and a dash mean themselves, and no
// line is a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
