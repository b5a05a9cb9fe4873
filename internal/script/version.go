package script

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/fsys"
)

// NodeVersion is the version of a node, "20.1.2", by the headers that come with
// it, or "" where there are none. To run it would take longer than many a script.
func NodeVersion(node string) string {
	if node == "" {
		return ""
	}
	if real, err := filepath.EvalSymlinks(node); err == nil {
		node = real
	}
	for _, up := range []string{"..", "."} { // Unix, Windows
		data, err := os.ReadFile(filepath.Join(filepath.Dir(node), up, "include", "node", "node_version.h"))
		if err == nil {
			return headerVersion(data)
		}
	}
	return ""
}

// smallestNode is less than any node that has everything in itself (Node 8: 30 MB),
// and more than the programs in its place that start another one, by the directory
// they are called in: scripts of asdf and nodenv, proto's shim.
const smallestNode = 8 << 20

// IsNode reports whether a file is node itself, so that what it says of itself holds
// for as long as the file stays as it is. A node that is small, since the most of it
// is in a library, is not seen as one; volta and mise have links to themselves.
func IsNode(file string) bool {
	real, err := filepath.EvalSymlinks(file)
	if err != nil || filepath.Base(real) != fsys.NodeName {
		return false
	}
	info, err := os.Stat(real)
	return err == nil && info.Size() >= smallestNode
}

// headerVersion reads node_version.h.
func headerVersion(header []byte) string {
	parts := [3]string{}
	lines := bufio.NewScanner(bytes.NewReader(header))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) != 3 || f[0] != "#define" || strings.Trim(f[2], "0123456789") != "" {
			continue
		}
		for i, name := range []string{"NODE_MAJOR_VERSION", "NODE_MINOR_VERSION", "NODE_PATCH_VERSION"} {
			if f[1] == name {
				parts[i] = f[2]
			}
		}
	}
	if parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return ""
	}
	return strings.Join(parts[:], ".")
}
