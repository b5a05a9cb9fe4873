package cli

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"

	"godwit/internal/config"
	"godwit/internal/npm"
	"godwit/internal/project"
	"godwit/internal/provenance"
	"godwit/internal/registry"
	"godwit/internal/sigstore"
)

// The services whose jobs may say where a package was built (npm 11).
const (
	onGitHub = "GitHub Actions"
	onGitLab = "GitLab CI"
)

// proves reports whether a package is published with a statement of where it was
// built, and refuses what cannot be had, before any script runs. Nobody has to
// ask where the registry trusts a job of a public repository and everybody may
// see the package (npm 11, utils/oidc.js).
func (p *publisher) proves(ctx context.Context, to *destination, m *project.Manifest, name npm.Name) (bool, error) {
	asked, said := p.asksForProvenance(m)
	file := p.cfg.Settings.Publish.ProvenanceFile
	switch {
	case p.cfg.Settings.Call.DryRun:
		return false, nil
	case asked && file != "":
		return false, &usageError{"--provenance makes a statement, and --provenance-file has one", "pass one of them"}
	case asked:
		return true, p.mayProve(ctx, to, name)
	case said || file != "" || !to.open || p.canProve() != nil:
		return false, nil
	}
	seen, err := to.visible(ctx, name)
	return seen && err == nil, nil // whoever did not ask hears no refusal
}

// mayProve refuses a statement that was asked for and cannot be made.
func (p *publisher) mayProve(ctx context.Context, to *destination, name npm.Name) error {
	if err := p.canProve(); err != nil || to.access == "public" {
		return err
	}
	if seen, err := to.visible(ctx, name); seen || err != nil {
		return err
	}
	return &refusedError{string(name) + " is new or private, and its provenance would be public", "EUSAGE", "pass --access public, or --no-provenance"}
}

// visible reports whether everybody may see a package. A registry that does not
// know it may only not know us.
func (e *endpoint) visible(ctx context.Context, name npm.Name) (bool, error) {
	var answer struct{ Public bool }
	_, err := e.send(ctx, "", "-/package/"+registry.EscapedName(name)+"/visibility", nil, &answer)
	if registry.IsNotFound(err) {
		err = nil
	}
	return answer.Public, err
}

// asksForProvenance is what flag, publishConfig and settings say, in that order,
// and whether any does.
func (p *publisher) asksForProvenance(m *project.Manifest) (asked, said bool) {
	v, _ := p.cfg.Lookup("provenance")
	if field := m.PublishConfig.Field("provenance"); field.Kind != project.Missing && v.Source.Level != config.FromFlag {
		return field.Text == "true", true
	}
	return p.cfg.Settings.Publish.Provenance, v.Source.Level != config.FromDefault
}

// canProve refuses to make statements where no service tells whose job this is.
func (p *publisher) canProve() error {
	const next = "pass --no-provenance, or "
	switch service := p.cfg.Settings.CIName; {
	case service == onGitHub && p.variable("ACTIONS_ID_TOKEN_REQUEST_URL") == "":
		return &refusedError{"the workflow has no permission to say who it is, which provenance takes", "ERR_PNPM_ID_TOKEN_GITHUB_WORKFLOW_INCORRECT_PERMISSIONS", next + "give the job the permission id-token: write"}
	case service == onGitLab && p.variable("SIGSTORE_ID_TOKEN") == "":
		return &refusedError{"the job has no SIGSTORE_ID_TOKEN, which provenance takes", "ERR_PNPM_PROVENANCE_GITLAB_MISSING_TOKEN", next + "name it in the job's id_tokens, with the audience sigstore"}
	case service == onGitHub || service == onGitLab:
		return nil
	case service != "":
		return &refusedError{"provenance cannot be made on " + service, "ERR_PNPM_PROVENANCE_UNSUPPORTED_PROVIDER", next + "publish from GitHub Actions or GitLab CI"}
	}
	return &refusedError{"provenance is made by jobs of CI services, and this is none that is known", "ERR_PNPM_PROVENANCE_UNSUPPORTED_PROVIDER", next + "publish from GitHub Actions or GitLab CI"}
}

