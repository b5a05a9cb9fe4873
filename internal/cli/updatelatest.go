package cli

import (
	"context"

	"godwit/internal/install"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/spawn"
)

// lookAhead asks for the packuments of all that --latest is about, at once.
func (u *updating) lookAhead(ctx context.Context, src *source, importers []install.Importer) error {
	u.packument = func(name npm.Name) (*npm.Packument, error) { return src.Packument(ctx, name, false) }
	var names []npm.Name
	for _, im := range importers {
		for _, group := range u.groups() {
			for _, d := range *depsOf(im.Manifest, group) {
				s, err := u.parse(d.Alias, d.Specifier)
				if err == nil && !im.Unselected && s.Kind.IsRegistry() && s.Registry == "" && u.matches(d.Alias) {
					names = append(names, s.Name)
				}
			}
		}
	}
	return spawn.Each(len(names), packumentsAtOnce, true, func(i int) error {
		_, _ = u.packument(names[i]) // the resolver tells of errors
		return ctx.Err()
	})
}

// isAhead reports whether a dependency has a newer version than the one that is
// tagged latest, by its own specifier: --latest takes nothing back, neither with
// pnpm nor with bun. (Yarn does.)
func (u *updating) isAhead(s specifier.Specifier) bool {
	if u.packument == nil || u.foreign() && !u.bunProject() || s.Registry != "" || s.JSR != "" || s.Kind != specifier.Range && s.Kind != specifier.Version {
		return false
	}
	doc, err := u.packument(s.Name)
	if err != nil {
		return false
	}
	loose := semver.Options{Loose: true}
	latest, err := semver.Parse(doc.DistTags["latest"], loose)
	if err != nil {
		return false
	}
	r, err := semver.ParseRange(s.Range, loose)
	if err != nil || r.Match(latest) {
		return false
	}
	best := bestOf(doc, r, func(i, j int) bool { return betterForBun(doc, i, j) })
	return best >= 0 && doc.Versions()[best].Compare(latest) > 0
}
