package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fieldKinds says which fields can hold which kind.
func fieldKinds(target any) string {
	switch target.(type) {
	case *bool, *Tri:
		return fmt.Sprint(Bool)
	case *string:
		return fmt.Sprint(Text, Enum, Path, URL)
	case *int:
		return fmt.Sprint(Int)
	case *time.Duration:
		return fmt.Sprint(Millis, Minutes, Days)
	case *time.Time:
		return fmt.Sprint(Date)
	case *Secret:
		return fmt.Sprint(Hidden, Proxy)
	case *[]string:
		return fmt.Sprint(List, Names, Versions)
	}
	return ""
}

func TestTable(t *testing.T) {
	names := map[string]string{}
	fields := map[any]string{}
	var s Settings
	for i := range Table() {
		row := &Table()[i]
		for _, name := range strings.Fields(row.Key + " " + row.Also + " " + row.Flags) {
			if other := names[name]; other != "" {
				t.Errorf("%s is a name of %s and %s", name, other, row.Key)
			}
			names[name] = row.Key
			if !listed(row.Flags, name) && (listed(elsewhere, name) || listed(missing, name)) {
				t.Errorf("%s is in the table and in a list of keys without a row", name)
			}
		}
		if row.Help == "" || len(row.Help) > 100 || strings.HasSuffix(row.Help, ".") {
			t.Errorf("%s: help is %q", row.Key, row.Help)
		}
		if (row.Kind == Enum) && row.Values == "" {
			t.Errorf("%s: no values", row.Key)
		}
		target := row.bind(&s)
		if other := fields[target]; other != "" {
			t.Errorf("%s and %s set the same field", row.Key, other)
		}
		fields[target] = row.Key
		if !listed(strings.Trim(fieldKinds(target), "[]"), fmt.Sprint(row.Kind)) {
			t.Errorf("%s: a field of type %T for kind %d", row.Key, target, row.Kind)
		}
		if row.Default != "" && row.assign(&s, raw{texts: []string{row.Default}, src: Source{Level: FromFlag}}, "") != nil {
			t.Errorf("%s: bad default %q", row.Key, row.Default)
		}
	}
	for _, sh := range shorthands {
		row := lookup(sh.key, true)
		if row == nil || names[sh.name] != "" && len(sh.name) > 1 {
			t.Errorf("shorthand %s", sh.name)
		}
		if lookupShort(sh.name, "") != nil {
			t.Errorf("shorthand -%s hides a letter of the table", sh.name)
		}
	}
	for _, word := range strings.Fields(idle) {
		if names[word] != "" {
			t.Errorf("%s is idle and in the table", word)
		}
	}
}

// TestEveryNpmKeyIsKnown asks the npm that is installed for its keys.
func TestEveryNpmKeyIsKnown(t *testing.T) {
	modules := npmModules(t)
	var keys []string
	node(t, fmt.Sprintf(`console.log(JSON.stringify(Object.keys(require(%q).definitions)))`, filepath.Join(modules, "@npmcli", "config", "lib", "definitions")), nil, &keys)
	if len(keys) < 150 {
		t.Fatalf("npm has %d keys", len(keys))
	}
	for _, key := range keys {
		if lookup(key, false) == nil && !listed(elsewhere, key) && !listed(missing, key) && !listed(idle, key) {
			t.Errorf("%s is not known", key)
		}
	}
}

// TestEveryPnpmKeyIsKnown has the names that pnpm 12 reads from
// pnpm-workspace.yaml (pnpm-facts 6.3), without those that project takes.
func TestEveryPnpmKeyIsKnown(t *testing.T) {
	const keys = `auditLevel autoInstallPeers autoInstallPeersFromHighestMatch blockExoticSubdeps cacheDir catalogMode catalogPrune
changedFilesIgnorePattern childConcurrency ci cleanupUnusedCatalogs dangerouslyAllowAllBuilds dedupeDirectDeps dedupeInjectedDeps
dedupePeerDependents dedupePeers deployAllFiles disallowWorkspaceCycles dlxCacheMaxAge enableGlobalVirtualStore virtualStoreType
enableModulesDir enablePrePostScripts engineStrict excludeLinksFromLockfile extendNodePath fetchMinSpeedKiBps fetchRetries
fetchRetryFactor fetchRetryMaxtimeout fetchRetryMintimeout fetchTimeout fetchWarnTimeoutMs forceLegacyDeploy frozenLockfile frozenStore
gitBranchLockfile gitChecks gitShallowHosts globalShims globalVirtualStoreDir hoist hoistPattern hoistWorkspacePackages hoistingLimits
httpProxy httpsProxy noProxy ignoreCompatibilityDb ignoreScripts ignoreWorkspaceCycles ignoreWorkspaceRootCheck includeWorkspaceRoot initPackageManager initType
injectWorkspacePackages linkWorkspacePackages lockfile lockfileDir lockfileIncludeTarballUrl maxSockets mergeGitBranchLockfiles
mergeGitBranchLockfilesBranchPattern minimumReleaseAge minimumReleaseAgeExclude minimumReleaseAgeExcludePrune
minimumReleaseAgeIgnoreMissingTime minimumReleaseAgeStrict modulesCacheMaxAge modulesDir namedRegistries networkConcurrency
nodeDownloadMirrors nodeExperimentalPackageMap nodeLinker nodeOptions nodeVersion offline optimisticRepeatInstall packageImportMethod
patchesDir peersSuffixMaxLength pmOnFail pnprServer preferFrozenLockfile preferOffline preferSymlinkedExecutables
preferWorkspacePackages publicHoistPattern registry registrySupportsTimeField resolutionMode resolvePeersFromWorkspaceRoot
runtimeOnFail saveCatalogName saveExact savePeer savePrefix saveWorkspaceProtocol scriptShell scriptsPrependNodePath shamefullyHoist
sharedWorkspaceLockfile sideEffectsCache sideEffectsCacheReadonly storeDir strictDepBuilds strictPeerDependencies
strictStorePkgContentCheck symlink syncInjectedDepsAfterScripts testPattern trustLockfile trustPolicy trustPolicyExclude
trustPolicyIgnoreAfter unsafePerm userAgent verifyDepsBeforeRun verifyStoreIntegrity versioning virtualStoreDir
virtualStoreDirMaxLength virtualStoreOnly workspaceConcurrency`
	for key := range strings.FieldsSeq(keys) {
		k := kebab(key)
		if lookup(k, false) == nil && !listed(elsewhere, k) && !listed(missing, k) && !listed(idle, k) {
			t.Errorf("%s is not known", k)
		}
	}
}
