package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/config"
	"godwit/internal/fsys"
	"godwit/internal/lockfile"
	"godwit/internal/project"
)

// runConfig is the command config, and get and set, which stand for it.
func runConfig(_ context.Context, c *call) error {
	words := c.arguments()
	if name := c.args.Positional[0]; name == "get" || name == "set" {
		words = slices.Insert(words, 0, name)
	}
	if len(words) == 0 {
		return &usageError{"config wants get, set, delete or list behind it", "for example: godwit config get registry"}
	}
	if err := c.findLock(); err != nil {
		return err
	}
	switch word, rest := words[0], words[1:]; word {
	case "list", "ls":
		return c.listConfig()
	case "get":
		if len(rest) == 0 {
			return c.listConfig()
		}
		return c.printSettings(rest)
	case "set":
		return c.setConfig(rest)
	case "delete", "rm", "del":
		return c.deleteConfig(rest)
	default:
		return &usageError{fmt.Sprintf("config does not know %q", word), "use get, set, delete or list"}
	}
}

// ofPnpm reports whether the project is pnpm's by what it has, not for lack of
// any sign. It is for commands whose output differs between the two tools.
func (c *call) ofPnpm() bool {
	return c.inputs.Workspace != nil || c.lock.Format == lockfile.Pnpm && (c.lock.Path != "" || c.managedBy("pnpm"))
}

// ofNpm reports whether the project keeps a package-lock.json.
func (c *call) ofNpm() bool { return c.lock.Format == lockfile.Npm }

// setting is a setting as one of the tools names and types it.
type setting struct {
	config.Value
	name string
}

// settings are those to list: all, or those that are set.
func (c *call) settings(all bool) []setting {
	var out []setting
	for v := range c.cfg.Values() {
		if !all && v.Source.Level == config.FromDefault && v.Key != "registry" {
			continue
		}
		s := setting{v, v.Key}
		if c.ofPnpm() {
			s.name = config.Camel(v.Key)
		}
		out = append(out, s)
	}
	return out
}

// listConfig lists what is set: pnpm's list is JSON, npm's has a paragraph for
// each place, as has ours with --long.
func (c *call) listConfig() error {
	long := c.cfg.Settings.Call.Long
	if c.cfg.Settings.Call.JSON || c.ofPnpm() && !long {
		out := map[string]any{}
		for _, s := range c.settings(!c.ofPnpm() || long) {
			out[s.name] = s.shown()
		}
		return c.printJSON(out)
	}
	places := map[string][]setting{}
	titles := map[config.Level][]string{}
	for _, s := range c.settings(long) {
		title := s.Source.Place()
		if places[title] == nil {
			titles[s.Source.Level] = append(titles[s.Source.Level], title)
		}
		places[title] = append(places[title], s)
	}
	var b strings.Builder
	for _, level := range slices.Sorted(maps.Keys(titles)) {
		for _, title := range titles[level] {
			fmt.Fprintf(&b, "; %s\n\n", title)
			for _, s := range places[title] {
				value, err := json.Marshal(s.shown())
				if err != nil {
					return err
				}
				text := string(value)
				if s.Hidden() {
					text = protected
				}
				fmt.Fprintf(&b, "%s = %s\n", s.name, text)
			}
			b.WriteByte('\n')
		}
	}
	if !long {
		b.WriteString("; godwit config list --long shows all defaults\n")
	}
	_, err := fmt.Fprint(c.Stdout, ui.Plain(b.String()))
	return err
}

// protected is what npm and pnpm show in the place of a secret.
const protected = "(protected)"

func (s *setting) shown() any {
	if s.Hidden() {
		return protected
	}
	return s.Data()
}

// printSettings is config get. Scripts read its output.
func (c *call) printSettings(keys []string) error {
	for _, key := range keys {
		v, known := c.cfg.Lookup(key)
		if v.Hidden() || !known && strings.HasPrefix(key, "//") && strings.Contains(key, "_") {
			return &protectedError{key}
		}
		text, err := c.settingText(v, known)
		if err != nil {
			return err
		}
		if len(keys) > 1 {
			text = key + "=" + text
		}
		if _, err := fmt.Fprintln(c.Stdout, ui.Plain(text)); err != nil {
			return err
		}
	}
	return nil
}

