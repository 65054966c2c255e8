package result

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/latency"
)

// trialOf is a whole, lawful trial: its calls all started at 0, took the given
// times, one after the other, and ended well, or in the errors of each class.
func trialOf(scenario, mode string, at Point, repeat int, ok []time.Duration, errors map[string][]time.Duration) Trial {
	t := Trial{
		Scenario: scenario, Mode: mode, Target: "api", Clock: "virtual", Engine: "virtual",
		Repeat: repeat, Sweep: at, Requests: at.Requests, Ended: Complete, Health: Health{KeptPace: true},
		Measure: Measure{Errors: map[string]Error{}, Timeline: []Window{}},
	}
	successes, failures, none := latency.New(latency.Fine), latency.New(latency.Fine), latency.New(latency.Fine)
	var span time.Duration
	take := func(h *latency.Histogram, d time.Duration) {
		h.Record(d)
		none.Record(0)
		span += d
		t.Scheduled, t.Started, t.Attempts = t.Scheduled+1, t.Started+1, t.Attempts+1
	}
	for _, d := range ok {
		take(successes, d)
		t.OK++
	}
	for class, ds := range errors {
		for _, d := range ds {
			take(failures, d)
		}
		t.Errors[class] = Error{Count: int64(len(ds)), Example: "an example of " + class}
	}
	t.Response, t.ErrorResponse = mustDist(successes), mustDist(failures)
	t.Service, t.Held = t.Response, mustDist(none)
	t.Lateness = t.Held
	t.MakespanS = span.Seconds()
	if span > 0 {
		t.ThroughputPerS = float64(t.OK) / span.Seconds()
		t.InFlightMean = 1
	}
	return t
}

func mustDist(h *latency.Histogram) Dist {
	d, err := NewDist(h)
	if err != nil {
		panic(err)
	}
	return d
}

var (
	durations = rapid.SliceOfN(rapid.OneOf(
		rapid.Int64Range(0, 3000), rapid.Int64Range(0, int64(time.Second)), rapid.Int64Range(0, int64(latency.Highest))), 0, 40)
	points = rapid.SampledFrom([]Point{{}, {Requests: 5}, {Requests: 10}, {Concurrency: 3}, {RatePerS: 2.5}})
	share  = rapid.Float64Range(0, 1e6)
	texts  = rapid.StringOfN(rapid.RuneFrom([]rune("aZ09 \"\\<>&\n\té日\u2028")), 0, 20, -1)
)

func drawDurations(t *rapid.T, name string) []time.Duration {
	var ds []time.Duration
	for _, v := range durations.Draw(t, name) {
		ds = append(ds, time.Duration(v))
	}
	return ds
}

// drawTrial draws any lawful trial of the given place.
func drawTrial(t *rapid.T, scenario, mode string, at Point, repeat int) Trial {
	errors := map[string][]time.Duration{}
	for _, class := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"timeout", "reset", "status-503", "x"}), rapid.ID).Draw(t, "classes") {
		if ds := drawDurations(t, class); len(ds) > 0 {
			errors[class] = ds
		}
	}
	trial := trialOf(scenario, mode, at, repeat, drawDurations(t, "ok"), errors)
	trial.Dropped = rapid.Int64Range(0, 100).Draw(t, "dropped")
	trial.Scheduled += trial.Dropped
	trial.MakespanS = share.Draw(t, "makespan_s")
	trial.ThroughputPerS = share.Draw(t, "throughput_per_s")
	trial.DurationS = rapid.SampledFrom([]float64{0, 30}).Draw(t, "duration_s")
	trial.Ended = rapid.SampledFrom([]Ending{Complete, Stopped, Interrupted, Failed}).Draw(t, "ended")
	trial.Reason = texts.Draw(t, "reason")
	if rapid.Bool().Draw(t, "timeline") {
		trial.Timeline = []Window{{
			WidthS: 1, Scheduled: trial.Scheduled, Started: trial.Started, Dropped: trial.Dropped, OK: trial.OK, Errors: trial.Failed(),
		}}
	}
	if rapid.Bool().Draw(t, "real") {
		trial.MachineUse = &MachineUse{CPUS: share.Draw(t, "cpu_s"), GCs: 3}
	}
	return trial
}

func drawTrials(t *rapid.T) []Trial {
	var trials []Trial
	repeats := rapid.IntRange(1, 2).Draw(t, "repeats")
	at := rapid.SliceOfNDistinct(points, 1, 2, rapid.ID).Draw(t, "sweep")
	for repeat := range repeats {
		for _, p := range at {
			for _, mode := range []string{"sequential", "concurrent"}[:rapid.IntRange(1, 2).Draw(t, "modes")] {
				trials = append(trials, drawTrial(t, "s", mode, p, repeat))
			}
		}
	}
	return trials
}

