package resolve

import (
	"godwit/internal/graph"
	"godwit/internal/npm"
)

// Published is where the files of a version are, by what its registry says.
func Published(m *npm.Manifest) graph.Resolution { return registryResolution(m) }
