package disk

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func open(t *testing.T, dir string, max int64) *Cache {
	t.Helper()
	c, err := Open(dir, max, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	c.sweeping.Wait()
	t.Cleanup(func() { c.Close() })
	return c
}

func put(t *testing.T, c *Cache, name, meta, body string) {
	t.Helper()
	if err := c.Put(name, []byte(meta), []byte(body)); err != nil {
		t.Fatal(err)
	}
}

// read is a file's meta and body, "" if there is none.
func read(t *testing.T, c *Cache, name string) (meta, body string) {
	t.Helper()
	e, err := c.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", ""
	}
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	all, err := e.Body()
	if err != nil {
		t.Fatal(err)
	}
	streamed, err := io.ReadAll(io.LimitReader(e, e.Size))
	if err != nil || !bytes.Equal(streamed, all) {
		t.Errorf("%s read as a stream: %q, %v", name, streamed, err)
	}
	return string(e.Meta), string(all)
}

func TestFilesSurviveTheProcess(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, 1<<20)
	put(t, c, "docs/ab/x", "meta", "body")
	put(t, c, "docs/ab/x", "meta2", "body2")
	put(t, c, "docs/ab/empty", "", "")
	for range 2 {
		if meta, body := read(t, c, "docs/ab/x"); meta != "meta2" || body != "body2" {
			t.Errorf("%q %q", meta, body)
		}
		before, _ := c.Bytes()
		c.Close()
		c = open(t, dir, 1<<20)
		if after, _ := c.Bytes(); after != before || after != 10+2*sealLen {
			t.Errorf("%d bytes counted, %d found", before, after)
		}
	}
	if _, err := c.Open("docs/ab/y"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, 1)
	if _, err := Open(dir, 1, time.Now); !errors.Is(err, ErrInUse) {
		t.Errorf("%v", err)
	}
}

func TestDamagedFilesAreNotThere(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, 1<<20)
	name := "tarballs/00/x"
	path := filepath.Join(dir, filepath.FromSlash(name))
	put(t, c, name, "the meta", strings.Repeat("body", 100))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range whole {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0x10
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		clear(c.checked) // as in another process
		if _, err := c.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("byte %d changed: %v", at, err)
		}
	}
	for n := range whole {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the damaged file is still there")
	}
}

func TestOldestGoFirst(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, 1<<20)
	body := strings.Repeat("x", 1000)
	day := 24 * time.Hour
	for i, name := range []string{"d/0/a", "d/0/b", "d/0/c", "d/0/e"} {
		put(t, c, name, "", body)
		then := time.Now().Add(-time.Duration(9-i) * day)
		if err := os.Chtimes(c.path(name), then, then); err != nil {
			t.Fatal(err)
		}
	}
	read(t, c, "d/0/a") // used now
	c.max = 4000
	put(t, c, "d/0/f", "", body)
	c.sweeping.Wait()
	var left []string
	for _, name := range []string{"d/0/a", "d/0/b", "d/0/c", "d/0/e", "d/0/f"} {
		if _, body := read(t, c, name); body != "" {
			left = append(left, name)
		}
	}
	if got := strings.Join(left, " "); got != "d/0/a d/0/e d/0/f" {
		t.Errorf("left: %s", got)
	}
	if n, evicted := c.Bytes(); n != 3*(1000+sealLen) || evicted != 2 {
		t.Errorf("%d bytes, %d evicted", n, evicted)
	}
}

func TestWhatAKilledProcessLeftIsRemoved(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, 1<<20)
	p, err := c.Create()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	c.Close()
	c = open(t, dir, 1<<20)
	if n, _ := c.Bytes(); n != 0 {
		t.Errorf("%d bytes", n)
	}
	if left, _ := os.ReadDir(filepath.Join(dir, tmpName)); len(left) != 0 {
		t.Errorf("left in tmp: %v", left)
	}
}

// A full disk costs a tenth of the cache, and not more every moment.
func TestFullDiskMakesRoom(t *testing.T) {
	c := open(t, t.TempDir(), 1<<20)
	for _, name := range strings.Fields("a b c d e f g h i j k l m n o p q r s t") {
		put(t, c, "d/0/"+name, "", strings.Repeat("x", 1000))
	}
	before, _ := c.Bytes()
	for range 3 {
		c.full()
		c.sweeping.Wait()
	}
	if after, evicted := c.Bytes(); evicted == 0 || evicted > 3 || after >= before {
		t.Errorf("%d of 20 files went", evicted)
	}
}
