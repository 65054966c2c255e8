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
	// ports makes the ports of n loops, whose clocks show from and whose calls'
	// numbers go up by step; a simulated server is fresh each time. Where not
	// divisible both are 1.
	ports     func(from time.Duration, n, step int) ([]port, error)
	divisible bool
	frugal    bool // see processors
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
	o.ports = one(func(from time.Duration) port {
		model := sim.New(*settings, streams)
		if clock == scenario.Virtual {
			return drive.NewVirtual(model, from)
		}
		return drive.NewSimulated(model, from, ts.Plan.Spin)
	})
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
	engine, err := settings.Carrier()
	if err != nil {
		return nil, fmt.Errorf("target %q: %w", name, err)
	}
	if engine != http.Std {
		options, err := settings.Wire(base, streams, ts.Plan.Spin)
		if err != nil {
			return nil, fmt.Errorf("target %q: %w", name, err)
		}
		return openWire(engine, options, broken), nil
	}
	client, err := http.Open(*settings, base, streams)
	if err != nil {
		return nil, fmt.Errorf("target %q: %w", name, err)
	}
	return &opened{
		engine: engine,
		ports: one(func(from time.Duration) port {
			return drive.NewGoroutines(client, from, ts.Plan.Spin)
		}),
		broken: broken,
		close:  client.Close,
	}, nil
}

// openWire makes HTTP/1.1 ready over connections of our own.
func openWire(engine string, options wire.Options, broken func() error) *opened {
	return &opened{
		engine: engine, broken: broken, close: func() {},
		divisible: options.Connections == 0, // else the cap is on all connections together
		frugal:    engine == wire.Sockets && options.TLS == nil,
		ports: func(from time.Duration, n, step int) (ports []port, err error) {
			wires, err := drive.NewWires(n, step, func() (wire.Caller, error) { return wire.Start(engine, options, from) })
			for _, w := range wires {
				ports = append(ports, w)
			}
			return ports, err
		},
	}
}

// one makes the port of the only loop.
func one(make func(from time.Duration) port) func(time.Duration, int, int) ([]port, error) {
	return func(from time.Duration, _, _ int) ([]port, error) { return []port{make(from)}, nil }
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
