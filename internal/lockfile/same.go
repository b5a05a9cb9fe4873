package lockfile

import (
	"strings"
	"unicode"
)

// sameSpecifier reports whether two specifiers ask for the same: they are
// equal, or two notations of one public git repository and ref
// ("github:a/b", "a/b", "git+https://github.com/a/b.git"), which tools rewrite
// into each other (pnpm's git_specifiers_are_equivalent).
func sameSpecifier(a, b string) bool {
	if a == b {
		return true
	}
	repoA := gitRepo(a)
	return repoA != "" && repoA == gitRepo(b)
}

// gitHosts are the hosts that have short notations.
var gitHosts = map[string]string{"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}

// gitRepo is a canonical notation of a git repository and ref, or "" if s is
// none, or one with credentials, a query or another protocol than https.
func gitRepo(s string) string {
	repo, ref, _ := strings.Cut(s, "#")
	if strings.ContainsAny(repo, "@?") || strings.Contains(ref, "#") || strings.ContainsFunc(repo, unicode.IsSpace) {
		return ""
	}
	host, path := gitLocation(repo)
	path = strings.TrimSuffix(path, ".git")
	if host == "" || path == "" || strings.HasSuffix(path, "/") || strings.Contains("/"+path, "//") {
		return ""
	}
	return host + "/" + path + "#" + ref
}

// gitLocation splits a repository into host and path.
func gitLocation(repo string) (host, path string) {
	scheme, rest, ok := strings.Cut(repo, "://")
	if ok {
		host, path, _ = strings.Cut(rest, "/")
		switch strings.ToLower(scheme) {
		case "git", "git+https":
			return host, path
		case "https":
			for _, known := range gitHosts {
				if host == known {
					return host, path
				}
			}
			if strings.HasSuffix(path, ".git") {
				return host, path
			}
		}
		return "", ""
	}
	if short, path, ok := strings.Cut(repo, ":"); ok {
		return gitHosts[short], path
	}
	if strings.Count(repo, "/") == 1 && !strings.HasPrefix(repo, ".") {
		return gitHosts["github"], repo
	}
	return "", ""
}
