package runner

import (
	"fmt"
	"strings"
	"time"

	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/agenda"
	"plimsoll/target/quantity"
)

// workload is the whole of what a trial was asked to do, but for the target
// and the random draws: results are compared where it is the same text.
func workload(t scenario.Trial) string {
	s, w := t.Scenario, settings{t.Mode.Text()}
	if t.Requests > 0 {
		w.put("requests", t.Requests)
	}
	if s.Crawl != nil {
		w.put("crawl", s.Crawl.Text())
	}
	length := "duration"
	if s.Whole {
		length = "at_least"
	}
	w.time(length, s.Duration)
	w.time("warmup", s.Warmup)
	if s.Drain != agenda.Never {
		w.time("drain", s.Drain)
	}
	w.put("stop_when", s.StopWhen)
	if s.StopOnError {
		w.put("on_error", "stop")
	}
	w.put("clock", s.Clock)
	if s.Steps != nil {
		w.put("steps", s.Steps.Sum)
		for _, source := range s.Steps.Sources {
			w.put("data "+source.Name, source.Text())
		}
	}
	w.put("background", strings.ReplaceAll(strings.Join(besideText(t), "; "), ", ", "; "))
	return strings.Join(w, ", ")
}

// settings are `name: value`, as result.Trial.Workload has them.
type settings []string

func (w *settings) put(name string, value any) {
	if text := fmt.Sprint(value); text != "" {
		*w = append(*w, name+": "+text)
	}
}

func (w *settings) time(name string, d time.Duration) {
	if d > 0 {
		w.put(name, quantity.Duration(d))
	}
}

// Preview is the run that carrying out these trials would give, before
// anything has been measured: enough to tell whether it can be compared with
// another.
func Preview(trials []scenario.Trial) *result.Run {
	run := &result.Run{Planned: len(trials)}
	for _, t := range trials {
		if t.Scenario.Capacity == nil { // a search decides on its trials as it goes
			run.Trials = append(run.Trials, *describe(t))
		}
	}
	return run
}
