package cli

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/fsys"
	"godwit/internal/project"
)

const pkgHelp = `A property is written as in npm: scripts.build, contributors[0].name,
exports[./sub], and keywords[] for the place behind the last item. With --json values
are JSON, where they are set and where they are printed.`

// runPkg is the command pkg: properties of package.json, in npm's shapes, or in
// pnpm's where its lockfile is kept.
func runPkg(_ context.Context, c *call) error {
	words := c.arguments()
	if len(words) == 0 {
		return &usageError{"pkg wants get, set, delete or fix", "for example: godwit pkg get version"}
	}
	if err := c.findLock(); err != nil {
		return err
	}
	projects, several, err := c.pkgProjects()
	if err != nil {
		return err
	}
	args := words[1:]
	switch word := words[0]; word {
	case "get":
		return c.pkgGet(projects, several, args)
	case "set", "delete", "fix":
		edit, err := c.pkgEdit(word, args)
		if err != nil {
			return err
		}
		for _, p := range projects {
			if err := c.rewriteDocument(p, edit); err != nil {
				return err
			}
		}
		return nil
	default:
		return &usageError{fmt.Sprintf("pkg has no word %q", word) + meant(word, []string{"get", "set", "delete", "fix"}), "get, set, delete or fix"}
	}
}

// pkgProjects are the projects that the call is for.
func (c *call) pkgProjects() (list []*project.Project, several bool, err error) {
	if !c.recursive() {
		p, err := c.projectOf()
		return []*project.Project{p}, false, err
	}
	r := &runner{call: c}
	projects, levels, err := r.selection()
	if err != nil {
		return nil, true, r.noneIsFine(err)
	}
	dirs := slices.Concat(levels...)
	slices.Sort(dirs)
	for _, dir := range dirs {
		list = append(list, projects[dir])
	}
	return list, true, nil
}

// pkgGet prints properties: of several projects by their names.
func (c *call) pkgGet(projects []*project.Project, several bool, args []string) error {
	all := project.Node{Kind: project.Map}
	for _, p := range projects {
		found, err := properties(p.Manifest.Document, args)
		if err != nil {
			return err
		}
		if !several {
			return c.printProperties(found, args)
		}
		value := found
		if len(args) == 1 && len(found.Fields) == 1 {
			value = found.Fields[0].Value
		}
		all.Set(string(p.Manifest.Name), value)
	}
	_, err := fmt.Fprintln(c.Stdout, string(all.JSON()))
	return err
}

// properties are what ways lead to, in one map; without ways the document.
func properties(doc project.Node, args []string) (project.Node, error) {
	if len(args) == 0 {
		return doc, nil
	}
	out := project.Node{Kind: project.Map}
	for _, arg := range args {
		way, err := project.ParseProperty(arg)
		if err != nil {
			return out, err
		}
		fields := way.Find(doc)
		for _, f := range fields {
			if len(fields) == 1 {
				f.Key = arg
			}
			out.Set(f.Key, f.Value)
		}
	}
	return out, nil
}

// printProperties prints a single value by itself. Where pnpm's lockfile is kept a
// text is printed without quotes, and nothing where there is no value.
func (c *call) printProperties(found project.Node, args []string) error {
	text := string(found.JSON())
	plain := !c.ofNpm() && !c.cfg.Settings.Call.JSON
	if len(args) == 1 && len(found.Fields) == 1 {
		value := found.Fields[0].Value
		text = string(value.JSON())
		if plain && value.Kind == project.String {
			text = ui.Plain(value.Text)
		}
	} else if len(args) == 1 && !c.ofNpm() {
		return nil
	}
	_, err := fmt.Fprintln(c.Stdout, text)
	return err
}

// pkgEdit is what a word with its arguments does to a document.
func (c *call) pkgEdit(word string, args []string) (func(*project.Project) (project.Node, error), error) {
	if word == "fix" {
		return fixManifest, nil
	}
	if len(args) == 0 {
		return nil, &usageError{"pkg " + word + " wants properties", "for example: godwit pkg set type=module, godwit pkg delete scripts.old"}
	}
	type change struct {
		way   project.Property
		value project.Node
	}
	var changes []change
	for _, arg := range args {
		key, text, given := arg, "", true
		if word == "set" {
			key, text, given = strings.Cut(arg, "=")
		}
		way, err := project.ParseProperty(key)
		if err != nil {
			return nil, err
		}
		value := project.Text(text)
		if !given || c.ofNpm() && word == "set" && text == "" {
			return nil, &pairError{arg}
		}
		if word == "set" && c.cfg.Settings.Call.JSON {
			if value, err = project.ParseValue("the value of "+key, text); err != nil {
				return nil, err
			}
		}
		changes = append(changes, change{way, value})
	}
	over := !c.ofNpm() || c.cfg.Settings.Call.Force
	return func(p *project.Project) (doc project.Node, err error) {
		doc = p.Manifest.Document
		for _, ch := range changes {
			if word == "delete" {
				doc = ch.way.Delete(doc)
			} else if doc, err = ch.way.Set(doc, ch.value, over); err != nil {
				return doc, err
			}
		}
		return doc, nil
	}, nil
}

// rewriteDocument changes the package.json of a project. npm writes it in any case.
func (c *call) rewriteDocument(p *project.Project, edit func(*project.Project) (project.Node, error)) error {
	doc, err := edit(p)
	if err != nil {
		return fmt.Errorf("change %s: %w", p.Path(), err)
	}
	if !c.ofNpm() && bytes.Equal(doc.JSON(), p.Manifest.Document.JSON()) {
		return nil
	}
	out, err := p.Written(doc)
	if err == nil && string(out) != string(p.Text()) {
		err = fsys.WriteFile(p.Path(), out, fsys.WriteOptions{})
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", p.Path(), err)
	}
	return nil
}

// pairError is an argument of set that is no pair.
type pairError struct{ arg string }

func (e *pairError) Error() string {
	return fmt.Sprintf("pkg set wants key=value, and got %q", e.arg)
}

// Code is pnpm's code for this error.
func (e *pairError) Code() string { return "ERR_PNPM_PKG_SET_INVALID_ARG" }

// Hint is what the user can do.
func (e *pairError) Hint() string { return "for example: godwit pkg set scripts.test=vitest" }
