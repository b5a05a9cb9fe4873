// Package provenance says where a package was built: the statement that a job of
// GitHub Actions or GitLab CI makes about a tarball, from what the service tells
// the job in its environment.
//
// The form is npm's (libnpmpublish 11, lib/provenance.js): an in-toto statement
// with SLSA's predicate, of version 1 for GitHub and 0.2 for GitLab.
package provenance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Subject is what a statement is about.
type Subject struct {
	Name   string // a package URL, see [PackageURL]
	SHA512 string // of the tarball, in hexadecimal
}

// PackageURL is the name of a version in statements.
func PackageURL(name, version string) string {
	if scoped, ok := strings.CutPrefix(name, "@"); ok {
		name = "%40" + scoped
	}
	return "pkg:npm/" + name + "@" + version
}

// Job is what the service tells a job, by the names of variables.
type Job func(name string) (value string, ok bool)

// UnknownError is a variable that the service has not set.
type UnknownError struct{ Variable string }

func (e *UnknownError) Error() string {
	return e.Variable + " is not set, and is part of what provenance says"
}

// reader reads a job's variables, and keeps which one is missing.
type reader struct {
	job     Job
	missing string
}

// need is a variable that has to be there.
func (r *reader) need(name string) string {
	value, ok := r.job(name)
	if !ok && r.missing == "" {
		r.missing = name
	}
	return value
}

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	key   string
	value any // nil is left out
}

// MarshalJSON writes the object.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteByte('{')
	first := true
	for _, m := range o {
		if m.value == nil {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		fmt.Fprintf(&b, "%q:", m.key) // keys are plain words
		if err := enc.Encode(m.value); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - 1) // the encoder ends lines
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// statement puts a predicate about a subject into its envelope.
func (r *reader) statement(kind, predicateType string, s Subject, predicate object) ([]byte, error) {
	if r.missing != "" {
		return nil, &UnknownError{r.missing}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(object{
		{"_type", kind},
		{"subject", []object{{{"name", s.Name}, {"digest", object{{"sha512", s.SHA512}}}}}},
		{"predicateType", predicateType},
		{"predicate", predicate},
	})
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
