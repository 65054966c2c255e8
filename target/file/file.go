// Package file is the kind of target whose calls are work with one file: reading
// it, by lines or as it comes, writing it, with and without waiting for the disk.
package file

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"plimsoll/target"
	"plimsoll/target/host"
	"plimsoll/target/look"
	"plimsoll/target/quantity"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// The numbers of a call's phases.
const (
	opening = iota
	firstByte
	phases
)

func phaseNames() []string { return []string{"open", "first_byte"} }

// disk carries calls out in a folder.
type disk struct {
	*Settings
	folder   string
	private  bool // we have made it, and remove it
	content  []byte
	buffers  sync.Pool       // of *[]byte
	observer target.Observer // nil: nobody watches
	own      *Call
	args     func(*target.Request) []value.Value // of its own call
}

// task is one call.
type task struct {
	*disk
	ctx    context.Context
	path   string
	number uint64
	keep   bool // what is read
	kept   []byte
	over   bool // there was more

	out    *target.Outcome
	parts  target.Parts
	phases [phases]time.Duration
}

// Call does what is asked with one file.
func (d *disk) Call(ctx context.Context, r *target.Request) (out target.Outcome) {
	asked, _ := r.Call.(*Call)
	args := r.Args
	if asked == nil {
		asked, args = d.own, d.args(r)
	}
	t := &task{disk: d, ctx: ctx, number: r.Number, keep: wanted(r.Want) || d.observer != nil, out: &out, path: d.pathOf(asked, args, r.Number)}
	t.phases = [phases]time.Duration{target.None, target.None}
	t.parts.Phases, out.Parts = t.phases[:], &t.parts
	t.tellSent(asked)
	err := asked.does(t)
	out.Ended = time.Now()
	if err != nil {
		out.Class, out.Example = classOf(err), d.Scrub(err.Error())
	}
	t.tellAnswered()
	if len(r.Want) > 0 {
		t.look(r.Want)
	}
	return out
}

// pathOf is the file that a call is about: the one that it names, or one of those
// that there are, in turn.
func (d *disk) pathOf(c *Call, args []value.Value, number uint64) string {
	if !c.named {
		return filepath.Join(d.folder, nameOf(number%uint64(max(1, d.files()))))
	}
	path := string(c.Path.Append(nil, args, template.AsIs))
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(d.folder, path)
}

// nameOf is the name of one of the files that we make.
func nameOf(n uint64) string { return "file-" + strconv.FormatUint(n, 10) }

// open opens the file, and notes how long that took.
func (t *task) open(flags int) (*os.File, error) {
	before := time.Now()
	f, err := os.OpenFile(t.path, flags, 0o666)
	t.phases[opening] = time.Since(before)
	return f, err
}

// read reads the file to its end.
func (t *task) read() error {
	f, err := t.open(os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	return t.drain(f, nil)
}

// drain reads on to the end, and writes what it reads where it is to go.
func (t *task) drain(f *os.File, to *os.File) error {
	buffer := t.buffers.Get().(*[]byte)
	defer t.buffers.Put(buffer)
	for before := time.Now(); ; {
		n, err := f.Read(*buffer)
		if t.out.BytesIn == 0 {
			t.phases[firstByte] = time.Since(before)
		}
		t.took((*buffer)[:n])
		if n > 0 && to != nil {
			if _, err := to.Write((*buffer)[:n]); err != nil {
				return err
			}
			t.out.BytesOut += int64(n)
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case t.ctx.Err() != nil:
			return t.ctx.Err()
		}
	}
}

func (t *task) took(b []byte) {
	t.out.BytesIn += int64(len(b))
	if t.keep {
		room := mostKept - len(t.kept)
		t.over = t.over || len(b) > room
		t.kept = append(t.kept, b[:min(room, len(b))]...)
	}
}

// lines reads the file line by line, as programs do.
func (t *task) lines() error {
	f, err := t.open(os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	for before, n := time.Now(), 0; ; n++ {
		line, err := r.ReadSlice('\n')
		if n == 0 {
			t.phases[firstByte] = time.Since(before)
		}
		t.took(line)
		switch {
		case err == io.EOF:
			return nil
		case err == bufio.ErrBufferFull: // the line goes on
		case err != nil:
			return err
		}
		if n%1024 == 0 && t.ctx.Err() != nil {
			return t.ctx.Err()
		}
	}
}

// write writes the file anew, or on, and waits for the disk where that is asked.
func (t *task) write(flags int, sync bool) error {
	f, err := t.open(os.O_WRONLY | os.O_CREATE | flags)
	if err != nil {
		return err
	}
	const piece = 1 << 20
	for rest := t.content; len(rest) > 0 && err == nil; {
		n := 0
		n, err = f.Write(rest[:min(piece, len(rest))])
		rest = rest[n:]
		t.out.BytesOut += int64(n)
		if err == nil {
			err = t.ctx.Err()
		}
	}
	if sync && err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// copyOver copies the file to one beside it, which is gone after the call.
func (t *task) copyOver() error {
	f, err := t.open(os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	to := fmt.Sprintf("%s.copy-%d", t.path, t.number)
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	err = errors.Join(t.drain(f, out), out.Close())
	t.out.Ended = time.Now()
	return errors.Join(err, os.Remove(to))
}

// mostKept is how much is kept of what is read, in bytes, where somebody looks at
// it.
const mostKept = 1_000_000

func wanted(want []look.Operand) bool {
	for i := range want {
		if _, body := want[i].Needs(); body {
			return true
		}
	}
	return false
}

// look finds what is wanted in what was read.
func (t *task) look(want []look.Operand) {
	if t.over && t.out.OK() {
		t.out.Class = target.Body
		t.out.Example = fmt.Sprintf("%s has more than %s, and it is looked into", filepath.Base(t.path), quantity.Size(mostKept))
		return
	}
	a := look.Answer{Body: t.kept}
	t.out.Found = make([]value.Value, len(want))
	for i := range want {
		found, there := want[i].Find(&a)
		if t.out.Found[i] = found; !there {
			t.out.Shown = look.Shown(t.kept, t.Scrub)
		}
	}
}

// classOf names a failure.
func classOf(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return target.Cancelled
	case host.LimitOf(err) != 0 && !errors.Is(err, syscall.ENOSPC):
		return target.Generator
	case errors.Is(err, fs.ErrNotExist):
		return target.NotFound
	case errors.Is(err, fs.ErrPermission):
		return target.Denied
	case errors.Is(err, fs.ErrExist):
		return target.Exists
	case full(err):
		return target.NoSpace
	}
	return target.Other
}