// prove adds to a publication the signed statement of where it was built.
func (p *publisher) prove(ctx context.Context, to *destination, out *packed, doc *publication) error {
	sum := sha512.Sum512(out.Tarball)
	subject := provenance.Subject{Name: provenance.PackageURL(string(out.name), out.version), SHA512: hex.EncodeToString(sum[:])}
	var text []byte
	var err error
	switch file := p.cfg.Settings.Publish.ProvenanceFile; {
	case to.proved:
		text, err = p.signed(ctx, subject)
	case file != "":
		text, err = p.readProof(file, subject)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	bundle, err := sigstore.Parse(text)
	if err != nil {
		return err
	}
	doc.Attachments[string(out.name)+"-"+out.version+".sigstore"] = attachment{bundle.MediaType, string(text), len(text)}
	return nil
}

// signed makes a statement, has it signed and written down, and tells so.
func (p *publisher) signed(ctx context.Context, subject provenance.Subject) ([]byte, error) {
	say := provenance.GitHub
	if p.cfg.Settings.CIName == onGitLab {
		say = provenance.GitLab
	}
	statement, err := say(p.variableSet, subject)
	if err != nil {
		return nil, err
	}
	token, err := p.identity(ctx)
	if err != nil {
		return nil, err
	}
	services, err := p.notary()
	if err != nil {
		return nil, err
	}
	bundle, err := sigstore.Sign(ctx, services, token, statement)
	if err != nil {
		return nil, err
	}
	where := fmt.Sprintf("entry %d of the log %s", bundle.Material.Entries[0].Index, p.cfg.Settings.Publish.Rekor)
	if v, _ := p.cfg.Lookup("rekor-url"); v.Source.Level == config.FromDefault {
		where = fmt.Sprintf("https://search.sigstore.dev/?logIndex=%d", bundle.Material.Entries[0].Index)
	}
	fmt.Fprintf(p.Stderr, "Provenance: signed for %s, %s\n", p.cfg.Settings.CIName, where)
	return json.Marshal(bundle)
}

// identity is the service's word about the job, for those who give certificates.
func (p *publisher) identity(ctx context.Context) (string, error) {
	if token := p.variable("SIGSTORE_ID_TOKEN"); token != "" {
		return token, nil
	}
	ask, secret := p.variable("ACTIONS_ID_TOKEN_REQUEST_URL"), p.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if secret == "" {
		return "", errors.New("ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set")
	}
	token, err := p.askService(ctx, ask, secret, "sigstore")
	if err != nil {
		return "", fmt.Errorf("GitHub gave no token: %s", registry.Brief(err))
	}
	return token, nil
}

// notary is the services that sign.
func (c *call) notary() (sigstore.Services, error) {
	type ask = func(ctx context.Context, path string, body, answer any) error
	at := func(url string) (ask, error) {
		e, err := c.serviceAt(url)
		return func(ctx context.Context, path string, body, answer any) error {
			_, err := e.send(ctx, http.MethodPost, path, body, answer)
			return err
		}, err
	}
	fulcio, err := at(c.cfg.Settings.Publish.Fulcio)
	if err != nil {
		return sigstore.Services{}, err
	}
	rekor, err := at(c.cfg.Settings.Publish.Rekor)
	return sigstore.Services{Fulcio: fulcio, Rekor: rekor}, err
}

// readProof reads a statement that somebody else had signed, and refuses one that
// is not right, or about something else.
func (p *publisher) readProof(file string, subject provenance.Subject) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	bundle, err := sigstore.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	said, err := bundle.Statement()
	if err == nil {
		err = said.About(subject.Name, subject.SHA512)
	}
	if err != nil {
		return nil, fmt.Errorf("%s is no statement about %s: %w", file, subject.Name, err)
	}
	root, err := p.trustedRoot()
	if err != nil {
		return nil, err
	}
	if err := bundle.Verify(root, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return text, nil
}

// trustedRoot is who is trusted about signatures.
func (c *call) trustedRoot() (*sigstore.Root, error) {
	file := c.cfg.Settings.Publish.TrustedRoot
	if file == "" {
		return sigstore.PublicRoot()
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read trusted-root: %w", err)
	}
	root, err := sigstore.ParseRoot(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return root, nil
}
