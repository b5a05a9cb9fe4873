package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"godwit/internal/event"
	"godwit/internal/graph"
	"godwit/internal/install/download"
	"godwit/internal/install/extract"
	"godwit/internal/install/link"
	"godwit/internal/install/plan"
	"godwit/internal/install/sched"
	"godwit/internal/npm/integrity"
	"godwit/internal/store"
)

// The lanes, from the network to the project.
const (
	network sched.Lane = iota
	cpu
	disk
)

// tasks turns packages into work for the scheduler: each tarball is downloaded
// once and extracted once, whoever asks for it and how often, and each slot is
// linked when its files are in the store.
type tasks struct {
	ctx     context.Context // of the install
	req     *Request
	source  download.Source
	sched   *sched.Scheduler
	scratch []extract.Scratch       // of each slot of the cpu lane
	buffers buffers                 // of tarballs
	inPlace map[string]bool         // IDs of files that node_modules has; set before the first prefetch
	builds  builds                  // set with each plan, before any of its places is a task
	now     func(abs string) string // where a path is until its tree is in place; nil is there

	mu      sync.Mutex
	fetched map[string]*fetched    // by what the bytes are
	guessed map[string]bool        // IDs of what was not in the store and is fetched ahead of the plan
	added   map[string]bool        // IDs of what was fetched
	trees   map[string]*store.Tree // by ID, of all that was looked at
	dropped []plan.Place           // optional packages that could not be fetched
	renewed map[string]bool        // IDs of what the store had and could not give
	damaged bool                   // the user was told of those
}

// fetched is a tarball on its way into the store.
type fetched struct {
	id       graph.Key
	res      graph.Resolution
	data     []byte // between download and extraction
	checkout string // directory of a commit
	in       integrity.Integrity
	tree     *store.Tree // set by the extraction; read by tasks that need it
	// again says that the store had it and could not give it. Then it is another
	// task, since the first may have run, and nobody adopts its files.
	again bool
}

// whatIs tells fetches apart.
func whatIs(id graph.Key, res graph.Resolution) string {
	return string(id.ID()) + " " + res.Integrity + " " + res.Tarball
}

// Widths and bounds of the lanes.
const (
	// As many downloads as the client ever has at one time; it has fewer unless
	// the registry is far away.
	networkWidth = 128
	// Tarballs in memory: 64 of the usual 50 KB are far below it. Twice as much
	// left the collector no room in an install below 200 MB when extraction fell
	// behind: it ran 80 times instead of 5.
	maxHeld = 48 << 20
	// Extraction may be this many tarballs behind before downloads pause. What a
	// resolve server announces begins with what the project depends on itself, and
	// that is large: with 64 downloads stood still for half of the first second,
	// while two large tarballs were extracted, and there was nothing to extract
	// later. Memory is bounded by maxHeld.
	maxBehind = 512
)

func newTasks(ctx context.Context, req *Request) *tasks {
	cores := max(req.Cores, 1)
	t := &tasks{
		ctx: ctx, req: req,
		scratch: make([]extract.Scratch, cores),
		fetched: map[string]*fetched{},
		guessed: map[string]bool{},
		added:   map[string]bool{},
		trees:   map[string]*store.Tree{},
		renewed: map[string]bool{},
	}
	t.source = download.Source{Client: req.Client, Root: req.Root, Room: t.buffers.take, Carried: req.Carry.From}
	t.sched = sched.New(ctx, sched.Options{
		Now: req.Now, Trace: t.trace(),
		Lanes: []sched.LaneOptions{
			network: {Name: "network", Width: networkWidth, Bytes: maxHeld, Behind: []sched.Backlog{{Lane: cpu, Items: maxBehind}}},
			cpu:     {Name: "cpu", Width: cores},
			disk:    {Name: "disk", Width: link.DefaultWidth(cores)},
		},
	})
	return t
}

