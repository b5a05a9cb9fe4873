//go:build unix && !linux

package fsys

// mountTable is nothing: each directory is asked about its device.
type mountTable struct{}

func readMounts() mountTable { return mountTable{} }

func (mountTable) mounted(dir string) bool { return otherDevice(dir) }
