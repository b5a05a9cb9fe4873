package host

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Machine says what this computer is, as far as the system tells: files below
// /proc are read where there are any.
func Machine() (cpu, kernel string, memory int64) {
	cpu = field("/proc/cpuinfo", "model name")
	if cpu == "" {
		cpu = runtime.GOARCH
	}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		kernel = strings.TrimSpace(string(b))
	}
	kilobytes, _, _ := strings.Cut(field("/proc/meminfo", "MemTotal"), " ")
	if n, err := strconv.ParseInt(kilobytes, 10, 64); err == nil {
		memory = n * 1024
	}
	return cpu, kernel, memory
}

// field is the first value of a "name : value" line in a file, or "".
func field(path, name string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		key, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