// trace passes spans on in the words of events, or is nil if nobody wants them.
func (t *tasks) trace() func(sched.Span) {
	if t.req.Trace == nil {
		return nil
	}
	lanes := [...]string{network: "network", cpu: "cpu", disk: "disk"}
	return func(s sched.Span) {
		t.req.Trace(event.Span{
			Name: s.Label, Kind: s.Group, Lane: lanes[s.Lane], Slot: s.Slot,
			Start: s.Start, End: s.End, Err: s.Err,
		})
	}
}

// close ends all work. What was fetched and not needed yet stays in the store
// for the next install.
func (t *tasks) close() {
	t.sched.Close()
	for id := range t.added {
		_ = t.publish(id) // else it is fetched again
	}
}

func (t *tasks) wait() (sched.Counts, error) {
	counts, err := t.sched.Wait(context.Background())
	return counts, taskError(err)
}

// taskError is the error of a task without its chain, which is of tasks: nobody
// asked for them.
func taskError(err error) error {
	var failed *sched.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// ID implements plan.Store: it names what the scripts of a package make, if they
// may run, else its files.
func (t *tasks) ID(p *graph.Package) string {
	if id := t.builds.ids[p.Key]; id != "" {
		return id
	}
	return t.files(p)
}

// files names the files of a package, patched if they are to be.
func (t *tasks) files(p *graph.Package) string {
	return patchedID(t.base(p.Key, p.Resolution), p.Patch)
}

// sharedBase is base where all projects see the files. What scripts make is for
// one project: they see where it is.
func (t *tasks) sharedBase(p *graph.Package) string {
	if t.builds.ids[p.Key] != "" {
		return ""
	}
	return t.base(p.Key, p.Resolution)
}

// base names the files of a package in the store, as they are published: by its
// integrity, and for a directory by what is in it now. It is "" where nothing is
// known before the files are fetched, or the directory cannot be read, which
// pack tells.
func (t *tasks) base(id graph.Key, res graph.Resolution) string {
	res = t.forHere(res)
	switch {
	case res.Kind == graph.Directory:
		root, _, id, err := hashDirectory(t.abs(res.Directory))
		if err != nil {
			return ""
		}
		root.Close()
		return id.String()
	case res.Kind == graph.Git:
		return t.packedID("git", res.Repo, res.Commit, res.Path)
	case res.GitHosted:
		return t.packedID("archive", res.Integrity, res.Tarball, res.Path)
	case res.Kind == graph.Binary:
		return runtimeID(id, res)
	}
	if id, err := TreeID(res.Integrity); err == nil {
		return id.String()
	}
	return ""
}

// Has reports whether the store had the files when this install began. To make
// a shared slot anew from its own files would mend nothing.
func (t *tasks) Has(id string) bool {
	if source := t.builds.source[id]; source != "" {
		return t.builds.made[id] || t.had(source)
	}
	return t.had(id)
}

// had is Has for files that no scripts made.
func (t *tasks) had(id string) bool {
	t.mu.Lock()
	guessed := t.guessed[id]
	t.mu.Unlock()
	parsed, err := store.ParseID(id)
	if err != nil || guessed {
		return false
	}
	if t.req.Force && t.req.Layout.Shared != nil {
		return t.req.Store.Owns(parsed)
	}
	return t.req.Store.Has(parsed)
}

// known is what Has most likely says, for less.
func (t *tasks) known(id string) bool {
	parsed, err := store.ParseID(id)
	return err == nil && t.req.Store.Known(parsed)
}

// TreeID is the name in the store of the tarball with an integrity.
func TreeID(sri string) (store.ID, error) {
	in, err := integrity.Parse(sri)
	if err != nil {
		return store.ID{}, err
	}
	return store.NewID(in.Hex())
}

// prefetch starts the download of a package that the resolver picked.
func (t *tasks) prefetch(id graph.Key, res graph.Resolution) {
	if res = t.forHere(res); res.Kind == graph.Directory || res.Kind == graph.Variations || res.Kind == graph.Custom {
		return
	}
	tree := t.base(id, res)
	if tree != "" && (t.inPlace[tree] || t.known(tree)) {
		return
	}
	t.mu.Lock()
	t.guessed[tree] = true
	t.mu.Unlock()
	// A guess that fails is nobody's loss, whatever is wrong with the package; if
	// it is needed after all, the demand for it fails.
	t.fetch(id, res, func(error) bool { return true })
}

// fetch adds the tasks that bring a package into the store, and returns where
// its tree will be, and what to wait for: the key inside of tasks, the ticket
// outside. drop says which failures the caller can live with.
func (t *tasks) fetch(id graph.Key, res graph.Resolution, drop func(error) bool) (*fetched, sched.Key, sched.Ticket) {
	res = t.forHere(res)
	what := whatIs(id, res)
	t.mu.Lock()
	f := t.fetched[what]
	if f == nil {
		f = &fetched{id: id.ID(), res: res}
		t.fetched[what] = f
	}
	t.mu.Unlock()
	if f.again {
		what = "again " + what
	}
	down, ext := sched.Key("fetch "+what), sched.Key("extract "+what)
	if res.Kind == graph.Directory {
		return f, ext, t.sched.Add(sched.Task{
			Key: ext, Lane: cpu, Group: string(event.Extract),
			Run: func(context.Context, int) error { return t.pack(f) },
		})
	}
	t.sched.Add(sched.Task{
		Key: down, Lane: network, Until: ext, Group: string(event.Fetch), Drop: drop,
		Run: func(ctx context.Context, _ int) error { return t.download(ctx, f, down) },
	})
	return f, ext, t.sched.Add(sched.Task{
		Key: ext, Lane: cpu, Needs: []sched.Key{down}, Group: string(event.Extract), Drop: drop,
		Run: func(_ context.Context, slot int) error { return t.extract(f, &t.scratch[slot]) },
	})
}

func (t *tasks) download(ctx context.Context, f *fetched, key sched.Key) error {
	if f.res.Kind == graph.Git {
		var err error
		if f.checkout, err = t.req.Client.Checkout(ctx, f.res.Repo, f.res.Commit); err != nil {
			return &PackageError{Action: "fetch", ID: f.id, Err: err}
		}
		return nil
	}
	source := t.source
	source.Room = func(size int64) []byte {
		t.sched.SetCost(key, size)
		return t.buffers.take(size)
	}
	data, in, err := source.Tarball(ctx, f.id, f.res)
	if err != nil {
		return &PackageError{Action: "fetch", ID: f.id, Err: err}
	}
	f.data, f.in = data, in
	t.sched.SetCost(key, int64(len(data)))
	t.sched.Tally("bytes", int64(len(data)))
	t.req.Sink.Emit(event.Downloaded{Key: string(f.id), Bytes: int64(len(data))})
	return nil
}

func (t *tasks) extract(f *fetched, scratch *extract.Scratch) error {
	data := f.data
	f.data = nil
	if to := t.req.Carry.To; to != nil {
		defer t.buffers.give(data)
		return to(download.CarriedID(f.res), data)
	}
	add := t.req.Store.Add
	if t.req.Layout.Shared != nil && !f.again {
		add = t.req.Store.Stage // its directory may become that of a slot
	}
	id, fill, err := t.filling(f, data, scratch)
	if err == nil {
		f.tree, err = add(id, fill)
	}
	if err != nil {
		return &PackageError{Action: "extract", ID: f.id, Err: err}
	}
	t.mu.Lock()
	t.added[id.String()] = true
	t.mu.Unlock()
	t.remember(f.tree)
	return nil
}

// filling is the tree that a package is to become, and what writes its files.
func (t *tasks) filling(f *fetched, data []byte, scratch *extract.Scratch) (id store.ID, fill func(*store.Writer) error, err error) {
	switch {
	case f.res.Kind == graph.Git:
		fill = func(w *store.Writer) error { return t.packCheckout(w, f) }
	case f.res.GitHosted:
		fill = func(w *store.Writer) error { return t.packArchive(w, f, data, scratch) }
	case f.res.Kind == graph.Binary:
		fill = func(w *store.Writer) error {
			defer t.buffers.give(data)
			return t.unpackRuntime(w, f, data, scratch)
		}
	default:
		id, err = store.NewID(f.in.Hex())
		return id, func(w *store.Writer) error {
			defer t.buffers.give(data)
			return t.unpack(w, f, data, scratch)
		}, err
	}
	id, err = store.ParseID(t.base(f.id, f.res))
	return id, fill, err
}

// unpack writes the files of a published package.
func (t *tasks) unpack(w *store.Writer, f *fetched, data []byte, scratch *extract.Scratch) error {
	// The store remembers paths; extract uses their memory again.
	stats, err := extract.Tarball(data, scratch, extract.Limits{}, func(path string, exec bool, data []byte) error {
		return w.File(strings.Clone(path), exec, data)
	})
	if errors.Is(err, extract.ErrTooBig) {
		stats, err = extract.Large(data, scratch, extract.Limits{}, func(path string, exec bool, r io.Reader, size int64) error {
			return w.FileFrom(strings.Clone(path), exec, r, size)
		})
	}
	t.oddities(f.id, &stats)
	return err
}

// oddities warns of what npm lets through in a tarball, and so do we.
func (t *tasks) oddities(id graph.Key, stats *extract.Stats) {
	if len(stats.Collisions) > 0 {
		// Where case does not count the store refuses them.
		t.req.Sink.Emit(event.Warning{
			Code:    "CASE_COLLISION",
			Message: fmt.Sprintf("%s has files whose names differ only in case (%s): it cannot be installed on macOS and Windows", id, strings.Join(stats.Collisions, ", ")),
		})
	}
	if stats.Invalid > 0 {
		t.req.Sink.Emit(event.Warning{
			Code:    "DAMAGED_TARBALL",
			Message: fmt.Sprintf("the tarball of %s was damaged when it was published: %d blocks of it are no entries, and what they stood for is missing", id, stats.Invalid),
		})
	}
}

func (t *tasks) remember(tree *store.Tree) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trees[tree.ID.String()] = tree
}

