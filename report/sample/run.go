package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"plimsoll/runner/result"
)

func run(trials ...result.Trial) *result.Run {
	return &result.Run{
		Format: result.Format, Tool: result.Tool{Name: "plimsoll", Version: "0.1.0"},
		Started: time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC), Seed: 1,
		Machine: result.Machine{OS: "linux", Arch: "amd64", CPUs: 2, Go: "go1.26"},
		File:    result.File{Name: "scenarios.yaml"},
		Trials:  trials,
	}
}

// Published is the comparison of the published table: sequential against
// concurrent, on a target that follows the Universal Scalability Law.
func Published() *result.Run {
	r := run()
	delay := func() time.Duration { return 1040 * time.Millisecond }
	for _, row := range []struct {
		n                             int
		sequential, concurrent, ratio float64
	}{{5, 5.2, 1.1, 4.7}, {10, 10.4, 1.2, 8.7}, {20, 20.8, 1.4, 14.9}, {50, 52.1, 2.1, 24.8}, {100, 104.5, 3.8, 27.5}} {
		at := result.Point{Requests: row.n}
		base := result.Trial{Scenario: "fetch-urls", Target: "published-api", Clock: "virtual", Engine: "virtual",
			Requests: row.n, Sweep: at, Health: result.Health{KeptPace: true}}
		base.Mode, base.Concurrency = "sequential", 1
		one := timed(base, pooled(row.n, 1, delay))
		base.Mode, base.Concurrency = "concurrent", 0
		all := timed(base, atOnce(row.n, delay, 0.0148, 0.000118))
		r.Trials = append(r.Trials, one, all)
		r.Speedups = append(r.Speedups, result.Speedup{Scenario: "fetch-urls", Mode: "concurrent", Baseline: "sequential",
			Point: at, Ratio: one.MakespanS / all.MakespanS, Note: "one repetition: no interval"})
		expect := func(mode, metric string, value, measured float64) {
			r.Verdicts = append(r.Verdicts, result.Verdict{Scenario: "fetch-urls", Mode: mode, Point: at, Kind: result.KindExpect,
				Rule: fmt.Sprintf("%s %v", metric, value), Measured: measured, Pass: math.Abs(measured/value-1) <= 0.05,
				Metric: metric, Expected: value, Tolerance: 0.05, Source: "asyncio guide, sync vs async table"})
		}
		expect("sequential", "makespan", row.sequential, one.MakespanS)
		expect("concurrent", "makespan", row.concurrent, all.MakespanS)
		expect("concurrent", "speedup", row.ratio, one.MakespanS/all.MakespanS)
	}
	r.Scaling = publishedLaws()
	return r
}

// Frozen is a steady open loop against a server that freezes for 1 s in every
// 5 s, with 8 calls in flight at the most.
func Frozen() *result.Run {
	t := timed(result.Trial{Scenario: "steady-load", Mode: "rate-limited-200/s", Target: "freezing", Clock: "virtual", Engine: "virtual",
		DurationS: 20, RatePerS: 200, Health: result.Health{KeptPace: true, LimitedBy: "max_in_flight"}},
		openLoop(5*time.Millisecond, 20*time.Second, 8, freezing(5*time.Millisecond)))
	r := run(t)
	for _, rule := range []struct {
		text     string
		measured float64
		limit    float64
		pass     bool
	}{
		{"p99 < 1s", t.Response.P99S, 1, true}, {"p50 < 6ms", t.Response.P50S, 0.006, true}, {"errors < 0.1%", 0, 0.001, true},
		{"rate >= 199/s", t.ThroughputPerS, 199, t.ThroughputPerS >= 199}, {"p90 < 200ms", t.Response.P90S, 0.2, false},
	} {
		r.Verdicts = append(r.Verdicts, result.Verdict{Scenario: t.Scenario, Mode: t.Mode, Kind: result.KindThreshold,
			Rule: rule.text, Measured: rule.measured, Limit: rule.limit, Pass: rule.pass})
	}
	return r
}

