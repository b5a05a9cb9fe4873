package cli

import (
	"context"

	"godwit/internal/config"
	"godwit/internal/event"
	"godwit/internal/install"
	"godwit/internal/npm"
	"godwit/internal/registry"
	"godwit/internal/resolve"
	"godwit/internal/resolve/packuments"
	"godwit/internal/resolve/policy"
)

// policy is what the settings say about which published versions there are, or
// nil where they say nothing.
func (c *call) policy() (*policy.Policy, error) {
	r := &c.cfg.Settings.Resolve
	p := &policy.Policy{
		Strict: r.StrictAge != config.No, MissingTime: r.IgnoreNoTime,
		NoDowngrade: r.TrustPolicy == "no-downgrade", TrustAge: r.TrustIgnoreAfter, Now: c.Now(),
		Npmrc: c.npmProject() || c.foreign(),
	}
	if r.MinReleaseAge > 0 {
		p.Cutoff, p.Setting = p.Now.Add(-r.MinReleaseAge), c.ageSetting(p.Npmrc)
	}
	if before := r.Before; !before.IsZero() && (p.Cutoff.IsZero() || before.Before(p.Cutoff)) {
		p.Cutoff, p.Setting = before, "before"
	}
	if p.Cutoff.IsZero() && !p.NoDowngrade {
		return nil, nil
	}
	var err error
	if p.Exclude, err = policy.ParseExclude("minimumReleaseAgeExclude", r.MinAgeExclude); err != nil {
		return nil, err
	}
	p.TrustExclude, err = policy.ParseExclude("trustPolicyExclude", r.TrustExclude)
	return p, err
}

// ageSetting is what the minimum age is called where the project says it.
func (c *call) ageSetting(npmrc bool) string {
	if !npmrc {
		return "minimumReleaseAge"
	}
	if v, _ := c.cfg.Lookup("minimum-release-age"); v.Source.Level != config.FromDefault {
		return "minimum-release-age"
	}
	return "min-release-age"
}

// asking is how commands that look for newer versions get packuments: without the
// versions that the policy holds back.
type asking func(context.Context, npm.Name) (*npm.Packument, error)

func (c *call) asking(client *registry.Client) (asking, error) {
	rules, err := c.policy()
	if err != nil {
		return nil, err
	}
	src := packuments.Source{Registry: client, Policy: rules}
	return func(ctx context.Context, name npm.Name) (*npm.Packument, error) {
		doc, err := src.Packument(ctx, name, false)
		if err != nil {
			return nil, err
		}
		return rules.Admitted(doc)
	}, nil
}

// young tells of versions that are newer than the policy wants because there
// are no others.
func young(p *policy.Policy, res *resolve.Result, out *install.Resolved) error {
	if len(res.Young) == 0 {
		return nil
	}
	err := &policy.AgeError{Violations: res.Young, Setting: p.Setting, Npmrc: p.Npmrc}
	if p.Strict {
		return err
	}
	out.Warnings = append(out.Warnings, event.Warning{Code: "RELEASE_AGE", Message: err.Error()})
	return nil
}
