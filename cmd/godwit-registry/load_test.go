package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestCampaignLoad asks a server for 20,000 things with 500 clients, kills it in
// between, and checks every answer:
//
//	godwit-bench serve --data RECORDING --listen 127.0.0.1:4961
//	GODWIT_REGISTRY=http://127.0.0.1:4961/ GODWIT_RECORDED=RECORDING go test ./cmd/godwit-registry -run CampaignLoad -v
//
// GODWIT_LOAD names the URL and the process of another server to ask instead,
// and how many clients ask for how many things, "URL PID 50 2000"; it is not
// killed.
func TestCampaignLoad(t *testing.T) {
	up, recorded := os.Getenv("GODWIT_REGISTRY"), os.Getenv("GODWIT_RECORDED")
	if up == "" || recorded == "" {
		t.Skip("GODWIT_REGISTRY and GODWIT_RECORDED name what to ask for")
	}
	l := &load{t: t, clients: 500, recorded: recorded}
	l.list()
	if other := os.Getenv("GODWIT_LOAD"); other != "" {
		var n int
		if _, err := fmt.Sscan(other, &l.url, &l.pid, &l.clients, &n); err != nil {
			t.Fatal(err)
		}
		l.run("packuments and tarballs, cold", l.both, 1)
		l.run("packuments", l.packuments, n)
		l.run("tarballs", l.tarballs, n)
		return
	}
	server := newProcess(t, up)
	l.url, l.pid = server.url, server.start()
	l.run("packuments and tarballs, cold", l.both, 1)
	l.run("packuments", l.packuments, 20_000)
	l.run("tarballs", l.tarballs, 20_000)
	l.run("both", l.both, 20_000)

	// Killed in the middle of it, twice, and started again each time: clients
	// that lost their connection ask again, and every answer is right.
	kills := make(chan struct{})
	var killed sync.WaitGroup
	killed.Go(func() {
		for range kills {
			server.kill()
			l.pid = server.start()
		}
	})
	l.again = true
	l.half = func() { kills <- struct{}{} }
	l.run("both, killed in between", l.both, 20_000)
	close(kills)
	killed.Wait()
	server.kill()
	damaged := server.damage()
	l.again, l.half = false, nil
	l.pid = server.start()
	l.run("both, after that, with damaged files", l.both, 20_000)
	t.Logf("%d files were damaged", damaged)
}

// load is clients and what they ask for.
type load struct {
	t        *testing.T
	url      string
	pid      int
	clients  int
	recorded string
	again    bool   // a connection that breaks is no error
	half     func() // called at thirds of the way; may be nil

	packuments, tarballs, both []string
	mu                         sync.Mutex
	seen                       map[string][sha256.Size]byte // of packuments: all answers are one
}

// list finds what the recording has.
func (l *load) list() {
	root := filepath.Join(l.recorded, "tarballs")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".tgz") && !strings.Contains(path, "elsewhere") {
			l.tarballs = append(l.tarballs, strings.ReplaceAll(filepath.ToSlash(path[len(root)+1:]), "%2f", "/"))
		}
		return err
	})
	if err != nil || len(l.tarballs) == 0 {
		l.t.Fatalf("%d tarballs, %v", len(l.tarballs), err)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(l.tarballs), func(i, j int) { l.tarballs[i], l.tarballs[j] = l.tarballs[j], l.tarballs[i] })
	l.tarballs = l.tarballs[:min(len(l.tarballs), 1500)] // a large project
	for _, path := range l.tarballs {
		name, _, _ := strings.Cut(path, "/-/")
		l.packuments = append(l.packuments, strings.Replace(name, "/", "%2f", 1))
	}
	slices.Sort(l.packuments)
	l.packuments = slices.Compact(l.packuments)
	l.both = slices.Concat(l.packuments, l.tarballs)
	l.seen = map[string][sha256.Size]byte{}
}

