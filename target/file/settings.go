package file

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"plimsoll/target"
	"plimsoll/target/kind"
	"plimsoll/target/retry"
	"plimsoll/target/template"
	"plimsoll/target/value"
	"plimsoll/target/workers"
)

// Settings are those of `file:`.
type Settings struct {
	// Own is the call that the target has by itself; nil: there is none.
	Own *Call
	// Directory is where the files are, "" for a private folder, which is filled
	// with so many Files and removed after the trial.
	Directory string
	Files     int
	// Size is that of each file, and of what a call writes, in bytes.
	Size    int64
	Timeout time.Duration // 0: as long as it takes
	Retry   retry.Settings
	Scrub   func(string) string
}

// Defaults of Settings.Files and Settings.Size.
const (
	usualFiles = 10
	usualSize  = 64_000
)

// Call is what is done, and with which file.
type Call struct {
	Do    string
	Path  template.Template
	does  func(*task) error
	named bool // it says which file
	holes template.Holes
}

// Name is what is done and with which file, as it is written.
func (c *Call) Name() string {
	if c.named {
		return c.Do + " " + c.Path.String()
	}
	return c.Do
}

// Refs are what stands in the path.
func (c *Call) Refs() []template.Ref { return c.holes.Refs() }

// deeds are what can be done with a file.
func deeds() []deed {
	return []deed{
		{"read", (*task).read},
		{"lines", (*task).lines},
		{"write", func(t *task) error { return t.write(os.O_TRUNC, false) }},
		{"sync", func(t *task) error { return t.write(os.O_TRUNC, true) }},
		{"append", func(t *task) error { return t.write(os.O_APPEND, false) }},
		{"copy", (*task).copyOver},
	}
}

type deed struct {
	word string
	does func(*task) error
}

// Traits of files.
func (s *Settings) Traits() kind.Traits {
	t := kind.Traits{Kind: "file", Local: true, Action: "file", Phases: phaseNames(), Timeout: s.Timeout, Operands: []string{"body", "json", "bytes"}}
	if s.Own != nil {
		t.Own = s.Own
	}
	return t
}

// Open makes the folder ready.
func (s *Settings) Open(_ context.Context, site kind.Site) (*kind.Opened, error) {
	d, err := s.disk(site)
	if err != nil {
		return nil, err
	}
	return &kind.Opened{
		Engine:  "file",
		Carrier: func(c target.Clock) (target.Carrier, error) { return workers.New(d, c), nil },
		Prepare: func(call any) (any, error) {
			c, ok := call.(*Call)
			if !ok {
				return nil, fmt.Errorf("files are read and written, as in file: read, and know no %T", call)
			}
			return c, d.has(c)
		},
		Divisible: true,
		Timeout:   s.Timeout, Retry: s.Retry,
		Err: kind.Never, Close: d.close,
	}, nil
}

// disk makes the folder, and what is in it.
func (s *Settings) disk(site kind.Site) (*disk, error) {
	d := &disk{Settings: s, observer: site.Observer, folder: s.Directory, content: content(cmp.Or(s.Size, usualSize)), args: func(*target.Request) []value.Value { return nil }}
	d.buffers.New = func() any {
		b := make([]byte, 64<<10)
		return &b
	}
	if s.Own != nil {
		own, err := site.Own(s.Own)
		if err != nil {
			return nil, err
		}
		d.own, d.args = s.Own, own.Args
	}
	if s.Directory == "" {
		return d, d.fill()
	}
	info, err := os.Stat(s.Directory)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the folder of the files: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is no folder", s.Directory)
	}
	if s.Own != nil {
		return d, d.has(s.Own)
	}
	return d, nil
}

// fill makes a private folder and its files.
func (d *disk) fill() (err error) {
	if d.folder, err = os.MkdirTemp("", "plimsoll-files-"); err != nil {
		return err
	}
	d.private = true
	for n := range d.files() {
		if err := os.WriteFile(filepath.Join(d.folder, nameOf(uint64(n))), d.content, 0o666); err != nil {
			d.close()
			return fmt.Errorf("cannot make %d files of %d bytes: %w", d.files(), len(d.content), err)
		}
	}
	return nil
}

func (d *disk) files() int { return cmp.Or(d.Files, usualFiles) }

// has tells what keeps a call from being made here.
func (d *disk) has(c *Call) error {
	if !d.private && !c.named {
		return errors.New("which file? Write path beside it, or leave directory out: then there is a private folder with files in it")
	}
	return nil
}

func (d *disk) close() {
	if d.private {
		_ = os.RemoveAll(d.folder)
	}
}

// content is so many bytes of text, in lines.
func content(size int64) []byte {
	const line = "The quick brown fox jumps over the lazy dog, and the dog does not mind at all. "
	b := make([]byte, size)
	for i := range b {
		b[i] = line[i%len(line)]
		if i%len(line) == len(line)-1 {
			b[i] = '\n'
		}
	}
	return b
}
