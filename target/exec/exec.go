// Package exec is the kind of target whose calls are runs of a program: one run
// is one call, without a shell unless one is asked for.
//
// The program gets a process group of its own, and all of that is killed when its
// time is over or somebody gives the call up. What it writes is read, and kept as
// far as somebody looks at it, or its failure is to be told.
package exec

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"plimsoll/target"
	"plimsoll/target/host"
	"plimsoll/target/look"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// The numbers of a run's phases.
const (
	cpuUser = iota
	cpuSystem
	phases
)

// phaseNames are those that results have.
func phaseNames() []string { return []string{"cpu_user", "cpu_system"} }

// program runs what it is asked to run.
type program struct {
	*Settings
	environment []string
	paths       paths
	observer    target.Observer // nil: nobody watches
	nowhere     *os.File        // what nobody reads goes there, and comes from there
	own         *prepared
	args        func(*target.Request) []value.Value // of its own call
}

// prepared is a call made ready: where its program is, if that is always the same.
type prepared struct {
	*Call
	path string
	err  error
}

// parts are what is told of one run.
type parts struct {
	target.Parts
	phases [phases]time.Duration
}

// Call runs the program once.
func (p *program) Call(ctx context.Context, r *target.Request) (out target.Outcome) {
	asked, _ := r.Call.(*prepared)
	args := r.Args
	if asked == nil {
		asked, args = p.own, p.args(r)
	}
	argv := asked.argv(args, p.Shell)
	path, err := asked.path, asked.err
	if path == "" && err == nil {
		path, err = p.paths.find(argv[0])
	}
	if err != nil {
		return failure(argv[0], err)
	}
	p.tellSent(r, asked.Call, args)
	run := run{path: path, argv: argv, dir: p.Directory, env: p.environment, stdin: asked.input(args), keep: wanted(r.Want) || p.observer != nil, nowhere: p.nowhere}
	state, err := run.carryOut(ctx)
	out.Ended = run.ended
	if err != nil {
		return failure(argv[0], err)
	}
	out.Parts = told(state)
	out.BytesIn, out.BytesOut = run.stdout.size+run.stderr.size, int64(len(run.stdin))
	if class := p.classOf(state, asked); class != "" {
		out.Class, out.Example = class, p.Scrub(run.example(state))
	}
	p.tellAnswered(r, &run)
	if len(r.Want) > 0 {
		p.look(r.Want, &run, state, &out)
	}
	return out
}

// told are the parts of a run that is over.
func told(state *os.ProcessState) *target.Parts {
	t := &parts{phases: [phases]time.Duration{cpuUser: state.UserTime(), cpuSystem: state.SystemTime()}}
	t.Phases, t.Memory = t.phases[:], memory(state)
	return &t.Parts
}

// classOf is how a run failed; "": it did not, or conditions judge its exit code.
func (p *program) classOf(state *os.ProcessState, asked *prepared) string {
	switch signal, killed := signalOf(state); {
	case killed:
		return fmt.Sprintf("signal-%d", signal)
	case !asked.anyCode && !p.Success.good(state.ExitCode()):
		return fmt.Sprintf("exit-%d", state.ExitCode())
	}
	return ""
}

// failure is that of a program that could not be started.
func failure(name string, err error) (out target.Outcome) {
	cause := err
	var search *exec.Error
	if errors.As(cause, &search) {
		cause = search.Err
	}
	var path *fs.PathError
	if errors.As(cause, &path) {
		cause = path.Err
	}
	out.Example = fmt.Sprintf("%s: %v", name, cause)
	switch {
	case host.LimitOf(err) != 0, errors.Is(err, syscall.EAGAIN):
		out.Class = target.Generator
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		out.Class = target.NotFound
	case errors.Is(err, fs.ErrPermission):
		out.Class = target.Denied
	default:
		out.Class = target.Other
	}
	return out
}

// wanted tells whether somebody looks at what the program writes.
func wanted(want []look.Operand) bool {
	for i := range want {
		if word := want[i].Word(); word == "stdout" || word == "json" || word == "bytes" || word == "body" {
			return true
		}
	}
	return false
}

// look finds what is wanted in what the program wrote.
func (p *program) look(want []look.Operand, run *run, state *os.ProcessState, out *target.Outcome) {
	if run.keep && run.stdout.over && out.Class == "" {
		out.Class = target.Body
		out.Example = fmt.Sprintf("the program wrote more than %d bytes, and somebody looks at them", mostKept)
		return
	}
	a := look.Answer{Body: run.stdout.kept, Fields: fields{run, state}}
	out.Found = make([]value.Value, len(want))
	for i := range want {
		found, there := want[i].Find(&a)
		if out.Found[i] = found; !there {
			out.Shown = look.Shown(run.stdout.kept, p.Scrub)
		}
	}
}

// fields are what only programs have.
type fields struct {
	*run
	state *os.ProcessState
}

func (f fields) Field(word, _ string) (value.Value, bool) {
	switch word {
	case "stdout":
		return value.Of(strings.TrimSuffix(string(f.stdout.kept), "\n")), true
	case "exit_code":
		return value.Value{Kind: value.Number, Text: fmt.Sprint(f.state.ExitCode())}, true
	}
	return value.Value{}, false
}

// example says how a run failed: with the last line that the program complained
// in.
func (r *run) example(state *os.ProcessState) string {
	last := ""
	for line := range strings.Lines(strings.ToValidUTF8(string(r.stderr.kept), "\uFFFD")) {
		if text := strings.TrimSpace(line); text != "" {
			last = text
		}
	}
	text := cmp.Or(state.String(), "it failed")
	if last != "" {
		text += ": " + last
	}
	return text
}

// argv are the program and its arguments.
func (c *Call) argv(args []value.Value, shell bool) []string {
	argv := make([]string, 0, len(c.Words)+2)
	if shell {
		argv = append(argv, "/bin/sh", "-c")
	}
	for _, word := range c.Words {
		escape := template.AsIs
		if shell {
			escape = template.InShell
		}
		argv = append(argv, string(word.Append(nil, args, escape)))
	}
	return argv
}

// input is what the program reads.
func (c *Call) input(args []value.Value) []byte {
	if !c.HasInput {
		return nil
	}
	return c.Stdin.Append([]byte{}, args, template.AsIs)
}
