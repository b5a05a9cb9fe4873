//go:build !windows

package fsys

import (
	"os/exec"
	"syscall"
)

// Group makes the end of cmd's context end all processes that cmd started, too.
// Signals from the terminal reach none of them.
func Group(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
