package runner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/latency"
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
	out := r.describe(t)
	if r.Watch != nil {
		r.Watch.Begin(t, int64(t.Requests), length(t))
	}
	err := r.between(ctx, atOnce, t, out)
	r.takers.over(t)
	switch {
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
	carryOut, err := r.measure, error(nil)
	if r.Fleet != nil {
		carryOut = r.afar
	} else {
		err = shortage(t)
	}
	if err != nil {
		out.Health = result.Health{Why: err.Error()}
		return err
	}
	if r.Recovering {
		return carryOut(ctx, atOnce, t, out)
	}
	if err = r.commands(ctx, t.Scenario.Before); err != nil {
		return err
	}
	err = carryOut(ctx, atOnce, t, out)
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

// describe fills in what was asked, and of how many machines.
func (r *underWay) describe(t scenario.Trial) *result.Trial {
	out := describe(t)
	if r.Fleet != nil && r.Fleet.Size() > 1 {
		out.Workload += fmt.Sprintf(", agents: %d", r.Fleet.Size())
	}
	return out
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
	if t.Scenario.Crawl != nil {
		out.Crawl = &result.Crawl{Skipped: map[string]int64{}}
	}
	if !t.Batch() {
		out.DurationS, out.Whole = length(t).Seconds(), t.Scenario.Whole
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

// apart are the streams of a share's own, for what all shares draw by themselves.
func apart(streams random.Source, s mode.Share) random.Source {
	return func(purpose string) *rand.Rand { return streams(s.Name(purpose)) }
}

// measure carries the trial out between its setup and teardown, and fills in what
// was measured.
func (r *underWay) measure(ctx, atOnce context.Context, t scenario.Trial, out *result.Trial) error {
	stop := &drive.Stop{}
	if t.Scenario.Clock == scenario.Real {
		runtime.GC() // what earlier trials left is none of this one's business
	}
	defer stop.Follow(ctx, atOnce)()
	all, err := r.targets.open(atOnce, t, apart(r.streams(t), r.share()))
	if err != nil {
		return err
	}
	defer all.close()
	own, _ := all.of(t.Scenario)
	out.Engine = own.engine()
	journeys, err := r.journeys(t, own)
	if err != nil {
		return err
	}
	beside, err := r.neighbours(t, all)
	if err != nil {
		return err
	}
	visits, err := crawlOf(t, own)
	if err != nil {
		return err
	}
	l := &load{underWay: r, ctx: ctx, trial: t, all: all, own: own, journeys: journeys, crawl: visits, beside: beside, stop: stop, out: out}
	err = l.perform(atOnce)
	out.TLS, out.Connections = own.handshakes(), own.connections()
	return err
}

// load is a trial that is ready to be carried out.
type load struct {
	*underWay
	ctx      context.Context
	trial    scenario.Trial
	all, own opened // own are those that the trial itself calls
	journeys *journeying
	crawl    *drive.Crawl // nil: nothing is visited
	beside   []*neighbour
	stop     *drive.Stop
	out      *result.Trial
}

// perform applies the load between setup and teardown.
func (l *load) perform(atOnce context.Context) error {
	if l.journeys == nil && l.beside == nil {
		m, err := l.apply(atOnce)
		if err != nil {
			return err
		}
		return l.fill(l.out, l.trial, m)
	}
	m, err := measured{whole: drive.NewRecorder(0, nil).Interval}, error(nil)
	leads := l.journeys != nil && l.share().K == 0
	if leads {
		err = l.setUp(l.journeys, l.own, l.stop)
	}
	if err == nil {
		err = l.setUpAll(l.beside, l.stop)
	}
	if err == nil {
		var loaded measured
		if loaded, err = l.apply(atOnce); err == nil {
			m = loaded
		}
	}
	began := err == nil
	l.tearDownAll(atOnce, l.beside, l.out)
	if leads {
		l.awaitOthers(atOnce)
		l.tearDown(atOnce, l.journeys, l.own, l.out)
	}
	if l.journeys != nil {
		l.mergeOutside(m.whole, l.journeys, m.end.At)
	}
	err = errors.Join(err, l.fill(l.out, l.trial, m))
	return errors.Join(err, l.fillBeside(l.out, l.beside, began))
}

// mergeOutside adds what went on before and after a trial to all of it.
func (r *underWay) mergeOutside(whole *drive.Interval, j *journeying, at time.Duration) {
	r.takers.take(Piece{j.trial, j.outside, at})
	whole.MergeRows(j.outside)
}

// measured is what came of the load.
type measured struct {
	whole *drive.Interval
	end   drive.End
	stood standstill
	seen  []result.Watched
}

// apply warms up and carries out what is measured.
func (l *load) apply(atOnce context.Context) (m measured, err error) {
	t := l.trial
	from := -t.Scenario.Warmup
	if t.Requests > 0 && from < 0 {
		if err := l.warmUp(); err != nil {
			return m, err
		}
		from = 0
	}
	before := use()
	n := 1
	if l.divisible() {
		n = loops(t, l.share(), l.Plan.Loops, host.Processors())
	}
	rigs, began, err := l.rigs(n, from, l.begins)
	if err != nil {
		return m, err
	}
	shows := from - time.Until(began)
	gathered, looking := l.gather(t, n), l.looksAt(n)
	shards := l.shards(from, rigs, gathered)
	looking.follow(shards)
	stopWatching, stood := l.watch(shows, gatherings(gathered, l.beside)), func() standstill { return standstill{} }
	if t.Scenario.Clock == scenario.Real {
		stood = feelPulse(shows)
	}
	over := l.watchOthers(atOnce, from)
	if l.beside != nil {
		m.end = l.underWay.beside(shards[0], rigs[0], l.beside, l.stop)
	} else {
		m.end = drive.RunAll(shards, processors(t, l.own, n))
	}
	seen := over()
	m.seen = looking.over()
	m.stood = stood()
	stopWatching()
	spun := time.Duration(0)
	for _, rig := range rigs {
		spun += rig.clock.Spun()
	}
	closeRigs(rigs)
	if m.end.Err == nil {
		m.end.Err = l.all.err()
	}
	if t.Scenario.Clock == scenario.Real {
		used := use().since(before)
		used.SpinS = spun.Seconds()
		l.out.MachineUse = &used
	}
	l.out.Monitor = seen()
	if n > 1 {
		l.out.Loops = n
	}
	l.out.Warnings = append(l.out.Warnings, cutDelays(rigs)...)
	m.whole = gathered.whole(shards[0].Recorder.Interval, m.end.At)
	return m, nil
}

// divisible tells whether several loops may carry the trial out.
func (l *load) divisible() bool {
	return l.calls == nil && l.own.every(func(one site) bool { return one.Divisible })
}

// rigs are those of so many loops, whose clocks the trial's end wakes; they begin
// when the given function says, which is asked when all is ready.
func (l *load) rigs(n int, from time.Duration, begins func() (time.Time, error)) ([]rig, time.Time, error) {
	rigs, began, err := l.targets.rigs(l.all, l.trial.Scenario.Clock == scenario.Virtual, n, from, begins)
	if err != nil {
		return nil, began, err
	}
	l.stop.OnWake(func() {
		for _, rig := range rigs {
			rig.clock.Wake()
		}
	})
	return rigs, began, nil
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
func (l *load) shards(from time.Duration, rigs []rig, g *gathering) []drive.Loop {
	t, own, until := l.trial, l.share(), schedule.Never
	if !t.Batch() {
		until = length(t)
	}
	counts := until // successes count for throughput that end before
	if t.Scenario.Whole {
		counts = schedule.Never
	}
	bounds := schedule.Bounds{From: from, Until: until, Requests: int64(t.Requests)}
	shards := make([]drive.Loop, len(rigs))
	for k, rig := range rigs {
		s, part := &shards[k], own.Part(k, len(rigs))
		*s = l.loop(rig, l.own, t, l.stop)
		s.Retry = l.own[0].Retry.New(apart(l.streams(t), part))
		s.Journey, s.Crawl = l.journeys.of(rig, part), l.crawl
		s.Schedule = newSchedule(t, part, bounds, l.streams(t))
		s.Recorder = drive.NewRecorder(counts, l.calls.observer(t))
		if t.Requests > 0 && t.Requests <= result.MostCompletions {
			s.Recorder.Ends = latency.NewEnds(t.Requests)
		}
		s.Recorder.Asked, s.Recorder.Promises = l.calls.asked(t), promised(t)
		g.from(s.Recorder)
		s.First, s.Stride = uint64(part.K), uint64(stride(t, part.N))
		s.From, s.Until = from, until
	}
	return shards
}

// loop is what is the same of a trial and its warm-up.
func (r *underWay) loop(on rig, o opened, t scenario.Trial, stop *drive.Stop) drive.Loop {
	return drive.Loop{
		Clock: on.clock, Carrier: on.carriers[0], Timeout: o[0].timeout, Retry: o[0].Retry.New(r.streams(t)),
		Drain: t.Scenario.Drain, Stop: stop,
	}
}

// warmUp runs a batch's mode for the length of the warm-up, recorded nowhere,
// until every call has ended.
func (l *load) warmUp() error {
	w := l.trial.Scenario.Warmup
	rigs, _, err := l.rigs(1, -w, now)
	if err != nil {
		return err
	}
	defer closeRigs(rigs)
	loop := l.loop(rigs[0], l.own, l.trial, l.stop)
	loop.Journey = l.journeys.of(rigs[0], mode.Whole())
	loop.Schedule = newSchedule(l.trial, mode.Whole(), schedule.Bounds{From: -w}, l.streams(l.trial))
	loop.Recorder = drive.NewRecorder(0, nil)
	loop.From, loop.Until = -w, 0
	end := l.underWay.beside(loop, rigs[0], l.unrecorded(l.beside), l.stop)
	l.journeys.warmed(end)
	if end.Err != nil {
		return fmt.Errorf("during the warm-up: %w", end.Err)
	}
	return nil
}
