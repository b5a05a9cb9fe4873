package provenance

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var github = map[string]string{
	"GITHUB_WORKFLOW_REF": "acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0", "GITHUB_REPOSITORY": "acme/widget",
	"GITHUB_SERVER_URL": "https://github.example", "GITHUB_EVENT_NAME": "push", "GITHUB_REPOSITORY_ID": "11", "GITHUB_REPOSITORY_OWNER_ID": "22",
	"GITHUB_REF": "refs/tags/v1.0.0", "GITHUB_SHA": "dae8bd8eb433a4147b4655c00fe73e0f22bc0fb1", "RUNNER_ENVIRONMENT": "github-hosted",
	"GITHUB_RUN_ID": "33", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_ACTIONS": "true",
}

// gitlab has every variable of the list but one, and text that JSON has to quote.
func gitlab() map[string]string {
	env := map[string]string{"CI_RUNNER_EXECUTABLE_ARCH": "linux/amd64"}
	for i, name := range strings.Fields(parameters) {
		env[name] = strings.Repeat("v", i)
	}
	env["CI_COMMIT_TITLE"] = "a <b> & \"c\" \\ é"
	delete(env, "CI_COMMIT_BRANCH")
	return env
}

func job(env map[string]string) Job {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

// The statements are those that npm makes in the same environment, to the byte.
func TestStatementsAreNpms(t *testing.T) {
	out, err := exec.Command("npm", "root", "-g").Output()
	lib := filepath.Join(strings.TrimSpace(string(out)), "npm", "node_modules", "libnpmpublish", "lib", "provenance.js")
	if _, err2 := os.Stat(lib); err != nil || err2 != nil {
		t.Skip("no npm with libnpmpublish in it")
	}
	subject := Subject{PackageURL("@acme/widget", "1.0.0"), strings.Repeat("ab", 64)}
	for name, test := range map[string]struct {
		make func(Job, Subject) ([]byte, error)
		env  map[string]string
	}{"github": {GitHub, github}, "gitlab": {GitLab, gitlab()}} {
		ours, err := test.make(job(test.env), subject)
		if err != nil {
			t.Fatal(err)
		}
		const script = `
			const [, lib, name, sha512] = process.argv
			const id = require.resolve('sigstore', { paths: [lib] })
			require.cache[id] = { id, filename: id, loaded: true, exports: { attest: async payload => process.stdout.write(payload) } }
			require(lib).generateProvenance([{ name, digest: { sha512 } }], {})`
		cmd := exec.Command("node", "-e", script, lib, subject.Name, subject.SHA512)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
		for key, value := range test.env {
			cmd.Env = append(cmd.Env, key+"="+value)
		}
		theirs, err := cmd.CombinedOutput()
		if err != nil || string(theirs) != string(ours) {
			t.Errorf("%s: npm makes (%v)\n%s\nand we\n%s", name, err, theirs, ours)
		}
	}
}

func TestMissingVariablesAreNamed(t *testing.T) {
	for name := range github {
		if name == "GITHUB_ACTIONS" {
			continue // what a service is recognized by
		}
		env := map[string]string{}
		for key, value := range github {
			if key != name {
				env[key] = value
			}
		}
		_, err := GitHub(job(env), Subject{})
		if missing := (*UnknownError)(nil); !errors.As(err, &missing) || missing.Variable != name {
			t.Errorf("without %s: %v", name, err)
		}
	}
	if _, err := GitLab(job(nil), Subject{}); err == nil || !strings.Contains(err.Error(), "CI_PROJECT_URL") {
		t.Errorf("without anything: %v", err)
	}
}

func TestStatementsAreJSON(t *testing.T) {
	for name, make := range map[string]func() ([]byte, error){
		"github": func() ([]byte, error) { return GitHub(job(github), Subject{}) },
		"gitlab": func() ([]byte, error) { return GitLab(job(gitlab()), Subject{}) },
	} {
		text, err := make()
		if err != nil || !json.Valid(text) {
			t.Errorf("%s: %v, %s", name, err, text)
		}
	}
}
