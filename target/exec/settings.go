package exec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"plimsoll/target"
	"plimsoll/target/kind"
	"plimsoll/target/retry"
	"plimsoll/target/template"
	"plimsoll/target/workers"
)

// Settings are those of `exec:`.
type Settings struct {
	// Own is the call that the target has by itself; nil: there is none.
	Own *Call
	// Environment is NAME=VALUE, added to ours; Directory where the program runs,
	// "" for ours.
	Environment []string
	Directory   string
	// Shell has /bin/sh carry out the one word that there is.
	Shell   bool
	Timeout time.Duration // 0: as long as it takes
	Retry   retry.Settings
	Success codes // that are no failure
	Scrub   func(string) string
}

// Call is a run: the program and its arguments, and what it reads.
type Call struct {
	Words    []template.Template
	Stdin    template.Template
	HasInput bool
	holes    template.Holes
	anyCode  bool // conditions judge the exit code
}

// Name is the command, as it is written.
func (c *Call) Name() string {
	words := make([]string, len(c.Words))
	for i, w := range c.Words {
		words[i] = w.String()
	}
	return strings.Join(words, " ")
}

// Refs are what stands in it.
func (c *Call) Refs() []template.Ref { return c.holes.Refs() }

// JudgedBy hears which of its answer conditions judge: an exit code that one
// looks at is no failure by itself.
func (c *Call) JudgedBy(words []string) {
	for _, w := range words {
		c.anyCode = c.anyCode || w == "exit_code"
	}
}

// Traits of a program.
func (s *Settings) Traits() kind.Traits {
	t := kind.Traits{
		Kind: "exec", Local: true, Action: "exec", Phases: phaseNames(), Timeout: s.Timeout,
		Operands: []string{"stdout", "exit_code", "json", "bytes"},
	}
	if s.Own != nil {
		t.Own = s.Own
	}
	return t
}

// Open makes the program ready to be run.
func (s *Settings) Open(_ context.Context, site kind.Site) (*kind.Opened, error) {
	p, err := s.program(site)
	if err != nil {
		return nil, err
	}
	return &kind.Opened{
		Engine:  "exec",
		Carrier: func(c target.Clock) (target.Carrier, error) { return workers.New(p, c), nil },
		Prepare: func(call any) (any, error) {
			c, ok := call.(*Call)
			if !ok {
				return nil, fmt.Errorf("a program is run, as in exec: [date], and knows no %T", call)
			}
			return p.prepare(c), c.fits(s.Shell)
		},
		Divisible: true,
		Timeout:   s.Timeout, Retry: s.Retry,
		Err: kind.Never, Close: func() { p.nowhere.Close() },
	}, nil
}

// program is who runs what is asked.
func (s *Settings) program(site kind.Site) (*program, error) {
	p := &program{Settings: s, observer: site.Observer, environment: append(os.Environ(), s.Environment...)}
	p.paths.dir = s.Directory
	if info, err := os.Stat(s.Directory); s.Directory != "" && (err != nil || !info.IsDir()) {
		return nil, fmt.Errorf("there is no folder %s to run in", s.Directory)
	}
	if s.Own != nil {
		own, err := site.Own(s.Own)
		if err != nil {
			return nil, err
		}
		p.own, p.args = p.prepare(s.Own), own.Args
	}
	var err error
	p.nowhere, err = os.OpenFile(os.DevNull, os.O_RDWR, 0)
	return p, err
}

// prepare looks the program of a call up, where it is always the same.
func (p *program) prepare(c *Call) *prepared {
	out := &prepared{Call: c}
	name, constant := c.Words[0].Constant()
	if p.Shell {
		name, constant = "/bin/sh", true
	}
	if constant {
		out.path, out.err = p.paths.find(name)
	}
	return out
}

// fits tells what is wrong with a command where there is a shell, or none.
func (c *Call) fits(shell bool) error {
	text, constant := c.Words[0].Constant()
	switch {
	case shell && len(c.Words) > 1:
		return errors.New("with `shell: true` the command is one text, exec: \"a | b\", and no list")
	case !shell && len(c.Words) == 1 && constant && strings.ContainsAny(text, " \t\n|;&<>"):
		return fmt.Errorf("no shell takes %q apart: write a list, exec: [PROGRAM, ARGUMENT], or shell: true beside it", text)
	}
	return nil
}

// paths remembers where programs are.
type paths struct {
	dir   string
	known sync.Map
}

// find looks a program up as a shell does: in PATH, unless there is a slash in its
// name, and then from the folder in which it runs.
func (p *paths) find(name string) (string, error) {
	if path, known := p.known.Load(name); known {
		return path.(string), nil
	}
	path := name
	if strings.ContainsRune(name, '/') && !filepath.IsAbs(name) && p.dir != "" {
		path = filepath.Join(p.dir, name)
	}
	found, err := exec.LookPath(path)
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return "", err
	}
	p.known.Store(name, found)
	return found, nil
}
