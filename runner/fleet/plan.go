package fleet

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"plimsoll/runner"
	"plimsoll/runner/mode"
	"plimsoll/runner/scenario"
	"plimsoll/target/serve"
	"plimsoll/target/setting"
)

// Limits of what is sent of a plan: bytes of all files, and how many there are.
const (
	mostFiles     = 24 << 20
	mostFileCount = 1000
)

// PlanOf is what agents need of a plan that was read from a text in a folder: that,
// and the files that it names. An error tells which of them cannot be sent.
func PlanOf(p *scenario.Plan, text []byte, folder string) (Plan, error) {
	out := Plan{Name: filepath.Base(p.File.Name), Text: text, Files: map[string][]byte{}, Seed: p.Seed, Trials: len(p.Trials())}
	for _, name := range p.Names {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return out, fmt.Errorf("%q lies outside of the folder of %s: a fleet's agents have what lies in it, and below", name, p.File.Name)
		}
		if err := out.add(folder, name); err != nil {
			return out, err
		}
		if filepath.Ext(name) == ".proto" {
			if err := out.imports(folder); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

// add adds a file; what is none, or not there, an agent will find as it is.
func (p *Plan) add(folder, name string) error {
	path := filepath.Join(folder, name)
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	total := info.Size()
	for _, text := range p.Files {
		total += int64(len(text))
	}
	if total > mostFiles || len(p.Files) == mostFileCount {
		return fmt.Errorf("with %q the plan's files are more than %d MB, or %d: that is more than is sent to agents", name, mostFiles>>20, mostFileCount)
	}
	text, err := os.ReadFile(path)
	p.Files[filepath.ToSlash(name)] = text
	return err
}

// imports adds all schemas below the folder, of which one may import another.
func (p *Plan) imports(folder string) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".proto" {
			return nil // what cannot be read is missing where it is wanted
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		return p.add(folder, name)
	})
}

// Shares is the work of agents: shares of plans, carried out by package runner.
type Shares struct {
	Permit
	// Environment is the agent's own, of which plans may name variables.
	Environment func(string) (string, bool)
	// Version and Child are as of runner.Options.
	Version string
	Child   serve.Command
}

// folders is how many folders deep a plan lies in a private one, because schemas are
// looked for in so many above.
const folders = 8

// Take reads a plan in a folder of its own.
func (s *Shares) Take(p Plan) (Job, error) {
	top, err := os.MkdirTemp("", "plimsoll-agent-")
	if err != nil {
		return nil, err
	}
	j := &job{shares: s, top: top}
	if j.plan, err = s.read(p, filepath.Join(top, strings.Repeat("plan/", folders))); err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

func (s *Shares) read(p Plan, folder string) (*scenario.Plan, error) {
	if err := unpack(p.Files, folder); err != nil {
		return nil, err
	}
	var known setting.Secrets // whatever the plan asks for: its problems are told elsewhere
	var forbidden error
	plan, problems := scenario.ParseSent(p.Name, p.Text, func(name string) (string, bool) {
		value, set := s.Environment(name)
		if err := s.Variable(name); set && err != nil {
			forbidden = cmp.Or(forbidden, err)
			return "", false
		}
		known.Add(name, value)
		return value, set
	}, folder)
	if forbidden != nil {
		return nil, forbidden
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("the plan cannot be carried out here: %s", known.Scrub(problems.Error()))
	}
	scrub := plan.Scrub
	plan.Scrub = func(text string) string { return known.Scrub(scrub(text)) }
	sum := sha256.Sum256(p.Text)
	if n := len(plan.Trials()); n != p.Trials || plan.File.SHA256 != hex.EncodeToString(sum[:]) {
		return nil, fmt.Errorf("the plan has %d trials here, and %d at the coordinator", n, p.Trials)
	}
	plan.Seed = p.Seed
	return plan, s.judge(plan)
}

// judge refuses what the agent's user has not permitted.
func (s *Shares) judge(plan *scenario.Plan) error {
	for _, t := range plan.Targets {
		if t.Settings != nil && t.Settings.Traits().Local && !s.Local {
			return fmt.Errorf("the target %q (%s) acts on the agent's own machine, which its user does not permit: that takes --allow-exec", t.Name, t.Settings.Traits().Kind)
		}
	}
	return nil
}

// unpack writes a plan's files, and nothing anywhere else.
func unpack(files map[string][]byte, folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if len(files) > mostFileCount {
		return fmt.Errorf("the plan has more than %d files", mostFileCount)
	}
	for name, text := range files {
		name = filepath.FromSlash(name)
		if !filepath.IsLocal(name) {
			return fmt.Errorf("the plan has a file %q, which would lie outside of its folder", name)
		}
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// job is a plan that was understood.
type job struct {
	shares *Shares
	top    string
	plan   *scenario.Plan
}

func (j *job) Close() { _ = os.RemoveAll(j.top) }

// Carry carries a share out. A connection to where none may go ends it.
func (j *job) Carry(ctx, atOnce context.Context, c Command, d Desk) ([]byte, error) {
	var order runner.Order
	if err := json.Unmarshal(c.Order, &order); err != nil {
		return nil, fmt.Errorf("the order cannot be read: %w", err)
	}
	atOnce, giveUp := context.WithCancel(atOnce)
	defer giveUp()
	var forbidden atomic.Pointer[error]
	o := runner.Options{Plan: j.plan, Version: j.shares.Version, Child: j.shares.Child}
	o.Permit = func(network, address string) error {
		err := j.shares.Address(network, address)
		if err != nil {
			forbidden.CompareAndSwap(nil, &err)
			giveUp()
		}
		return err
	}
	end, err := runner.CarryShare(ctx, atOnce, o, order, mode.Share{K: c.Share, N: c.Shares}, desk{d, &forbidden})
	if why := forbidden.Load(); why != nil {
		return nil, *why
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(end)
}

// desk is a share's coordinator, as package runner knows it.
type desk struct {
	Desk
	forbidden *atomic.Pointer[error]
}

// Ready is not told where it is known already that something may not be.
func (d desk) Ready(ctx context.Context, left []byte) (runner.Start, error) {
	if why := d.forbidden.Load(); why != nil {
		return runner.Start{}, *why
	}
	at, given, err := d.Desk.Ready(ctx, left)
	return runner.Start{At: at, Given: given}, err
}

func (d desk) Take(piece []byte) { d.Send(piece) }

func (d desk) Over(ctx context.Context) error { return d.Alone(ctx) }

// Carry has the agents carry a trial out: see runner.Fleet.
func (c *Coordinator) Carry(ctx, atOnce context.Context, o runner.Order, to runner.Gatherer) ([]runner.Carried, error) {
	order, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	real, setsUp := !c.Recover, false
	if 0 <= o.Trial && o.Trial < len(c.Trials) {
		s := c.Trials[o.Trial].Scenario
		real, setsUp = real && s.Clock == scenario.Real, s.Steps != nil && s.Steps.Setup != nil
	}
	out := c.carry(ctx, atOnce, order, real, setsUp, to)
	if out.Err != nil {
		return nil, out.Err
	}
	all := make([]runner.Carried, len(out.Shares))
	for i, s := range out.Shares {
		all[i].Agent = s.Agent
		switch {
		case s.Why != "":
			all[i].Err = errors.New(s.Why)
		case s.End != nil:
			if all[i].End, err = runner.ReadShareEnd(s.End); err != nil {
				all[i].Agent.Lost = c.mad(i, err)
			}
		}
	}
	return all, nil
}

var _ runner.Fleet = (*Coordinator)(nil)
