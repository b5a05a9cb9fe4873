package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
	"godwit/internal/registry"
)

// runView is the command view: what the registry says about a package, or some
// fields of that.
func runView(ctx context.Context, c *call) error {
	return c.view(ctx, c.args.Positional[1:])
}

func (c *call) view(ctx context.Context, words []string) error {
	if err := c.findLock(); err != nil {
		return err
	}
	if len(words) == 0 || words[0] == "." {
		if c.inputs.Project == nil || c.inputs.Project.Manifest.Name == "" {
			return &usageError{"view wants the name of a package", "for example: godwit view react version"}
		}
		words = append([]string{string(c.inputs.Project.Manifest.Name)}, words[min(1, len(words)):]...)
	}
	found, err := c.said(ctx, words[0])
	if err != nil {
		return err
	}
	return c.printViews(found, words[1:])
}

// said is what the registry says about a package, with or without a version, tag
// or range.
func (c *call) said(ctx context.Context, word string) ([]project.Node, error) {
	alias, raw := specifier.Split(word)
	if raw == "" {
		raw = c.cfg.Settings.Resolve.Tag
	}
	s, err := specifier.Parse(alias, raw)
	if err != nil {
		return nil, err
	}
	if !s.Kind.IsRegistry() {
		return nil, &usageError{fmt.Sprintf("%q is no package of a registry", word), fmt.Sprintf("%s wants a name, and perhaps a version, tag or range: react@18", c.args.Positional[0])}
	}
	reporter := c.reporter()
	defer reporter.Close()
	client, err := c.client(reporter)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	doc, err := client.Packument(ctx, s.Name, registry.Full)
	if err != nil {
		return nil, err
	}
	return c.views(doc, s)
}

// views is what is to be shown: one version, or, as npm has it, all that a range
// means.
func (c *call) views(doc *npm.Packument, s specifier.Specifier) ([]project.Node, error) {
	versions := matching(doc, s)
	if len(versions) == 0 {
		return nil, &noVersionError{string(s.Name) + "@" + s.Range}
	}
	if !c.ofNpm() {
		versions = versions[len(versions)-1:]
	}
	document, err := doc.Document()
	if err != nil {
		return nil, err
	}
	common, err := packumentNode(doc, document)
	if err != nil {
		return nil, err
	}
	var out []project.Node
	for _, v := range versions {
		m, err := project.ParseValue(string(s.Name)+"@"+v, string(document.Versions[v]))
		if err != nil {
			return nil, err
		}
		node := project.Node{Kind: project.Map, Fields: slices.Clone(common.Fields)}
		for _, f := range m.Fields {
			node.Set(f.Key, f.Value)
		}
		out = append(out, node)
	}
	return out, nil
}

// matching lists the versions that a specifier means, the lowest first.
func matching(doc *npm.Packument, s specifier.Specifier) []string {
	if v, ok := doc.DistTags[s.Range]; ok {
		return []string{v}
	}
	want, err := semver.ParseRange(s.Range, semver.Options{Loose: true})
	if err != nil {
		return nil
	}
	var found []semver.Version
	for _, v := range doc.Versions() {
		if want.Match(v) {
			found = append(found, v)
		}
	}
	slices.SortFunc(found, semver.Version.Compare)
	out := make([]string, len(found))
	for i, v := range found {
		out[i] = v.String()
	}
	return out
}

// packumentNode is what a document says about all versions, which are listed
// where they stood.
func packumentNode(doc *npm.Packument, d *npm.Document) (project.Node, error) {
	out := project.Node{Kind: project.Map}
	for _, m := range d.Fields {
		switch m.Name {
		case "readme", "readmeFilename", "_attachments", "_rev":
			continue
		}
		node, err := project.ParseValue(m.Name+" of "+string(doc.Name), string(m.Value))
		if err != nil {
			return out, err
		}
		if out.Set(m.Name, node); m.Name == "dist-tags" {
			out.Set("versions", listNode(doc))
		}
	}
	out.Set("versions", listNode(doc))
	return out, nil
}

func listNode(doc *npm.Packument) project.Node {
	list := project.Node{Kind: project.List}
	for _, v := range slices.SortedFunc(slices.Values(doc.Versions()), semver.Version.Compare) {
		list.Items = append(list.Items, project.Text(v.String()))
	}
	return list
}

// printViews prints fields as the project's tool does, or all there is to know.
func (c *call) printViews(found []project.Node, fields []string) error {
	var b strings.Builder
	switch {
	case c.cfg.Settings.Call.JSON:
		if out := viewJSON(found, fields); out.Kind != project.Missing {
			b.WriteString(string(out.JSON()) + "\n")
		}
	case len(fields) == 0:
		for _, v := range found {
			c.describe(&b, v)
		}
	default:
		for _, v := range found {
			c.writeFields(&b, v, fields, len(found) > 1)
		}
	}
	_, err := fmt.Fprint(c.Stdout, ui.Plain(b.String()))
	return err
}

// viewJSON is one value, an object of several fields, or a list where several
// versions were asked for.
func viewJSON(found []project.Node, fields []string) project.Node {
	list := project.Node{Kind: project.List}
	for _, v := range found {
		out := v
		switch {
		case len(fields) == 1:
			out = v.At(fields[0])
		case len(fields) > 1:
			out = project.Node{Kind: project.Map}
			for _, f := range fields {
				if value := v.At(f); value.Kind != project.Missing {
					out.Set(f, value)
				}
			}
		}
		if out.Kind != project.Missing {
			list.Items = append(list.Items, out)
		}
	}
	switch len(list.Items) {
	case 0:
		return project.Node{}
	case 1:
		return list.Items[0]
	}
	return list
}

// writeFields writes some fields: a text alone stands for itself, others are
// named. npm leaves out what is not there.
func (c *call) writeFields(b *strings.Builder, v project.Node, fields []string, several bool) {
	for _, f := range fields {
		value := v.At(f)
		if value.Kind == project.Missing && (len(fields) == 1 || c.ofNpm()) {
			continue
		}
		switch {
		case several && len(fields) == 1:
			fmt.Fprintf(b, "%s@%s %s\n", v.Field("name").Text, v.Field("version").Text, viewText(value))
		case several:
			fmt.Fprintf(b, "%s@%s %s = %s\n", v.Field("name").Text, v.Field("version").Text, f, viewText(value))
		case len(fields) > 1:
			fmt.Fprintf(b, "%s = %s\n", f, viewText(value))
		case value.Scalar():
			b.WriteString(value.Text + "\n")
		default:
			b.WriteString(string(value.JSON()) + "\n")
		}
	}
}

func viewText(n project.Node) string {
	switch n.Kind {
	case project.Missing:
		return ""
	case project.String:
		return "'" + n.Text + "'"
	}
	return n.Compact()
}

// noVersionError is a version that a package does not have.
type noVersionError struct{ what string }

func (e *noVersionError) Error() string { return "no version matches " + e.what }

// Code is pnpm's code for this error.
func (e *noVersionError) Code() string { return "ERR_PNPM_PACKAGE_NOT_FOUND" }

// Hint is what the user can do.
func (e *noVersionError) Hint() string {
	name, _ := specifier.Split(e.what)
	return "godwit view " + name + " versions lists those there are"
}