// tree is the index of a tree in the store. For the ID of what scripts make it is
// what they make that of, unless the store has the former.
func (t *tasks) tree(id string) (*store.Tree, error) { return t.load(t.builds.from(id)) }

// load is tree for files that no scripts made. Who brings files may ask while the
// next plan is made.
func (t *tasks) load(id string) (*store.Tree, error) {
	t.mu.Lock()
	tree := t.trees[id]
	t.mu.Unlock()
	if tree != nil {
		return tree, nil
	}
	parsed, err := store.ParseID(id)
	if err != nil {
		return nil, err
	}
	if tree, err = t.req.Store.Load(parsed); err == nil {
		t.remember(tree)
	}
	return tree, err
}

// warmBatch is how many warm slots are one task: enough to hide the cost of
// tasks, few enough for the last batches to end together.
const warmBatch = 32

// place adds the tasks of a plan: links first, which need nothing, then slots.
// Warm and cold ones go through the same function.
func (t *tasks) place(linker *link.Linker, p *plan.Plan) {
	links := make([]link.Symlink, len(p.Links))
	for i, l := range p.Links {
		links[i] = link.Symlink{At: t.abs(l.At), Target: t.abs(l.Target)}
	}
	if len(links) > 0 {
		t.sched.Add(sched.Task{Key: "links", Lane: disk, Run: func(ctx context.Context, _ int) error {
			return linker.Symlinks(ctx, links)
		}})
	}
	t.placeOurs(linker, p)
	t.share(linker, p)
}

