package doctor

import (
	"bytes"
	"os"

	"godwit/internal/config"
)

// Secrets looks whether others could read what only the user should. Modes say
// nothing on Windows (noModes).
func (r *Report) Secrets(hosts []config.Credentials, noModes bool) {
	seen := map[string]bool{}
	for _, host := range hosts {
		src := host.Source
		if host.Authorization.Empty() || src.Line == 0 || seen[src.Name] {
			continue
		}
		seen[src.Name] = true
		if src.Level == config.FromProject && !fromVariable(src) {
			r.Say("secrets", Doubt, "write ${NPM_TOKEN} in its place, or move it to ~/.npmrc", "%s has a secret in it: who has the project has that", src)
		}
		info, err := os.Stat(src.Name)
		if err == nil && !noModes && info.Mode().Perm()&0o044 != 0 && src.Level != config.FromProject {
			r.Say("secrets", Doubt, "chmod 600 "+src.Name, "%s has a secret in it, and other users of this machine can read it", src.Name)
		}
	}
}

// fromVariable reports whether a line of settings takes its value from the
// environment.
func fromVariable(src config.Source) bool {
	text, err := os.ReadFile(src.Name)
	lines := bytes.Split(text, []byte("\n"))
	return err != nil || src.Line > len(lines) || bytes.Contains(lines[src.Line-1], []byte("${"))
}