func drawRun(t *rapid.T) *Run {
	ratio := rapid.Float64Range(0.01, 100).Draw(t, "ratio")
	return &Run{
		Format:  Format,
		Tool:    Tool{Name: "plimsoll", Version: texts.Draw(t, "version")},
		Started: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "started"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).UTC(),
		Seed:    rapid.Uint64().Draw(t, "seed"),
		Exit:    rapid.SampledFrom([]Exit{0, 1, 3, 130}).Draw(t, "exit"),
		Machine: Machine{OS: "linux", Arch: "amd64", CPUs: 2, Go: "go1.26"},
		File:    File{Name: "scenarios.yaml", SHA256: "00", Text: texts.Draw(t, "text")},
		Trials:  drawTrials(t),
		Speedups: []Speedup{{
			Scenario: "s", Mode: "concurrent", Baseline: "sequential", Point: points.Draw(t, "at"), Ratio: ratio, Low: ratio / 2, High: ratio * 2,
		}},
		Verdicts: []Verdict{{Scenario: "s", Mode: "sequential", Kind: KindThreshold, Rule: "p99 < 200ms", Measured: ratio, Pass: true}},
	}
}

// fullRun has something in every field.
func fullRun() *Run {
	ms := func(n ...int) (ds []time.Duration) {
		for _, v := range n {
			ds = append(ds, time.Duration(v)*time.Millisecond)
		}
		return ds
	}
	slow := trialOf("fetch-urls", "sequential", Point{Requests: 5}, 0, ms(1040, 1040, 1050), map[string][]time.Duration{"timeout": ms(2000), "status-503": ms(7)})
	slow.Completions = batch(0, ms(1040, 3087, 2080, 5137, 4087)...).Completions
	slow.Slowest = []Seen{
		{AtS: 2.08, ResponseS: 2, ServiceS: 2, Number: 3, Class: "timeout", Example: "no answer within 2s"},
		{AtS: 1.04, ResponseS: 1.05, ServiceS: 1.05, Number: 1}, {ResponseS: 1.04, ServiceS: 1.04}, {AtS: 4.09, ResponseS: 1.04, ServiceS: 1.04, Number: 4},
		{AtS: 4.08, ResponseS: 0.007, ServiceS: 0.007, Number: 5, Class: "status-503", Example: "busy"},
	}
	slow.Errors["timeout"] = Error{Count: 1, Example: "no answer within 2s", FirstS: 4.08, LastS: 4.08, Calls: []Seen{slow.Slowest[0]}}
	whence := &slow.Errors["timeout"].Calls[0]
	whence.HeldS, whence.Step, whence.Iteration, whence.Trace = 0.001, "buy/pay", 3, "4bf92f3577b34da6a3ce929d0e0e4736"
	slow.Timeline = []Window{{WidthS: 8, Scheduled: 5, Started: 5, OK: 3, Errors: 2, ErrorsByClass: map[string]int64{"timeout": 1, "status-503": 1}, InFlightMean: 0.75}}
	fast := trialOf("fetch-urls", "concurrent-3", Point{Requests: 5}, 0, ms(350, 360, 340, 355, 345), nil)
	fast.Concurrency, fast.RatePerS, fast.DurationS, fast.StoppedAtS = 3, 2.5, 30, 42.5
	fast.Whole, fast.Completions = true, NoCompletions(5)
	fast.Started, fast.Scheduled, fast.Dropped, fast.HeldCalls, fast.Cancelled = 6, 7, 1, 2, 1
	six := latency.New(latency.Fine)
	for _, d := range ms(0, 0, 0, 0, 1, 2) {
		six.Record(d)
	}
	fast.Held, fast.Lateness = mustDist(six), mustDist(six)
	fast.Attempts, fast.Resent, fast.BytesIn, fast.BytesOut = 9, 1, 1234, 567
	coarse := latency.New(latency.Coarse)
	for _, d := range ms(350, 360, 340, 355, 345) {
		coarse.Record(d)
	}
	hdr, err := coarse.Encode()
	if err != nil {
		panic(err)
	}
	fast.Timeline = []Window{{
		AtS: 0, WidthS: 2, Scheduled: 7, Started: 6, Dropped: 1, OK: 5, InFlightMean: 0.875, HeldMean: 0.125, LatenessMaxS: 0.002, QueueLength: 0.25,
		MeanS: 0.35, P50S: 0.35, P99S: 0.36, MaxS: 0.36, HDR: hdr,
	}}
	fast.Ended, fast.Reason = Stopped, "stop: buy/pay: p99 < 300ms over 10s was broken at 42 s"
	fast.Health = Health{KeptPace: false, Why: "lateness p99 2ms", LimitedBy: "max_in_flight"}
	fast.Monitor = []Series{{Name: "server", Series: "cores", Unit: "cores", Mean: 0.5, Max: 1, Points: [][2]float64{{1, 0}, {2, 1}}}, {Name: "db", Problem: "connection refused"}}
	fast.Crawl = &Crawl{Pages: 6, Depth: 2, Found: 9, Skipped: map[string]int64{"seen": 4}}
	fast.Queue = &Queue{LengthMean: 0.5, LengthMax: 2, BlockedS: 0.125, ConsumersBusy: 0.75}
	fast.Loops, fast.Warnings = 2, []string{"a warning"}
	fast.Connections = map[string]int64{"HTTP/1.1": 4}
	fast.TLS = &TLS{Handshakes: 4, Resumed: 3}
	fast.MachineUse = &MachineUse{CPUS: 0.5, WallS: 2.1, CPUWaitS: 0.02, GCPauseS: 0.001, GCPauseMaxS: 0.0005, GCs: 3, SpinS: 0.01, StoodStillS: 0.02, StoodStillAtS: 1.5, ThrottledS: 0.1, RSSBytes: 1 << 24, PeakRSSBytes: 1 << 25}
	fast.Workload = "concurrent: 3, drain: 30s"
	fast.LostShare = 0.25
	fast.Agents = []Agent{{
		Name: "east-1", Machine: Machine{OS: "linux", Arch: "amd64", CPUs: 2, CPUModel: "a processor", MemoryBytes: 1 << 33, Go: "go1.26"},
		ClockOffsetS: -5.25, ClockUncertaintyS: 0.0002, ClockDrift: -0.0001, Started: fast.Started, OK: fast.OK, Errors: fast.Failed(),
		ResponseP50S: 0.1, ResponseP99S: 0.2, LatenessP99S: 0.0001, Lost: "nothing was heard of it for 3s", UntilS: 2, Ended: Interrupted, Reason: "interrupted",
		Engine: "virtual", Loops: 2, Health: fast.Health, CPUS: 0.5, Use: fast.MachineUse,
	}}
	elapsed, memory := fast.Response, fast.Service
	fast.Phases, fast.Memory = map[string]Dist{"connect": fast.Service, FirstEvent: fast.Response, ServiceFirstEvent: fast.Service, Gap: fast.Held}, &memory
	tokens, tokensPerS := int64(13), 0.4
	fast.Stream = &Stream{Events: 11, EventsPerS: 0.3, Tokens: &tokens, TokensPerS: &tokensPerS}
	fast.Goodput = map[string]Kept{"first_event < 500ms, gap < 50ms": {Calls: 4, PerS: 0.1}}
	fast.Unit, fast.Elapsed, fast.ErrorElapsed = UnitIteration, &elapsed, &Dist{}
	fast.Steps = []Step{{
		Name: "pay", Path: "buy/pay", Kind: "http", Target: "shop", Hops: 2, Measure: fast.Measure, ThroughputPerS: 2.4, Begin: fast.Service, Records: map[string]Dist{"queue_ms": fast.Response},
	}, {Name: "log in", Path: "log in", Outside: true, Begin: slow.Response, Elapsed: &slow.Service, Measure: slow.Measure}}
	fast.Slowest = []Seen{{AtS: 0.5, ResponseS: 0.36, ServiceS: 0.35, HeldS: 0.01, Number: 7, Step: "buy/pay", Iteration: 3, Class: "check", Example: "pay: json.total is 0", Trace: "4bf92f3577b34da6a3ce929d0e0e4736"}}
	failed := fast.Steps[1].Errors["status-503"]
	failed.FirstS, failed.LastS, failed.Calls = 0.8, 0.9, []Seen{fast.Slowest[0]}
	failed.Calls[0].Class = "status-503"
	fast.Steps[1].Errors = map[string]Error{"timeout": fast.Steps[1].Errors["timeout"], "status-503": failed}
	fast.Watched = []Watched{
		{Step: "buy/pay", Rule: "p99 < 300ms", Looks: Looks{OverS: 10, AfterS: 5, Stop: true}, Measured: 0.4, Broken: true, AtLeast: true, Note: "a note", WorstAtS: 42},
		{Rule: "p99 < 1s", Looks: Looks{OverS: 1}, Reason: "no call succeeded", Broken: true, WorstAtS: 7},
	}
	fast.Beside = []Trial{
		trialOf("crawler", "rate-limited-60/s", Point{}, 0, ms(20, 21), nil),
		trialOf("report", "concurrent-1", Point{}, 0, ms(900), map[string][]time.Duration{"timeout": ms(2000)}),
	}
	return &Run{
		Format: Format, Tool: Tool{Name: "plimsoll", Version: "0.1.0"}, Started: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
		Pair: "2026-02-03T04:05:06Z", Tolerances: []Tolerance{{"fetch-urls", "p99", 0.1}},
		Seed: 1, Exit: 1, Scenarios: []string{"fetch-urls", "steady-load"}, Only: []string{"fetch-urls", "steady-load"}, Calibration: aCalibration("a processor"),
		Machine: Machine{OS: "linux", Arch: "amd64", CPUs: 2, CPUModel: "a processor", MemoryBytes: 1 << 33, Go: "go1.26"},
		File:    File{Name: "scenarios.yaml", SHA256: fmt.Sprintf("%064x", 11), Text: "scenarios: []\n"},
		Trials:  []Trial{slow, fast},
		Speedups: []Speedup{{
			Scenario: "fetch-urls", Mode: "concurrent-3", Baseline: "sequential", Point: Point{Requests: 5},
			Ratio: 2.9, Low: 2.7, High: 3.1, Note: "2 of 10 calls failed",
		}},
		Verdicts: []Verdict{{
			Scenario: "fetch-urls", Mode: "sequential", Point: Point{Requests: 5}, Kind: KindExpect, Rule: "makespan = 5.2s ± 5% (asyncio guide)",
			Measured: 5.137, Pass: true, Reason: "a reason", Note: "a note", AtLeast: true, Limit: 0.2, Metric: "makespan", Expected: 5.2, Tolerance: 0.05, Source: "asyncio guide",
		}, {
			Scenario: "fetch-urls", Mode: "concurrent-3", Point: Point{Requests: 5}, Kind: KindThreshold, Step: "buy/pay", Rule: "p99 < 300ms", Measured: 0.36, Limit: 0.3,
			OverS: 10, AfterS: 5, Stop: true, WorstAtS: 42,
		}},
		Capacities: []Capacity{aCapacity()},
		Scaling: []Scaling{{
			Scenario: "fetch-urls", Mode: "concurrent", Axis: AxisRequests, Points: 5, Smallest: 5, Largest: 100, Law: USL, Chosen: true,
			Serial: Value{0.015, 0.014, 0.016}, Crosstalk: Value{1.147e-4, 1.04e-4, 1.25e-4}, Peak: &Value{92.7, 88.8, 97.1},
			AICc: -30.1, Baseline: "sequential", X1: Value{1, 1, 1}, Basis: FromResiduals, Off: 0.008, Note: "a note",
		}, {
			Scenario: "fetch-urls", Mode: "concurrent-3", Axis: AxisRequests, Points: 3, Smallest: 5, Largest: 20, Law: USL,
			NoneBelow: 70, Refused: "the Universal Scalability Law needs 5 points; there are 3",
		}},
	}
}

