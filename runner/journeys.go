package runner

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/journey"
	"plimsoll/runner/mode"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/kind"
	"plimsoll/target/random"
)

// journeying is what a trial's iterations share, those of its warm-up included.
type journeying struct {
	trial   scenario.Trial
	streams random.Source
	main    *journey.Program
	world   journey.World
	first   int             // the number of this process's first share
	sources []drive.Source  // of the first loop; the others deal for themselves
	next    uint64          // the number of the next iteration
	outside *drive.Interval // what setup and teardown do
}

// journeys makes ready what a trial's iterations do; nil where it makes single
// calls.
func (r *underWay) journeys(t scenario.Trial, o opened) (*journeying, error) {
	steps := t.Scenario.Steps
	if steps == nil {
		return nil, nil
	}
	main, err := ready(steps.Main, o)
	if err != nil {
		return nil, err
	}
	if r.calls != nil {
		main, _ = main.Ready(r.calls.logged)
	}
	return r.journeying(t, main), nil
}

// journeying is what the iterations of a trial with steps share, which do what a
// program says.
func (r *underWay) journeying(t scenario.Trial, main *journey.Program) *journeying {
	streams := r.streams(t)
	j := &journeying{trial: t, streams: streams, main: main, first: r.share().K, world: journey.World{
		Draws: streams.Key(ofIterations), UUIDs: random.Key(rand.Uint64()),
	}, outside: drive.NewInterval()}
	if t.Scenario.Clock == scenario.Virtual {
		j.world.UUIDs = streams.Key("uuids of " + t.Mode.Name)
	}
	values := t.Values()
	for _, name := range j.main.Names {
		var held journey.Held
		if v, given := values[name]; given {
			held.Value = v
		}
		j.world.Given = append(j.world.Given, held)
	}
	j.sources = j.deal()
	return j
}

// ready makes a program's calls ready for the targets that they go to.
func ready(p *journey.Program, o opened) (*journey.Program, error) {
	return p.Ready(func(c *journey.Call) error {
		to := o[c.Carrier]
		if c.Timeout == 0 {
			c.Timeout = to.timeout
		}
		if c.Retry.Attempts == 0 {
			c.Retry = to.Retry
		}
		if c.Prepared == nil {
			return nil
		}
		if to.Prepare == nil {
			return fmt.Errorf("the step %s: the target %s cannot be asked for paths over its engine, %s", p.Rows[c.Row].Name, to.name, to.Engine)
		}
		prepared, err := to.Prepare(c.Prepared)
		if err != nil {
			return fmt.Errorf("the step %s: %w", p.Rows[c.Row].Name, err)
		}
		if own, may := prepared.(kind.Bounded); may && own.Bound(c.Timeout) {
			c.Timeout = 0
		}
		c.Prepared = prepared
		return nil
	})
}

// patience is the longest that a try of a call to a target may take, as the steps
// of a trial say, and of what goes on beside it.
func patience(t scenario.Trial, target string) (longest time.Duration) {
	for _, s := range append([]*scenario.Scenario{t.Scenario}, t.Scenario.Beside...) {
		if s.Steps == nil {
			continue
		}
		for _, p := range []*journey.Program{s.Steps.Main, s.Steps.Setup, s.Steps.Teardown} {
			for _, c := range p.Calls() {
				if s.Called()[c.Carrier].Name == target {
					longest = max(longest, c.Timeout)
				}
			}
		}
	}
	return longest
}

// deal makes dealers for a loop.
func (j *journeying) deal() (all []drive.Source) {
	for _, s := range j.trial.Scenario.Steps.Sources {
		all = append(all, drive.Source{Name: s.Name, Dealer: s.Dealer(j.streams), Row: func(n uint64) journey.Held {
			return journey.Held{Row: s.Row(n)}
		}})
	}
	return all
}

// of is what a loop carries out that has a share of the trial.
func (j *journeying) of(l rig, s mode.Share) *drive.Journey {
	if j == nil {
		return nil
	}
	limit := j.trial.Scenario.Steps.Limit
	out := &drive.Journey{
		Program: j.main, World: j.world, Carriers: l.carriers, Sources: j.sources, Streams: apart(j.streams, s),
		Loop: s.K, Loops: s.N, Limit: drive.Limit{N: int(limit.N), Per: limit.Per}, Places: j.trial.Mode.Traits().Users, First: j.next,
	}
	out.World.Date = l.date
	if s.K != j.first { // which goes on with what the warm-up has left
		out.Sources = j.deal()
	}
	return out
}

// warmed goes on behind the iterations of the warm-up.
func (j *journeying) warmed(end drive.End) {
	if j != nil {
		j.next = end.Next
	}
}

// setUp carries out what goes before the trial. What that has set is there for
// all.
func (r *underWay) setUp(j *journeying, o opened, stop *drive.Stop) error {
	p, err := r.once(setup, j.trial.Scenario.Steps.Setup, j, o, stop)
	switch {
	case err != nil:
		return err
	case p.Class == target.Cancelled:
		return context.Canceled
	case p.Class != "":
		return fmt.Errorf("setup failed (%s): %s", p.Class, p.Example)
	}
	return nil
}

// tearDown carries out what comes after the trial, whatever became of that: only
// an interrupt at once keeps it from its end.
func (r *underWay) tearDown(atOnce context.Context, j *journeying, o opened, out *result.Trial) {
	stop := &drive.Stop{}
	defer stop.Follow(atOnce, atOnce)()
	p, err := r.once(teardown, j.trial.Scenario.Steps.Teardown, j, o, stop)
	switch {
	case err != nil:
		out.Warnings = append(out.Warnings, r.scrub("teardown could not be carried out: "+err.Error()))
	case p.Class != "":
		out.Warnings = append(out.Warnings, r.scrub(fmt.Sprintf("teardown failed (%s): %s", p.Class, p.Example)))
	}
}

// once carries a program out that runs once a trial; nil is none.
func (r *underWay) once(name string, p *journey.Program, j *journeying, o opened, stop *drive.Stop) (pass drive.Pass, err error) {
	if p, err = ready(p, o); p == nil || err != nil {
		return pass, err
	}
	rigs, _, err := r.targets.rigs(o, j.trial.Scenario.Clock == scenario.Virtual, 1, 0, now)
	if err != nil {
		return pass, err
	}
	defer closeRigs(rigs)
	stop.OnWake(rigs[0].clock.Wake)
	loop := r.loop(rigs[0], o, j.trial, stop)
	loop.Journey, loop.Recorder = j.of(rigs[0], mode.Share{K: j.first, N: 1}), drive.NewRecorder(schedule.Never, nil)
	loop.Recorder.Promises.Rows = promised(j.trial).Rows
	loop.Journey.Program, loop.Journey.Limit = p, drive.Limit{}
	loop.Journey.World.Draws = j.streams.Key(name)
	pass = drive.Once(loop)
	j.outside.MergeRows(loop.Recorder.Interval)
	if pass.Values != nil {
		j.world.Given = pass.Values
	}
	return pass, pass.Err
}
