package view

import (
	"math"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

const placedFile = `targets: {shop: {sim: {delay: 10ms}}}
scenarios:
  - name: plain
    target: shop
    thresholds: p99 < 50ms

  - target: shop
    name: several
    thresholds:
      - errors < 5%
      - concurrent-3:
          - p99 < 50ms
          - {rule: errors < 1%, over: 10s}
        sequential: [p99 < 50ms, "rate > 5/s"]
      - pay: {rule: p99 < 20ms}
      - concurrent-3:
          pay: p99 < 50ms
    expect:
      - {mode: sequential, makespan: 5s}
`

// A promise is found where it was written: under its own mode and step, whatever the
// same rule says of others.
func TestPromisesAreFoundInTheFile(t *testing.T) {
	lines := linesOf(result.File{Text: placedFile})
	for _, c := range []struct {
		v    result.Verdict
		line int
	}{
		{result.Verdict{Scenario: "plain", Mode: "sequential", Kind: result.KindThreshold, Rule: "p99 < 50ms"}, 5},
		{result.Verdict{Scenario: "several", Mode: "sequential", Kind: result.KindThreshold, Rule: "errors < 5%"}, 10},
		{result.Verdict{Scenario: "several", Mode: "concurrent-3", Kind: result.KindThreshold, Rule: "p99 < 50ms"}, 12},
		{result.Verdict{Scenario: "several", Mode: "concurrent-3", Kind: result.KindThreshold, Rule: "errors < 1%"}, 13},
		{result.Verdict{Scenario: "several", Mode: "sequential", Kind: result.KindThreshold, Rule: "p99 < 50ms"}, 14},
		{result.Verdict{Scenario: "several", Mode: "sequential", Kind: result.KindThreshold, Rule: "rate > 5/s"}, 14},
		{result.Verdict{Scenario: "several", Mode: "sequential", Step: "pay", Kind: result.KindThreshold, Rule: "p99 < 20ms"}, 15},
		{result.Verdict{Scenario: "several", Mode: "concurrent-3", Step: "pay", Kind: result.KindThreshold, Rule: "p99 < 50ms"}, 17},
		{result.Verdict{Scenario: "several", Mode: "sequential", Kind: result.KindExpect, Rule: "makespan 5 s within 5 %"}, 19},
		{result.Verdict{Scenario: "several", Mode: "sequential", Kind: result.KindThreshold, Rule: "errors < 100%"}, 10},
		{result.Verdict{Scenario: "plain", Mode: "sequential", Kind: result.KindExpect, Rule: "rate 5"}, 3},
		{result.Verdict{Scenario: "gone", Kind: result.KindThreshold, Rule: "p99 < 50ms"}, 0},
	} {
		if got := lines.promise(&c.v); got != c.line {
			t.Errorf("%+v stands in line %d, want %d", c.v, got, c.line)
		}
	}
}

// Whatever a result says its file was, it is looked at in peace.
func FuzzLinesOfAFile(f *testing.F) {
	for _, text := range []string{placedFile, "", "scenarios", "scenarios: {a: b}", "scenarios: [{name: {}}]", "- &a [*a]", "scenarios: &a [{name: x, thresholds: *a}]", "a: [", "\x00", strings.Repeat("[", 1000)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := linesOf(result.File{Text: text})
		for name := range lines {
			for _, kind := range []string{result.KindThreshold, result.KindExpect} {
				if line := lines.promise(&result.Verdict{Scenario: name, Kind: kind, Rule: "p99 < 50ms"}); line < 0 || line > strings.Count(text, "\n")+strings.Count(text, "\r")+len(text)+1 {
					t.Errorf("line %d of %q", line, text)
				}
			}
		}
	})
}

// The figures of a run that others watch are finite, have names of their own, and
// are none of what is no measurement.
func TestMetricsAreMeasurements(t *testing.T) {
	run := placedRun(t)
	metrics, err := Metrics(run)
	if err != nil {
		t.Fatal(err)
	}
	met := map[string]float64{}
	for _, m := range metrics {
		if _, twice := met[m.Name]; twice || math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
			t.Errorf("%s is %v, or there twice", m.Name, m.Value)
		}
		met[m.Name] = m.Value
	}
	g, err := result.Groups(run.Trials[:1])
	if err != nil {
		t.Fatal(err)
	}
	if got, want := met["s/m/p50_s"], g[0].Response.Quantile(50).Seconds(); got != want || met["s/m/throughput_per_s"] != 12.5 {
		t.Errorf("p50 %v, want %v; %v", got, want, met)
	}
	if _, there := met["s/m/p99_s"]; there {
		t.Error("a p99 of 40 calls")
	}
	if len(metrics) != 4 { // throughput, p50, p90, errors
		t.Errorf("%v", metrics)
	}
	run.Trials[0].Health = result.Health{Why: "late"}
	run.Trials[0].Clock = "real"
	if metrics, err = Metrics(run); err != nil || len(metrics) > 0 {
		t.Errorf("of a generator that was late: %v, %v", metrics, err)
	}
}

// placedRun is a run of one trial of 40 calls.
func placedRun(t *testing.T) *result.Run {
	t.Helper()
	h := latency.New(latency.Fine)
	for i := range 40 {
		h.Record(time.Duration(10+i) * time.Millisecond)
	}
	d, err := result.NewDist(h)
	if err != nil {
		t.Fatal(err)
	}
	return &result.Run{Trials: []result.Trial{{
		Scenario: "s", Mode: "m", Ended: result.Complete, ThroughputPerS: 12.5, DurationS: 4, Health: result.Health{KeptPace: true},
		Measure: result.Measure{Scheduled: 40, Started: 40, OK: 40, Response: d, Service: d},
	}}}
}
