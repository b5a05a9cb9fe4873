package cli

import (
	"fmt"
	"strings"

	"godwit/internal/event"
	"godwit/internal/project"
)

// warnFuture tells of what the project asks of pnpm and does not get here, though
// its packages can be installed without.
func (c *call) warnFuture(sink event.Sink) error {
	if c.foreign() || c.npmProject() {
		return nil
	}
	tell := func(format string, args ...any) {
		sink.Emit(event.Warning{Code: "CONFIG_NOT_SUPPORTED", Message: fmt.Sprintf(format, args...)})
	}
	if p := c.inputs.Project; p != nil {
		for _, r := range runtimes(&p.Manifest) {
			tell("package.json wants %s to be downloaded, which godwit does not do yet; what is on PATH is used", r)
		}
	}
	return nil
}

// runtimes are those that a package.json wants to have downloaded.
func runtimes(m *project.Manifest) (out []string) {
	all := m.DevEngines.Runtime
	engines := m.Document.Field("engines").Field("runtime")
	for _, n := range append([]project.Node{engines}, engines.Items...) {
		if name := n.Field("name").Text; name != "" {
			all = append(all, project.Tool{Name: name, Version: n.Field("version").Text, OnFail: n.Field("onFail").Text})
		}
	}
	for _, t := range all {
		if t.OnFail == "download" {
			out = append(out, strings.TrimSpace(t.Name+" "+t.Version))
		}
	}
	return out
}
