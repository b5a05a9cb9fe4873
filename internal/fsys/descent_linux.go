package fsys

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// StartedBy lists the processes that a shell, which was started as the process pid
// with args ("sh", "-c", line), has started and that run: its children, and those of
// the copies that it makes of itself. There are none if it has become another program
// (exec).
func StartedBy(pid int, args []string) []int {
	const shellArgs = 3
	if len(args) != shellArgs || args[1] != "-c" || !runs(pid, args) {
		return nil
	}
	children := childrenOfAll()
	var out []int
	for shells := []int{pid}; len(shells) > 0; {
		kids := children[shells[0]]
		shells = shells[1:]
		for _, kid := range kids {
			if runs(kid, args) {
				shells = append(shells, kid)
			}
			out = append(out, kid)
		}
	}
	return out
}

// runs reports whether a process was started with args, and is no other program by now.
func runs(pid int, args []string) bool {
	line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return err == nil && bytes.Equal(line, []byte(strings.Join(args, "\x00")+"\x00"))
}

// childrenOfAll lists the children of every process.
func childrenOfAll() map[int][]int {
	out := map[int][]int{}
	entries, _ := os.ReadDir("/proc") // where there is none nobody has children
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if parent, ok := parentOf(pid); ok {
				out[parent] = append(out[parent], pid)
			}
		}
	}
	return out
}

// parentOf is the parent of a process, which is in the second field behind its name
// (proc_pid_stat(5)); a name may have spaces and parentheses.
func parentOf(pid int) (int, bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return 0, false
	}
	parent, err := strconv.Atoi(fields[1])
	return parent, err == nil
}

// Adopt makes orphans below this process its own children, from now on.
func Adopt() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// SignalChild sends a signal to a process whose parent is this one or among parents:
// the number of another one may mean anything.
func SignalChild(pid int, sig os.Signal, parents ...int) {
	parent, ok := parentOf(pid)
	if s, isNumber := sig.(syscall.Signal); ok && isNumber && (parent == os.Getpid() || slices.Contains(parents, parent)) {
		_ = syscall.Kill(pid, s) // it ended meanwhile: there is nobody to tell
	}
}

// AwaitChild waits for the end of a process, if it is a child of this one.
func AwaitChild(pid int) {
	for {
		if _, err := syscall.Wait4(pid, nil, 0, nil); err != syscall.EINTR {
			return
		}
	}
}
