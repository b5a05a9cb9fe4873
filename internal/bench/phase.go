package bench

import (
	"fmt"
	"strings"

	"godwit/internal/bench/tool"
)

// lockState is the lockfile a phase starts with.
type lockState int

const (
	noLock  lockState = iota
	ownLock           // the tool's own, for the fixture as it is
	oldLock           // the tool's own, with one dependency held at an older version
)

// Phase is one situation a tool is put in, and what it is told then.
type Phase struct {
	Name   string
	Brief  string
	cold   bool        // a new file system for each sample; else the tool's caches are warm
	lock   lockState   // what is there before
	keep   bool        // the project stays as the sample before left it
	before tool.Action // run first, untimed, to reach the situation
	action tool.Action // timed
	fresh  bool        // its server has nothing cached, either
	writes bool        // a lockfile must be there afterwards, and not the one from before
}

// Phases in the order they run. There is no p2: the names are those of the
// harness this one follows.
func Phases() []Phase {
	return []Phase{
		{Name: "p0", Brief: "full cold: no lockfile, nothing cached", cold: true, action: tool.Install, writes: true},
		{Name: "p1", Brief: "resolve only: no lockfile, nothing cached", cold: true, action: tool.Resolve, writes: true},
		{Name: "p3", Brief: "cold install: lockfile, nothing cached", cold: true, lock: ownLock, action: tool.Frozen},
		{Name: "p4", Brief: "warm link: lockfile, warm cache, no node_modules", lock: ownLock, action: tool.Frozen},
		{Name: "p5", Brief: "nothing to do: lockfile and node_modules in place", lock: ownLock, keep: true, before: tool.Frozen, action: tool.Install},
		{Name: "p6", Brief: "no lockfile, warm cache, no node_modules", action: tool.Install, writes: true},
		{Name: "add", Brief: "add one dependency to an installed project, warm cache", lock: ownLock, before: tool.Frozen, action: tool.Add, writes: true},
		{Name: "update", Brief: "update one dependency of an installed project, warm cache", lock: oldLock, before: tool.Frozen, action: tool.Update, writes: true},
		{Name: "s0", Brief: "full cold, and the server has nothing cached: what the first of a team waits for", cold: true, fresh: true, action: tool.Install, writes: true},
	}
}

// PhasesNamed returns the phases with the given names, in their own order.
func PhasesNamed(names []string) ([]Phase, error) {
	var out []Phase
	var known []string
	want := map[string]bool{}
	for _, n := range names {
		want[n] = true
	}
	for _, p := range Phases() {
		known = append(known, p.Name)
		if want[p.Name] {
			out = append(out, p)
			delete(want, p.Name)
		}
	}
	for n := range want {
		return nil, fmt.Errorf("no phase %q: there are %s", n, strings.Join(known, ", "))
	}
	return out, nil
}
