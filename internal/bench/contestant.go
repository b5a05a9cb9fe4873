package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"godwit/internal/bench/result"
	"godwit/internal/bench/scratch"
	"godwit/internal/bench/tool"
)

// contestant is a tool and what it left behind for the phases that start with
// a lockfile or warm caches.
type contestant struct {
	tool.Found
	warm  *scratch.Volume
	locks map[lockState]map[string][]byte // file name → contents
	why   map[lockState]*result.Failure   // what kept a lockfile from being there
	seed  *result.Failure                 // what kept the caches from being filled
}

// unfit says why c cannot take part in p, or nil.
func (c *contestant) unfit(p Phase) *result.Failure {
	for _, a := range []tool.Action{p.before, p.action} {
		if _, ok := c.Commands[a]; a != "" && !ok {
			return &result.Failure{What: tool.ErrNotOffered.Error()}
		}
	}
	if p.fresh && c.Server == nil {
		return &result.Failure{What: "it asks no server"}
	}
	if !p.cold && c.seed != nil {
		return c.seed
	}
	return c.why[p.lock]
}

// enter makes a contestant of t: its caches are filled and its lockfiles made,
// as far as the phases need them.
func (b *bench) enter(ctx context.Context, t tool.Found) *contestant {
	c := &contestant{Found: t, locks: map[lockState]map[string][]byte{}, why: map[lockState]*result.Failure{}}
	needs := map[lockState]bool{}
	seeded := false
	for _, p := range b.Phases {
		needs[p.lock] = true
		seeded = seeded || !p.cold || p.lock != noLock
	}
	if !seeded {
		return c
	}
	b.Log("seed %s", c.Name)
	v, err := b.Ground.Volume(c.Name)
	if err != nil {
		c.seed = &result.Failure{What: "seed: " + err.Error()}
		c.why[ownLock], c.why[oldLock] = c.seed, c.seed
		return c
	}
	c.warm = v
	if c.seed = b.seed(ctx, c); c.seed != nil {
		c.why[ownLock], c.why[oldLock] = c.seed, c.seed
		return c
	}
	if _, ok := c.Commands[tool.Update]; ok && needs[oldLock] {
		c.why[oldLock] = b.seedOld(ctx, c)
	}
	return c
}

// seed installs the fixture once, which fills the caches and makes the lockfile.
func (b *bench) seed(ctx context.Context, c *contestant) *result.Failure {
	p := b.place(c, c.warm)
	if err := b.stage(c, p, noLock); err != nil {
		return &result.Failure{What: "seed: " + err.Error()}
	}
	if f := b.untimed(ctx, c, p, tool.Install, "seed"); f != nil {
		return f
	}
	var f *result.Failure
	c.locks[ownLock], f = readLocks(c.Tool, p)
	return f
}

// seedOld makes a lockfile that holds one dependency at an older version than
// its range allows: it is installed with the exact version first, then with
// the range, which a lockfile keeps.
func (b *bench) seedOld(ctx context.Context, c *contestant) *result.Failure {
	if b.Fixture.Update == "" {
		return &result.Failure{What: "no dependency of the fixture has a newer version to update to; name one with --update"}
	}
	p := b.place(c, c.warm)
	err := errors.Join(c.warm.Aside(p.Project()), b.stage(c, p, noLock))
	if err == nil {
		err = b.Fixture.Pin(p.Project())
	}
	if err != nil {
		return &result.Failure{What: "seed: " + err.Error()}
	}
	if f := b.untimed(ctx, c, p, tool.Install, "seed-old"); f != nil {
		return f
	}
	if err := b.Fixture.Copy(p.Project()); err != nil {
		return &result.Failure{What: "seed: " + err.Error()}
	}
	if f := b.untimed(ctx, c, p, tool.Install, "seed-old"); f != nil {
		return f
	}
	locks, f := readLocks(c.Tool, p)
	if f == nil && maps.EqualFunc(locks, c.locks[ownLock], bytes.Equal) {
		f = &result.Failure{What: fmt.Sprintf("seed: its lockfile did not keep %s at %s", b.Fixture.Update, b.Fixture.From)}
	}
	c.locks[oldLock] = locks
	return f
}

// stage makes the project at p: the fixture, the tool's settings and the
// lockfile it starts with. There must be no project yet.
func (b *bench) stage(c *contestant, p tool.Place, lock lockState) error {
	if err := c.Prepare(p); err != nil {
		return err
	}
	if err := b.Fixture.Copy(p.Project()); err != nil {
		return err
	}
	// Settings win over files of the same name in the fixture.
	if err := c.Prepare(p); err != nil {
		return err
	}
	for name, text := range c.locks[lock] {
		if err := os.WriteFile(filepath.Join(p.Project(), name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// readLocks reads the lockfiles the tool wrote; none is a failure.
func readLocks(t tool.Tool, p tool.Place) (map[string][]byte, *result.Failure) {
	locks := map[string][]byte{}
	for _, name := range t.Locks {
		text, err := os.ReadFile(filepath.Join(p.Project(), name))
		if err == nil {
			locks[name] = text
		}
	}
	if len(locks) == 0 {
		return nil, &result.Failure{What: fmt.Sprintf("it wrote no lockfile (%v)", t.Locks)}
	}
	return locks, nil
}
