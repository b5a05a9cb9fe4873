package cli

import (
	"context"
	"io"
	"sync"
	"time"

	"godwit/internal/audit/signatures"
	"godwit/internal/cli/ui"
)

// auditSignatures is audit signatures.
func (c *call) auditSignatures(ctx context.Context) error {
	a, err := c.newAuditor()
	if err != nil {
		return err
	}
	begin := c.Now()
	report, err := signatures.Check(ctx, a.graph, a.reach, signatures.Options{
		Registry: c.cfg.Registries.For, Root: sync.OnceValues(c.trustedRoot), Width: packumentsAtOnce, Copies: c.ofNpm(),
		Open: func(url string) (signatures.Ask, error) {
			e, err := c.endpointAt(url)
			return func(ctx context.Context, path string, to any) error {
				_, err := e.send(ctx, "", path, nil, to)
				return err
			}, err
		},
	})
	if err != nil {
		return err
	}
	if !report.Signed() {
		return &refusedError{what: "no registry that packages are from signs them", code: "ERR_GODWIT_NO_SIGNATURES", next: "there is nothing to check"}
	}
	took := ""
	if c.ofNpm() {
		took = c.Now().Sub(begin).Truncate(time.Second).String()
	}
	switch {
	case c.cfg.Settings.Call.JSON && c.ofNpm():
		err = writeJSON(c.Stdout, report.Npm(c.cfg.Settings.Audit.Attestations))
	case c.cfg.Settings.Call.JSON:
		err = writeJSON(c.Stdout, report.Pnpm())
	default:
		_, err = io.WriteString(c.Stdout, ui.Plain(report.Text(took)))
	}
	if err == nil && !report.Good() {
		err = errSaid
	}
	return err
}
