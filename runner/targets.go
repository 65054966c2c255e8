package runner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"plimsoll/runner/result"
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
	observer target.Observer // sees all that is sent and answered; nil: nobody does
}

func newTargets(o Options) *targets {
	return &targets{Options: o, children: map[string]*serve.Child{}}
}

// open makes a trial's targets ready, and those of what goes on beside it.
func (ts *targets) open(ctx context.Context, t scenario.Trial, streams random.Source) (opened, error) {
	var all opened
	for i, called := range t.Called() {
		from := streams
		if i > 0 { // so that equal servers are not alike in what they draw
			from = func(purpose string) *rand.Rand { return streams(called.Name + " " + purpose) }
		}
		longest, shook, connected := patience(t, called.Name), new(handshakes), new(protocols)
		one, err := called.Settings.Open(ctx, kind.Site{
			Virtual: t.Scenario.Clock == scenario.Virtual, Streams: from, Patience: longest, Observer: ts.observer,
			Values: t.Values(), Shook: shook.count, Connected: connected.count, Permit: ts.Permit,
			Serve: func(ctx context.Context, s kind.Service) (kind.Served, error) { return ts.child(ctx, called.Name, s) },
		})
		if err != nil {
			all.close()
			return nil, fmt.Errorf("target %q: %w", called.Name, err)
		}
		timeout := one.Timeout
		if own := called.Settings.Traits().Timeout; longest > own {
			timeout = own
		}
		all = append(all, site{Opened: one, name: called.Name, timeout: timeout, shook: shook, connected: connected})
	}
	return all, nil
}

// opened are a trial's targets, ready: by the number of their carrier.
type opened []site

// site is one of them.
type site struct {
	*kind.Opened
	name string
	// timeout bounds every try of a call where the loop shall see to that, unless
	// its step says another one.
	timeout   time.Duration
	shook     *handshakes
	connected *protocols
}

// handshakes counts those of TLS with a target.
type handshakes struct{ all, resumed atomic.Int64 }

func (h *handshakes) count(resumed bool) {
	if h.all.Add(1); resumed {
		h.resumed.Add(1)
	}
}

// handshakes are those with all of them; nil: there were none.
func (all opened) handshakes() *result.TLS {
	var sum result.TLS
	for _, o := range all {
		sum.Handshakes += o.shook.all.Load()
		sum.Resumed += o.shook.resumed.Load()
	}
	if sum.Handshakes == 0 {
		return nil
	}
	return &sum
}

// protocols counts the connections with a target, by what is spoken on them.
type protocols struct {
	mu  sync.Mutex
	set map[string]int64
}

func (c *protocols) count(protocol string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.set == nil {
		c.set = map[string]int64{}
	}
	c.set[protocol]++
}

// connections are those with all of them; nil: none was set up, or no kind tells.
func (all opened) connections() map[string]int64 {
	var sum map[string]int64
	for _, o := range all {
		o.connected.mu.Lock()
		for protocol, n := range o.connected.set {
			if sum == nil {
				sum = map[string]int64{}
			}
			sum[protocol] += n
		}
		o.connected.mu.Unlock()
	}
	return sum
}

// of are those that a scenario calls, which may be one of the background's, and
// where they are.
func (all opened) of(s *scenario.Scenario) (own opened, places []int) {
	for _, called := range s.Called() {
		i := slices.IndexFunc(all, func(one site) bool { return one.name == called.Name })
		own, places = append(own, all[i]), append(places, i)
	}
	return own, places
}

// engine names what carries the calls: where that is more than one, all of them. A
// loop that has a ring for one of its targets has it for all.
func (all opened) engine() string {
	var names []string
	ring := slices.IndexFunc(all, func(o site) bool { return o.Rings })
	for _, o := range all {
		name := o.Engine
		if ring >= 0 && o.Polls {
			name = all[ring].Engine
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// every tells whether something holds for all of them.
func (all opened) every(holds func(site) bool) bool {
	return !slices.ContainsFunc(all, func(o site) bool { return !holds(o) })
}

// err tells what of ours has failed.
func (all opened) err() error {
	var errs []error
	for _, o := range all {
		errs = append(errs, o.Err())
	}
	return errors.Join(errs...)
}

func (all opened) close() {
	for _, o := range all {
		o.Close()
	}
}

// child is the process that serves a target, started when it is first called.
func (ts *targets) child(ctx context.Context, name string, s kind.Service) (*serve.Child, error) {
	if child := ts.children[name]; child != nil {
		return child, child.Err()
	}
	options := serve.Options{Seed: ts.Plan.Seed, Names: []string{"serve", name}, Spin: ts.Plan.Spin}
	if err := options.Take(s); err != nil {
		return nil, err
	}
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

// rig is a clock and what carries calls by it, to each target: a loop needs one.
type rig struct {
	clock    target.Clock
	carriers []target.Carrier
	date     func(at time.Duration) time.Time // of the clock
}

// now is when what waits for nobody begins.
func now() (time.Time, error) { return time.Now(), nil }

// rigs are those of n loops, whose clocks all show from when they begin: at the time
// that begins tells.
func (ts *targets) rigs(o opened, virtual bool, n int, from time.Duration, begins func() (time.Time, error)) (all []rig, at time.Time, err error) {
	for range n {
		l, err := ts.rig(o, virtual, from)
		if err != nil {
			closeRigs(all)
			return nil, at, err
		}
		all = append(all, l)
	}
	// Only now, because all that takes its time.
	if at, err = begins(); err != nil {
		closeRigs(all)
		return nil, at, err
	}
	zero := at.Add(-from)
	for i := range all {
		if real, ok := all[i].clock.(interface{ Align(zero time.Time) }); ok {
			real.Align(zero)
			all[i].date = zero.Add
		}
	}
	return all, at, nil
}

// epoch is when virtual time begins.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func (ts *targets) rig(o opened, virtual bool, from time.Duration) (rig, error) {
	clock, err := ts.clock(o, virtual, from)
	if err != nil {
		return rig{}, err
	}
	l := rig{clock: clock, date: epoch.Add}
	for i := 0; i < len(o) && err == nil; i++ {
		var carrier target.Carrier
		if carrier, err = o[i].Carrier(clock); err == nil {
			l.carriers = append(l.carriers, carrier)
		}
	}
	if err != nil {
		l.close()
	}
	return l, err
}

// clock makes the clock of a loop.
func (ts *targets) clock(o opened, virtual bool, from time.Duration) (target.Clock, error) {
	switch {
	case virtual:
		return wait.NewVirtual(from), nil
	case !o.every(func(one site) bool { return !one.Rings }):
		return wait.NewRing(ts.Plan.Spin)
	case !o.every(func(one site) bool { return !one.Polls }):
		return wait.NewPoll(ts.Plan.Spin)
	}
	return wait.NewDoze(ts.Plan.Spin), nil
}

// of is what a scenario calls by it, whose carriers are at these places.
func (l rig) of(places []int) rig {
	own := rig{clock: l.clock, date: l.date}
	for _, i := range places {
		own.carriers = append(own.carriers, l.carriers[i])
	}
	return own
}

func (l rig) close() {
	for _, c := range l.carriers {
		c.Close()
	}
	l.clock.Close()
}

func closeRigs(all []rig) {
	for _, l := range all {
		l.close()
	}
}
