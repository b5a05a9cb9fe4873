package server_test

import (
	"testing"
	"time"

	"godwit/internal/npm"
	"godwit/internal/server"
)

// What who runs the server does not admit is not there for any project.
func TestAdmit(t *testing.T) {
	o := server.Options{Admit: func(doc *npm.Packument) (*npm.Packument, time.Time, error) {
		if !doc.Full {
			t.Errorf("%s has no times", doc.Name)
		}
		return doc.Filter(func(i int) bool { return doc.Key(i) != "1.3.0" }, map[string]string{"latest": "1.2.0"}), time.Time{}, nil
	}}
	b := start(t, o)
	packages, last := b.frames(b.post(b.request(`{"dependencies": {"left-pad": "^1.0.0"}}`)))
	if len(packages) != 1 || packages[0].ID != "left-pad@1.2.0" || last.Done == nil {
		t.Errorf("%+v, %+v", packages, last)
	}
}