// ours is the places in the project.
func ours(places []plan.Place) []plan.Place {
	var out []plan.Place
	for _, p := range places {
		if p.Shared == "" {
			out = append(out, p)
		}
	}
	return out
}

// droppable says which failures to fetch a package can be lived with.
func (t *tasks) droppable(place plan.Place) func(error) bool {
	if !place.Package.Optional {
		return nil
	}
	return func(err error) bool { return t.drop(place, err) }
}

func (t *tasks) cold(linker *link.Linker, place plan.Place, after []sched.Key) {
	drop := t.droppable(place)
	f, ready, _ := t.bring(place.Package, drop)
	t.sched.Add(sched.Task{
		Key: linkKey(place), Lane: disk, Needs: []sched.Key{ready}, After: after, Group: string(event.LinkCold), Drop: drop,
		Run: func(ctx context.Context, _ int) error {
			if err := t.publish(f.tree.ID.String()); err != nil {
				return err
			}
			return t.linkOrRenew(ctx, linker, []plan.Place{place}, f)
		},
	})
}

func linkKey(place plan.Place) sched.Key { return sched.Key("link " + place.Dir) }

// PackageError is a package that could not be had, and who wanted it.
type PackageError struct {
	Action string // fetch, extract or link
	ID     graph.Key
	Chain  []string // the way from the project; empty until it is known
	Err    error
}

