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
		return p.missingTrust(doc)
	}
	if bad := p.checkTrust(&testimony{doc: doc}, version); bad != nil {
		return bad
	}
	return nil
}

// distrusted are the versions that CheckTrust refuses. The error is a
// [*MissingTimeError].
func (p *Policy) distrusted(doc *npm.Packument) (map[string]*TrustError, error) {
	if !p.NoDowngrade || p.TrustExclude.All(doc.Name) {
		return nil, nil
	}
	if !doc.Full {
		return nil, p.missingTrust(doc)
	}
	out := map[string]*TrustError{}
	all := &testimony{doc: doc}
	for i := range doc.Len() {
		version := doc.Key(i)
		if p.TrustExclude.version(doc.Name, version) {
			continue
		}
		if bad := p.checkTrust(all, version); bad != nil {
			out[version] = bad
		}
	}
	return out, nil
}

// missingTrust is what comes of a document without times.
func (p *Policy) missingTrust(doc *npm.Packument) error {
	if p.MissingTime {
		return nil
	}
	return p.missingTime(doc, "trustPolicy")
}

func (p *Policy) checkTrust(all *testimony, version string) *TrustError {
	doc := all.doc
	unknown := func(problem string) *TrustError {
		return &TrustError{Name: doc.Name, Version: version, Npmrc: p.Npmrc, problem: problem}
	}
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
		e, err := all.evidence(i)
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
	has, err := all.evidence(doc.IndexOf(version))
	if err != nil {
		return unknown("its evidence cannot be read")
	}
	if has < strongest {
		return &TrustError{Name: doc.Name, Version: version, Npmrc: p.Npmrc, Earlier: by, problem: "it has " + evidenceNames[has] + ", while " + by + ", which was published before, has " + evidenceNames[strongest]}
	}
	return nil
}

// testimony is the evidence of the versions of a document, each read once.
type testimony struct {
	doc  *npm.Packument
	read []testified
}

type testified struct {
	asked    bool
	evidence evidence
	err      error
}

func (t *testimony) evidence(i int) (evidence, error) {
	if t.read == nil {
		t.read = make([]testified, t.doc.Len())
	}
	at := &t.read[i]
	if !at.asked {
		at.asked = true
		var raw []byte
		if raw, at.err = t.doc.Raw(t.doc.Key(i)); at.err == nil {
			at.evidence, at.err = evidenceOf(raw)
		}
	}
	return at.evidence, at.err
}
