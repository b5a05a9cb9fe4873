package pnpmfile

import (
	"bufio"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed worker.cjs
var program string

// maxAnswer bounds a line of the process: the largest lockfile that is read
// (pnpmlock), with room for what JSON takes more than YAML.
const maxAnswer = 512 << 20

// answer is what comes back for one request.
type answer struct {
	ID   int
	OK   json.RawMessage
	Same bool
	Err  string
	Bad  bool
	Hook string
	File string
	Log  *string
}

// logged is something that a hook had to say.
type logged struct{ hook, message string }

// exports is what the pnpmfiles have.
type exports struct {
	Hooks  []string
	Any    bool // there is an object called hooks, whatever is in it
	Beyond []struct{ File, What string }
}

// worker is the node process. Its methods are safe for concurrent use.
type worker struct {
	opts  *Options
	files string // for messages
	kill  context.CancelFunc
	in    io.WriteCloser
	ended chan struct{} // closed when no answer comes any more

	writing sync.Mutex // a line at a time

	mu      sync.Mutex // guards what follows
	next    int
	waiting map[int]*Pending
	fault   error
	watch   *time.Timer // kills the process; runs while somebody waits
}

// Pending is a request on its way. Its answer is read once.
type Pending struct {
	w    *worker
	id   int
	logs []logged      // of hooks, until the answer is there
	done chan struct{} // closed when what follows is set
	got  answer
	err  error
}

// startWorker starts node, which loads the files while the caller goes on. The
// answer is about what they export.
func startWorker(ctx context.Context, opts *Options) (*worker, *Pending, error) {
	paths := make([]string, len(opts.Files))
	for i, f := range opts.Files {
		paths[i] = f.Path
	}
	if opts.Node == "" {
		return nil, nil, &NoNodeError{paths[0]}
	}
	ctx, kill := context.WithCancel(ctx)
	w := &worker{opts: opts, files: strings.Join(paths, ", "), kill: kill, ended: make(chan struct{}), waiting: map[int]*Pending{}}
	cmd := exec.CommandContext(ctx, opts.Node, append([]string{"--input-type=commonjs", "-e", program, "--"}, paths...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = opts.Dir, opts.Env, opts.Stderr
	cmd.WaitDelay = time.Second // for processes that a hook left behind with our pipes
	out, err := w.start(cmd)
	if err != nil {
		kill()
		return nil, nil, &EndedError{Files: w.files, Err: err}
	}
	w.watch = time.AfterFunc(opts.Patience, w.giveUp)
	first := w.expect() // its number is 0: node begins
	go w.read(cmd, out) // ends with the process, which close ends
	return w, first, nil
}

func (w *worker) start(cmd *exec.Cmd) (out io.Reader, err error) {
	if w.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if out, err = cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	return out, cmd.Start()
}

// close ends the process and waits for that.
func (w *worker) close() {
	w.kill()
	<-w.ended
}

// expect makes room for an answer.
func (w *worker) expect() *Pending {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := &Pending{w: w, id: w.next, done: make(chan struct{})}
	w.next++
	if w.fault != nil {
		p.err = w.fault
		close(p.done)
		return p
	}
	w.waiting[p.id] = p
	w.watch.Reset(w.opts.Patience)
	return p
}

// ask sends a request. Payload is JSON without line ends.
func (w *worker) ask(hook string, payload []byte) *Pending {
	p := w.expect()
	line := make([]byte, 0, len(payload)+64)
	line = strconv.AppendInt(append(line, `{"id":`...), int64(p.id), 10)
	line = append(append(append(line, `,"hook":"`...), hook...), `","payload":`...)
	line = append(append(line, payload...), "}\n"...)
	w.writing.Lock()
	defer w.writing.Unlock()
	if _, err := w.in.Write(line); err != nil {
		w.kill() // the reader finds out why, and tells all who wait
	}
	return p
}

// read takes answers until the process ends.
func (w *worker) read(cmd *exec.Cmd, out io.Reader) {
	defer close(w.ended)
	lines := bufio.NewScanner(out)
	lines.Buffer(make([]byte, 64<<10), maxAnswer)
	for lines.Scan() {
		var a answer
		if json.Unmarshal(lines.Bytes(), &a) == nil { // else something wrote past our program
			w.take(a)
		}
	}
	w.kill()
	err := cmd.Wait()
	w.end(&EndedError{Files: w.files, Err: err})
}

// take gives an answer to whom it is for.
func (w *worker) take(a answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.waiting[a.ID]
	if p == nil {
		return
	}
	w.watch.Reset(w.opts.Patience)
	if a.Log != nil {
		p.logs = append(p.logs, logged{a.Hook, *a.Log})
		return
	}
	delete(w.waiting, a.ID)
	if len(w.waiting) == 0 {
		w.watch.Stop()
	}
	p.got = a
	if a.Err != "" {
		p.err = &HookError{File: cmp.Or(a.File, w.files), Hook: a.Hook, Message: a.Err, Bad: a.Bad}
	}
	close(p.done)
}

// giveUp ends a process that says nothing, unless its last answer came at that very
// moment.
func (w *worker) giveUp() {
	w.mu.Lock()
	if len(w.waiting) == 0 {
		w.mu.Unlock()
		return
	}
	if w.fault == nil {
		w.fault = &EndedError{Files: w.files, Silent: w.opts.Patience}
	}
	w.mu.Unlock()
	w.kill()
}

// end tells all who wait that no answer comes.
func (w *worker) end(fault error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watch.Stop()
	if w.fault == nil {
		w.fault = fault
	}
	for id, p := range w.waiting {
		delete(w.waiting, id)
		p.err = w.fault
		close(p.done)
	}
}

// wait is the answer; what the hook logged meanwhile is passed on first.
func (p *Pending) wait(ctx context.Context) (answer, error) {
	select {
	case <-p.done:
	case <-ctx.Done():
		return answer{}, context.Cause(ctx)
	}
	for _, l := range p.logs {
		p.w.opts.Log(l.hook, l.message)
	}
	p.logs = nil
	return p.got, p.err
}
