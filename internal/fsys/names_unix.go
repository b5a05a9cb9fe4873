//go:build !windows

package fsys

func checkName(string) error { return nil }
