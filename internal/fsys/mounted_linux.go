package fsys

import (
	"os"
	"path/filepath"
	"strings"
)

// mounted reads what is mounted where this process sees it (proc(5), mountinfo):
// the device of a directory does not tell of a volume on the disk that the project
// is on, too.
func mounted(dir string) bool {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return otherDevice(dir)
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	const place = 4 // the mount point, behind two ids, the device and the root
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) > place {
			if at := unescapeMount(f[place]); at == dir || strings.HasPrefix(at, dir+"/") {
				return true
			}
		}
	}
	return false
}

// unescapeMount takes back what the kernel writes for the characters that would end
// a field, or begin a comment.
func unescapeMount(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\043`, "#", `\134`, `\`).Replace(s)
}
