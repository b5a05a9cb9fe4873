package specifier

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Repository is where a git dependency comes from and which of its commits is
// asked for. It is comparable.
type Repository struct {
	URL string // what git clones; may hold credentials: never in errors or logs

	// Of a known host ("github", "gitlab", "bitbucket", "gist", "sourcehut");
	// all "" for any other repository.
	Host, Owner, Project string

	Committish string // branch, tag or commit; "" is the default branch
	Range      string // of "#semver:^1": the highest tag in the range
	Dir        string // of "path:/packages/a": the package's directory, as written

	auth string // "user:password" for HTTPS
}

func (s *Specifier) git(repo Repository, err error) error {
	s.Kind, s.Git = Git, repo
	return err
}

// gitURL: git://, git+ssh://, git+https://, ssh:// and so on.
func (s *Specifier) gitURL(raw, _ string) error {
	a, ok := parseAddress(raw)
	if !ok || a.host == "" && a.scheme != "git+file" || strings.Trim(a.path, "/") == "" {
		return errors.New("malformed URL of a git repository: want " + strings.ToLower(raw[:strings.IndexByte(raw, ':')]) + "://host/path")
	}
	if repo, ok, err := hostedAt(a); ok || err != nil {
		return s.git(repo, err)
	}
	fragment := a.fragment
	a.scheme = strings.TrimPrefix(a.scheme, "git+")
	repo := Repository{URL: a.String()}
	return s.git(repo, repo.setFragment(fragment))
}

// parseSCP reads git's user@host.tld:path.
func parseSCP(raw string) (repo Repository, ok bool, err error) {
	bare, fragment, _ := strings.Cut(raw, "#")
	user, rest, ok := strings.Cut(bare, "@")
	if !ok || user == "" || strings.ContainsAny(user, "/: ") {
		return Repository{}, false, nil
	}
	host, path, ok := strings.Cut(rest, ":")
	if dot := strings.IndexByte(host, '.'); !ok || path == "" || dot < 1 || dot == len(host)-1 || strings.ContainsAny(host, "/ ") {
		return Repository{}, false, nil
	}
	repo.URL = bare
	return repo, true, repo.setFragment(fragment)
}

// setFragment reads what follows "#": a commit-ish, "semver:range" and
// "path:dir", separated by "&" (pnpm) or "::" (npm). Keys that are not known
// are passed over, as npm does.
func (r *Repository) setFragment(fragment string) error {
	if fragment == "" {
		return nil
	}
	for _, part := range strings.Split(strings.ReplaceAll(fragment, "::", "&"), "&") {
		key, value, keyed := strings.Cut(part, ":")
		var err error
		switch {
		case !keyed:
			err = setOnce(&r.Committish, part, "commit-ish")
		case key == "semver":
			err = setOnce(&r.Range, value, "semver range")
		case key == "path":
			err = setOnce(&r.Dir, value, "path")
		}
		if err != nil {
			return err
		}
	}
	if r.Committish != "" && r.Range != "" {
		return errors.New("a commit-ish and a semver range exclude each other")
	}
	return r.check()
}

// fragment is what follows the address of a repository, with its "#", or "".
func (r *Repository) fragment() string {
	var parts []string
	switch {
	case r.Range != "":
		parts = append(parts, "semver:"+r.Range)
	case r.Committish != "":
		parts = append(parts, r.Committish)
	}
	if r.Dir != "" {
		parts = append(parts, "path:"+r.Dir)
	}
	if len(parts) == 0 {
		return ""
	}
	return "#" + strings.Join(parts, "::")
}

func setOnce(field *string, raw, what string) error {
	value, err := url.PathUnescape(raw)
	if err != nil || hasControl(value) {
		return fmt.Errorf("malformed escape in the %s", what)
	}
	if *field != "" {
		return fmt.Errorf("a second %s", what)
	}
	*field = value
	return nil
}

// check refuses what would be read as an option by git, or would leave the
// repository.
func (r *Repository) check() error {
	if strings.HasPrefix(r.Committish, "-") {
		return errors.New("a commit-ish does not begin with a hyphen")
	}
	for segment := range strings.SplitSeq(slashes(r.Dir), "/") {
		if segment == ".." {
			return errors.New("the path leaves the repository")
		}
	}
	return nil
}