func (e *PackageError) Error() string {
	way := string(e.ID)
	if len(e.Chain) > 0 {
		way = strings.Join(e.Chain, " > ")
	}
	return fmt.Sprintf("%s %s: %v", e.Action, way, e.Err)
}

func (e *PackageError) Unwrap() error { return e.Err }

// isFetchError says whether an optional package may have this error: what does
// not arrive can be missed, but bad bytes are nobody's option.
func isFetchError(err error) bool {
	var pkg *PackageError
	return errors.As(err, &pkg) && pkg.Action == "fetch" && !errors.As(err, new(*download.IntegrityError)) && !errors.As(err, new(*download.DamagedError))
}

// isDropped reports whether the package of a place could not be fetched.
func (t *tasks) isDropped(place plan.Place) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hasDropped(place)
}

// hasDropped is isDropped for who holds the lock.
func (t *tasks) hasDropped(place plan.Place) bool {
	return slices.ContainsFunc(t.dropped, func(p plan.Place) bool { return p.Dir == place.Dir })
}

// drop lets an optional package that could not be fetched go missing.
func (t *tasks) drop(place plan.Place, err error) bool {
	if !isFetchError(err) {
		return false
	}
	t.mu.Lock()
	seen := t.hasDropped(place)
	if !seen {
		t.dropped = append(t.dropped, place)
	}
	t.mu.Unlock()
	if !seen {
		t.req.Sink.Emit(event.Warning{
			Code:    "SKIPPED_OPTIONAL",
			Message: fmt.Sprintf("an optional dependency is left out: %v", err),
		})
	}
	return true
}

// link places the files of slots. f is set for a cold one, whose tree is known
// already.
func (t *tasks) link(ctx context.Context, linker *link.Linker, batch []plan.Place, f *fetched) error {
	slots := make([]link.Slot, len(batch))
	for i, place := range batch {
		var tree *store.Tree
		var err error
		if f != nil {
			tree = t.visible(f)
		} else if tree, err = t.tree(place.ID); err != nil {
			return fmt.Errorf("link %s: %w", place.Package.Key, err)
		}
		slots[i] = link.Slot{
			Dir: t.abs(place.Dir), Tree: tree, Links: make([]link.Symlink, len(place.Links)),
			Private: t.builds.toMake(place.ID) && tree.Meta.Builds(),
		}
		for _, dir := range place.Nested {
			slots[i].Nested = append(slots[i].Nested, strings.TrimPrefix(dir, place.Dir+"/"))
		}
		for k, l := range place.Links {
			slots[i].Links[k] = link.Symlink{At: t.abs(l.At), Target: t.abs(l.Target)}
		}
	}
	if err := linker.Slots(ctx, slots); err != nil {
		return err
	}
	if f == nil {
		t.sched.Tally("reused", int64(len(batch)))
	}
	for _, place := range batch {
		if f == nil {
			t.req.Sink.Emit(event.Reused{Key: string(place.Package.Key.ID())})
		}
		t.req.Sink.Emit(event.Linked{Key: string(place.Package.Key)})
	}
	return nil
}

// visible is the tree of what was fetched, where it is now.
func (t *tasks) visible(f *fetched) *store.Tree {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.trees[f.tree.ID.String()]
}

// abs is a path of the layout as the system knows it.
func (t *tasks) abs(path string) string {
	if path = filepath.FromSlash(path); filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(t.req.Root, path)
}
