package project

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// Files in which yarn and bun have settings of their own.
const (
	YarnrcFile = ".yarnrc.yml"
	BunfigFile = "bunfig.toml"
)

// ToolSettings is what such a file says about node_modules.
type ToolSettings struct {
	Linker string   // nodeLinker, or linker of bun; "" is the default
	Limits string   // nmHoistingLimits
	Unread []string // keys that are there and that change what is installed

	// Of yarn 2 and later.
	YarnPath          string
	Compression       string // compressionLevel; "" is the default
	PackageExtensions Node
}

// ReadYarnrc reads yarn's settings of the project in dir. The file need not be
// there.
func ReadYarnrc(dir string) (ToolSettings, error) {
	file := filepath.Join(dir, YarnrcFile)
	raw, err := readIfAny(file)
	if err != nil || raw == nil {
		return ToolSettings{}, err
	}
	root, err := parseYAML(file, raw)
	if err != nil {
		return ToolSettings{}, err
	}
	t := ToolSettings{
		Linker: root.Field("nodeLinker").Text, Limits: root.Field("nmHoistingLimits").Text, YarnPath: root.Field("yarnPath").Text,
		Compression: root.Field("compressionLevel").Text, PackageExtensions: root.Field("packageExtensions"),
	}
	for _, key := range []string{"npmRegistryServer", "npmScopes", "npmRegistries", "npmAuthToken", "npmMinimalAgeGate"} {
		if root.Field(key).Kind != Missing {
			t.Unread = append(t.Unread, key)
		}
	}
	return t, nil
}

// ReadBunfig reads bun's settings of the project in dir. Of TOML it knows tables,
// and texts on one line, which is all that these settings are.
func ReadBunfig(dir string) (ToolSettings, error) {
	raw, err := readIfAny(filepath.Join(dir, BunfigFile))
	if err != nil {
		return ToolSettings{}, err
	}
	var t ToolSettings
	table := ""
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			table = strings.Trim(line, "[] \t")
			if table == "install.scopes" || table == "install.registry" {
				t.Unread = append(t.Unread, table)
			}
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if key = strings.TrimSpace(key); !ok || table != "install" {
			continue
		}
		switch key {
		case "linker":
			value, _, _ = strings.Cut(value, "#")
			t.Linker = strings.Trim(strings.TrimSpace(value), `"'`)
		case "registry":
			t.Unread = append(t.Unread, "install.registry")
		}
	}
	return t, nil
}

// readIfAny is nil for a file that is not there.
func readIfAny(file string) ([]byte, error) {
	raw, err := readFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the settings of the project: %w", err)
	}
	return raw, nil
}
