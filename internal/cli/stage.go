package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/project"
	"godwit/internal/registry"
)

const stageHelp = `    godwit stage publish [directory | tarball]  as publish, but that somebody has to approve it
    godwit stage list [package]                 what waits for that
    godwit stage view <id>
    godwit stage download <id>                  its tarball, to look into
    godwit stage approve <id>                   publish it
    godwit stage reject <id>                    take it away`

// What is staged is at these places of a registry (npm 11, commands/stage):
//
//	POST -/stage/package/NAME  GET -/stage?page=0&perPage=100
//	GET, DELETE -/stage/ID     GET -/stage/ID/tarball  POST -/stage/ID/approve
const stagePath = "-/stage"

// runStage is the command stage.
func runStage(ctx context.Context, c *call) error {
	const known = "publish, list, view, approve, reject and download"
	words := c.args.Positional[1:]
	if len(words) == 0 {
		return &refusedError{"stage wants one of " + known + " behind it", "ERR_PNPM_STAGE_SUBCOMMAND_REQUIRED", "godwit help stage"}
	}
	verb, words := words[0], words[1:]
	switch verb {
	case "publish":
		return c.publish(ctx, words)
	case "list", "ls":
		return c.listStaged(ctx, words)
	}
	run := map[string]func(context.Context, *endpoint, string) error{
		"view": c.viewStaged, "info": c.viewStaged, "show": c.viewStaged, "v": c.viewStaged,
		"approve": c.approveStaged, "reject": c.rejectStaged, "download": c.downloadStaged,
	}[verb]
	if run == nil {
		return &refusedError{"stage knows " + known + ", and got " + verb, "ERR_PNPM_STAGE_UNKNOWN_SUBCOMMAND", "godwit help stage"}
	}
	if len(words) != 1 {
		return &refusedError{"stage " + verb + " wants the ID of what is staged", "ERR_PNPM_STAGE_ID_REQUIRED", "godwit stage list shows IDs"}
	}
	if !isStageID(words[0]) {
		return &refusedError{words[0] + " is no ID of what is staged: that is a UUID", "ERR_PNPM_INVALID_STAGE_ID", "godwit stage list shows IDs"}
	}
	e, err := c.account()
	if err != nil {
		return err
	}
	return run(ctx, e, words[0])
}

// isStageID reports whether a registry could call something so: by a UUID.
func isStageID(id string) bool {
	groups := strings.Split(id, "-")
	if len(groups) != 5 {
		return false
	}
	for i, n := range []int{8, 4, 4, 4, 12} {
		if len(groups[i]) != n || strings.Trim(groups[i], "0123456789abcdefABCDEF") != "" {
			return false
		}
	}
	return true
}

// staging reports whether this is stage publish.
func (c *call) staging() bool { return commandOf(c.args.Positional) == "stage" }

// stage sends a publication that has to be approved.
func (p *publisher) stage(ctx context.Context, to *destination, out *packed, doc publication) error {
	var answer struct{ StageID string }
	_, err := to.send(ctx, http.MethodPost, stagePath+"/package/"+registry.EscapedName(out.name), doc, &answer)
	out.stageID = answer.StageID
	return err
}

// stageNote is what stands behind a package that waits for approval.
func (p *publisher) stageNote(out *packed) string {
	switch {
	case !p.staged || p.cfg.Settings.Call.DryRun:
		return ""
	case !isStageID(out.stageID):
		return " (staged)"
	}
	return " (staged with id " + out.stageID + ")"
}

// stagedPage is how many are asked for at one time, and stagedPages how often
// (the former is npm's).
const (
	stagedPage  = 100
	stagedPages = 1000
)

// staged lists what waits for approval, of one package unless its name is "".
func (e *endpoint) staged(ctx context.Context, name string) ([]project.Node, error) {
	var all []project.Node
	for page := range stagedPages {
		query := url.Values{"page": {fmt.Sprint(page)}, "perPage": {fmt.Sprint(stagedPage)}}
		if name != "" {
			query.Set("package", name)
		}
		doc, err := e.value(ctx, stagePath+"?"+query.Encode(), "what the registry says is staged")
		if err != nil {
			return nil, err
		}
		items := doc.Field("items").Items
		all = append(all, items...)
		if len(items) < stagedPage || fmt.Sprint(len(all)) == doc.Field("total").Text {
			return all, nil
		}
	}
	return nil, fmt.Errorf("the registry has more than %d packages staged", stagedPage*stagedPages)
}

