package policy

import (
	"bytes"
	"encoding/json"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// evidence is how a version was vouched for when it was published, the weakest
// first.
type evidence uint8

const (
	none      evidence = iota
	attested           // where it was built can be checked
	trusted            // and the registry knows the builder as the publisher
	confirmed          // a person let it through
)

var evidenceNames = [...]string{"no evidence", "an attestation of provenance", "a trusted publisher", "a staged publish"}

// evidenceOf reads the manifest of a version.
func evidenceOf(raw []byte) (evidence, error) {
	if !bytes.Contains(raw, []byte("attestations")) && !bytes.Contains(raw, []byte("approver")) && !bytes.Contains(raw, []byte(`\u`)) {
		return none, nil
	}
	var m struct {
		NPMUser struct {
			Approver         any
			TrustedPublisher any
		} `json:"_npmUser"`
		Dist struct {
			Attestations struct{ Provenance any }
		}
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return none, err
	}
	switch {
	case m.NPMUser.Approver != nil:
		return confirmed, nil
	case m.Dist.Attestations.Provenance == nil:
		return none, nil
	case m.NPMUser.TrustedPublisher != nil:
		return trusted, nil
	}
	return attested, nil
}

// CheckTrust refuses a version that has less evidence than one that was
// published before it, of the same major; prereleases count for prereleases
// only. What cannot be told is refused, too. Errors: [*TrustError],
// [*MissingTimeError].
func (p *Policy) CheckTrust(doc *npm.Packument, version string) error {
	if p == nil || !p.NoDowngrade || p.TrustExclude.version(doc.Name, version) {
		return nil
	}
	if !doc.Full {
		if p.MissingTime {
			return nil
		}
		return &MissingTimeError{doc.Name, "trustPolicy"}
	}
	unknown := func(problem string) error { return &TrustError{Name: doc.Name, Version: version, problem: problem} }
	published, known := doc.Published(version)
	if !known {
		return unknown("the registry does not say when it was published")
	}
	if p.TrustAge > 0 && p.Now.Sub(published) > p.TrustAge {
		return nil
	}
	parsed, err := semver.Parse(version, semver.Options{Loose: true})
	if err != nil {
		return unknown(err.Error())
	}
	var strongest evidence
	var by string
	for i, v := range doc.Versions() {
		if v.Major != parsed.Major || v.IsPrerelease() && !parsed.IsPrerelease() {
			continue
		}
		if at, known := doc.PublishedAt(i); !known || !at.Before(published) {
			continue
		}
		e, err := evidenceIn(doc, doc.Key(i))
		if err != nil {
			return unknown("the evidence of " + doc.Key(i) + " cannot be read")
		}
		if e > strongest {
			strongest, by = e, doc.Key(i)
		}
	}
	if strongest == none {
		return nil
	}
	has, err := evidenceIn(doc, version)
	if err != nil {
		return unknown("its evidence cannot be read")
	}
	if has < strongest {
		return &TrustError{Name: doc.Name, Version: version, Earlier: by, problem: "it has " + evidenceNames[has] + ", while " + by + ", which was published before, has " + evidenceNames[strongest]}
	}
	return nil
}

func evidenceIn(doc *npm.Packument, version string) (evidence, error) {
	raw, err := doc.Raw(version)
	if err != nil {
		return none, err
	}
	return evidenceOf(raw)
}
