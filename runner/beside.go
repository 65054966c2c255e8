package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"plimsoll/runner/drive"
	"plimsoll/runner/mode"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/runner/schedule"
)

// neighbour is what goes on in the background of a trial: a scenario that calls
// some of the same targets, by the same clock.
type neighbour struct {
	trial    scenario.Trial
	opened   opened
	places   []int // of its carriers, among those of the rig
	journeys *journeying
	recorder *drive.Recorder
	gathered *gathering
	end      drive.End
}

// neighbours makes ready what goes on beside a trial.
func (r *underWay) neighbours(t scenario.Trial, o opened) (all []*neighbour, err error) {
	until := schedule.Never
	if !t.Batch() { // it goes on while the trial drains, which is no time to count
		until = length(t)
	}
	for _, b := range t.Beside() {
		n := &neighbour{trial: b, recorder: drive.NewRecorder(until, nil), gathered: r.gather(b, 1)}
		n.gathered.from(n.recorder)
		n.opened, n.places = o.of(b.Scenario)
		if n.journeys, err = r.journeys(b, n.opened); err != nil {
			return nil, fmt.Errorf("beside it, %s: %w", b.Scenario.Name, err)
		}
		all = append(all, n)
	}
	return all, nil
}

// gatherings are those of a trial and of what goes on beside it.
func gatherings(first *gathering, beside []*neighbour) []*gathering {
	all := []*gathering{first}
	for _, n := range beside {
		all = append(all, n.gathered)
	}
	return all
}

// setUpAll carries out what goes before the trials of the background.
func (r *underWay) setUpAll(all []*neighbour, stop *drive.Stop) error {
	for _, n := range all {
		if n.journeys == nil {
			continue
		}
		if err := r.setUp(n.journeys, n.opened, stop); err != nil {
			return fmt.Errorf("beside it, %s: %w", n.trial.Scenario.Name, err)
		}
	}
	return nil
}

// lanes are the loops of a trial and of what goes on beside it.
func (r *underWay) lanes(first drive.Loop, on rig, beside []*neighbour, stop *drive.Stop) []drive.Loop {
	all := []drive.Loop{first}
	for _, n := range beside {
		own := on.of(n.places)
		loop := r.loop(own, n.opened, n.trial, stop)
		loop.Journey, loop.Recorder = n.journeys.of(own, mode.Whole()), n.recorder
		loop.From, loop.Until = first.From, schedule.Never
		loop.Schedule = newSchedule(n.trial, mode.Whole(), schedule.Bounds{From: first.From, Until: schedule.Never}, r.streams(n.trial))
		all = append(all, loop)
	}
	return all
}

// beside carries a trial's loop out with what goes on beside it.
func (r *underWay) beside(first drive.Loop, on rig, all []*neighbour, stop *drive.Stop) drive.End {
	ends := drive.RunLanes(r.lanes(first, on, all, stop))
	for i, n := range all {
		n.end = ends[i+1]
		n.journeys.warmed(n.end)
		ends[0].Err = errors.Join(ends[0].Err, n.end.Err)
	}
	return ends[0]
}

// tearDownAll carries out what comes after them.
func (r *underWay) tearDownAll(atOnce context.Context, all []*neighbour, out *result.Trial) {
	for _, n := range slices.Backward(all) {
		if n.journeys != nil {
			r.tearDown(atOnce, n.journeys, n.opened, out)
		}
	}
}

// fillBeside puts in what was measured beside a trial, for as long as that was. It
// is the generator's fault, too, where there was less of it than asked for.
func (r *underWay) fillBeside(out *result.Trial, all []*neighbour, began bool) (err error) {
	for _, n := range all {
		b := describe(n.trial)
		b.Engine, b.DurationS = n.opened.engine(), cmp.Or(out.DurationS, out.MakespanS)
		m := measured{whole: n.gathered.whole(n.recorder.Interval, n.end.At), end: drive.End{At: n.end.At, Interrupted: n.end.Interrupted, Halted: n.end.Halted, Queue: n.end.Queue}}
		if out.Ended == result.Stopped { // nor did this last as long as was asked for
			m.end.Stopped = out.Reason
		}
		if n.journeys != nil {
			r.mergeOutside(m.whole, n.journeys, n.end.At)
		}
		err = errors.Join(err, r.fill(b, n.trial, m))
		if !began {
			b.Ended, b.Reason = result.Failed, "the trial that it goes on beside did not begin"
		}
		if why := b.Health.Why; why != "" {
			out.Health = result.Health{Why: cmp.Or(out.Health.Why, "beside it, "+b.Scenario+": "+why), LimitedBy: out.Health.LimitedBy}
		}
		out.Beside = append(out.Beside, *b)
	}
	return err
}

// besideText names what goes on beside a trial, as its workload has it.
func besideText(t scenario.Trial) (names []string) {
	for _, b := range t.Beside() {
		names = append(names, b.Scenario.Name+" ("+workload(b)+")")
	}
	return names
}

// unrecorded are the neighbours while a batch warms up.
func (r *underWay) unrecorded(all []*neighbour) (same []*neighbour) {
	for _, n := range all {
		quiet := *n
		quiet.recorder = drive.NewRecorder(0, nil)
		same = append(same, &quiet)
	}
	return same
}
