package testreg

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// line reads one line of the section packages: name@version and what is to be
// said of it.
func (fx *fixtures) line(words []string) error {
	name, ver, ok := splitAt(words[0])
	if !ok || ver == "" {
		return fmt.Errorf("%q: a line begins with NAME@VERSION", words[0])
	}
	v := fx.version(name, ver)
	for _, w := range words[1:] {
		if err := fx.attribute(v, w); err != nil {
			return fmt.Errorf("%s: %w", words[0], err)
		}
	}
	return nil
}

// attributes lists the words a line may have, but for plain dependencies. Each
// is called with what follows the colon (or, for deprecated, the "=").
var attributes = map[string]func(fx *fixtures, v *version, arg string) error{
	"dep":        dependency("dependencies"),
	"dev":        dependency("devDependencies"),
	"opt":        dependency("optionalDependencies"),
	"peer":       dependency("peerDependencies"),
	"engine":     dependency("engines"),
	"peer?":      optionalPeer,
	"bundle":     bundled,
	"bin":        bin,
	"os":         list("os"),
	"cpu":        list("cpu"),
	"libc":       list("libc"),
	"script":     assignment("scripts"),
	"set":        setField,
	"tag":        tag,
	"time":       published,
	"hash":       hash,
	"tarball":    func(_ *fixtures, v *version, arg string) error { v.tarballURL = arg; return nil },
	"deprecated": func(_ *fixtures, v *version, arg string) error { v.deprecated = arg; return nil },
}

// attribute applies one word of a line.
func (fx *fixtures) attribute(v *version, w string) error {
	if w == "deprecated" || strings.HasPrefix(w, "deprecated=") {
		w = "deprecated:" + strings.TrimPrefix(strings.TrimPrefix(w, "deprecated"), "=")
		if w == "deprecated:" {
			w += "no longer maintained"
		}
	}
	if kind, arg, ok := strings.Cut(w, ":"); ok && attributes[kind] != nil {
		return attributes[kind](fx, v, arg)
	}
	if _, _, ok := splitAt(w); !ok {
		return fmt.Errorf("%q: neither ALIAS@SPECIFIER nor one of the words the package comment lists", w)
	}
	return dependency("dependencies")(fx, v, w)
}

// dependency adds "alias@specifier" to a map of the manifest.
func dependency(field string) func(*fixtures, *version, string) error {
	return func(_ *fixtures, v *version, arg string) error {
		alias, spec, ok := splitAt(arg)
		if !ok {
			return fmt.Errorf("%q: write ALIAS@SPECIFIER", arg)
		}
		v.put(field, alias, spec)
		return nil
	}
}

// assignment adds "key=value" to a map of the manifest.
func assignment(field string) func(*fixtures, *version, string) error {
	return func(_ *fixtures, v *version, arg string) error {
		key, value, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("%q: write KEY=VALUE", arg)
		}
		v.put(field, key, value)
		return nil
	}
}

// list sets an array of the manifest from "a,b".
func list(field string) func(*fixtures, *version, string) error {
	return func(_ *fixtures, v *version, arg string) error {
		v.manifest.set(field, strings.Split(arg, ","))
		return nil
	}
}

// put sets manifest[field][key].
func (v *version) put(field, key string, value any) {
	o := v.manifest.child(field)
	o.set(key, value)
	v.manifest.set(field, o)
}

func optionalPeer(fx *fixtures, v *version, arg string) error {
	if err := dependency("peerDependencies")(fx, v, arg); err != nil {
		return err
	}
	alias, _, _ := splitAt(arg)
	v.put("peerDependenciesMeta", alias, object{{"optional", true}})
	return nil
}

// bundled makes a dependency that comes with the tarball, files included.
func bundled(fx *fixtures, v *version, arg string) error {
	if err := dependency("dependencies")(fx, v, arg); err != nil {
		return err
	}
	alias, ver, _ := splitAt(arg)
	names, _ := v.manifest.lookup("bundleDependencies").([]string)
	v.manifest.set("bundleDependencies", append(names, alias))
	inner := version{name: alias, version: ver}
	inner.manifest.prefer("version", ver)
	inner.manifest.prefer("name", alias)
	manifest, err := inner.packageJSON()
	if err != nil {
		return err
	}
	for _, f := range []file{{path: "package.json", data: manifest}, inner.module()} {
		f.path = "node_modules/" + alias + "/" + f.path
		v.made = append(v.made, f)
	}
	return nil
}

// bin reads "command=path", or "command" for a file of that name with ".js".
// The file is made: it prints "name@version command".
func bin(_ *fixtures, v *version, arg string) error {
	command, path, ok := strings.Cut(arg, "=")
	if !ok {
		path = command + ".js"
	}
	v.put("bin", command, path)
	text := fmt.Sprintf("#!/usr/bin/env node\nconsole.log(%q)\n", v.name+"@"+v.version+" "+command)
	v.made = append(v.made, file{path: strings.TrimPrefix(path, "./"), data: []byte(text), exec: true})
	return nil
}

// setField sets any field: "sideEffects=false", "dependencies=[]". What is not
// JSON is a string.
func setField(_ *fixtures, v *version, arg string) error {
	key, value, ok := strings.Cut(arg, "=")
	if !ok {
		return fmt.Errorf("set:%s: write set:FIELD=JSON", arg)
	}
	if json.Valid([]byte(value)) {
		v.manifest.set(key, json.RawMessage(value))
	} else {
		v.manifest.set(key, value)
	}
	return nil
}

func tag(fx *fixtures, v *version, arg string) error {
	for _, t := range strings.Split(arg, ",") {
		fx.pkg(v.name).tags[t] = v.version
	}
	return nil
}

func published(_ *fixtures, v *version, arg string) error {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, arg); err == nil {
			v.time = t.UTC()
			return nil
		}
	}
	return fmt.Errorf("time:%s: write 2021-02-03 or 2021-02-03T04:05:06Z", arg)
}

// hashes are the ways in which a packument can speak of a tarball's bytes.
var hashes = map[string]string{
	"sha512": "integrity and shasum, both right",
	"sha1":   "shasum only, as before 2017",
	"none":   "neither",
	"wrong":  "both, of other bytes",
}

func hash(_ *fixtures, v *version, arg string) error {
	if hashes[arg] == "" {
		return fmt.Errorf("hash:%s: there are sha512, sha1, none and wrong", arg)
	}
	v.hash = arg
	return nil
}