func TestTheHelperKeepsTheLaws(t *testing.T) {
	if err := fullRun().Check(); err != nil {
		t.Fatal(err)
	}
}

// aCapacity has something in every field.
func aCapacity() Capacity {
	return Capacity{
		Scenario: "how-much", Mode: "rate-limited", Target: "shop", Find: FindRate,
		SLO:  []Promise{{Rule: "p99 <= 200ms", Metric: "p", Percentile: 99, Limit: 0.2, OrEqual: true}, {Step: "buy/pay", Rule: "errors < 0.1%", Metric: "errors", Limit: 0.001}, {Rule: "monitor.server.cores.max < 2", Metric: MetricMonitor, Monitor: "server", Series: "cores", Highest: true, Limit: 2}},
		From: 50, To: 20000, HoldS: 10, Precision: 0.05, PeakLoad: 800,
		Bound: Found, Value: 1240, Low: 1190, High: 1260, ThroughputPerS: 1199, Precise: true, LimitedBy: "p99 <= 200ms", Headroom: 1.55, Reason: "a reason",
		Most: 24, Steps: []CapacityStep{
			{Level: 1200, Verdict: Pass, Measured: []float64{0.15, 0, 1.5}, P50S: 0.02, P99S: 0.15, ThroughputPerS: 1199},
			{Level: 1300, Repeat: 1, Verdict: Fail, Measured: []float64{0.31, 0.0005, 2.5}, P50S: 0.03, P99S: 0.31, Errors: 0.0005,
				ThroughputPerS: 1270, SkippedS: 5, Drifting: true, StartedPerS: 1290, LatenessP99S: 0.0001, ElapsedP95S: 12.5, Reason: "p99 <= 200ms"},
		},
	}
}
