package main

import (
	"fmt"
	"time"

	"plimsoll/report/progress"
	"plimsoll/runner/drive"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

// watcher shows a run's progress.
type watcher struct{ bars *progress.Progress }

func (w *watcher) Begin(t scenario.Trial, calls int64, length time.Duration) {
	name := t.Scenario.Name + " " + t.Mode.Name
	if at := t.Sweep.String(); at != "" {
		name += " " + at
	}
	if t.Scenario.Repeat > 1 {
		name += fmt.Sprintf(" (%d of %d)", t.Repeat+1, t.Scenario.Repeat)
	}
	if length > 0 {
		length += t.Scenario.Warmup
	}
	w.bars.Trial(name, calls, length)
}

func (w *watcher) Sample(s drive.Sample, elapsed time.Duration) {
	sample := progress.Sample{Done: s.Ended, Errors: s.Failed, P99: s.P99, Elapsed: elapsed}
	if s.At > 0 {
		sample.RatePerS = float64(s.Ended) / s.At.Seconds()
	}
	w.bars.Sample(sample)
}

func (w *watcher) End(t *result.Trial) {
	note := ""
	switch {
	case t.Ended != result.Complete:
		note = t.Ended + ": " + t.Reason
	case !t.Health.KeptPace:
		note = "the generator fell behind: " + t.Health.Why
	}
	w.bars.EndTrial(note)
}
