package render

import (
	"godwit/internal/npm/jsonscan"
)

// isShortField says which members of a version the short form keeps: those that
// the registry's own documentation lists (npm/registry, package-metadata), and
// those that registries send besides.
func isShortField(key string) bool {
	switch key {
	case "name", "version", "deprecated", "dependencies", "optionalDependencies", "devDependencies",
		"bundleDependencies", "bundledDependencies", "peerDependencies", "peerDependenciesMeta",
		"acceptDependencies", "bin", "directories", "dist", "engines", "os", "cpu", "libc", "funding",
		"hasInstallScript", "_hasShrinkwrap":
		return true
	}
	return false
}

// appendShort makes the short form of a version out of the full one.
func appendShort(out []byte, v Version, tarball string) []byte {
	fields, _ := members(v.raw)
	begin, n := len(out), 0
	scripts, said := false, false
	for _, f := range fields {
		said = said || f.key == "hasInstallScript"
		scripts = scripts || f.key == "scripts" && hasInstallScript(f.raw)
		if !isShortField(f.key) {
			continue
		}
		n++
		out = appendKeyAt(out, begin, f.key)
		if f.key == "dist" {
			out = appendMoved(out, f.raw, tarball, "tarball")
			continue
		}
		out = append(out, f.raw...)
	}
	if scripts && !said {
		n++
		out = append(appendKeyAt(out, begin, "hasInstallScript"), "true"...)
	}
	return closeObjectAt(out, begin, n)
}

// hasInstallScript reports whether the member "scripts" has something that
// runs when the package is installed.
func hasInstallScript(raw []byte) bool {
	all, _ := members(raw)
	for _, m := range all {
		switch m.key {
		case "preinstall", "install", "postinstall":
			if text, ok := jsonscan.String(m.raw); ok && text != "" {
				return true
			}
		}
	}
	return false
}

// shortMembers are the members of the short form; "modified" is the one thing
// that it has of the member "time".
func (d *Document) shortMembers() []member {
	var out []member
	for _, key := range []string{"name", "dist-tags", "versions"} {
		if raw := d.find(key); raw != nil {
			out = append(out, member{key, raw})
		}
	}
	all, _ := members(d.find("time"))
	for _, m := range all {
		if m.key == "modified" {
			out = append(out, m)
		}
	}
	return out
}