// Failing is two modes against a server of which one mode asks too much, and
// a generator that could not keep up in it.
func Failing() *result.Run {
	rng := rand.New(rand.NewPCG(1, 2))
	delay := func() time.Duration { return 8*time.Millisecond + time.Duration(rng.ExpFloat64()*4e6) }
	base := result.Trial{Scenario: "over-the-top", Target: "shop", Clock: "real", Engine: "std", DurationS: 10, Health: result.Health{KeptPace: true}}
	calm := base
	calm.Mode, calm.RatePerS = "rate-limited-50/s", 50
	calls := openLoop(20*time.Millisecond, 10*time.Second, 100, func(start time.Duration) time.Duration { return start + delay() })
	for i := range calls { // some lateness, as a real clock has it
		calls[i].start += time.Duration(rng.ExpFloat64() * 60e3)
		calls[i].end += time.Duration(rng.ExpFloat64() * 60e3)
	}
	calm = timed(calm, calls)

	hot := base
	hot.Mode, hot.RatePerS, hot.Dropped = "rate-limited-400/s", 400, 17
	hot.Health = result.Health{Why: "lateness p99 3.1 ms is above 1 ms and 10 % of the response time's p99"}
	calls = openLoop(2500*time.Microsecond, 10*time.Second, 10000, func(start time.Duration) time.Duration { return start + 3*delay() })
	for i := range calls {
		late := time.Duration(rng.ExpFloat64() * 700e3)
		calls[i].start, calls[i].end = calls[i].start+late, calls[i].end+late
		switch p := rng.Float64(); {
		case p < 0.02:
			calls[i].class, calls[i].end = "timeout", calls[i].start+2*time.Second
		case p < 0.25:
			calls[i].class = "status-503"
		case p < 0.252:
			calls[i].class = "reset"
		}
	}
	hot = timed(hot, calls)

	none := base
	none.Mode, none.RatePerS = "rate-limited-5/s", 5
	calls = openLoop(200*time.Millisecond, 10*time.Second, 10, func(start time.Duration) time.Duration { return start + 2*time.Second })
	for i := range calls {
		calls[i].class = "timeout"
	}
	none = timed(none, calls)

	r := run(calm, hot, none)
	r.Speedups = []result.Speedup{
		{Scenario: calm.Scenario, Mode: hot.Mode, Baseline: calm.Mode, Ratio: hot.ThroughputPerS / calm.ThroughputPerS, Note: "one repetition: no interval"},
		{Scenario: calm.Scenario, Mode: none.Mode, Baseline: calm.Mode, Note: "no call succeeded"},
	}
	r.Verdicts = []result.Verdict{
		{Scenario: calm.Scenario, Mode: calm.Mode, Kind: result.KindThreshold, Rule: "errors < 1%", Limit: 0.01, Pass: true},
		{Scenario: calm.Scenario, Mode: hot.Mode, Kind: result.KindThreshold, Rule: "errors < 1%", Limit: 0.01, Measured: float64(hot.Failed()) / float64(hot.Started)},
		{Scenario: calm.Scenario, Mode: none.Mode, Kind: result.KindThreshold, Rule: "p99 < 200ms", Limit: 0.2, Reason: "no call succeeded"},
	}
	return r
}

// Wide is six modes over eight counts of requests, five repetitions each.
func Wide() *result.Run {
	return pools("pool-size", []int{1, 2, 5, 10, 20, 50, 100, 200},
		[]string{"sequential", "concurrent-2", "concurrent-5", "concurrent-10", "concurrent-25", "concurrent"})
}

// Bars is five modes at one count of requests, five repetitions each: nothing
// is swept.
func Bars() *result.Run {
	return pools("fifty", []int{50}, []string{"sequential", "concurrent-5", "concurrent-10", "concurrent-25", "concurrent"})
}

// pools compares pools of workers, five times over. The first mode is the
// baseline. Only what charts show has a timeline: encoding them takes its
// time.
func pools(scenario string, requests []int, modes []string) *result.Run {
	r := run()
	places := map[string]int{"sequential": 1, "concurrent-2": 2, "concurrent-5": 5, "concurrent-10": 10, "concurrent-25": 25}
	spans := map[string][]float64{}
	key := func(mode string, n int) string { return fmt.Sprint(mode, n) }
	for repeat := range 5 {
		for _, n := range requests {
			for _, mode := range modes {
				rng := rand.New(rand.NewPCG(uint64(repeat), uint64(n)))
				delay := func() time.Duration { return time.Duration(45e6 + rng.ExpFloat64()*10e6) }
				calls := atOnce(n, delay, 0.03, 0.0004)
				if mode != "concurrent" {
					calls = pooled(n, places[mode], delay)
				}
				t := measured(result.Trial{Scenario: scenario, Mode: mode, Target: "shop", Clock: "real", Engine: "std", Repeat: repeat,
					Requests: n, Concurrency: places[mode], Sweep: result.Point{Requests: n}, Health: result.Health{KeptPace: true}}, calls)
				if repeat == 0 && n == requests[len(requests)-1] {
					t.Timeline = timeline(calls, 0)
				}
				r.Trials = append(r.Trials, t)
				spans[key(mode, n)] = append(spans[key(mode, n)], t.MakespanS)
			}
		}
	}
	for _, n := range requests {
		for _, mode := range modes[1:] {
			s := ratio(spans[key(modes[0], n)], spans[key(mode, n)])
			s.Scenario, s.Mode, s.Baseline, s.Point = scenario, mode, modes[0], result.Point{Requests: n}
			r.Speedups = append(r.Speedups, s)
		}
	}
	return r
}

