package fsys

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mountTable lists the places where something is mounted (proc(5), mountinfo); nil
// where that cannot be read. The device of a directory does not tell of a volume on
// the disk that the project is on, too.
type mountTable []string

func readMounts() mountTable {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	const place = 4 // the mount point, behind two ids, the device and the root
	places := mountTable{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > place {
			places = append(places, unescapeMount(f[place]))
		}
	}
	return places
}

func (m mountTable) mounted(dir string) bool {
	if m == nil {
		return otherDevice(dir)
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return slices.ContainsFunc(m, func(at string) bool { return at == dir || strings.HasPrefix(at, dir+"/") })
}

// unescapeMount takes back what the kernel writes for the characters that would end
// a field, or begin a comment.
func unescapeMount(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\043`, "#", `\134`, `\`).Replace(s)
}
