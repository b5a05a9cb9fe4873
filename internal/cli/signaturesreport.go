package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"godwit/internal/cli/ui"
)

// report tells the verdicts, and fails unless all are right.
func (s *signatures) report(all []*verdict, took time.Duration) error {
	by := map[string][]*verdict{}
	for _, v := range all {
		by[v.problem] = append(by[v.problem], v)
	}
	var err error
	switch {
	case !s.cfg.Settings.Call.JSON:
		err = s.tell(all, by, took)
	case s.npm:
		err = writeJSON(s.Stdout, s.asNpm(all, by))
	default:
		err = writeJSON(s.Stdout, asPnpm(all, by))
	}
	if err != nil {
		return err
	}
	if len(by["invalid"])+len(by["missing"]) > 0 {
		return errSaid
	}
	return nil
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

func (s *signatures) tell(all []*verdict, by map[string][]*verdict, took time.Duration) error {
	var b strings.Builder
	audited := counted(all, func(v *verdict) bool { return v.problem != "unsigned" })
	fmt.Fprintf(&b, "audited %s", ui.Count(audited, "package"))
	if s.npm {
		fmt.Fprintf(&b, " in %s", took.Truncate(time.Second))
	}
	b.WriteString("\n\n")
	if n := counted(all, is("")); n > 0 {
		b.WriteString(packagesHave(n, "a verified registry signature", "verified registry signatures") + "\n\n")
	}
	if n := counted(all, func(v *verdict) bool { return v.attestations != nil }); n > 0 {
		b.WriteString(packagesHave(n, "a verified attestation", "verified attestations") + "\n\n")
	}
	if n := counted(all, is("unsigned")); n > 0 {
		b.WriteString(packagesHave(n, "a registry that signs nothing", "registries that sign nothing") + "\n\n")
	}
	if missing := by["missing"]; len(missing) > 0 {
		b.WriteString(packagesHave(counted(missing, is("missing")), "no signature", "no signatures") + ", although the registry has keys:\n\n")
		listTo(&b, missing)
	}
	if invalid := by["invalid"]; len(invalid) > 0 {
		b.WriteString(packagesHave(counted(invalid, is("invalid")), "an invalid signature or attestation", "invalid signatures or attestations"))
		b.WriteString("; someone may have tampered with them since they were published:\n\n")
		listTo(&b, invalid)
	}
	_, err := fmt.Fprint(s.Stdout, ui.Plain(b.String()))
	return err
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

// asNpm is the JSON of npm 11, with each copy of a package.
func (s *signatures) asNpm(all []*verdict, by map[string][]*verdict) npmSignatures {
	out := npmSignatures{Invalid: []npmVerdict{}, Missing: []npmVerdict{}}
	for _, v := range by["invalid"] {
		for _, at := range v.places {
			out.Invalid = append(out.Invalid, npmVerdict{
				Code: v.code, Message: v.message, Integrity: v.integrity, KeyID: v.keyID, Location: at.dir, Name: v.name, Registry: v.registry,
				Resolved: v.resolved, Signature: v.sig, Predicate: v.predicate, Type: at.kind, Version: v.version,
			})
		}
	}
	for _, v := range by["missing"] {
		for _, at := range v.places {
			out.Missing = append(out.Missing, npmVerdict{
				Integrity: v.integrity, Location: at.dir, Name: v.name, Registry: v.registry, Resolved: v.resolved, Version: v.version,
			})
		}
	}
	if !s.cfg.Settings.Audit.Attestations {
		return out
	}
	out.Verified = &[]npmAttested{}
	for _, v := range all {
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

// asPnpm is the JSON of pnpm 12.
func asPnpm(all []*verdict, by map[string][]*verdict) pnpmSignatures {
	list := func(of []*verdict) []pnpmVerdict {
		out := []pnpmVerdict{}
		for _, v := range of {
			out = append(out, pnpmVerdict{v.name, v.registry, v.version, v.integrity, v.message, v.resolved})
		}
		return out
	}
	return pnpmSignatures{
		Audited: counted(all, func(v *verdict) bool { return v.problem != "unsigned" }), Verified: counted(all, is("")),
		Invalid: list(by["invalid"]), Missing: list(by["missing"]),
	}
}
