package sched

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkInstall is the scheduler's own cost for an install of 1,000
// packages, four tasks each, that do nothing.
func BenchmarkInstall(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		o := lanes(64, 2, 4)
		o.Lanes[network].Behind = []Backlog{{Lane: cpu, Items: 64}}
		o.Lanes[network].Bytes = 64 << 20
		s := New(b.Context(), o)
		tasks := make([]Task, 0, 4000)
		for i := range 1000 {
			name := strconv.Itoa(i)
			download, extract, link := Key("download "+name), Key("extract "+name), Key("link "+name)
			tasks = append(tasks,
				Task{Key: download, Lane: network, Cost: 50 << 10, Until: extract, Run: nop},
				Task{Key: extract, Lane: cpu, Needs: []Key{download}, Run: nop},
				Task{Key: link, Lane: disk, Needs: []Key{extract}, Run: nop},
				Task{Key: Key("bin " + name), Lane: disk, Needs: []Key{link}, Run: nop})
		}
		s.AddAll(tasks)
		if _, err := s.Wait(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4000, "ns/task")
}

func TestPanicEndsTheProcess(t *testing.T) {
	const child = "SCHED_TEST_PANIC"
	if os.Getenv(child) != "" {
		s := New(t.Context(), lanes(1, 1, 1))
		s.Add(Task{Key: "a", Drop: anyError, Run: func(context.Context, int) error { panic("a bug") }})
		s.Wait(t.Context())
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestPanicEndsTheProcess$")
	cmd.Env = append(os.Environ(), child+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "panic: a bug") || !strings.Contains(string(out), "TestPanicEndsTheProcess.func") {
		t.Errorf("ended with %v and\n%s", err, out)
	}
}