func (c *call) listStaged(ctx context.Context, words []string) error {
	name := ""
	if len(words) > 0 {
		of, rest, err := splitSpec(words[0])
		if err != nil {
			return err
		}
		if rest != "" {
			return &refusedError{"versions of what is staged cannot be asked for: " + words[0], "ERR_PNPM_STAGE_VERSION_SPECIFIER_UNSUPPORTED", "godwit stage list " + string(of)}
		}
		name = string(of)
	}
	e, err := c.account()
	if err != nil {
		return err
	}
	items, err := e.staged(ctx, name)
	switch {
	case err != nil:
		return err
	case c.cfg.Settings.Call.JSON:
		return writeNode(c.Stdout, project.Node{Kind: project.List, Items: items})
	case len(items) == 0 && name != "":
		return c.printLines(fmt.Sprintf("No staged versions of package name %q.", name))
	case len(items) == 0:
		return c.printLines("No staged packages found.")
	}
	for i, item := range items {
		if i > 0 {
			fmt.Fprintln(c.Stdout)
		}
		if err := c.printLines(stagedLines(item)...); err != nil {
			return err
		}
	}
	return nil
}

// stagedLines is what is staged as npm shows it: first what it has names for.
func stagedLines(item project.Node) []string {
	shown := project.Node{Kind: project.Map}
	for _, f := range [][2]string{
		{"id", "id"}, {"packageName", "package name"}, {"version", "version"}, {"tag", "tag"}, {"createdAt", "date staged"},
		{"actor", "staged by"}, {"shasum", "shasum"},
	} {
		shown.Set(f[1], item.Field(f[0]))
	}
	if kind := item.Field("actorType").Text; kind != "" {
		shown.Set("staged by", project.Text(item.Field("actor").Text+" ("+kind+")"))
	}
	for _, f := range item.Fields {
		switch f.Key {
		case "packageName", "createdAt", "actor", "actorType":
		default:
			shown.Set(f.Key, f.Value)
		}
	}
	var lines []string
	for _, f := range shown.Fields {
		if f.Value.Kind != project.Missing && f.Value.Kind != project.Null {
			lines = append(lines, f.Key+": "+plainText(f.Value))
		}
	}
	return lines
}

func (c *call) viewStaged(ctx context.Context, e *endpoint, id string) error {
	item, err := e.value(ctx, stagePath+"/"+id, "what the registry says is staged")
	if err != nil {
		return err
	}
	if c.cfg.Settings.Call.JSON {
		return writeNode(c.Stdout, item)
	}
	return c.printLines(stagedLines(item)...)
}

func (c *call) approveStaged(ctx context.Context, e *endpoint, id string) error {
	item, err := e.value(ctx, stagePath+"/"+id, "what the registry says is staged")
	if err != nil {
		return err
	}
	name, _, err := splitSpec(item.Field("packageName").Text)
	if err != nil {
		return fmt.Errorf("the registry says that %s is staged: %w", id, err)
	}
	if err := e.change(ctx, name, http.MethodPost, stagePath+"/"+id+"/approve", nil); err != nil {
		return err
	}
	return c.printLines("Staged package " + id + " approved and published successfully.")
}

func (c *call) rejectStaged(ctx context.Context, e *endpoint, id string) error {
	if _, err := e.send(ctx, http.MethodDelete, stagePath+"/"+id, nil, nil); err != nil {
		return err
	}
	return c.printLines("Staged package " + id + " has been rejected.")
}

// downloadStaged writes a tarball that is staged beside us.
func (c *call) downloadStaged(ctx context.Context, e *endpoint, id string) error {
	var data []byte
	if _, err := e.send(ctx, "", stagePath+"/"+id+"/tarball", nil, &data); err != nil {
		return err
	}
	out, err := unpacked("what is staged as "+id, data)
	if err != nil {
		return fmt.Errorf("read what is staged as %s: %w", id, err)
	}
	file := strings.Replace(strings.TrimPrefix(string(out.name), "@"), "/", "-", 1) + "-" + out.version + "-" + id + ".tgz"
	if err := fsys.CheckPath(file); err != nil {
		return err
	}
	if err := fsys.WriteFile(c.fromHere(filepath.Base(file)), data, fsys.WriteOptions{}); err != nil {
		return err
	}
	out.file = file
	if !c.cfg.Settings.Call.JSON {
		return c.printLines(file)
	}
	if c.likeNpm() {
		return writeJSON(c.Stdout, map[string]any{string(out.name): out.npm()})
	}
	return writeJSON(c.Stdout, map[string]any{string(out.name): out.published()})
}
