package sample

import (
	"fmt"
	"math/rand/v2"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// visit is an iteration on its way through its steps.
type visit struct {
	rng     *rand.Rand
	slow    float64 // how many times as long everything takes as it should
	due, at time.Duration
	paused  time.Duration
	class   string // how it failed
	rows    map[string]*row
	order   *[]string
	path    string // of the blocks around
}

// row is what was seen of a step.
type row struct {
	result.Step
	calls   []call
	begins  *latency.Histogram
	elapsed *latency.Histogram
	records map[string]*latency.Histogram
}

func (v *visit) row(name string) *row {
	path := v.path + name
	if v.rows[path] == nil {
		*v.order = append(*v.order, path)
		v.rows[path] = &row{Step: result.Step{Name: name, Path: path}, begins: latency.New(latency.Fine), elapsed: latency.New(latency.Fine), records: map[string]*latency.Histogram{}}
	}
	return v.rows[path]
}

// took takes a call, or a block, into its row.
func (r *row) took(v *visit, c call) {
	r.calls = append(r.calls, c)
	if c.class == "" {
		r.begins.Record(c.due - v.due)
		r.elapsed.Record(c.end - c.due)
	}
}

// call makes a call of about the given time, of which a share fails.
func (v *visit) call(name string, takes time.Duration, class string, share float64) *row {
	r := v.row(name)
	r.Kind, r.Target = "http", "shop"
	if v.class != "" {
		return r
	}
	c := call{due: v.at, start: v.at, end: v.at + time.Duration(v.slow*float64(takes)*(0.7+0.3*v.rng.ExpFloat64()))}
	if v.rng.Float64() < share {
		c.class, v.class = class, class
	}
	v.at = c.end
	r.took(v, c)
	return r
}

// think pauses for an exponential time.
func (v *visit) think(mean time.Duration) {
	if v.class == "" {
		pause := time.Duration(float64(mean) * v.rng.ExpFloat64())
		v.at, v.paused = v.at+pause, v.paused+pause
	}
}

// block is steps with a row of their own.
func (v *visit) block(name string, steps func()) {
	r, around, began, paused := v.row(name), v.path, v.at, v.paused
	v.path += name + "/"
	steps()
	v.path = around
	r.took(v, call{due: began, start: began, end: v.at, class: v.class, paused: v.paused - paused})
}

// each makes the same call for some members at once.
func (v *visit) each(members int, steps func()) {
	if v.class != "" {
		return
	}
	from, last := v.at, v.at
	for range members {
		v.at = from
		steps()
		last = max(last, v.at)
	}
	v.at = last
}

// shopping is what users of a shop do.
func (v *visit) shopping(paying, failing float64) {
	v.class = ""
	if v.rng.Float64() < 0.8 {
		v.block("browse", func() {
			for range 3 {
				v.call("GET /products/${id}", 30*time.Millisecond, "", 0)
				v.think(400 * time.Millisecond)
			}
		})
		return
	}
	v.block("buy", func() {
		v.call("search", 60*time.Millisecond, "", 0).Hops++
		v.think(300 * time.Millisecond)
		v.each(3, func() { v.call("detail", 45*time.Millisecond, "", 0) })
		pay := v.call("pay", time.Duration(paying*float64(180*time.Millisecond)), "check", failing)
		if v.class == "" {
			if pay.records["queue_ms"] == nil {
				pay.records["queue_ms"] = latency.New(latency.Fine)
			}
			pay.records["queue_ms"].Record(time.Duration(v.slow * float64(20*time.Second) * v.rng.ExpFloat64()))
		}
	})
}

// trial of iterations that become due every gap.
func journeyTrial(t result.Trial, gap time.Duration, slow, paying, failing float64) result.Trial {
	rows, order := map[string]*row{}, []string{}
	rng := rand.New(rand.NewPCG(7, uint64(t.Repeat)+uint64(gap)))
	elapsed, errorElapsed := latency.New(latency.Fine), latency.New(latency.Fine)
	var calls []call
	for due := time.Duration(0); due.Seconds() < t.DurationS; due += gap {
		v := &visit{rng: rng, slow: slow, due: due, at: due, rows: rows, order: &order}
		v.call("log in", 90*time.Millisecond, "", 0).Outside = true
		entered := v.at - due
		v.paused += entered
		v.shopping(paying, failing)
		calls = append(calls, call{due: due, start: due, end: v.at, class: v.class, paused: v.paused})
		if v.class == "" {
			elapsed.Record(v.at - due)
		} else {
			errorElapsed.Record(v.at - due)
		}
	}
	t = timed(t, calls)
	took, broke := dist(elapsed), dist(errorElapsed)
	t.Unit, t.Elapsed, t.ErrorElapsed, t.Attempts = result.UnitIteration, &took, &broke, 0
	for _, path := range order {
		t.Steps = append(t.Steps, rows[path].step())
		step := &t.Steps[len(t.Steps)-1]
		step.ThroughputPerS = float64(step.OK) / t.DurationS
		if !step.Outside {
			t.Attempts += step.Attempts
		}
	}
	return t
}

// step is the row as a result has it.
func (r *row) step() result.Step {
	step := r.Step
	step.Measure, step.Begin = timed(result.Trial{}, r.calls).Measure, dist(r.begins)
	if elapsed := dist(r.elapsed); step.Kind == "" {
		step.Attempts, step.Elapsed = 0, &elapsed
	}
	for name, h := range r.records {
		if step.Records == nil {
			step.Records = map[string]result.Dist{}
		}
		step.Records[name] = dist(h)
	}
	return step
}

// Journey is iterations of a shop's users at two rates, twice each, of which the
// higher one is too much for it: there payments fail.
func Journey() *result.Run { return journey(1) }

// SlowJourney is the same with payments that take half as long again.
func SlowJourney() *result.Run { return journey(1.5) }

func journey(paying float64) *result.Run {
	r := run()
	for repeat := range 2 {
		for _, mode := range []struct {
			perS          int
			slow, failing float64
		}{{10, 1, 0}, {40, 2.2, 0.07}} {
			t := result.Trial{Scenario: "saturday", Mode: fmt.Sprintf("rate-limited-%d/s", mode.perS), Target: "shop", Clock: "virtual", Engine: "virtual",
				Repeat: repeat, DurationS: 60, RatePerS: float64(mode.perS), Workload: "journeys: shopping", Health: result.Health{KeptPace: true}}
			r.Trials = append(r.Trials, journeyTrial(t, time.Second/time.Duration(mode.perS), mode.slow, paying, mode.failing))
		}
	}
	for _, mode := range []string{"rate-limited-10/s", "rate-limited-40/s"} {
		first := r.Trials[0]
		if mode != first.Mode {
			first = r.Trials[1]
		}
		r.Verdicts = append(r.Verdicts,
			result.Verdict{Scenario: first.Scenario, Mode: mode, Kind: result.KindThreshold, Rule: "p99 < 2s", Measured: first.Response.P99S, Limit: 2, Pass: first.Response.P99S < 2},
			result.Verdict{Scenario: first.Scenario, Mode: mode, Kind: result.KindThreshold, Step: "buy/pay", Rule: "p99 < 500ms", Measured: 0.3 * float64(len(r.Verdicts)+1), Limit: 0.5, Pass: len(r.Verdicts) == 0},
			result.Verdict{Scenario: first.Scenario, Mode: mode, Kind: result.KindThreshold, Rule: "rate >= 9/s", Measured: first.ThroughputPerS, Limit: 9, Pass: first.ThroughputPerS >= 9})
	}
	return r
}

// Steps is one trial of so many steps, each of which takes its time.
func Steps(n int) *result.Run {
	rows, order := map[string]*row{}, []string{}
	rng := rand.New(rand.NewPCG(8, 8))
	elapsed := latency.New(latency.Fine)
	var calls []call
	for i := range 40 {
		due := time.Duration(i) * time.Second
		v := &visit{rng: rng, slow: 1, due: due, at: due, rows: rows, order: &order}
		for k := range n {
			v.block(fmt.Sprintf("part %d", k/10+1), func() {
				v.call(fmt.Sprintf("step %d", k+1), time.Duration(1+k*k%97)*time.Millisecond, "status-503", 0)
			})
		}
		calls = append(calls, call{due: due, start: due, end: v.at})
		elapsed.Record(v.at - due)
	}
	t := timed(result.Trial{Scenario: "long", Mode: "sequential", Target: "shop", Clock: "virtual", Engine: "virtual", Requests: 40,
		Sweep: result.Point{Requests: 40}, Health: result.Health{KeptPace: true}}, calls)
	took, none := dist(elapsed), result.Dist{}
	t.Unit, t.Elapsed, t.ErrorElapsed, t.Attempts = result.UnitIteration, &took, &none, 0
	for _, path := range order {
		t.Steps = append(t.Steps, rows[path].step())
		t.Attempts += t.Steps[len(t.Steps)-1].Attempts
	}
	return run(t)
}
