//go:build amd64 || arm64

package fsys

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// jailed is the variable that lets this test be the process in the jail; it is the path
// of a socket outside.
const jailed = "FSYS_TEST_JAILED"

// TestJailCalls tries what leads out of a jail beside files: each is refused, and what
// Node needs is not.
func TestJailCalls(t *testing.T) {
	if path := os.Getenv(jailed); path != "" {
		tryCalls(path)
		return
	}
	if err := CheckJail(); err != nil {
		t.Skip(err)
	}
	outside := filepath.Join(t.TempDir(), "socket")
	s, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(s)
	if err := unix.Bind(s, &unix.SockaddrUnix{Name: outside}); err != nil {
		t.Fatal(err)
	}
	secret, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	if _, err := unix.FcntlInt(secret.Fd(), unix.F_SETFD, 0); err != nil { // as what a shell opened for this process
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	cmd := exec.Command(program, "-test.run=^TestJailCalls$")
	cmd.Env = append(os.Environ(), jailed+"="+outside)
	cmd.Stdout, cmd.Stderr, cmd.Dir = &out, &out, "/"
	j := Jail{Write: []string{t.TempDir()}, Read: []string{"/usr", "/lib", "/lib64", "/proc", filepath.Dir(program)}}
	if err := j.Start(cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, want := range []string{"stream: <nil>", "datagram: EPERM", "other family: EPERM", "connect: EPERM", "bind: EPERM", "memory: EPERM", "queue: EPERM", "inherited: none"} {
		if !slices.Contains(strings.Split(out.String(), "\n"), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func tryCalls(outside string) {
	say := func(what string, err error) {
		text := "<nil>"
		if errno := unix.Errno(0); errors.As(err, &errno) {
			text = unix.ErrnoName(errno)
		}
		os.Stdout.WriteString(what + ": " + text + "\n")
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	say("stream", err)
	datagrams, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	say("datagram", err)
	if err == nil {
		say("sent", unix.Sendto(datagrams[0], []byte("out"), 0, &unix.SockaddrUnix{Name: outside}))
	}
	_, err = unix.Socketpair(unix.AF_TIPC, unix.SOCK_STREAM, 0)
	say("other family", err)
	say("connect", unix.Connect(pair[0], &unix.SockaddrUnix{Name: outside}))
	say("bind", unix.Bind(pair[0], &unix.SockaddrUnix{Name: "\x00godwit"}))
	_, err = unix.SysvShmGet(unix.IPC_PRIVATE, 4096, unix.IPC_CREAT|0o600)
	say("memory", err)
	_, _, errno := unix.Syscall(unix.SYS_MSGGET, unix.IPC_PRIVATE, unix.IPC_CREAT|0o600, 0)
	say("queue", errno)
	open := "none"
	for fd := 3; fd < 100; fd++ {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG {
			open = "a file"
		}
	}
	os.Stdout.WriteString("inherited: " + open + "\n")
}
