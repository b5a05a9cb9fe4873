package pnpmfile

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"godwit/internal/npm"
)

// patience is how long hooks may be silent while they are waited for; pnpm's
// limit for one call.
const patience = 30 * time.Second

// Options say what to run and where.
type Options struct {
	Files    []File // in the order in which their hooks run; one at least
	Node     string // absolute path of node, or ""
	Dir      string // absolute; where the process runs
	Env      []string
	Stderr   io.Writer                  // gets what hooks print
	Log      func(hook, message string) // gets what they log; is called by who waits for them
	Patience time.Duration              // 0 means 30 s
}

// Hooks are those of some pnpmfiles. Node runs from the first call that needs it
// until Close. Safe for concurrent use.
type Hooks struct {
	opts Options

	mu      sync.Mutex // guards what follows
	started bool
	w       *worker
	has     exports
	err     error
}

// New makes hooks; nothing is looked at before they are needed.
func New(opts Options) *Hooks {
	if opts.Patience == 0 {
		opts.Patience = patience
	}
	return &Hooks{opts: opts}
}

// Close ends node.
func (h *Hooks) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.w != nil {
		h.w.close()
	}
}

// start starts node, once, and learns what the files export.
func (h *Hooks) start(ctx context.Context) (*worker, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.started {
		return h.w, h.err
	}
	h.started = true
	var first *Pending
	if h.w, first, h.err = startWorker(ctx, &h.opts); h.err != nil {
		return nil, h.err
	}
	got, err := first.wait(ctx)
	if err == nil {
		err = json.Unmarshal(got.OK, &h.has)
	}
	if err == nil && len(h.has.Beyond) > 0 {
		err = &UnsupportedError{h.has.Beyond[0].File, h.has.Beyond[0].What}
	}
	h.err = err
	return h.w, err
}

// Checksum is what a lockfile records of the hooks: nothing where no file has
// any. Recorded is what the present lockfile says, if it says something: then it
// takes no node to find out whether that is still so.
func (h *Hooks) Checksum(ctx context.Context, recorded string) (string, error) {
	if recorded == "" {
		if _, err := h.start(ctx); err != nil || !h.has.Any {
			return "", err
		}
	}
	return Sum(h.opts.Files)
}

// has reports whether some file has the hook.
func (e *exports) hook(name string) bool { return slices.Contains(e.Hooks, name) }

// ReadPackage asks for what the hook of this name makes of a manifest, given as
// JSON. wait gives that, as JSON, or nil for no change; it is called once.
func (h *Hooks) ReadPackage(ctx context.Context, manifest []byte) (wait func() ([]byte, error)) {
	return h.call(ctx, "readPackage", manifest)
}

// AfterAllResolved is what the hook of this name makes of a lockfile, both as
// JSON; nil for no change.
func (h *Hooks) AfterAllResolved(ctx context.Context, lockfile []byte) ([]byte, error) {
	return h.call(ctx, "afterAllResolved", lockfile)()
}

// Resolution is what preResolution is told.
type Resolution struct {
	WantedLockfile               json.RawMessage   `json:"wantedLockfile"`  // {} for none
	CurrentLockfile              json.RawMessage   `json:"currentLockfile"` // {} for none
	ExistsCurrentLockfile        bool              `json:"existsCurrentLockfile"`
	ExistsNonEmptyWantedLockfile bool              `json:"existsNonEmptyWantedLockfile"`
	LockfileDir                  string            `json:"lockfileDir"`
	StoreDir                     string            `json:"storeDir"`
	Registries                   map[string]string `json:"registries"`
}

// PreResolution calls the hook of this name and returns what it made of the
// wanted lockfile; nil for no change.
func (h *Hooks) PreResolution(ctx context.Context, r *Resolution) ([]byte, error) {
	payload, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return h.call(ctx, "preResolution", payload)()
}

