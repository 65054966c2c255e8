package runner

import (
	"context"
	"fmt"
	"time"

	"plimsoll/runner/scenario"
	"plimsoll/target"
	"plimsoll/target/kind"
	"plimsoll/target/random"
	"plimsoll/target/serve"
	"plimsoll/target/wait"
)

// targets opens what trials call, and keeps what lives as long as the run:
// the child processes that serve simulated servers.
type targets struct {
	Options
	children map[string]*serve.Child
}

func newTargets(o Options) *targets {
	return &targets{Options: o, children: map[string]*serve.Child{}}
}

// open makes a trial's target ready.
func (ts *targets) open(ctx context.Context, t scenario.Trial, streams random.Source) (*kind.Opened, error) {
	name := t.Scenario.Target.Name
	opened, err := t.Scenario.Target.Settings.Open(ctx, kind.Site{
		Virtual: t.Scenario.Clock == scenario.Virtual, Streams: streams,
		Serve: func(ctx context.Context, model any) (kind.Served, error) { return ts.child(ctx, name, model) },
	})
	if err != nil {
		return nil, fmt.Errorf("target %q: %w", name, err)
	}
	return opened, nil
}

// child is the process that serves a target, started when it is first called.
func (ts *targets) child(ctx context.Context, name string, model any) (*serve.Child, error) {
	if child := ts.children[name]; child != nil {
		return child, child.Err()
	}
	options, err := serve.Of(model)
	if err != nil {
		return nil, err
	}
	options.Seed, options.Names, options.Spin = ts.Plan.Seed, []string{"serve", name}, ts.Plan.Spin
	child, err := serve.Start(ctx, options, ts.Child)
	if err != nil {
		return nil, err
	}
	ts.children[name] = child
	return child, nil
}

func (ts *targets) close() {
	for _, child := range ts.children {
		child.Close()
	}
}

// lane is a clock and what carries calls by it: a loop needs one.
type lane struct {
	clock   target.Clock
	carrier target.Carrier
}

// lanes are those of n loops, whose clocks all show from now.
func (ts *targets) lanes(o *kind.Opened, virtual bool, n int, from time.Duration) (all []lane, err error) {
	for range n {
		clock, err := ts.clock(o, virtual, from)
		if err != nil {
			closeLanes(all)
			return nil, err
		}
		carrier, err := o.Carrier(clock)
		if err != nil {
			clock.Close()
			closeLanes(all)
			return nil, err
		}
		all = append(all, lane{clock, carrier})
	}
	// Only now, because all that takes its time.
	zero := time.Now().Add(-from)
	for _, l := range all {
		if real, ok := l.clock.(interface{ Align(zero time.Time) }); ok {
			real.Align(zero)
		}
	}
	return all, nil
}

// clock makes the clock of a loop.
func (ts *targets) clock(o *kind.Opened, virtual bool, from time.Duration) (target.Clock, error) {
	switch {
	case virtual:
		return wait.NewVirtual(from), nil
	case o.Polls:
		return wait.NewPoll(ts.Plan.Spin)
	}
	return wait.NewDoze(ts.Plan.Spin), nil
}

func closeLanes(all []lane) {
	for _, l := range all {
		l.carrier.Close()
		l.clock.Close()
	}
}
