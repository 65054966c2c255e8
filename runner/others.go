package runner

import (
	"context"
	"time"

	"plimsoll/runner/monitor"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/runner/schedule"
)

// watchOthers has the trial's monitors watch the other side from when its clock shows
// from. The first function that it returns tells them that the trial is over, and
// waits for nobody; the one that this returns tells what they saw. When atOnce is done
// they give up.
func (l *load) watchOthers(atOnce context.Context, from time.Duration) func() func() []result.Series {
	monitors := l.trial.Scenario.Monitors
	switch {
	case len(monitors) == 0 || l.part != nil: // the coordinator watches, and runs its commands
		return func() func() []result.Series { return func() []result.Series { return nil } }
	case l.trial.Scenario.Clock == scenario.Virtual:
		return func() func() []result.Series { return func() []result.Series { return leftOut(monitors) } }
	}
	until := schedule.Never
	if !l.trial.Batch() && !l.trial.Scenario.Whole { // whole calls are measured to their end
		until = length(l.trial)
	}
	watch := monitor.Begin(atOnce, monitors, from, until)
	return func() func() []result.Series {
		told := watch.End()
		return func() (all []result.Series) {
			for _, s := range told() {
				s.Problem = l.scrub(s.Problem)
				all = append(all, s)
			}
			return all
		}
	}
}

// leftOut says that nobody watched.
func leftOut(monitors []*monitor.Settings) (all []result.Series) {
	for _, m := range monitors {
		all = append(all, result.Series{Name: m.Name, Problem: result.NoOtherSide})
	}
	return all
}
