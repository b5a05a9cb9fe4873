package cli

import (
	"bufio"
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// A line of a page that begins with a dot is a request; a text that happens to
// begin so would vanish.
func TestManual(t *testing.T) {
	requests := []string{".TH ", ".SH ", ".TP", ".B ", ".BR ", ".PP", ".nf", ".fi"}
	pages := 0
	for name, text := range Manual() {
		pages++
		for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
			known := !strings.HasPrefix(s.Text(), ".") && !strings.HasPrefix(s.Text(), "'")
			for _, r := range requests {
				known = known || strings.HasPrefix(s.Text(), r)
			}
			if !known {
				t.Errorf("%s: %s", name, s.Text())
			}
		}
		if groff, err := exec.LookPath("groff"); err == nil && (name == "godwit.1" || name == "godwit-install.1") {
			cmd := exec.Command(groff, "-man", "-Tascii", "-ww")
			cmd.Stdin = bytes.NewReader(text)
			out, err := cmd.CombinedOutput()
			if err != nil || bytes.Contains(out, []byte("warning")) || !bytes.Contains(out, []byte("General Commands Manual")) {
				t.Errorf("groff %s: %v\n%s", name, err, out)
			}
		}
	}
	if want := 1 + len(commandNames(nil)); pages != want {
		t.Errorf("%d pages, want %d", pages, want)
	}
}

func TestRoff(t *testing.T) {
	if got, want := roff("a-b\n.c\n'd\\"), "a\\-b\n\\&.c\n\\&'d\\e"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Each command has what help shows of it, and a name of its own.
func TestCommands(t *testing.T) {
	seen := map[string]bool{}
	for _, section := range sections() {
		for _, cmd := range section.commands {
			for _, name := range cmd.names {
				if seen[name] {
					t.Errorf("two commands are called %s", name)
				}
				seen[name] = true
			}
			if cmd.help == "" || cmd.usage == "" || (cmd.run == nil) == (cmd.talk == nil) {
				t.Errorf("%s lacks its help, its usage or its function", cmd.names[0])
			}
		}
	}
}
