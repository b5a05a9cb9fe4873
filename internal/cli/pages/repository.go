package pages

import (
	"net/url"
	"strings"

	"godwit/internal/npm/specifier"
)

// Repository is where a repository is, without credentials; shortcuts are written
// out. What is no address is "".
func Repository(text string) string {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "://") {
		u, err := url.Parse(text)
		if err != nil {
			return ""
		}
		if _, secret := u.User.Password(); secret || !strings.Contains(u.Scheme, "ssh") { // ssh's "git@" is no secret
			u.User = nil
		}
		return u.String()
	}
	s, err := specifier.Parse("", text)
	if err != nil || s.Git.Host == "" {
		return ""
	}
	u, err := url.Parse(strings.TrimPrefix(s.Git.HTTPS(), "git+"))
	if err != nil {
		return ""
	}
	u.User = nil
	_, branch, _ := strings.Cut(text, "#")
	u.Path, u.Fragment = strings.TrimSuffix(u.Path, ".git")+".git", branch
	return "git+" + u.String()
}
