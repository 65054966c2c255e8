package exec

import (
	"context"
	"os"
	"sync"
	"time"
)

// run is one run of a program.
type run struct {
	path    string
	argv    []string
	dir     string
	env     []string
	stdin   []byte // nil: there is nothing to read
	keep    bool   // what it writes
	nowhere *os.File

	stdout, stderr output
	ended          time.Time
}

// Of what a program writes this much is kept, in bytes, where somebody looks at
// it, or to tell why it failed.
const (
	mostKept      = 1_000_000
	mostComplaint = 4096
)

// carryOut runs it to its end, or until ctx is done: then all of its group is
// killed.
func (r *run) carryOut(ctx context.Context) (*os.ProcessState, error) {
	var pipes pipes
	defer pipes.close()
	files, err := r.files(&pipes)
	if err != nil {
		return nil, err
	}
	process, err := os.StartProcess(r.path, r.argv, &os.ProcAttr{Dir: r.dir, Env: r.env, Files: files, Sys: grouped()})
	pipes.ours()
	if err != nil {
		return nil, err
	}
	var over group
	over.pid = process.Pid
	stop := context.AfterFunc(ctx, over.kill)
	pipes.begin()
	state, err := process.Wait()
	r.ended = time.Now()
	stop()
	over.end()
	pipes.finish()
	return state, err
}

// files are the three that the program has from the beginning.
func (r *run) files(p *pipes) (files []*os.File, err error) {
	in, out := r.nowhere, r.nowhere
	if r.stdin != nil {
		if in, err = p.input(r.stdin); err != nil {
			return nil, err
		}
	}
	if r.keep {
		r.stdout.most = mostKept
		if out, err = p.output(&r.stdout); err != nil {
			return nil, err
		}
	}
	r.stderr.most, r.stderr.last = mostComplaint, true
	complaints, err := p.output(&r.stderr)
	return []*os.File{in, out, complaints}, err
}

// group is a program's, which can be killed until somebody has waited for it.
type group struct {
	mu   sync.Mutex
	pid  int
	gone bool
}

func (g *group) kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.gone {
		killGroup(g.pid)
	}
}

// end tells that the program is gone, and its number perhaps another's.
func (g *group) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gone = true
}

// output is what came out of a pipe.
type output struct {
	most int
	last bool // what came last is kept, else what came first
	kept []byte
	over bool // there was more
	size int64
}

func (o *output) take(b []byte) {
	o.size += int64(len(b))
	o.kept = append(o.kept, b...)
	if excess := len(o.kept) - o.most; excess > 0 {
		o.over = true
		if o.last {
			o.kept = append(o.kept[:0], o.kept[excess:]...)
		} else {
			o.kept = o.kept[:o.most]
		}
	}
}

// pipes are those of a run, and who reads and writes them.
type pipes struct {
	mine, theirs []*os.File
	work         []func()
	at           sync.WaitGroup
}

// afterwards is how long what a program has written is read when it is gone: all
// of it is there, unless another still writes.
const afterwards = 20 * time.Millisecond

func (p *pipes) output(o *output) (*os.File, error) {
	mine, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.mine, p.theirs = append(p.mine, mine), append(p.theirs, theirs)
	p.work = append(p.work, func() {
		buffer := make([]byte, 4096)
		for {
			n, err := mine.Read(buffer)
			o.take(buffer[:n])
			if err != nil {
				return
			}
		}
	})
	return theirs, nil
}

func (p *pipes) input(text []byte) (*os.File, error) {
	theirs, mine, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.mine, p.theirs = append(p.mine, mine), append(p.theirs, theirs)
	p.work = append(p.work, func() {
		_, _ = mine.Write(text) // a program need not read it
		_ = mine.Close()
	})
	return theirs, nil
}

// ours closes the ends that only the program needs.
func (p *pipes) ours() {
	for _, f := range p.theirs {
		_ = f.Close()
	}
	p.theirs = nil
}

func (p *pipes) begin() {
	for _, work := range p.work {
		p.at.Go(work)
	}
}

// finish takes in what is left of what the program wrote.
func (p *pipes) finish() {
	soon := time.Now().Add(afterwards)
	for _, f := range p.mine {
		_ = f.SetDeadline(soon)
	}
	p.at.Wait()
}

func (p *pipes) close() {
	p.ours()
	for _, f := range p.mine {
		_ = f.Close()
	}
}
