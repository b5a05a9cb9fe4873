package signatures

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Report is what came of looking at all packages.
type Report struct{ all []*verdict }

// Signed reports whether there was anything to check.
func (r *Report) Signed() bool {
	return slices.ContainsFunc(r.all, func(v *verdict) bool { return v.problem != "unsigned" || v.attestations != nil })
}

// Good reports whether all that is signed, and ought to be, is so as it should be.
func (r *Report) Good() bool { return len(r.with("invalid"))+len(r.with("missing")) == 0 }

// with are the verdicts with a problem.
func (r *Report) with(problem string) []*verdict {
	var out []*verdict
	for _, v := range r.all {
		if v.problem == problem {
			out = append(out, v)
		}
	}
	return out
}

// counted is how many packages verdicts stand for, that want counts.
func counted(all []*verdict, want func(*verdict) bool) int {
	n := 0
	for _, v := range all {
		if want(v) {
			n += v.count()
		}
	}
	return n
}

// is is whether a verdict has a problem, "" being none.
func is(problem string) func(*verdict) bool {
	return func(v *verdict) bool { return v.problem == problem }
}

// packagesHave is "1 package has one", or "2 packages have two".
func packagesHave(n int, one, more string) string {
	if n == 1 {
		return "1 package has " + one
	}
	return fmt.Sprintf("%d packages have %s", n, more)
}

// Text is the report for people, with texts from elsewhere in it; took is how long it
// was waited for, which npm tells, or "".
func (r *Report) Text(took string) string {
	var b strings.Builder
	audited := counted(r.all, func(v *verdict) bool { return v.problem != "unsigned" })
	what := "packages"
	if audited == 1 {
		what = "package"
	}
	fmt.Fprintf(&b, "audited %d %s", audited, what)
	if took != "" {
		b.WriteString(" in " + took)
	}
	b.WriteString("\n\n")
	if n := counted(r.all, is("")); n > 0 {
		b.WriteString(packagesHave(n, "a verified registry signature", "verified registry signatures") + "\n\n")
	}
	if n := counted(r.all, func(v *verdict) bool { return v.attestations != nil }); n > 0 {
		b.WriteString(packagesHave(n, "a verified attestation", "verified attestations") + "\n\n")
	}
	if n := counted(r.all, is("unsigned")); n > 0 {
		b.WriteString(packagesHave(n, "a registry that signs nothing", "registries that sign nothing") + "\n\n")
	}
	if missing := r.with("missing"); len(missing) > 0 {
		b.WriteString(packagesHave(counted(missing, is("missing")), "no signature", "no signatures") + ", although the registry has keys:\n\n")
		listTo(&b, missing)
	}
	if invalid := r.with("invalid"); len(invalid) > 0 {
		b.WriteString(packagesHave(counted(invalid, is("invalid")), "an invalid signature or attestation", "invalid signatures or attestations"))
		b.WriteString("; someone may have tampered with them since they were published:\n\n")
		listTo(&b, invalid)
	}
	return b.String()
}

// listTo writes packages, a line each, and an empty one.
func listTo(b *strings.Builder, list []*verdict) {
	for _, v := range list {
		fmt.Fprintf(b, "%s@%s (%s)", v.name, v.version, v.registry)
		if v.message != "" {
			b.WriteString(": it " + strings.TrimPrefix(v.message, v.name+"@"+v.version+" "))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

// npmVerdict is what npm 11's JSON has of a package whose signature is missing or
// not right; what one of them has not is left out.
type npmVerdict struct {
	Code      string `json:"code,omitempty"`
	Message   string `json:"message,omitempty"`
	Integrity string `json:"integrity,omitempty"`
	KeyID     string `json:"keyid,omitempty"`
	Location  string `json:"location"`
	Name      string `json:"name"`
	Registry  string `json:"registry"`
	Resolved  string `json:"resolved,omitempty"`
	Signature string `json:"signature,omitempty"`
	Predicate string `json:"predicateType,omitempty"`
	Type      string `json:"type,omitempty"`
	Version   string `json:"version"`
}

// npmAttested is what it has of one whose statements are right.
type npmAttested struct {
	Name         string          `json:"name"`
	Version      string          `json:"version"`
	Location     string          `json:"location"`
	Registry     string          `json:"registry"`
	Attestations json.RawMessage `json:"attestations"`
	Bundles      json.RawMessage `json:"attestationBundles"`
}

type npmSignatures struct {
	Invalid  []npmVerdict   `json:"invalid"`
	Missing  []npmVerdict   `json:"missing"`
	Verified *[]npmAttested `json:"verified,omitempty"`
}

// Npm is the JSON of npm 11, with each copy of a package; statements are told if that
// is asked for.
func (r *Report) Npm(statements bool) any {
	out := npmSignatures{Invalid: []npmVerdict{}, Missing: []npmVerdict{}}
	for _, v := range r.with("invalid") {
		for _, at := range v.places {
			out.Invalid = append(out.Invalid, npmVerdict{
				Code: v.code, Message: v.message, Integrity: v.integrity, KeyID: v.keyID, Location: at.dir, Name: v.name, Registry: v.registry,
				Resolved: v.resolved, Signature: v.sig, Predicate: v.predicate, Type: at.kind, Version: v.version,
			})
		}
	}
	for _, v := range r.with("missing") {
		for _, at := range v.places {
			out.Missing = append(out.Missing, npmVerdict{
				Integrity: v.integrity, Location: at.dir, Name: v.name, Registry: v.registry, Resolved: v.resolved, Version: v.version,
			})
		}
	}
	if !statements {
		return out
	}
	out.Verified = &[]npmAttested{}
	for _, v := range r.all {
		for _, at := range v.places {
			if v.attestations != nil {
				*out.Verified = append(*out.Verified, npmAttested{v.name, v.version, at.dir, v.registry, v.attestations, v.bundles})
			}
		}
	}
	return out
}

// pnpmVerdict is what pnpm 12's JSON has of a package.
type pnpmVerdict struct {
	Name      string `json:"name"`
	Registry  string `json:"registry"`
	Version   string `json:"version"`
	Integrity string `json:"integrity,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Resolved  string `json:"resolved,omitempty"`
}

type pnpmSignatures struct {
	Audited  int           `json:"audited"`
	Invalid  []pnpmVerdict `json:"invalid"`
	Missing  []pnpmVerdict `json:"missing"`
	Verified int           `json:"verified"`
}

// Pnpm is the JSON of pnpm 12.
func (r *Report) Pnpm() any {
	list := func(of []*verdict) []pnpmVerdict {
		out := []pnpmVerdict{}
		for _, v := range of {
			out = append(out, pnpmVerdict{v.name, v.registry, v.version, v.integrity, v.message, v.resolved})
		}
		return out
	}
	return pnpmSignatures{
		Audited: counted(r.all, func(v *verdict) bool { return v.problem != "unsigned" }), Verified: counted(r.all, is("")),
		Invalid: list(r.with("invalid")), Missing: list(r.with("missing")),
	}
}
