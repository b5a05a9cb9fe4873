package throttle

import (
	"strconv"
	"testing"
	"time"
)

func TestTake(t *testing.T) {
	now := time.Unix(1, 0)
	l := New(2, 3, func() time.Time { return now })
	for range 3 {
		if _, ok := l.Take("a"); !ok {
			t.Fatal("the burst is refused")
		}
	}
	if wait, ok := l.Take("a"); ok || wait != time.Second/2 {
		t.Errorf("%v %t", wait, ok)
	}
	if _, ok := l.Take("b"); !ok {
		t.Error("one client takes from another")
	}
	now = now.Add(time.Second / 2)
	if _, ok := l.Take("a"); !ok {
		t.Error("the bucket does not fill")
	}
	now = now.Add(-time.Hour)
	if wait, ok := l.Take("a"); ok || wait > time.Second {
		t.Errorf("a clock set back: %v %t", wait, ok)
	}
}

func TestManyClientsAreForgotten(t *testing.T) {
	now := time.Unix(1, 0)
	l := New(1, 1, func() time.Time { return now })
	for i := range 3 * maxBuckets {
		if _, ok := l.Take(strconv.Itoa(i)); !ok {
			t.Fatal("refused")
		}
		if len(l.buckets) > maxBuckets {
			t.Fatalf("%d clients are remembered", len(l.buckets))
		}
	}
}