// settingText is a value as config get prints it. What has none is undefined, or
// null where npm knows the setting.
func (c *call) settingText(v config.Value, known bool) (string, error) {
	asJSON := c.cfg.Settings.Call.JSON
	list, isList := v.Data().([]string)
	switch {
	case asJSON || isList && c.ofPnpm():
		out, err := json.MarshalIndent(v.Data(), "", "  ")
		return string(out), err
	case isList:
		return strings.Join(list, ","), nil
	case v.Data() != nil:
		return v.Text, nil
	case known && !c.ofPnpm():
		return "null", nil
	}
	return "undefined", nil
}

// location is the place that flags name.
func (c *call) location() string {
	if c.cfg.Settings.Call.Global {
		return "global"
	}
	return c.cfg.Settings.Call.Location
}

// setConfig is config set: a key and a value, or some "key=value".
func (c *call) setConfig(words []string) error {
	if len(words) == 0 {
		return &refusedError{"config set wants the name of a setting", "ERR_PNPM_CONFIG_NO_PARAMS", "for example: godwit config set save-exact true"}
	}
	var pairs [][2]string
	for len(words) > 0 {
		key, value, ok := strings.Cut(words[0], "=")
		if words = words[1:]; !ok && len(words) == 0 {
			return &refusedError{"config set " + key + ": there is no value", "ERR_PNPM_CONFIG_NO_PARAMS", "write godwit config set " + key + " <value>"}
		}
		if !ok {
			value, words = words[0], words[1:]
		}
		pairs = append(pairs, [2]string{key, value})
	}
	for _, pair := range pairs {
		value := project.Node{Kind: project.String, Text: pair[1]}
		if c.cfg.Settings.Call.JSON {
			var err error
			if value, err = project.ParseValue("the value of "+pair[0], pair[1]); err != nil {
				return err
			}
		}
		change, err := config.NewChange(pair[0], value, c.location() == "project")
		if err != nil {
			return err
		}
		if err := c.writeConfig(change); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) deleteConfig(words []string) error {
	if len(words) == 0 {
		return &refusedError{"config delete wants the name of a setting", "ERR_PNPM_CONFIG_NO_PARAMS", "godwit config list shows what is set"}
	}
	for _, key := range words {
		if err := c.writeConfig(config.Removal(key)); err != nil {
			return err
		}
	}
	return nil
}

// writeConfig writes one setting. A new file may get tokens: it is the user's
// alone, and so are, as with npm, those outside of projects from then on.
func (c *call) writeConfig(change config.Change) error {
	at, err := c.cfg.Place(c.location(), change.Key, c.ofPnpm())
	if err != nil {
		return err
	}
	return writeSetting(at, change, c.location() != "project")
}

// writeSetting changes a file of settings. A new one is the user's alone, and an
// old one, too, if it may hold secrets.
func writeSetting(at config.Place, change config.Change, secret bool) error {
	old, err := os.ReadFile(at.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := change.Write(at, old)
	if err != nil || string(text) == string(old) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(at.File), 0o755); err != nil {
		return err
	}
	if err := fsys.WriteFile(at.File, text, fsys.WriteOptions{Mode: 0o600}); err != nil {
		return fmt.Errorf("write %s: %w", at.File, err)
	}
	if !secret {
		return nil
	}
	return os.Chmod(at.File, 0o600)
}

// printJSON prints a value as both tools indent it.
func (c *call) printJSON(v any) error {
	enc := json.NewEncoder(c.Stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// protectedError is a secret that was asked for.
type protectedError struct{ key string }

func (e *protectedError) Error() string { return e.key + " is a secret, which is never printed" }

// Hint is what the user can do.
func (e *protectedError) Hint() string {
	return "godwit config list --long tells which file it is in"
}
