//go:build amd64 || arm64

package fsys

import (
	"errors"
	"fmt"
	"math"
	"os/exec"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// minLandlock is the version of Landlock that holds: before it a process could
// truncate every file of the user (Linux 6.2).
const minLandlock = 3

// CheckJail reports why no process can be jailed here, or nil.
func CheckJail() error {
	_, err := landlockVersion()
	return err
}

func landlockVersion() (int, error) {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	switch {
	case errno != 0:
		return 0, fmt.Errorf("%w (%w)", ErrNoJail, errno)
	case v < minLandlock:
		return 0, fmt.Errorf("%w (this one has version %d of Landlock, and %d is the first that holds)", ErrNoJail, v, minLandlock)
	}
	return int(v), nil
}

// Start starts cmd in the jail. Both mechanisms bind the thread that asks for
// them and what it starts. So a thread gives up its rights, starts the process,
// and ends.
func (j *Jail) Start(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked, so that the thread ends with this function
		err := j.enter()
		if err == nil {
			err = unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC) // what this process was started with: none of its own would stay open
		}
		if err == nil {
			err = cmd.Start()
		}
		started <- err
	}()
	return <-started
}

// enter puts the calling thread into the jail.
func (j *Jail) enter() error {
	version, err := landlockVersion()
	if err != nil {
		return err
	}
	// Without this a program with more rights could be started, and neither
	// mechanism can be asked for.
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("jail: %w", err)
	}
	if err := j.restrictFiles(version); err != nil {
		return fmt.Errorf("jail: %w", err)
	}
	if err := restrictCalls(); err != nil {
		return fmt.Errorf("jail: %w (%w)", ErrNoJail, err)
	}
	return nil
}

// Rights of Landlock.
const (
	landlockRead = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	// landlockDevice is for /dev/null and its like.
	landlockDevice = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	// landlockFile is what may be said of a file; the others are of directories.
	landlockFile = landlockDevice | unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	// landlockWrite makes no devices.
	landlockWrite = landlockRead | landlockDevice | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SYM |
		unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_REFER
	landlockAll = landlockWrite | unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK
)

// devices are what programs take for granted. No terminal is among them: who can
// write to one can type.
var devices = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}

func (j *Jail) restrictFiles(version int) error {
	attr := unix.LandlockRulesetAttr{Handled_access_fs: landlockAll}
	if version >= 4 {
		attr.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if version >= 5 {
		attr.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if version >= 6 {
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return fmt.Errorf("make rules: %w", errno)
	}
	rules := int(fd)
	defer unix.Close(rules)
	for _, grant := range []struct {
		paths  []string
		access uint64
		needed bool
	}{{j.Read, landlockRead, false}, {devices, landlockDevice, false}, {j.Write, landlockWrite, true}} {
		for _, path := range grant.paths {
			err := allow(rules, path, grant.access)
			if err != nil && (grant.needed || !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EACCES)) {
				return fmt.Errorf("allow %s: %w", path, err)
			}
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(rules), 0, 0); errno != 0 {
		return fmt.Errorf("keep rules: %w", errno)
	}
	return nil
}

// allow grants access to a path and what is below it.
func allow(rules int, path string, access uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		access &= landlockFile
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(fd)}
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(rules), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// forbidden are the calls that lead out of the jail beside files. Pairs of
// sockets stay: Node talks to its children by them.
var forbidden = []uint32{
	unix.SYS_SOCKET, unix.SYS_CONNECT, unix.SYS_BIND,
	unix.SYS_SHMGET, unix.SYS_SHMAT, unix.SYS_MSGGET, unix.SYS_SEMGET, unix.SYS_MQ_OPEN, // are everybody's of the user
	unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, // has its own way to make sockets
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD,
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
}

// Offsets in struct seccomp_data; of arguments, which are int, the half that counts.
const (
	seccompCall   = 0
	seccompArch   = 4
	seccompFirst  = 16
	seccompSecond = 24
)

// socketTypes is what of the type of a socket says its kind; the rest are flags.
const socketTypes = 0xf

// restrictCalls lets forbidden calls of the calling thread fail with EPERM, and
// all calls by another architecture's numbers.
func restrictCalls() error {
	stmt := func(code uint16, k uint32) unix.SockFilter { return unix.SockFilter{Code: code, K: k} }
	jump := func(op uint16, k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | op | unix.BPF_K, Jt: yes, Jf: no, K: k}
	}
	const load = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	const refuse = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	ret := func(what uint32) unix.SockFilter { return stmt(unix.BPF_RET|unix.BPF_K, what) }
	n := uint8(len(forbidden))
	filter := []unix.SockFilter{
		stmt(load, seccompArch),
		jump(unix.BPF_JEQ, auditArch, 0, n+3), // else to the refusal
		stmt(load, seccompCall),
		jump(unix.BPF_JGE, foreignCalls, n+1, 0),
	}
	for i, nr := range forbidden {
		filter = append(filter, jump(unix.BPF_JEQ, nr, n-uint8(i), 0))
	}
	filter = append(filter,
		jump(unix.BPF_JEQ, unix.SYS_SOCKETPAIR, 1, 8), // else to the end
		ret(refuse),
		// Half of a pair of datagram sockets can still be told to send to any path.
		stmt(load, seccompFirst),
		jump(unix.BPF_JEQ, unix.AF_UNIX, 0, 4),
		stmt(load, seccompSecond),
		stmt(unix.BPF_ALU|unix.BPF_AND|unix.BPF_K, socketTypes),
		jump(unix.BPF_JEQ, unix.SOCK_STREAM, 2, 0),
		jump(unix.BPF_JEQ, unix.SOCK_SEQPACKET, 1, 0),
		ret(refuse),
		ret(unix.SECCOMP_RET_ALLOW),
	)
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall6(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
