//go:build !linux

package fsys

import "os"

// StartedBy is nil here: shells of macOS and the BSDs become the last program that
// they start, so that a signal to the shell reaches it, and Windows has no signals.
func StartedBy(int, []string) []int { return nil }

// Adopt does nothing here.
func Adopt() {}

// SignalChild does nothing here.
func SignalChild(int, os.Signal, ...int) {}

// AwaitChild does nothing here.
func AwaitChild(int) {}
