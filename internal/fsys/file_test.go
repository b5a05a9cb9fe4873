package fsys

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// lockHolder names a file that a child process locks before it says so.
const lockHolder = "FSYS_TEST_LOCK"

func TestMain(m *testing.M) {
	if path := os.Getenv(lockHolder); path != "" {
		if _, err := TryLock(path, Exclusive); err != nil {
			os.Stdout.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Stdout.WriteString("locked\n")
		os.Stdin.Read(make([]byte, 1)) // until the parent has seen enough, or is gone
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := TryLock(path, Shared)
	check(t, err)
	second, err := TryLock(path, Shared)
	check(t, err)
	if _, err := TryLock(path, Exclusive); !errors.Is(err, ErrLocked) {
		t.Errorf("exclusive beside shared: %v", err)
	}
	check(t, first.Unlock())
	check(t, second.Unlock())
	only, err := AcquireLock(t.Context(), path, Exclusive)
	check(t, err)
	for _, mode := range []LockMode{Shared, Exclusive} {
		if _, err := TryLock(path, mode); !errors.Is(err, ErrLocked) {
			t.Errorf("lock beside exclusive: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := AcquireLock(ctx, path, Shared); !errors.Is(err, context.Canceled) {
		t.Errorf("wait under an ended context: %v", err)
	}
	check(t, only.Unlock())
}

func TestLockDir(t *testing.T) {
	dir := t.TempDir()
	first, err := TryLockDir(dir, Exclusive)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	check(t, err)
	if _, err := TryLockDir(dir, Shared); !errors.Is(err, ErrLocked) {
		t.Errorf("shared beside exclusive: %v", err)
	}
	check(t, first.Unlock())
	second, err := TryLockDir(dir, Shared)
	check(t, err)
	check(t, second.Unlock())
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("it left %v, %v", entries, err)
	}
	if _, err := TryLockDir(filepath.Join(dir, "none"), Shared); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such directory: %v", err)
	}
}

func TestLockWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held, err := TryLock(path, Exclusive)
	check(t, err)
	got := make(chan error)
	go func() {
		l, err := AcquireLock(t.Context(), path, Exclusive)
		if err == nil {
			err = l.Unlock()
		}
		got <- err
	}()
	check(t, held.Unlock())
	check(t, <-got)
}

func TestLockBetweenProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), lockHolder+"="+path)
	stdin, err := child.StdinPipe()
	check(t, err)
	defer stdin.Close()
	stdout, err := child.StdoutPipe()
	check(t, err)
	check(t, child.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || line != "locked\n" {
		t.Fatalf("child: %q, %v", line, err)
	}
	if _, err := TryLock(path, Exclusive); !errors.Is(err, ErrLocked) {
		t.Errorf("beside another process: %v", err)
	}
	child.Process.Kill() // as kill -9 does: the lock must go with it
	child.Wait()
	l, err := TryLock(path, Exclusive)
	check(t, err)
	check(t, l.Unlock())
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	check(t, WriteFile(path, []byte("one"), WriteOptions{}))
	check(t, os.Chmod(path, 0o600))
	before, err := os.Stat(path)
	check(t, err)
	check(t, WriteFile(path, []byte("two"), WriteOptions{Settle: true, Mode: 0o755}))
	after, err := os.Stat(path)
	check(t, err)
	if os.SameFile(before, after) {
		t.Error("written in place")
	}
	if after.Mode() != before.Mode() {
		t.Errorf("mode became %v", after.Mode())
	}
	link := filepath.Join(dir, "link")
	check(t, os.Symlink("f", link))
	check(t, WriteFile(link, []byte("three"), WriteOptions{}))
	if _, err := os.Readlink(link); err != nil {
		t.Error("the link is gone")
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "three" {
		t.Errorf("%q, %v", data, err)
	}
	if err := WriteFile(filepath.Join(dir, "none", "f"), nil, WriteOptions{}); !os.IsNotExist(err) {
		t.Errorf("no directory: %v", err)
	}
	check(t, os.Mkdir(filepath.Join(dir, "d"), 0o755))
	if err := WriteFile(filepath.Join(dir, "d"), nil, WriteOptions{}); err == nil {
		t.Error("a directory was overwritten")
	}
	entries, err := os.ReadDir(dir)
	check(t, err)
	if len(entries) != 3 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestRemoveAll(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside")
	victim := filepath.Join(dir, "victim")
	check(t, os.MkdirAll(filepath.Join(victim, "locked", "deep"), 0o755))
	check(t, os.Mkdir(outside, 0o755))
	check(t, os.WriteFile(filepath.Join(outside, "keep"), nil, 0o644))
	check(t, os.WriteFile(filepath.Join(victim, "locked", "deep", "f"), nil, 0o444))
	check(t, os.Symlink(outside, filepath.Join(victim, "link")))
	check(t, os.Chmod(filepath.Join(victim, "locked"), 0o555))
	check(t, RemoveAll(victim))
	check(t, RemoveAll(victim))
	if _, err := os.Stat(filepath.Join(outside, "keep")); err != nil {
		t.Error("a link was followed")
	}
	check(t, os.Symlink(outside, victim))
	check(t, RemoveAll(victim))
	if _, err := os.Stat(filepath.Join(outside, "keep")); err != nil {
		t.Error("a link was followed")
	}
}

func TestMoveAside(t *testing.T) {
	dir := t.TempDir()
	aside := filepath.Join(dir, "aside")
	path := filepath.Join(dir, "p")
	check(t, os.Mkdir(path, 0o755))
	if _, err := MoveAside(path, aside); !os.IsNotExist(err) {
		t.Errorf("without a place to move to: %v", err)
	}
	check(t, os.Mkdir(aside, 0o755))
	to, err := MoveAside(path, aside)
	check(t, err)
	if _, err := os.Stat(to); err != nil || filepath.Dir(to) != aside {
		t.Errorf("moved to %q: %v", to, err)
	}
	if to, err := MoveAside(path, aside); err != nil || to != "" {
		t.Errorf("nothing there: %q, %v", to, err)
	}
}

func TestFoldsCase(t *testing.T) {
	dir := t.TempDir()
	got, err := FoldsCase(dir)
	check(t, err)
	check(t, os.WriteFile(filepath.Join(dir, "probe"), nil, 0o644))
	_, err = os.Stat(filepath.Join(dir, "PROBE"))
	if want := err == nil; got != want {
		t.Errorf("FoldsCase = %v", got)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 || strings.HasPrefix(entries[0].Name(), ".") {
		t.Errorf("left behind: %v", entries)
	}
}

func TestMoveEntries(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b/c", LostAndFound + "/x"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	names := func(dir string) (out []string) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			out = append(out, e.Name())
		}
		return out
	}
	aside := filepath.Join(dir, "aside")
	for range 2 { // the second time there is nothing to do
		if err := MoveEntries(dir, aside); err != nil {
			t.Fatal(err)
		}
		if here, there := names(dir), names(aside); !slices.Equal(here, []string{"aside", LostAndFound}) || !slices.Equal(there, []string{"a", "b"}) {
			t.Fatalf("%v, aside %v", here, there)
		}
	}
	if err := MoveEntries(aside, dir); err != nil || len(names(dir)) != 4 || len(names(aside)) > 0 {
		t.Errorf("back: %v; %v, aside %v", err, names(dir), names(aside))
	}
}

func TestFixed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	mounts := ReadMounts()
	if mounts.Fixed(dir) {
		t.Error("a directory like others is fixed")
	}
	if runtime.GOOS != "linux" {
		return
	}
	for _, dir := range []string{"/proc", "/"} { // which has /proc below it
		if !mounts.Fixed(dir) {
			t.Errorf("%s is not fixed", dir)
		}
	}
}
