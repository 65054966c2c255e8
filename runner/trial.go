package runner

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/mode"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/runner/schedule"
	"plimsoll/target/host"
	"plimsoll/target/random"
)

// trial carries one trial out. It always returns a result: one that could not
// be carried out says why.
func (r *underWay) trial(ctx, atOnce context.Context, t scenario.Trial) *result.Trial {
	out := describe(t)
	if r.Watch != nil {
		r.Watch.Begin(t, int64(t.Requests), length(t))
	}
	switch err := r.between(ctx, atOnce, t, out); {
	case err == nil:
	case !errors.Is(err, context.Canceled):
		out.Ended, out.Reason = result.Failed, r.scrub(err.Error())
		if limit := host.LimitOf(err); limit != 0 {
			out.Reason += ": " + limit.String()
			out.Health = result.Health{Why: out.Reason}
		}
	case out.Scheduled == 0:
		out.Ended, out.Reason = result.Interrupted, "interrupted before it began"
	default:
		out.Ended, out.Reason = result.Interrupted, "interrupted by the user at once: what `after` puts back was left"
	}
	return out
}

// between measures between the scenario's commands.
func (r *underWay) between(ctx, atOnce context.Context, t scenario.Trial, out *result.Trial) error {
	err := shortage(t)
	if err != nil {
		out.Health = result.Health{Why: err.Error()}
		return err
	}
	if err = r.commands(ctx, t.Scenario.Before); err != nil {
		return err
	}
	err = r.measure(ctx, atOnce, t, out)
	// They put back what `before` did, so an interrupt does not stop them.
	if afterwards := r.commands(atOnce, t.Scenario.After); err == nil {
		err = afterwards
	}
	return err
}

func (r *underWay) scrub(text string) string {
	if r.Plan.Scrub == nil {
		return text
	}
	return r.Plan.Scrub(text)
}

// describe fills in what was asked.
func describe(t scenario.Trial) *result.Trial {
	traits := t.Mode.Traits()
	out := &result.Trial{
		Scenario: t.Scenario.Name, Mode: t.Mode.Name, Target: t.Scenario.Target.Name, Clock: t.Scenario.Clock,
		Repeat: t.Repeat, Sweep: t.Sweep, Requests: t.Requests, Concurrency: traits.Concurrency,
		RatePerS: traits.RatePerS, Workload: workload(t), Ended: result.Complete, Health: result.Health{KeptPace: true},
		Errors: map[string]result.Error{}, Timeline: []result.Window{},
	}
	if t.Requests == 0 {
		out.DurationS = length(t).Seconds()
	}
	return out
}

// length is how long calls become due: 0 for a batch.
func length(t scenario.Trial) time.Duration {
	return t.Scenario.Duration + t.Mode.Traits().Length
}

// streams are the trial's random streams: they depend on seed, scenario,
// sweep value and repetition, not on the mode, so that modes meet the same
// draws.
func (r *underWay) streams(t scenario.Trial) random.Source {
	return random.New(r.Plan.Seed, t.Scenario.Name, t.Sweep.String(), strconv.Itoa(t.Repeat))
}

// measure warms up, carries the trial out and fills in what was measured.
func (r *underWay) measure(ctx, atOnce context.Context, t scenario.Trial, out *result.Trial) error {
	stop := &drive.Stop{}
	if t.Scenario.Clock == scenario.Real {
		runtime.GC() // what earlier trials left is none of this one's business
	}
	defer stop.Follow(ctx, atOnce)()
	opened, err := r.targets.open(atOnce, t, r.streams(t))
	if err != nil {
		return err
	}
	defer opened.close()
	out.Engine = opened.engine

	from := -t.Scenario.Warmup
	if t.Requests > 0 && from < 0 {
		if err := r.warmUp(t, opened, stop); err != nil {
			return err
		}
		from = 0
	}
	before := use()
	n := 1
	if opened.divisible && r.calls == nil {
		n = loops(t, r.Plan.Loops, host.Processors())
	}
	ports, err := opened.ports(from, n, stride(t, n))
	if err != nil {
		return err
	}
	stop.OnWake(func() {
		for _, p := range ports {
			p.Wake()
		}
	})
	shards := r.shards(t, from, ports, stop)
	stopWatching, stood := r.watch(shards), func() standstill { return standstill{} }
	if t.Scenario.Clock == scenario.Real {
		stood = feelPulse(from)
	}
	end := drive.RunAll(shards, processors(t, opened, n))
	still := stood()
	stopWatching()
	spun := time.Duration(0)
	for _, p := range ports {
		spun += p.Spun()
		p.Close()
	}
	if end.Err == nil {
		end.Err = opened.broken()
	}
	if t.Scenario.Clock == scenario.Real {
		used := use().since(before)
		used.SpinS = spun.Seconds()
		out.MachineUse = &used
	}
	if n > 1 {
		out.Loops = n
	}
	out.Warnings = append(out.Warnings, cutDelays(ports)...)
	return r.fill(out, t, shards[0].Recorder, end, still)
}

// cutDelays warns of delays that a simulated server drew and no call can take.
func cutDelays(ports []port) []string {
	cut := int64(0)
	for _, p := range ports {
		if simulated, ok := p.(interface{ Cut() int64 }); ok {
			cut += simulated.Cut()
		}
	}
	if cut == 0 {
		return nil
	}
	return []string{fmt.Sprintf("the target drew %d delays longer than 100 years, and cut them to that: the figures are of the delays as they were cut", cut)}
}

// shards are the trial's shares, one for each port.
func (r *underWay) shards(t scenario.Trial, from time.Duration, ports []port, stop *drive.Stop) []drive.Trial {
	until := schedule.Never
	if t.Requests == 0 {
		until = length(t)
	}
	bounds := schedule.Bounds{From: from, Until: until, Requests: int64(t.Requests)}
	shards := make([]drive.Trial, len(ports))
	for k, p := range ports {
		shards[k] = drive.Trial{
			Schedule: newSchedule(t, mode.Share{K: k, N: len(ports)}, bounds, r.streams(t)),
			Port:     p, Recorder: drive.NewRecorder(until, r.calls.observer(t)),
			From: from, Until: until, Drain: t.Scenario.Drain, Stop: stop,
		}
	}
	return shards
}

// warmUp runs a batch's mode for the length of the warm-up, recorded nowhere,
// until every call has ended.
func (r *underWay) warmUp(t scenario.Trial, opened *opened, stop *drive.Stop) error {
	w := t.Scenario.Warmup
	ports, err := opened.ports(-w, 1, 1)
	if err != nil {
		return err
	}
	port := ports[0]
	defer port.Close()
	stop.OnWake(port.Wake)
	end := drive.Trial{
		Schedule: newSchedule(t, mode.Whole(), schedule.Bounds{From: -w}, r.streams(t)), Port: port, From: -w, Until: 0,
		Recorder: drive.NewRecorder(0, nil), Drain: t.Scenario.Drain, Stop: stop,
	}.Run()
	if end.Err != nil {
		return fmt.Errorf("during the warm-up: %w", end.Err)
	}
	return nil
}

// watch passes samples on to the watcher until the returned function is
// called.
func (r *underWay) watch(shards []drive.Trial) (stop func()) {
	if r.Watch == nil {
		return func() {}
	}
	const every = 125 * time.Millisecond
	began, over, gone := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
				r.Watch.Sample(together(shards), time.Since(began))
			}
		}
	}()
	return func() { close(over); <-gone }
}
