package fsys

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// EnvIgnoresCase is true: PATH and Path are one variable.
const EnvIgnoresCase = true

// NodeName is the file name of the program node.
const NodeName = "node.exe"

// ShellCommand is a shell that runs line, which it parses itself. The shell is
// the system's if program is "".
func ShellCommand(ctx context.Context, program, line string) *exec.Cmd {
	if !ShellIsCmd(program) {
		return exec.CommandContext(ctx, program, "-c", line)
	}
	if program == "" {
		program = "cmd.exe"
	}
	cmd := exec.CommandContext(ctx, program)
	// cmd takes what stands between the first and the last quote as it is. Go
	// would quote the line for programs that parse quotes as C does.
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: syscall.EscapeArg(program) + ` /d /s /c "` + line + `"`}
	return cmd
}

// ShellIsCmd reports whether a shell parses lines as cmd.exe does.
func ShellIsCmd(program string) bool {
	base := strings.ToLower(filepath.Base(program))
	return program == "" || base == "cmd" || base == "cmd.exe"
}
