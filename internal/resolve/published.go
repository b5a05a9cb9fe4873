package resolve

import (
	"godwit/internal/graph"
	"godwit/internal/npm"
)

// Published is where the files of a version are, by what its registry says.
func Published(m *npm.Manifest) graph.Resolution { return registryResolution(m) }

// Pick is the version of a packument that a version, a range or a dist-tag means to who
// has nothing locked; "" is none.
func Pick(doc *npm.Packument, what string) string {
	return pickVersion(doc, what, nil, nil, picking{}, nil)
}
