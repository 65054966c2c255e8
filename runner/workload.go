package runner

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/delay"
	"plimsoll/target/quantity"
)

// workload is the whole of what a trial was asked to do, but for the target
// and the random draws: results are compared where it is the same text.
func workload(t scenario.Trial) string {
	s, m := t.Scenario, t.Mode
	var w settings
	switch {
	case m.Kind == scenario.RateLimited:
		w.put(m.Kind, text(t.Rate, "stages"))
		w.put("arrivals", m.Arrivals)
		if m.Arrivals == scenario.Bucket {
			w.put("burst", t.Burst())
		}
		w.put("max_in_flight", m.MaxInFlight)
		if m.Drop {
			w.put("overflow", "drop")
		}
	case m.Kind == scenario.Sequential:
		w.put("mode", m.Kind)
	case m.AllAtOnce():
		w.put(m.Kind, "all at once")
	default:
		w.put(m.Kind, users(t))
	}
	w.put("stages", stages(m))
	w.put("think_time", thinking(m.Think))
	if t.Requests > 0 {
		w.put("requests", t.Requests)
	}
	w.time("duration", s.Duration)
	w.time("warmup", s.Warmup)
	w.time("drain", s.Drain)
	w.put("stop_when", s.StopWhen)
	if s.StopOnError {
		w.put("on_error", "stop")
	}
	w.put("clock", s.Clock)
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

// text is the rate, or what there is instead.
func text(r quantity.Rate, otherwise string) string {
	if r.IsZero() {
		return otherwise
	}
	return r.String()
}

// stages are a mode's, "0/s → 100/s in 30s → …"; "" where it has none.
func stages(m *scenario.Mode) string {
	var text strings.Builder
	for _, s := range m.UserStages {
		fmt.Fprintf(&text, " → %d in %s", s.Target, quantity.Duration(s.Duration))
	}
	if text.Len() > 0 {
		return fmt.Sprint(m.StartUsers) + text.String()
	}
	for _, s := range m.RateStages {
		fmt.Fprintf(&text, " → %s in %s", ratePerTime(s.Target), quantity.Duration(s.Duration))
	}
	if text.Len() > 0 {
		return ratePerTime(m.StartRate) + text.String()
	}
	return ""
}

func ratePerTime(r quantity.Rate) string { return text(r, "0/s") }

// thinking is a distribution as a short text.
func thinking(d delay.Delay) string {
	switch {
	case d.IsZero():
		return ""
	case d.Kind == delay.Constant:
		return quantity.Duration(d.A)
	}
	data, err := json.Marshal(d)
	if err != nil {
		return string(d.Kind) // cannot be: a Delay is plain numbers
	}
	if len(data) > 200 { // many samples: equal ones have equal sums
		return fmt.Sprintf("%s %x", d.Kind, sha256.Sum256(data))
	}
	return string(data)
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
