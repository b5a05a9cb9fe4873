//go:build unix

package host

import (
	"os"
	"os/exec"
	"syscall"
)

// isolate gives the process a group of its own, which is killed as one.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

func usage(p *os.ProcessState) Usage {
	u := Usage{User: p.UserTime(), Sys: p.SystemTime()}
	if r, ok := p.SysUsage().(*syscall.Rusage); ok {
		u.MaxRSS = int64(r.Maxrss) * maxRSSUnit
		u.MinorFaults = int64(r.Minflt)
		u.Voluntary = int64(r.Nvcsw)
		u.Involuntary = int64(r.Nivcsw)
	}
	return u
}

// identity names a file for as long as it exists; links counts its names.
func identity(info os.FileInfo) (id fileID, links uint64, ok bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}, 1, false
	}
	return fileID{uint64(s.Dev), uint64(s.Ino)}, uint64(s.Nlink), true
}
