package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"godwit/internal/testreg"
)

// machine is a user's: programs of this repository, a registry, and a home.
type machine struct {
	t        *testing.T
	dir      string // for what is made
	registry string
	release  release
}

// newMachine publishes godwit, with godwit, to a registry of its own.
func newMachine(t *testing.T) *machine {
	if runtime.GOOS == "windows" {
		t.Skip("commands are started by a shell here")
	}
	if _, _, err := nodeWords(runtime.GOOS + "/" + runtime.GOARCH); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	m := &machine{t: t, dir: dir, registry: testreg.New(t, testreg.Common()).URL, release: release{version: "v1.2.3-rc.1", license: "../../LICENSE", out: filepath.Join(dir, "out")}}
	program := filepath.Join(dir, "godwit")
	build := exec.Command("go", "build", "-ldflags", "-X godwit/internal/cli.Version=1.2.3-rc.1", "-o", program, "../godwit")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := m.release.make([]string{runtime.GOOS + "/" + runtime.GOARCH + "=" + program}); err != nil {
		t.Fatal(err)
	}
	packages, err := filepath.Glob(filepath.Join(m.release.out, "*.tgz"))
	if err != nil || len(packages) != 2 {
		t.Fatalf("%v, %v", packages, err)
	}
	for _, p := range packages {
		m.run(dir, program, "publish", p, "--tag=latest")
	}
	return m
}

func (m *machine) command(dir, name string, args ...string) *exec.Cmd {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		m.t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(m.dir, "home"), "npm_config_registry=" + m.registry, "npm_config_audit=false",
		"npm_config_fund=false", "npm_config_update_notifier=false", "npm_config_fetch_retries=0", "npm_config_minimum_release_age=0",
	}
	return cmd
}

// run is what a command that succeeds prints.
func (m *machine) run(dir, name string, args ...string) string {
	m.t.Helper()
	cmd := m.command(dir, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		m.t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return string(out)
}

// npm installs it as a global package, and returns the directory of the commands
// and that of the package.
func (m *machine) npm(name string, flags ...string) (bin, pkg string) {
	prefix := filepath.Join(m.dir, name)
	m.run(m.dir, "npm", append([]string{"install", "--global", "--prefix", prefix, "godwit"}, flags...)...)
	return filepath.Join(prefix, "bin"), filepath.Join(prefix, "lib", "node_modules", "godwit")
}

func TestInstalledByNpm(t *testing.T) {
	m := newMachine(t)
	t.Run("its script puts the program in place", func(t *testing.T) {
		bin, pkg := m.npm("npm")
		program, err := filepath.Glob(filepath.Join(pkg, "node_modules", "@godwit", "*", "bin", "godwit"))
		if err != nil || len(program) != 1 {
			t.Fatalf("%v, %v", program, err)
		}
		for _, command := range []string{"godwit", "gwx"} {
			if !sameFile(t, filepath.Join(bin, command), program[0]) {
				t.Errorf("%s is not the program", command)
			}
		}
		m.works(t, bin)
	})
	t.Run("without scripts", func(t *testing.T) {
		bin, _ := m.npm("unscripted", "--ignore-scripts")
		m.works(t, bin)
		m.passesSignals(t, filepath.Join(bin, "godwit"))
	})
	t.Run("without the program", func(t *testing.T) {
		bin, pkg := m.npm("bare", "--ignore-scripts")
		if err := os.RemoveAll(filepath.Join(pkg, "node_modules")); err != nil { // npm 11 does not omit it from global packages
			t.Fatal(err)
		}
		out, err := m.command(m.dir, filepath.Join(bin, "godwit"), "--version").CombinedOutput()
		if err == nil || !strings.Contains(string(out), "is not installed beside this package") || !strings.Contains(string(out), "--omit=optional") {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("by itself", func(t *testing.T) {
		project := filepath.Join(m.dir, "project")
		m.run(project, filepath.Join(m.dir, "godwit"), "add", "godwit", "--config.strict-dep-builds=false")
		m.works(t, filepath.Join(project, "node_modules", ".bin"))
	})
}

func sameFile(t *testing.T, a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.Stat(b)
	if err != nil {
		t.Fatal(err)
	}
	return os.SameFile(x, y)
}

// works checks that the commands in a directory are godwit's, under both names, and
// end as the program ends.
func (m *machine) works(t *testing.T, bin string) {
	godwit := filepath.Join(bin, "godwit")
	if got := m.run(m.dir, godwit, "--version"); got != "1.2.3-rc.1\n" {
		t.Errorf("version %q", got)
	}
	if err := m.command(m.dir, godwit, "nonsense").Run(); err == nil || err.(*exec.ExitError).ExitCode() != 1 {
		t.Errorf("a command that there is not ends with %v", err)
	}
	if out, err := m.command(m.dir, filepath.Join(bin, "gwx")).CombinedOutput(); err == nil || !strings.Contains(string(out), "npx") {
		t.Errorf("gwx without a package says %q, %v", out, err)
	}
}

// passesSignals checks that a signal reaches the script that runs below the command,
// and that the command ends by it.
func (m *machine) passesSignals(t *testing.T, godwit string) {
	dir := filepath.Join(m.dir, "signals")
	cmd := m.command(dir, godwit, "run", "wait")
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"scripts":{"wait":"exec node wait.js"}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	script := `process.on('SIGTERM', () => { console.log('heard'); process.exit(7) }); setInterval(() => {}, 1000); console.log('ready')`
	if err := os.WriteFile(filepath.Join(dir, "wait.js"), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(time.Minute, func() { cmd.Process.Kill() }).Stop() // else a signal that is lost hangs the test
	var heard bytes.Buffer
	buf := make([]byte, 512)
	for sent := false; ; {
		n, err := out.Read(buf)
		heard.Write(buf[:n])
		if !sent && strings.Contains(heard.String(), "ready") {
			sent = true
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil {
			break
		}
	}
	err = cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); !strings.Contains(heard.String(), "heard") || !ok || exit.ExitCode() != 7 {
		t.Errorf("%v\n%s", err, heard.String())
	}
}

func TestPublished(t *testing.T) {
	for version, want := range map[string]string{
		"v1.2.3": "1.2.3", "1.2.3-rc.1": "1.2.3-rc.1", "0123456": "0.0.0-g0123456", "3cde385-dirty": "0.0.0-g3cde385-dirty", "a/b": "0.0.0-ga-b",
	} {
		if got := published(version); got != want {
			t.Errorf("published(%q) = %q, want %q", version, got, want)
		}
	}
}

func TestNodeWords(t *testing.T) {
	for platform, want := range map[string]string{"linux/amd64": "linux-x64", "windows/arm64": "win32-arm64", "darwin/arm64": "darwin-arm64", "plan9/386": "", "linux": ""} {
		system, cpu, err := nodeWords(platform)
		if got := strings.Trim(system+"-"+cpu, "-"); got != want || (err != nil) != (want == "") {
			t.Errorf("nodeWords(%q) = %q, %v", platform, got, err)
		}
	}
}
