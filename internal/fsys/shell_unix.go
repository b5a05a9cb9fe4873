//go:build !windows

package fsys

import (
	"context"
	"os/exec"
)

// EnvIgnoresCase is false: PATH and Path are two variables.
const EnvIgnoresCase = false

// NodeName is the file name of the program node.
const NodeName = "node"

// ShellCommand is a shell that runs line, which it parses itself. The shell is
// the system's if program is "".
func ShellCommand(ctx context.Context, program, line string) *exec.Cmd {
	if program == "" {
		program = "sh"
	}
	return exec.CommandContext(ctx, program, "-c", line)
}

// ShellIsCmd reports whether a shell parses lines as cmd.exe does.
func ShellIsCmd(string) bool { return false }
