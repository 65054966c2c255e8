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
	"plimsoll/target/kind"
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
		Measure: result.Measure{Errors: map[string]result.Error{}, Timeline: []result.Window{}},
	}
	if steps := t.Scenario.Steps; steps != nil {
		out.Unit, out.Steps = result.UnitIteration, describeSteps(steps.Main.Rows)
		out.Elapsed, out.ErrorElapsed = &result.Dist{}, &result.Dist{}
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

// measure carries the trial out between its setup and teardown, and fills in what
// was measured.
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
	out.Engine = opened.engine()
	journeys, err := r.journeys(t, opened)
	if err != nil {
		return err
	}
	if journeys == nil {
		m, err := r.load(t, opened, nil, stop, out)
		if err != nil {
			return err
		}
		return r.fill(out, t, m)
	}
	m, err := measured{whole: drive.NewRecorder(0, nil).Interval}, r.setUp(journeys, opened, stop)
	if err == nil {
		var loaded measured
		if loaded, err = r.load(t, opened, journeys, stop, out); err == nil {
			m = loaded
		}
	}
	r.tearDown(atOnce, journeys, opened, out)
	m.whole.MergeRows(journeys.outside)
	return errors.Join(err, r.fill(out, t, m))
}

// measured is what came of the load.
type measured struct {
	whole *drive.Interval
	end   drive.End
	stood standstill
}

// load warms up and carries out what is measured.
func (r *underWay) load(t scenario.Trial, opened opened, journeys *journeying, stop *drive.Stop, out *result.Trial) (m measured, err error) {
	from := -t.Scenario.Warmup
	if t.Requests > 0 && from < 0 {
		if err := r.warmUp(t, opened, journeys, stop); err != nil {
			return m, err
		}
		from = 0
	}
	before := use()
	n := 1
	if opened.every(func(one *kind.Opened) bool { return one.Divisible }) && journeys.divided() && r.calls == nil {
		n = loops(t, r.Plan.Loops, host.Processors())
	}
	rigs, err := r.targets.rigs(opened, t.Scenario.Clock == scenario.Virtual, n, from)
	if err != nil {
		return m, err
	}
	stop.OnWake(func() {
		for _, l := range rigs {
			l.clock.Wake()
		}
	})
	gathered := gather(n)
	shards := r.shards(t, opened, journeys, from, rigs, gathered, stop)
	stopWatching, stood := r.watch(shards, gathered), func() standstill { return standstill{} }
	if t.Scenario.Clock == scenario.Real {
		stood = feelPulse(from)
	}
	m.end = drive.RunAll(shards, processors(t, opened, n))
	m.stood = stood()
	stopWatching()
	spun := time.Duration(0)
	for _, l := range rigs {
		spun += l.clock.Spun()
	}
	closeRigs(rigs)
	if m.end.Err == nil {
		m.end.Err = opened.err()
	}
	if t.Scenario.Clock == scenario.Real {
		used := use().since(before)
		used.SpinS = spun.Seconds()
		out.MachineUse = &used
	}
	if n > 1 {
		out.Loops = n
	}
	out.Warnings = append(out.Warnings, cutDelays(rigs)...)
	m.whole = gathered.whole(shards[0].Recorder.Interval)
	return m, nil
}

// cutDelays warns of delays that a simulated server drew and no call can take.
func cutDelays(rigs []rig) []string {
	cut := int64(0)
	for _, l := range rigs {
		for _, c := range l.carriers {
			if simulated, ok := c.(interface{ Cut() int64 }); ok {
				cut += simulated.Cut()
			}
		}
	}
	if cut == 0 {
		return nil
	}
	return []string{fmt.Sprintf("the target drew %d delays longer than 100 years, and cut them to that: the figures are of the delays as they were cut", cut)}
}

// shards are the trial's shares, one for each rig.
func (r *underWay) shards(t scenario.Trial, o opened, j *journeying, from time.Duration, rigs []rig, g *gathering, stop *drive.Stop) []drive.Loop {
	until := schedule.Never
	if t.Requests == 0 {
		until = length(t)
	}
	bounds := schedule.Bounds{From: from, Until: until, Requests: int64(t.Requests)}
	shards := make([]drive.Loop, len(rigs))
	for k, l := range rigs {
		shards[k] = r.loop(l, o, t, stop)
		shards[k].Journey = j.of(l, k, len(rigs))
		shards[k].Schedule = newSchedule(t, mode.Share{K: k, N: len(rigs)}, bounds, r.streams(t))
		shards[k].Recorder = drive.NewRecorder(until, r.calls.observer(t))
		shards[k].Recorder.Sink = g
		shards[k].First, shards[k].Stride = uint64(k), uint64(stride(t, len(rigs)))
		shards[k].From, shards[k].Until = from, until
	}
	return shards
}

// loop is what is the same of a trial and its warm-up.
func (r *underWay) loop(l rig, o opened, t scenario.Trial, stop *drive.Stop) drive.Loop {
	return drive.Loop{
		Clock: l.clock, Carrier: l.carriers[0], Timeout: o[0].Timeout, Retry: o[0].Retry.New(r.streams(t)),
		Drain: t.Scenario.Drain, Stop: stop,
	}
}

// warmUp runs a batch's mode for the length of the warm-up, recorded nowhere,
// until every call has ended.
func (r *underWay) warmUp(t scenario.Trial, opened opened, j *journeying, stop *drive.Stop) error {
	w := t.Scenario.Warmup
	rigs, err := r.targets.rigs(opened, t.Scenario.Clock == scenario.Virtual, 1, -w)
	if err != nil {
		return err
	}
	defer closeRigs(rigs)
	stop.OnWake(rigs[0].clock.Wake)
	loop := r.loop(rigs[0], opened, t, stop)
	loop.Journey = j.of(rigs[0], 0, 1)
	loop.Schedule = newSchedule(t, mode.Whole(), schedule.Bounds{From: -w}, r.streams(t))
	loop.Recorder = drive.NewRecorder(0, nil)
	loop.From, loop.Until = -w, 0
	end := loop.Run()
	j.warmed(end)
	if end.Err != nil {
		return fmt.Errorf("during the warm-up: %w", end.Err)
	}
	return nil
}
