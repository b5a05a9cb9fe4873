package graph

import "strings"

// IsGitArchive recognizes the URLs under which GitHub, GitLab and Bitbucket
// serve the archive of one commit (pnpm's is_git_hosted_tarball_url). Branches
// and tags do not count, since what they stand for changes.
func IsGitArchive(url string) bool {
	const scheme = "https://"
	if len(url) < len(scheme) || !strings.EqualFold(url[:len(scheme)], scheme) {
		return false
	}
	host, rest, _ := strings.Cut(url[len(scheme):], "/")
	rest, _, _ = strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	segs := strings.FieldsFunc(rest, func(r rune) bool { return r == '/' })
	switch strings.ToLower(host) {
	case "codeload.github.com":
		return len(segs) == 4 && segs[2] == "tar.gz" && isCommit(segs[3])
	case "bitbucket.org":
		return len(segs) == 4 && segs[1] != "" && segs[2] == "get" &&
			strings.HasSuffix(segs[3], ".tar.gz") && isCommit(strings.TrimSuffix(segs[3], ".tar.gz"))
	case "gitlab.com":
		return isGitLabArchive(segs, query)
	}
	return false
}

// isGitLabArchive: /api/v4/projects/<id>/repository/archive.tar.gz?ref=<commit>
// or /<group>/…/<project>/-/archive/<commit>/<name>.tar.gz.
func isGitLabArchive(segs []string, query string) bool {
	if len(segs) == 6 && segs[0] == "api" && segs[1] == "v4" && segs[2] == "projects" &&
		segs[4] == "repository" && segs[5] == "archive.tar.gz" {
		for part := range strings.SplitSeq(query, "&") {
			if ref, ok := strings.CutPrefix(part, "ref="); ok {
				return isCommit(ref)
			}
		}
		return false
	}
	n := len(segs)
	return n >= 6 && segs[n-4] == "-" && segs[n-3] == "archive" && isCommit(segs[n-2]) &&
		strings.HasSuffix(segs[n-1], ".tar.gz")
}

// isCommit matches a full SHA-1.
func isCommit(s string) bool {
	return len(s) == 40 && !strings.ContainsFunc(s, func(r rune) bool {
		return !('0' <= r && r <= '9' || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F')
	})
}
