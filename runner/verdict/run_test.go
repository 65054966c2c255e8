package verdict

import (
	"testing"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

const ms = time.Millisecond

// trial is what one repetition measured, to be made a result.Trial of.
type trial struct {
	mode      string
	at        result.Point
	repeat    int
	makespan  time.Duration
	duration  time.Duration // instead of requests
	ok        []time.Duration
	errors    map[string][]time.Duration
	service   []time.Duration // default: as ok
	lateness  []time.Duration // default: 0
	cancelled int64
	lacking   int64           // calls that the generator could not make
	givenUp   []time.Duration // of them, how long they were under way
	dropped   int64
	ended     string // default: complete
}

func (m trial) result(t testing.TB) result.Trial {
	t.Helper()
	started := int64(len(m.ok)) + m.cancelled
	out := result.Trial{
		Scenario: "s", Mode: m.mode, Target: "api", Clock: "virtual", Engine: "virtual", Repeat: m.repeat, Sweep: m.at,
		MakespanS: m.makespan.Seconds(), DurationS: m.duration.Seconds(), Measure: result.Measure{OK: int64(len(m.ok)), Cancelled: m.cancelled, Errors: map[string]result.Error{}}, Ended: result.Complete, Health: result.Health{KeptPace: true},
	}
	length := m.duration
	if length == 0 {
		length, out.Requests = m.makespan, 1
	}
	if length > 0 {
		out.ThroughputPerS = float64(len(m.ok)) / length.Seconds()
	}
	if m.ended != "" {
		out.Ended = result.Ending(m.ended)
	}
	var failures []time.Duration
	for class, took := range m.errors {
		out.Errors[class] = result.Error{Count: int64(len(took))}
		failures = append(failures, took...)
		started += int64(len(took))
	}
	if m.lacking > 0 {
		out.Errors[result.Generator] = result.Error{Count: m.lacking}
		started += m.lacking
	}
	if m.service == nil {
		m.service = m.ok
	}
	if m.lateness == nil {
		m.lateness = make([]time.Duration, started)
	}
	out.Started, out.Scheduled, out.Attempts, out.Dropped = started, started+m.dropped, started, m.dropped
	out.CancelledResponse = dist(t, m.givenUp)
	out.Response, out.Service, out.ErrorResponse = dist(t, m.ok), dist(t, m.service), dist(t, failures)
	out.Held, out.Lateness = dist(t, make([]time.Duration, started)), dist(t, m.lateness)
	if err := out.Check(); err != nil {
		t.Fatalf("the test's own trial: %v", err)
	}
	return out
}

func dist(t testing.TB, values []time.Duration) result.Dist {
	h := latency.New(latency.Fine)
	for _, v := range values {
		h.Record(v)
	}
	d, err := result.NewDist(h)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func runOf(t testing.TB, trials ...trial) *result.Run {
	t.Helper()
	run := &result.Run{}
	for _, m := range trials {
		run.Trials = append(run.Trials, m.result(t))
	}
	return run
}

// speedups computes them and puts them into the run, with "base" as baseline.
func speedups(t testing.TB, run *result.Run) []result.Speedup {
	t.Helper()
	var err error
	run.Speedups, err = Speedups(run, func(string) string { return "base" })
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Check(); err != nil {
		t.Fatalf("not fit to be saved: %v", err)
	}
	return run.Speedups
}

// times is n times the same duration.
func times(n int, d time.Duration) []time.Duration {
	ds := make([]time.Duration, n)
	for i := range ds {
		ds[i] = d
	}
	return ds
}