// ratio is the ratio of five means, with an interval from the spread of the
// ratios of each repetition.
func ratio(base, mode []float64) result.Speedup {
	var logs []float64
	var mean, spread, a, b float64
	for i := range base {
		logs = append(logs, math.Log(base[i]/mode[i]))
		mean += logs[i] / float64(len(base))
		a, b = a+base[i], b+mode[i]
	}
	for _, l := range logs {
		spread += (l - mean) * (l - mean) / float64(len(base)-1)
	}
	half := 2.776 * math.Sqrt(spread/float64(len(base)))
	return result.Speedup{Ratio: a / b, Low: a / b * math.Exp(-half), High: a / b * math.Exp(half)}
}

// Rates is a sweep over the rate of an open loop, up to and beyond what the
// server can take: 8 calls at a time, of 20 ms each on average, of which it
// refuses a few at the highest rates.
func Rates() *result.Run {
	r := run()
	rates := []float64{100, 200, 300, 350, 380, 400, 450}
	for _, rate := range rates {
		rng := rand.New(rand.NewPCG(3, uint64(rate)))
		calls := openLoop(time.Duration(1e9/rate), 5*time.Second, 8, func(start time.Duration) time.Duration {
			return start + time.Duration(rng.ExpFloat64()*20e6)
		})
		for i := range calls {
			if rate > 380 && rng.Float64() < 0.2 {
				calls[i].class = "status-503"
			}
		}
		t := measured(result.Trial{Scenario: "capacity", Mode: "rate-limited", Target: "shop", Clock: "virtual", Engine: "virtual",
			DurationS: 5, RatePerS: rate, Sweep: result.Point{RatePerS: rate}, Health: result.Health{KeptPace: true}}, calls)
		if rate == rates[len(rates)-1] { // only what charts show: encoding them takes its time
			t.Timeline = timeline(calls, 0)
		}
		r.Trials = append(r.Trials, t)
		for _, rule := range []struct {
			text     string
			measured float64
			limit    float64
			pass     bool
		}{
			{"p99 < 120ms", t.Response.P99S, 0.12, t.Response.P99S < 0.12},
			{"p50 < 10s", t.Response.P50S, 10, t.Response.P50S < 10},
			{"rate >= 250/s", t.ThroughputPerS, 250, t.ThroughputPerS >= 250},
		} {
			r.Verdicts = append(r.Verdicts, result.Verdict{Scenario: t.Scenario, Mode: t.Mode, Point: t.Sweep, Kind: result.KindThreshold,
				Rule: rule.text, Measured: rule.measured, Limit: rule.limit, Pass: rule.pass})
		}
	}
	return r
}

// Interrupted is a run of six trials that was broken off in its second.
func Interrupted() *result.Run {
	whole := Published()
	r := run(whole.Trials[0], whole.Trials[1])
	r.Exit, r.Planned = 130, 6
	r.Trials[1].Ended, r.Trials[1].Reason = result.Interrupted, "interrupted by the user"
	point := r.Trials[0].Sweep
	r.Verdicts = []result.Verdict{
		{Scenario: "fetch-urls", Mode: "sequential", Point: point, Kind: result.KindThreshold, Rule: "makespan < 6s", Limit: 6, Measured: r.Trials[0].MakespanS, Pass: true},
		{Scenario: "fetch-urls", Mode: "concurrent", Point: point, Kind: result.KindThreshold, Rule: "makespan < 6s", Limit: 6, Measured: r.Trials[1].MakespanS, Reason: "no repetition came to its end: interrupted"},
		{Scenario: "steady-load", Kind: result.KindThreshold, Rule: "p99 < 200ms", Reason: "it was not run"},
	}
	return r
}

