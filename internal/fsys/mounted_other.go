//go:build unix && !linux

package fsys

func mounted(dir string) bool { return otherDevice(dir) }
