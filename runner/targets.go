package runner

import (
	"context"
	"fmt"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/scenario"
	"plimsoll/target/http"
	"plimsoll/target/random"
	"plimsoll/target/serve"
	"plimsoll/target/sim"
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

// opened is a target made ready for one trial.
type opened struct {
	engine string
	// port makes a port whose clock shows from; a simulated server is fresh
	// in each. finish gives it back.
	port   func(from time.Duration) drive.Port
	finish func(drive.Port)
	// broken tells what of ours has failed meanwhile: a simulated server that
	// is gone makes a trial invalid, whatever its calls met.
	broken func() error
	close  func()
}

// open makes a trial's target ready: the one switch over the kinds.
func (ts *targets) open(ctx context.Context, t scenario.Trial, streams random.Source, waiter *wait.Waiter) (*opened, error) {
	switch settings := t.Scenario.Target.Settings.(type) {
	case *sim.Settings:
		return openSim(settings, streams, waiter), nil
	case *http.Settings:
		return ts.openHTTP(ctx, t.Scenario.Target.Name, settings, streams, waiter)
	}
	return nil, fmt.Errorf("target %q is of a kind that nobody opens: %T", t.Scenario.Target.Name, t.Scenario.Target.Settings)
}

func openSim(settings *sim.Settings, streams random.Source, waiter *wait.Waiter) *opened {
	o := &opened{engine: "virtual", finish: func(drive.Port) {}, broken: func() error { return nil }, close: func() {}}
	o.port = func(from time.Duration) drive.Port {
		model := sim.New(*settings, streams)
		if waiter == nil {
			return drive.NewVirtual(model, from)
		}
		return drive.NewSimulated(model, from, waiter)
	}
	if waiter != nil {
		o.engine = "sim"
	}
	return o
}

func (ts *targets) openHTTP(ctx context.Context, name string, settings *http.Settings, streams random.Source, waiter *wait.Waiter) (*opened, error) {
	base, broken := "", func() error { return nil }
	if settings.Serve != nil {
		child, err := ts.child(ctx, name, settings.Serve)
		if err != nil {
			return nil, fmt.Errorf("target %q: %w", name, err)
		}
		base, broken = child.URL(), child.Err
	}
	client, err := http.Open(*settings, base, streams)
	if err != nil {
		return nil, fmt.Errorf("target %q: %w", name, err)
	}
	return &opened{
		engine: "std",
		port:   func(from time.Duration) drive.Port { return drive.NewGoroutines(client, from, waiter) },
		finish: func(p drive.Port) { p.(*drive.Goroutines).Close() },
		broken: broken,
		close:  client.Close,
	}, nil
}

// child is the process that serves a target, started when it is first called.
func (ts *targets) child(ctx context.Context, name string, settings *sim.Settings) (*serve.Child, error) {
	if child := ts.children[name]; child != nil {
		return child, child.Err()
	}
	child, err := serve.Start(ctx, serve.Options{
		Settings: *settings, Seed: ts.Plan.Seed, Names: []string{"serve", name}, Spin: ts.Plan.Spin,
	}, ts.Child)
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
