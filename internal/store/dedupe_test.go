package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"godwit/internal/fsys"
)

// Equal files of trees and of slots become one, and nothing else does.
func TestDedupe(t *testing.T) {
	s := openTemp(t)
	add := func(name string, pairs ...string) {
		_, err := s.Add(idOf(name), files(pairs...))
		check(t, err)
	}
	add("a", "package.json", "a", "license", "the same", "empty", "")
	add("b", "package.json", "b", "lib/license", "the same", "*run", "the same", "empty", "")
	add("builds", "package.json", `{"scripts":{"install":"x"}}`, "license", "the same")
	add("changed", "package.json", "c", "license", "the same")
	check(t, os.WriteFile(filepath.Join(s.entry(idOf("changed"))+filesSuffix, "license"), []byte("edited!!"), 0o644))
	slot := Slot{"@/d/1.0.0/" + hashA, "d"}
	staged, err := s.Stage(idOf("d"), files("package.json", "d", "license", "the same"))
	check(t, err)
	makeSlot(t, s, slot, staged)

	got := dedupe(t, s)
	if want := (Deduped{Files: 2, Bytes: 16}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for name, want := range map[string]int{"a": 3, "builds": 1, "changed": 1, "d": 3} {
		if n := namesOf(t, s, name, "license"); n != want {
			t.Errorf("%s/license has %d names, want %d", name, n, want)
		}
	}
	if n := namesOf(t, s, "b", "run"); n != 1 {
		t.Errorf("a file of another mode has %d names", n)
	}
	if got := dedupe(t, s); got != (Deduped{}) {
		t.Errorf("a second time: %+v", got)
	}
	for _, name := range []string{"a", "b", "d"} {
		check(t, s.Verify(idOf(name)))
	}
	litter, err := os.ReadDir(filepath.Join(s.Dir(), "tmp"))
	if err != nil || len(litter) != 0 {
		t.Errorf("left %v, %v", litter, err)
	}
}

// A name in the store is no use: of trees that have files in common those go
// that no project has, whatever they share with the others.
func TestPruneAfterDedupe(t *testing.T) {
	s := openTemp(t)
	for _, name := range []string{"used", "unused", "twin", "unused twin"} {
		pairs := []string{"license", "the same"}
		if name != "twin" && name != "unused twin" { // these have nothing else
			pairs = append(pairs, "package.json", name)
		}
		_, err := s.Add(idOf(name), files(pairs...))
		check(t, err)
	}
	if got := dedupe(t, s); got.Files != 3 {
		t.Fatalf("%+v", got)
	}
	project := t.TempDir()
	for _, file := range []string{"license", "package.json"} {
		check(t, os.Link(filepath.Join(s.entry(idOf("used"))+filesSuffix, file), filepath.Join(project, file)))
	}
	p, err := s.Prune(t.Context(), PruneOptions{})
	check(t, err)
	if !s.Has(idOf("used")) || s.Has(idOf("unused")) || !s.Has(idOf("twin")) || !s.Has(idOf("unused twin")) || p.Trees != 1 {
		t.Errorf("%+v: used %v, unused %v, twins %v, %v", p, s.Has(idOf("used")), s.Has(idOf("unused")), s.Has(idOf("twin")), s.Has(idOf("unused twin")))
	}
	check(t, os.RemoveAll(project))
	if p, err = s.Prune(t.Context(), PruneOptions{}); err != nil || p.Trees != 3 {
		t.Errorf("%+v, %v: nobody uses anything any more", p, err)
	}
}

// No file gets so many names that projects could not link to it.
func TestDedupeOfMany(t *testing.T) {
	s := openTemp(t)
	for i := range maxNames + 2 {
		_, err := s.Add(idOf(fmt.Sprint(i)), files("license", "the same"))
		check(t, err)
	}
	if got := dedupe(t, s); got.Files != maxNames {
		t.Errorf("%+v, want two files left", got)
	}
}

func TestDedupeEndsWhenAsked(t *testing.T) {
	s := openTemp(t)
	_, err := s.Add(idOf("a"), files("license", "the same"))
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Dedupe(ctx, func() {}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func dedupe(t *testing.T, s *Store) Deduped {
	t.Helper()
	d, err := s.Dedupe(t.Context(), func() { t.Error("it waits") })
	check(t, err)
	return d
}

func namesOf(t *testing.T, s *Store, name, file string) int {
	t.Helper()
	tree, err := s.Load(idOf(name))
	check(t, err)
	for path := range tree.paths() {
		if filepath.Base(path) == file {
			_, n, err := fsys.Names(path)
			check(t, err)
			return n
		}
	}
	t.Fatalf("%s has no %s", name, file)
	return 0
}
