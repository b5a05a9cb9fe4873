package git

import (
	"fmt"
	"strings"
)

// Error is a call of git that failed.
type Error struct {
	Action  string // ls-remote, fetch, checkout, …
	URL     string // without credentials
	Message string // git's own words, without credentials
}

func (e *Error) Error() string {
	return fmt.Sprintf("git %s of %s: %s", e.Action, e.URL, e.Message)
}

// Code is pnpm's code for this error.
func (e *Error) Code() string {
	switch e.Action {
	case "ls-remote":
		return "ERR_PNPM_GIT_RESOLVE_FAILED"
	case "checkout", "rev-parse":
		return "ERR_PNPM_GIT_CHECKOUT_FAILED"
	}
	return "ERR_PNPM_GIT_FETCH_FAILED"
}

// Hint is what the user can do.
func (e *Error) Hint() string {
	switch m := strings.ToLower(e.Message); {
	case strings.Contains(m, "permission denied"), strings.Contains(m, "host key"), strings.Contains(m, "publickey"):
		return "the repository is reached over SSH: load a key for its host (ssh-add), or let git use HTTPS (git config url.<base>.insteadOf)"
	case strings.Contains(m, "could not read username"), strings.Contains(m, "terminal prompts disabled"), strings.Contains(m, "authentication failed"):
		return "the repository does not exist or is private: check its name, or give git credentials for the host (a credential helper, or url.<base>.insteadOf)"
	case strings.Contains(m, "could not resolve host"), strings.Contains(m, "connection"), strings.Contains(m, "timed out"):
		return "check the connection and git's proxy settings"
	case strings.Contains(m, "transport"), strings.Contains(m, "protocol"):
		return "only repositories over https, ssh, http, git and file can be fetched, and submodules from no local path"
	case e.Action == "ls-remote":
		return "check the name of the repository and that git can read it: git ls-remote " + e.URL
	}
	return "check that the repository still has the commit"
}

// MissingError is a machine without git.
type MissingError struct{ URL string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("git is not installed, and %s is a git repository", e.URL)
}

// Code is pnpm's code for this error.
func (e *MissingError) Code() string { return "ERR_PNPM_GIT_FETCHER_GIT_NOT_FOUND" }

// Hint is what the user can do.
func (e *MissingError) Hint() string { return "install git, or put it on PATH" }

// message is what git said, on one line, or why there is nothing.
func message(stderr string, err error) string {
	var lines []string
	for line := range strings.Lines(stderr) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "Cloning into") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return err.Error()
	}
	return maskURLs(strings.Join(lines, "; "))
}

// maskURLs hides the credentials of all URLs in a text.
func maskURLs(text string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, "://")
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i+3])
		text = text[i+3:]
		end := strings.IndexAny(text, "/ \t\r\n'\"")
		if end < 0 {
			end = len(text)
		}
		// What stands before the last at sign may hold slashes in a URL that
		// nobody escaped.
		word, _, _ := strings.Cut(text, " ")
		if at := strings.LastIndexByte(word, '@'); at >= 0 && (at < end || strings.Contains(word[:min(end, at)], ":")) {
			if user := text[:at]; user != "git" {
				b.WriteString("***")
				text = text[at:]
			}
		}
	}
}
