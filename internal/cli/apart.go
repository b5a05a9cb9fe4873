package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"godwit/internal/config"
	"godwit/internal/fsys"
	"godwit/internal/project"
)

// apart is a call about a project of our own in dir, which is made: what dlx
// installs, and global packages. It has the settings of this call, but none of
// those that are about this call's project; rules says whose install scripts may
// run.
func (c *call) apart(dir string, rules []project.BuildRule, words ...string) (*call, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, project.ManifestFile)
	if _, err := os.Lstat(file); err != nil {
		if err := fsys.WriteFile(file, []byte("{\n  \"private\": true\n}\n"), fsys.WriteOptions{}); err != nil {
			return nil, fmt.Errorf("write %s: %w", file, err)
		}
	}
	p, err := project.Read(dir)
	if err != nil {
		return nil, err
	}
	cfg := *c.cfg
	s := &cfg.Settings
	s.Workspace = config.Workspace{SharedLockfile: true, PeersFromRoot: true}
	s.Lockfile = config.Lockfile{Enabled: true, PreferFrozen: true}
	s.Include = config.Include{Prod: true, Dev: true, Optional: s.Include.Optional}
	s.Save = config.Save{Save: true, Prefix: "^", CatalogMode: "manual", CheckNames: s.Save.CheckNames}
	s.Install.Linker, s.Dirs.Lockfile, s.Dirs.VirtualStore = "", "", ""
	s.Install.AllowBuild = nil // rules has them
	s.Call.Global, s.Call.DryRun, s.Call.Depth, s.Call.JSON = false, false, "", false
	ws := &project.Workspace{File: filepath.Join(dir, project.WorkspaceFile), Shape: project.Shape{AllowBuilds: rules}}
	if mine := c.inputs.Workspace; mine != nil {
		ws.Catalogs = mine.Catalogs // "eslint@catalog:" is what the project has
	}
	return &call{
		Process: c.Process, args: &config.Args{Positional: words}, cfg: &cfg,
		inputs:    config.Inputs{Location: project.Location{Dir: dir}, Project: p, Workspace: ws},
		workspace: projectSet{root: dir, here: "."},
	}, nil
}

// newName is a name for a directory that no other call chooses.
func (c *call) newName() string {
	return strconv.FormatInt(c.Now().UnixNano(), 36) + "-" + strconv.Itoa(os.Getpid())
}
