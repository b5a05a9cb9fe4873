package cli_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/fsys"
)

// changing are the commands that write to a project, to the store, or to both.
var changing = [][]string{
	{"ci"}, {"install", "--node-linker=hoisted"}, {"install", "--force"}, {"update"}, {"update", "--latest"}, {"dedupe"},
	{"add", "@scope/q3"}, {"remove", "@scope/q1"}, {"store", "prune"}, {"store", "dedupe"}, {"store", "add", "p5"},
	{"install", "--virtual-store=global"}, {"--filter=member", "deploy", "../deployed"},
}

// TestKilledCommandsCampaign kills each command that changes something, GODWIT_KILLS
// times at random instants of the time it takes. What is then in package.json and in
// the lockfile has to be whole, and the next install has to make of it what one
// makes in an empty directory, and to leave nothing lying about:
//
//	GODWIT_KILLS=20 go test ./internal/cli -run KilledCommandsCampaign
func TestKilledCommandsCampaign(t *testing.T) {
	kills, err := strconv.Atoi(os.Getenv("GODWIT_KILLS"))
	if err != nil {
		t.Skip("GODWIT_KILLS does not say how often")
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s := newSite(t, webOfPackages(40))
	for _, args := range changing {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			s := *s
			s.t = t
			took := s.timed(args)
			for killed := range kills {
				dir := s.workspace("app")
				if random.IntN(2) == 0 {
					s.empty(s.store)
				}
				at := time.Duration(random.Int64N(int64(took) * 5 / 4))
				cmd := s.command(dir, args...)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				timer := time.AfterFunc(at, func() { cmd.Process.Kill() })
				_ = cmd.Wait() // it may have ended in time
				timer.Stop()
				if fault := s.settled(dir); fault != "" {
					t.Fatalf("kill %d, after %v: %s", killed, at, fault)
				}
			}
		})
	}
}

// workspace is a project with a member, installed.
func (s *site) workspace(name string) string {
	s.t.Helper()
	dir := filepath.Join(s.dir, name)
	s.empty(dir)
	s.empty(filepath.Join(s.dir, "deployed"))
	s.project(name, "p0", "@scope/q1")
	s.project(filepath.Join(name, "member"), "p20", "@scope/q2")
	for file, text := range map[string]string{
		"member/package.json": `{"name": "member", "version": "1.0.0", "dependencies": {"p20": "*", "@scope/q2": "*"}}`,
		"pnpm-workspace.yaml": "packages: [member]\ninjectWorkspacePackages: true\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(file)), []byte(text), 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
	s.install(dir)
	return dir
}

func (s *site) empty(dir string) {
	s.t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		s.t.Fatal(err)
	}
}

// timed is how long a command takes that is left alone.
func (s *site) timed(args []string) time.Duration {
	s.t.Helper()
	cmd, began := s.command(s.workspace("app"), args...), time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return time.Since(began)
}

// settled installs after a kill, and says what is wrong then.
func (s *site) settled(dir string) string {
	s.t.Helper()
	out, err := s.command(dir, "install").CombinedOutput()
	if err != nil {
		return fmt.Sprintf("the next install: %v\n%s", err, out)
	}
	fresh := filepath.Join(s.dir, "fresh")
	s.empty(fresh)
	for _, file := range []string{"package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", "member/package.json"} {
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
		if err != nil {
			return err.Error()
		}
		to := filepath.Join(fresh, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
	if ci, err := s.command(fresh, "ci").CombinedOutput(); err != nil {
		return fmt.Sprintf("ci of what is there then: %v\n%s", err, ci)
	}
	if diff := cmp.Diff(s.snapshot(fresh), s.snapshot(dir)); diff != "" {
		return fmt.Sprintf("the next install says\n%s\nand differs from a fresh one (-fresh +repaired):\n%s", out, diff)
	}
	if litter := litterIn(dir); litter != "" {
		return "left lying about: " + litter
	}
	if again, err := s.command(dir, "install").CombinedOutput(); err != nil || !strings.Contains(string(again), "Already up to date") {
		return fmt.Sprintf("once more: %v\n%s", err, again)
	}
	return ""
}

// litterIn is a name below dir of something temporary.
func litterIn(dir string) (litter string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && fsys.IsTempName(d.Name()) {
			litter = path
		}
		return err
	})
	return litter
}
