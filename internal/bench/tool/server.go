package tool

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Server is a process that a tool asks besides the registry. Strings may hold
// {listen}, {upstream}, which is the registry as the server reaches it,
// {registry}, which is how tools call it, and {dir}, a folder of its own.
type Server struct {
	Ours     bool     // it is built from this module, not found
	Packages []string // as in Tool
	Programs []string
	Command  string   // arguments
	Env      []string // besides this program's
	Files    []File   // written before it starts
	Login    bool     // a user is made on it first; {token} is hers
}

// Ground is where a server runs.
type Ground struct {
	Listen   string // host:port
	Upstream string // URL
	Registry string // URL
	Dir      string
}

// Expand replaces the placeholders in s.
func (g Ground) Expand(s string) string {
	return strings.NewReplacer("{listen}", g.Listen, "{upstream}", g.Upstream, "{registry}", g.Registry, "{dir}", g.Dir).Replace(s)
}

// Prepare writes the files, in a folder that is empty.
func (s *Server) Prepare(g Ground) error {
	if err := os.RemoveAll(g.Dir); err != nil {
		return err
	}
	if err := os.MkdirAll(g.Dir, 0o755); err != nil {
		return err
	}
	for _, f := range s.Files {
		if err := os.WriteFile(g.Expand(f.Path), []byte(g.Expand(f.Text)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Find looks for a server's program below the folder peers.
func (s *Server) Find(peers string) (string, error) {
	for _, candidate := range s.Programs {
		at := filepath.Join(peers, "node_modules", filepath.FromSlash(Machine(candidate)))
		if info, err := os.Stat(at); err == nil && info.Mode().IsRegular() {
			return at, nil
		}
	}
	return "", fmt.Errorf("its server is not in %s; godwit-bench peers installs it", peers)
}

// godwitServer is the server of this module, beside the registry.
func godwitServer() *Server {
	return &Server{Ours: true, Command: "serve --listen {listen} --upstream {upstream} --alias {registry} --cache {dir}"}
}

// pnpr is the server of pnpm. The versions are of one month: later clients and
// this server do not understand each other.
func pnpr() *Server {
	return &Server{
		Packages: []string{"@pnpm/pnpr.{os}-{cpu}@0.1.0-alpha.8"},
		Programs: []string{"@pnpm/pnpr.{os}-{cpu}/pnpr"},
		Command:  "-c {dir}/pnpr.yaml --listen {listen}",
		// It asks only a registry that clients call by the same URL. That is the
		// end of their link; as a proxy the registry itself answers to it, too.
		Env: []string{"HTTP_PROXY={upstream}", "http_proxy={upstream}"},
		Files: []File{{"{dir}/pnpr.yaml", `storage: {dir}/storage
registries:
  npm:
    type: upstream
    url: {registry}
    public: true
auth:
  htpasswd:
    file: {dir}/htpasswd
    max_users: 1
log: {type: stdout, format: pretty, level: warn}
`}},
		Login: true,
	}
}
