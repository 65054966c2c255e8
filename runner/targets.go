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
	"plimsoll/target/wire"
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
	// in each.
	port func(from time.Duration) (port, error)
	// broken tells what of ours has failed meanwhile: a simulated server that
	// is gone makes a trial invalid, whatever its calls met.
	broken func() error
	close  func()
}

// port is a drive.Port with what a trial needs around it.
type port interface {
	drive.Port
	Wake() // makes Await return early, from anywhere
	Spun() time.Duration
	Close()
}

// open makes a trial's target ready: the one switch over the kinds.
func (ts *targets) open(ctx context.Context, t scenario.Trial, streams random.Source) (*opened, error) {
	switch settings := t.Scenario.Target.Settings.(type) {
	case *sim.Settings:
		return ts.openSim(settings, t.Scenario.Clock, streams), nil
	case *http.Settings:
		return ts.openHTTP(ctx, t.Scenario.Target.Name, settings, streams)
	}
	return nil, fmt.Errorf("target %q is of a kind that nobody opens: %T", t.Scenario.Target.Name, t.Scenario.Target.Settings)
}

func (ts *targets) openSim(settings *sim.Settings, clock string, streams random.Source) *opened {
	o := &opened{engine: "virtual", broken: func() error { return nil }, close: func() {}}
	if clock == scenario.Real {
		o.engine = "sim"
	}
	o.port = func(from time.Duration) (port, error) {
		model := sim.New(*settings, streams)
		if clock == scenario.Virtual {
			return drive.NewVirtual(model, from), nil
		}
		return drive.NewSimulated(model, from, ts.Plan.Spin), nil
	}
	return o
}

func (ts *targets) openHTTP(ctx context.Context, name string, settings *http.Settings, streams random.Source) (*opened, error) {
	base, broken := "", func() error { return nil }
	if settings.Serve != nil {
		child, err := ts.child(ctx, name, settings.Serve)
		if err != nil {
			return nil, fmt.Errorf("target %q: %w", name, err)
		}
		base, broken = child.URL(), child.Err
	}
	beyond := settings.BeyondWire()
	if !drive.WireWorks {
		beyond = "needs Linux"
	}
	switch {
	case settings.Engine == "wire" && beyond != "":
		return nil, fmt.Errorf("target %q: the engine wire %s: leave engine out", name, beyond)
	case settings.Engine != "std" && beyond == "":
		options, err := settings.Wire(base, streams, ts.Plan.Spin)
		if err != nil {
			return nil, fmt.Errorf("target %q: %w", name, err)
		}
		return openWire(options, broken), nil
	}
	client, err := http.Open(*settings, base, streams)
	if err != nil {
		return nil, fmt.Errorf("target %q: %w", name, err)
	}
	return &opened{
		engine: "std",
		port: func(from time.Duration) (port, error) {
			return drive.NewGoroutines(client, from, ts.Plan.Spin), nil
		},
		broken: broken,
		close:  client.Close,
	}, nil
}

// openWire makes HTTP/1.1 ready on sockets of our own.
func openWire(options wire.Options, broken func() error) *opened {
	return &opened{
		engine: "wire-epoll", broken: broken, close: func() {},
		port: func(from time.Duration) (port, error) { return drive.NewWire(options, from) },
	}
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