// Odd are runs that nobody would wish for; each must be shown somehow.
func Odd() map[string]*result.Run {
	one := result.Trial{Scenario: "s", Mode: "m", Requests: 1, Sweep: result.Point{Requests: 1}, Health: result.Health{KeptPace: true}}
	named := one
	named.Scenario, named.Mode, named.Target = "日本 | <b>\x1b[31m", "a|b`c*d\ne", "../../etc"
	longNamed := one
	longNamed.Scenario, longNamed.Mode, longNamed.Target = strings.Repeat("scenario ", 40), strings.Repeat("mode ", 40), strings.Repeat("target ", 40)
	alsoLong := longNamed
	alsoLong.Mode += " too"
	failed := one
	failed.Ended, failed.Reason = result.Failed, "panic: runtime error"
	broken := timed(one, []call{{end: time.Second}})
	broken.Response.HDR = "HISTFAAA"
	long := one
	long.Sweep, long.Requests, long.DurationS = result.Point{RatePerS: 1e300}, 0, 1e300
	instant := timed(one, []call{{}, {}})
	hour := timed(one, []call{{end: 100 * time.Hour}, {end: 1}})
	odd := map[string]*result.Run{
		"empty":         {},
		"no trials":     run(),
		"nothing begun": run(one),
		"failed":        run(failed),
		"names":         run(timed(named, []call{{end: time.Second}})),
		"long names":    run(timed(longNamed, []call{{end: time.Second}}), timed(alsoLong, []call{{end: time.Second}})),
		"one value":     run(timed(one, []call{{end: time.Second}})),
		"instant":       run(instant),
		"a long time":   run(hour),
		"huge":          run(timed(long, []call{{end: 1}})),
		"unreadable":    run(broken),
		"errors only":   run(timed(one, []call{{end: time.Second, class: "timeout"}})),
	}
	searched := run(one)
	searched.Capacities = []result.Capacity{{Scenario: "s", Find: result.FindConcurrency}}
	odd["a search of nothing"] = searched
	huge := run(one)
	huge.Capacities = []result.Capacity{{Scenario: "s", Find: result.FindRate, Bound: result.Found, Value: 1e300, High: math.MaxFloat64, PeakLoad: 1e-300,
		SLO: []result.Promise{{}}, Steps: []result.CapacityStep{{Level: 1e300, Measured: []float64{1e300}, P99S: 1e300}, {Measured: []float64{0}}}}}
	odd["a huge search"] = huge
	for name, r := range map[string]*result.Run{"speedup of nothing": run(one), "judged instant": run(instant)} {
		r.Speedups = []result.Speedup{{Scenario: "s", Mode: "m", Baseline: "gone", Point: one.Sweep, Low: 0, High: math.MaxFloat64}, {Scenario: "nowhere"}}
		r.Verdicts = []result.Verdict{
			{Scenario: "s", Mode: "m", Point: one.Sweep, Kind: result.KindExpect, Metric: "makespan"},
			{Scenario: "s", Mode: "m", Point: one.Sweep, Kind: result.KindExpect, Metric: "speedup", Expected: 1e-300, Measured: 1e300},
			{Scenario: "s"}, {Scenario: "s", Kind: "threshold", Rule: "(<", Measured: math.MaxFloat64}, {},
		}
		odd[name] = r
	}
	return odd
}

// Freeze is a steady open loop without a limit against a server of 5 ms a call
// that freezes once.
func Freeze(perS float64, length, at, lasts time.Duration) *result.Run {
	const delay = 5 * time.Millisecond
	var calls []call
	for due := time.Duration(0); due < length; due += time.Duration(1e9 / perS) {
		end := due + delay
		switch {
		case due >= at && due < at+lasts:
			end = at + lasts + delay
		case due < at && end > at:
			end += lasts
		}
		calls = append(calls, call{due: due, start: due, end: end})
	}
	return run(timed(result.Trial{Scenario: "freeze", Mode: "rate-limited", Target: "freezing", Clock: "virtual", Engine: "virtual",
		DurationS: length.Seconds(), RatePerS: perS, Health: result.Health{KeptPace: true}}, calls))
}
