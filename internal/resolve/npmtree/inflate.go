package npmtree

import (
	"godwit/internal/npm/semver"
)

// inflate gives the packages of an old lockfile the manifests that they were
// published with. What cannot be had stays as the lockfile has it.
func (b *builder) inflate() {
	var old []*node
	for _, n := range b.root.index.byDir {
		if n.locked && !n.isLink && !n.isTop() && n.pkg.versioned {
			b.docs.Request(n.packageName())
			old = append(old, n)
		}
	}
	for _, n := range old {
		w := &wanted{kind: aRange, name: n.packageName(), text: n.pkg.manifest.Version}
		w.rng, w.err = semver.ParseRange(w.text, loose)
		if w.err != nil || n.pkg.resolved != "" && !isURL(n.pkg.resolved) {
			continue
		}
		p, err := b.pick(w)
		if err != nil {
			b.warn("OLD_LOCKFILE", "what %s depends on could not be found out: %v", label(n), err)
			continue
		}
		fresh := *p // but its bytes are those that the lockfile names
		fresh.resolved, fresh.integrity = n.pkg.resolved, n.pkg.integrity
		n.pkg, n.locked, n.short = &fresh, false, true // npm asks for the short form here
	}
}