// run asks for n things, or for each thing once when n is 1.
func (l *load) run(what string, things []string, n int) {
	if n == 1 {
		n = len(things)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: l.clients, DisableCompression: true}
	defer transport.CloseIdleConnections()
	var next, failed, bytes atomic.Int64
	took := make([][]time.Duration, l.clients)
	var all sync.WaitGroup
	began := time.Now()
	for c := range l.clients {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if l.half != nil && (i == n/3 || i == 2*n/3) {
					l.half()
				}
				start := time.Now()
				size, err := l.ask(transport, things[i%len(things)])
				if err != nil && failed.Add(1) < 10 {
					l.t.Errorf("%s: %v", what, err)
				}
				took[c] = append(took[c], time.Since(start))
				bytes.Add(size)
			}
		})
	}
	all.Wait()
	wall := time.Since(began)
	times := slices.Concat(took...)
	slices.Sort(times)
	at := func(q float64) time.Duration { return times[int(q*float64(len(times)-1))].Round(10 * time.Microsecond) }
	l.t.Logf("%s: %d requests by %d clients in %v: %.0f/s, %.0f MB/s, p50 %v, p99 %v, max %v, %d failed; peak memory %s",
		what, n, l.clients, wall.Round(time.Millisecond), float64(n)/wall.Seconds(), float64(bytes.Load())/1e6/wall.Seconds(),
		at(0.5), at(0.99), at(1), failed.Load(), peak(l.pid))
}

// ask gets one thing and checks it.
func (l *load) ask(transport http.RoundTripper, thing string) (int64, error) {
	for attempt := 0; ; attempt++ {
		body, status, err := get1(transport, l.url+thing)
		if err != nil && l.again && attempt < 200 {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %w", thing, err)
		}
		if status != http.StatusOK {
			return 0, fmt.Errorf("%s: %d %.200s", thing, status, body)
		}
		return int64(len(body)), l.check(thing, body)
	}
}

func (l *load) check(thing string, body []byte) error {
	if strings.HasSuffix(thing, ".tgz") {
		want, err := os.ReadFile(filepath.Join(l.recorded, "tarballs", strings.ReplaceAll(thing, "/", "%2f")))
		if err == nil && !bytes.Equal(want, body) {
			err = fmt.Errorf("%s: other bytes", thing)
		}
		return err
	}
	sum := sha256.Sum256(body)
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, ok := l.seen[thing]; ok && before != sum {
		return fmt.Errorf("%s: another document than before", thing)
	}
	l.seen[thing] = sum
	return nil
}

func get1(transport http.RoundTripper, url string) ([]byte, int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Accept", "application/vnd.npm.install-v1+json")
	if !strings.HasSuffix(url, ".tgz") { // verdaccio packs those once more
		req.Header.Set("Accept-Encoding", "gzip")
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return nil, 0, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return body, res.StatusCode, err
}

// peak is the peak memory of a process, where it can be told.
func peak(pid int) string {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return "unknown"
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

// separate is a server in a process of its own.
type separate struct {
	t                       *testing.T
	program, url, up, cache string
	listen                  string
	cmd                     *exec.Cmd
}

func newProcess(t *testing.T, up string) *separate {
	t.Helper()
	s := &separate{t: t, up: up, cache: t.TempDir(), program: filepath.Join(t.TempDir(), "godwit-registry")}
	if out, err := exec.Command("go", "build", "-o", s.program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.listen = ln.Addr().String()
	s.url = "http://" + s.listen + "/"
	ln.Close()
	t.Cleanup(s.kill)
	return s
}

func (s *separate) start() (pid int) {
	s.cmd = exec.Command(s.program, "serve", "--listen", s.listen, "--upstream", s.up, "--cache", s.cache)
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		s.t.Error(err)
		return 0
	}
	for range 400 {
		if conn, err := net.Dial("tcp", s.listen); err == nil {
			conn.Close()
			return s.cmd.Process.Pid
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Error("it does not listen")
	return 0
}

func (s *separate) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// damage changes or cuts every tenth file of the cache, as a power cut may.
func (s *separate) damage() (n int) {
	seen := 0
	_ = filepath.WalkDir(filepath.Join(s.cache, "proxy"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "lock" {
			return err
		}
		if seen++; seen%10 != 0 {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		n++
		if n%2 == 0 {
			return os.Truncate(path, info.Size()/2)
		}
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.WriteAt([]byte("damaged"), info.Size()/2)
		return err
	})
	return n
}
