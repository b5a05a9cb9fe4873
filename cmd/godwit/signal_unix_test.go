//go:build unix

package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// asMain is set where this test is to be the command.
const asMain = "GODWIT_TEST_IS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// at starts the command in a project, and waits until a script that it runs says so.
// What is returned reads to its end when nothing of that script runs any more.
func at(t *testing.T, dir string, args ...string) (*exec.Cmd, io.Reader) {
	t.Helper()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asMain+"=1", "HOME="+dir, "npm_config_store_dir="+dir+"/store", "npm_config_cache_dir="+dir+"/cache", "PIPE="+pipe)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	f, err := os.Open(pipe)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r := bufio.NewReader(f)
	if line, err := r.ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return cmd, r
}

// files writes a project whose script says that it runs and does not end.
func files(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	const begin, wait = `exec 3> $PIPE; echo ready >&3; `, `exec sleep 600`
	for name, text := range map[string]string{
		"package.json":        `{"name":"app","version":"1.0.0","dependencies":{"dep":"file:dep"},"scripts":{"wait":"` + begin + wait + `"}}`,
		"dep/package.json":    `{"name":"dep","version":"1.0.0","scripts":{"postinstall":"` + begin + `sleep 600; true"}}`,
		"pnpm-workspace.yaml": "dangerouslyAllowAllBuilds: true\nverifyDepsBeforeRun: false\n",
		".npmrc":              "registry=http://127.0.0.1:1/\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A signal ends the command and all that it started, and the shell sees that it was
// a signal: a loop over commands has to end, too.
func TestSignals(t *testing.T) {
	signals := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}
	for _, sig := range signals { // else what ignores them, as "go test &" in a script, has the command ignore them, too
		caught := make(chan os.Signal, 1)
		signal.Notify(caught, sig)
		defer signal.Stop(caught)
	}
	for _, sig := range signals {
		for _, args := range [][]string{
			{"install"},
			{"run", "wait"},
			{"run", "--config.verify-deps-before-run=install", "wait"},
		} {
			t.Run(sig.String()+" "+strings.Join(args, " "), func(t *testing.T) {
				cmd, script := at(t, files(t), args...)
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				err := cmd.Wait()
				if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != sig {
					t.Errorf("%v ended it so: %v", sig, err)
				}
				if _, err := io.Copy(io.Discard, script); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// What is ignored by whoever starts the command stays so (nohup godwit install &).
func TestIgnoredSignals(t *testing.T) {
	dir := files(t)
	if err := os.WriteFile(filepath.Join(dir, "nohup"), []byte("trap '' HUP INT; exec \"$@\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	// What follows is at() with a shell before it.
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "nohup", os.Args[0], "install")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asMain+"=1", "HOME="+dir, "npm_config_store_dir="+dir+"/store", "npm_config_cache_dir="+dir+"/cache", "PIPE="+pipe)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(pipe)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if line, err := bufio.NewReader(f).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM} {
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGTERM {
		t.Errorf("%v ended it", status.Signal())
	}
}