// BeforePacking is what the hook of this name makes of the manifest of a package
// whose files are in dir, as JSON; nil for no change.
func (h *Hooks) BeforePacking(ctx context.Context, manifest []byte, dir string) ([]byte, error) {
	payload, err := json.Marshal(struct {
		Manifest json.RawMessage `json:"manifest"`
		Dir      string          `json:"dir"`
	}{manifest, dir})
	if err != nil {
		return nil, err
	}
	return h.call(ctx, "beforePacking", payload)()
}

// ConfigChange is what updateConfig made of the settings.
type ConfigChange struct {
	Changed json.RawMessage // an object
	Removed []string        // keys
}

// UpdateConfig is what the hook of this name changes in settings, an object as
// JSON; nil for nothing.
func (h *Hooks) UpdateConfig(ctx context.Context, settings []byte) (*ConfigChange, error) {
	out, err := h.call(ctx, "updateConfig", settings)()
	if err != nil || out == nil {
		return nil, err
	}
	var c ConfigChange
	if err := json.Unmarshal(out, &c); err != nil {
		return nil, err
	}
	return &c, nil
}

// Mentions reports whether one of the files has a word in it. Whoever would have
// to start node to know better asks this first.
func (h *Hooks) Mentions(word string) (bool, error) {
	for _, f := range h.opts.Files {
		text, err := os.ReadFile(f.Path)
		if err != nil {
			return false, fmt.Errorf("read the pnpmfile: %w", err)
		}
		if bytes.Contains(text, []byte(word)) {
			return true, nil
		}
	}
	return false, nil
}

// Needs reports whether the hook is there to be called.
func (h *Hooks) Needs(ctx context.Context, hook string) (bool, error) {
	_, err := h.start(ctx)
	return err == nil && h.has.hook(hook), err
}

// call asks a hook, if a file has it.
func (h *Hooks) call(ctx context.Context, hook string, payload []byte) (wait func() ([]byte, error)) {
	none := func(err error) func() ([]byte, error) { return func() ([]byte, error) { return nil, err } }
	w, err := h.start(ctx)
	if err != nil || !h.has.hook(hook) {
		return none(err)
	}
	var line bytes.Buffer
	if err := json.Compact(&line, payload); err != nil {
		return none(fmt.Errorf("call %s: %w", hook, err))
	}
	p := w.ask(hook, line.Bytes())
	return func() ([]byte, error) {
		got, err := p.wait(ctx)
		if err != nil || got.Same {
			return nil, err
		}
		return got.OK, nil
	}
}

// groups of a manifest that others may have changed before the hooks see it.
var groups = []struct {
	name string
	of   func(*npm.Manifest) npm.Deps
}{
	{"dependencies", func(m *npm.Manifest) npm.Deps { return m.Dependencies }},
	{"devDependencies", func(m *npm.Manifest) npm.Deps { return m.DevDependencies }},
	{"optionalDependencies", func(m *npm.Manifest) npm.Deps { return m.OptionalDependencies }},
	{"peerDependencies", func(m *npm.Manifest) npm.Deps { return m.PeerDependencies }},
}

// Document is a package.json as hooks are shown it: raw, with those maps of m
// that differ from was, which is what raw says.
func Document(raw []byte, was, m *npm.Manifest) ([]byte, error) {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if was == m {
		return raw, nil
	}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	for _, g := range groups {
		if slices.Equal(g.of(was), g.of(m)) {
			continue
		}
		deps := map[string]string{}
		for _, d := range g.of(m) {
			deps[d.Alias] = d.Specifier
		}
		doc[g.name], _ = json.Marshal(deps) // strings always encode
	}
	meta := map[string]map[string]json.RawMessage{}
	_ = json.Unmarshal(doc["peerDependenciesMeta"], &meta) // what is malformed counts for nothing
	for name, optional := range m.OptionalPeers {
		if optional != was.OptionalPeers[name] {
			if meta[name] == nil {
				meta[name] = map[string]json.RawMessage{}
			}
			meta[name]["optional"], _ = json.Marshal(optional)
		}
	}
	if len(meta) > 0 {
		doc["peerDependenciesMeta"], _ = json.Marshal(meta)
	}
	return json.Marshal(doc)
}
