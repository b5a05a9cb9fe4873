package config

import (
	"slices"
	"strings"
)

// elsewhere lists keys of npm and pnpm that have no row in the table and
// change nothing about what we do: they belong to commands or messages that
// are not ours. Files and environment may hold them; as flags they are
// refused. (npm 11 definitions.js; pnpm-facts 6.3.)
const elsewhere = `
_auth always-auth cache-max
cache-min cidr description disturl editor email expires
format-package-lock git heading include-staged
init-author-email init-author-name init-author-url init-license init-module
init-type init-version init-private init.author.email init.author.name init.author.url init.license init.module
init.version link lockfile-version logs-dir logs-max name node-gyp node-options nodedir
orgs packages allow-scripts-pending
allow-scripts-pin password 
python read-only rebuild-bundle save-bundle scopes
searchopts searchstaleness shell timing umask
usage username versions viewer workspaces workspaces-update sso-poll-frequency sso-type
metrics-registry tmp send-metrics npm-version global-prefix local-prefix msvs-version target arch
build-from-source sharp-binary-host sharp-libvips-binary-host
audit-config changed-files-ignore-pattern
fetch-min-speed-ki-bps fetch-warn-timeout-ms
git-shallow-hosts global-shims
init-package-manager manage-package-manager-versions
modules-cache-max-age optimistic-repeat-install package-manager-strict
package-manager-strict-version patches-dir pm-on-fail pnpr-server
registry-supports-time-field
scripts-prepend-node-path shell-emulator state-dir
strict-store-pkg-content-check test-pattern unsafe-perm use-beta-cli use-node-version use-stderr
versioning
update-config minimum-release-age-exclude-prune named-registries
script-security
node-experimental-package-map ignore-manifest-check
`

// missing lists keys that would change what an install yields and have no row
// yet: a file that holds one, and does not turn it off, gets a warning instead of
// silence. Files of the store are compared with its index by store status alone.
const missing = `
allow-scripts
global-virtual-store-dir
verify-store-integrity
`

// idle lists switches for things we do not do: turned off, as CI scripts
// written for npm do ("npm ci --no-audit --no-fund"), they are accepted as
// flags.
const idle = `audit fund update-notifier foreground-scripts`

// moot lists flags of yarn's and bun's about things that are one way here, so
// that on or off there is nothing to do:
//
//	immutable-cache            no cache is a part of the project
//	inline-builds              what scripts print is shown
//	link-duplicates            equal files are linked, not copied
//	mutex                      installs of one project wait for each other
//	emoji node-version-check   there are none
//	disable-pnp                node_modules is made
//	save-text-lockfile         a bun.lock is text
//	remote                     pnpm's env list tells of those that there are anyway
const moot = `remote immutable-cache inline-builds link-duplicates mutex emoji no-emoji node-version-check no-node-version-check disable-pnp save-text-lockfile`

// refused are flags of yarn's and bun's that would change what is installed or
// checked, with what to do instead.
var refused = map[string]string{
	"check-cache":          "godwit store verify looks whether what is in the store is what was fetched; --force installs it anew",
	"check-resolutions":    "remove entries that are in doubt from yarn.lock: they are resolved anew",
	"refresh-lockfile":     "godwit update, or remove the lockfile, to resolve anew",
	"flat":                 "name one version of each package under resolutions",
	"har":                  "--trace=file writes what was done, and when",
	"focus":                "--filter installs for one project of a workspace",
	"update-checksums":     "remove the entries that are wrong from the lockfile",
	"skip-integrity-check": "what does not fit its integrity is never installed",
	"verify":               "what does not fit its integrity is never installed",
	"ignore-platform":      "--os, --cpu and --libc say for which platforms",
	"link-folder":          "godwit link takes directories, and needs no folder",
	"default-rc":           "--userconfig names the user's file",
	"use-yarnrc":           "--userconfig names the user's file",
	"strict-semver":        "remove versions that are none from the ranges",
	"yarn":                 "godwit import --to=yarn writes a yarn.lock",
	"analyze":              "name the packages",
	"only-missing":         "name those that are missing",
	"trust":                "--allow-build names the packages whose install scripts may run",
	"summary":              "--reporter=silent prints errors only",
}

// listed reports whether key is one of the words of list.
func listed(list, key string) bool {
	for word := range strings.FieldsSeq(list) {
		if word == key {
			return true
		}
	}
	return false
}

// lookup finds the row of a key, under any of its names. Names that only work
// as flags count if flag is set.
func lookup(key string, flag bool) *Setting {
	if i := find(key, flag); i >= 0 {
		return &table[i]
	}
	return nil
}

// Lookup finds the row of a setting under any of its names, or nil.
func Lookup(key string) *Setting { return lookup(key, true) }

// rowOf is the index of the row of a key in files, or -1.
func rowOf(key string) int { return find(key, false) }

func find(key string, flag bool) int {
	for i := range table {
		s := &table[i]
		if s.Key == key || s.Also != "" && listed(s.Also, key) || flag && s.Flags != "" && listed(s.Flags, key) {
			return i
		}
	}
	return -1
}

// lookupShort finds the row of a one-letter flag for a command. Of the rows
// that take the letter the one for the fewest commands counts ("add -D" is
// save-dev, "install -D" is dev); without a command, the first.
func lookupShort(letter, command string) *Setting {
	var best *Setting
	for i := range table {
		s := &table[i]
		if s.Short != letter || command != "" && s.For != nil && !slices.Contains(s.For, command) {
			continue
		}
		if best == nil || command != "" && s.For != nil && (best.For == nil || len(s.For) < len(best.For)) {
			best = s
		}
	}
	return best
}

// HasShort reports whether the setting's letter means it for a command.
func (s *Setting) HasShort(command string) bool {
	means := lookupShort(s.Short, command)
	return s.Short != "" && means != nil && means.Key == s.Key
}

// kebab is the file and flag form of a camelCase key.
func kebab(camel string) string {
	if strings.IndexFunc(camel, isUpper) < 0 {
		return camel
	}
	var b strings.Builder
	for _, r := range camel {
		if isUpper(r) {
			b.WriteByte('-')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isUpper(r rune) bool { return 'A' <= r && r <= 'Z' }
