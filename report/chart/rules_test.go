package chart

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gonum.org/v1/plot"

	"plimsoll/report/sample"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// figures are those of all samples, drawn once.
var allFigures = sync.OnceValues(func() (map[string]*figure, error) {
	runs := map[string]*result.Run{"published": published(), "frozen": sample.Frozen(), "failing": failing(), "bars": sample.Bars(), "rates": sample.Rates(),
		"callers": sample.Callers(), "interrupted": sample.Interrupted(), "searched": sample.Searched(), "generator-limited": sample.GeneratorLimited(), "completions": sample.Completions(),
		"stretched": stretched(80), "thirty": many(30), "fifty": many(50), "decades": decadesOf(), "foreign": foreign()}
	for name, run := range odd() {
		runs["odd "+name] = run
	}
	all := map[string]*figure{}
	for name, run := range runs {
		v, err := view.New(run)
		if err != nil {
			continue // a histogram that cannot be decoded
		}
		for i, sec := range v.Sections {
			kinds := kinds
			if sec.Scenario.Capacity != nil {
				kinds = searched
			}
			for _, k := range kinds {
				if len(sec.Scenario.Groups) == 0 {
					continue
				}
				f, err := k.figure(sec)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
				if f != nil {
					all[fmt.Sprintf("%s %d %s", name, i, k.name)] = f
				}
			}
		}
	}
	return all, nil
})

func figures(t *testing.T) map[string]*figure {
	t.Helper()
	all, err := allFigures()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// stretched has speedups of which one has an interval far beyond the others,
// and those of two modes that overlap.
func stretched(high float64) *result.Run {
	r := sample.Bars()
	r.Trials, r.Speedups = slices.Clone(r.Trials), nil
	var trials []result.Trial
	for _, requests := range []int{5, 50} {
		for _, mode := range []string{"one", "two", "three"} {
			trials = append(trials, result.Trial{Scenario: "wide", Mode: mode, Requests: requests, Sweep: result.Point{Requests: requests},
				MakespanS: 1, Measure: result.Measure{OK: int64(requests)}, Ended: result.Complete, Health: result.Health{KeptPace: true}})
		}
		for mode, bounds := range map[string][3]float64{"two": {1.5, 2, 2.5}, "three": {1.2, 2.2, high}} {
			r.Speedups = append(r.Speedups, result.Speedup{Scenario: "wide", Mode: mode, Baseline: "one", Point: result.Point{Requests: requests},
				Low: bounds[0], Ratio: bounds[1], High: bounds[2]})
		}
	}
	slices.SortFunc(r.Speedups, func(a, b result.Speedup) int { return a.Requests - b.Requests + strings.Compare(b.Mode, a.Mode) })
	r.Trials = trials
	return r
}

// many is a run of many modes of very different lengths and long names.
func many(modes int) *result.Run {
	r := sample.Freeze(100, time.Second, time.Minute, 0)
	one := r.Trials[0]
	r.Trials = nil
	for i := range modes {
		t := one
		t.Mode = strings.Repeat("a long name ", 5) + fmt.Sprint(i)
		t.Timeline = slices.Clone(one.Timeline)
		for j := range t.Timeline {
			stretch := math.Pow(2, float64(i%15))
			t.Timeline[j].AtS, t.Timeline[j].WidthS, t.MakespanS = t.Timeline[j].AtS*stretch, t.Timeline[j].WidthS*stretch, one.MakespanS*stretch
		}
		r.Trials = append(r.Trials, t)
	}
	return r
}

// decadesOf is a sweep over rates from 1/s to 10,000/s, at the last of which
// nothing was served.
func decadesOf() *result.Run {
	r := sample.Freeze(400, time.Second, time.Minute, 0)
	one := r.Trials[0]
	r.Trials = nil
	for _, rate := range []float64{1, 10, 100, 1000, 10000} {
		t := one
		t.RatePerS, t.Sweep, t.ThroughputPerS = rate, result.Point{RatePerS: rate}, min(rate, 400)
		if rate == 10000 {
			t.ThroughputPerS = 0
		}
		r.Trials = append(r.Trials, t)
	}
	r.Verdicts = []result.Verdict{{Scenario: "freeze", Mode: "rate-limited", Kind: result.KindThreshold, Rule: "rate >= 0.9/s"},
		{Scenario: "freeze", Mode: "rate-limited", Kind: result.KindThreshold, Rule: "p99 < 1h"}}
	return r
}

// foreign has texts that want to be more than texts, and 10,000 hours.
func foreign() *result.Run {
	r := sample.Freeze(10, time.Second, 100*time.Millisecond, 10000*time.Hour)
	r.Trials[0].Scenario, r.Trials[0].Mode, r.Trials[0].Target = "<script>alert(1)</script>", "a & b\x00\x1b[31m\u202e", "]]><!--"
	r.Verdicts = []result.Verdict{{Scenario: r.Trials[0].Scenario, Mode: r.Trials[0].Mode, Kind: result.KindThreshold, Rule: "p99 < 1h"}}
	return r
}

// An interval that would stretch the axis is cut, and where it ends is written.
func TestWideIntervalsAreCut(t *testing.T) {
	for high, cut := range map[float64]bool{2.6: false, 80: true, 1e6: true} {
		s := sections(t, stretched(high))[0].Scenario
		p := overSweep(s, s.Modes, view.Speedup)
		if p.Y.Max > 4 {
			t.Errorf("an interval up to %v: the axis goes to %v", high, p.Y.Max)
		}
		told := slices.ContainsFunc(p.legend, func(e entry) bool { return e.text == beyondEntry.text })
		written := slices.Contains(texts(t, svgs(t, stretched(high))["speedup"]), threeDigits(high))
		if told != cut || written != cut {
			t.Errorf("an interval up to %v: an arrow is told %v, its end written %v", high, told, written)
		}
	}
}

// Modes whose intervals overlap stand side by side.
func TestOverlappingIntervalsStandSideBySide(t *testing.T) {
	run := stretched(80)
	s := sections(t, run)[0].Scenario
	for _, at := range []float64{5, 50} {
		all := asides(s, s.Modes, view.Speedup)
		if gap := all["three"][at] - all["two"][at]; math.Abs(float64(gap)) < float64(capLength) {
			t.Errorf("at %v they are %v apart", at, gap)
		}
	}
	for i := range run.Speedups { // now they do not overlap
		if run.Speedups[i].Mode == "three" {
			run.Speedups[i].Low, run.Speedups[i].Ratio = 3, 4
		}
	}
	s = sections(t, run)[0].Scenario
	if all := asides(s, s.Modes, view.Speedup); len(all["two"])+len(all["three"]) != 0 {
		t.Errorf("moved aside for nothing: %v", all)
	}
}

// Promises and baselines are lines with their names; those too far off are
// told at the axis' end, and do not stretch it.
func TestPromisesAreLabelledLines(t *testing.T) {
	frozen := svgs(t, sample.Frozen())
	rates := svgs(t, sample.Rates())
	far := svgs(t, decadesOf())
	for name, c := range map[string]struct {
		svg  []byte
		want []string
	}{
		"latency":  {frozen["latency"], []string{"p99 < 1s", "p50 < 6ms", "p90 < 200ms"}},
		"timeline": {frozen["timeline"], []string{"p99 < 1s", "p50 < 6ms", "p90 < 200ms", "rate >= 199/s"}},
		"rates":    {rates["speedup"], []string{"p99 < 120ms", "p50 < 10s", "rate >= 250/s"}},
		"far":      {far["latency"], []string{"p99 < 1h"}},
		"speedup":  {svgs(t, stretched(80))["speedup"], []string{"as fast as one"}},
		"capacity": {drawn(t, sample.Searched())["capacity"].SVG, []string{"p95 < 100ms", "p99 < 150ms", "errors < 0.1%", "expected peak"}},
	} {
		all := texts(t, c.svg)
		for _, want := range c.want {
			if !slices.Contains(all, want) {
				t.Errorf("%s: no line is called %q", name, want)
			}
		}
	}
	if got := texts(t, far["latency"]); slices.Contains(got, "promised") || slices.Contains(got, "1000 s") {
		t.Errorf("a promise far off stretches the axis: %q", got)
	}
}

// A sweep of rates over decades lies on logarithmic axes, one over less does
// not; where nothing was served is marked.
func TestRatesOverDecades(t *testing.T) {
	for name, c := range map[string]struct {
		run *result.Run
		log bool
	}{"decades": {decadesOf(), true}, "less": {sample.Rates(), false}} {
		s := sections(t, c.run)[0].Scenario
		p := served(s, s.Modes)
		_, x := p.X.Scale.(plot.LogScale)
		_, y := p.Y.Scale.(plot.LogScale)
		none := slices.ContainsFunc(p.legend, func(e entry) bool { return e.text == "nothing was served" })
		if x != c.log || y != c.log || none != c.log {
			t.Errorf("%s: logarithmic %v and %v, nothing was served: %v", name, x, y, none)
		}
	}
}

// Modes of very different lengths get panels of their own width.
func TestModesOfVeryDifferentLengthsGetTheirOwnPanels(t *testing.T) {
	f, err := timeline(sections(t, published())[0]) // 104 s against 3.8 s
	if err != nil || len(f.panels) != 3 {
		t.Fatalf("%v, %v", f, err)
	}
	for _, row := range f.panels {
		if len(row) != 2 || row[0].X.Max < 104 || row[1].X.Max > 5 {
			t.Errorf("%d panels in a row, the last up to %v s", len(row), row[len(row)-1].X.Max)
		}
	}
	if f.panels[0][0].title != "sequential" || f.panels[0][1].title != "concurrent" {
		t.Errorf("%q and %q", f.panels[0][0].title, f.panels[0][1].title)
	}
}

// Texts stay texts, however foreign, and everybody sees how long it took.
func TestForeignTextsAndLongTimes(t *testing.T) {
	for kind, svg := range svgs(t, foreign()) {
		if strings.Contains(string(svg), "<script") || strings.ContainsAny(string(svg), "\x00\x1b\u202e") {
			t.Errorf("%s: a text is more than that", kind)
		}
		if all := texts(t, svg); !strings.HasPrefix(all[0], "<script>alert(1)</script>: ") {
			t.Errorf("%s is called %q", kind, all[0])
		}
	}
	hours := texts(t, svgs(t, odd()["a long time"])["timeline"])
	if !slices.Contains(hours, "100 h") {
		t.Errorf("100 hours: %q", hours)
	}
}

// Every mode looks different from every other, or is left out and told.
func TestManyModes(t *testing.T) {
	for n, f := range map[int]string{30: "", 50: "The first 35 of 50 modes are drawn; the tables have all."} {
		latencies := figures(t)[fmt.Sprintf("%s 0 latency", map[int]string{30: "thirty", 50: "fifty"}[n])]
		looks := map[string]bool{}
		for _, e := range latencies.legend() {
			if e.rank == ofModes {
				looks[fmt.Sprint(e.line.Color, fmt.Sprintf("%T", e.marker.Shape))] = true
			}
		}
		if len(looks) != min(n, 35) || f != "" && !slices.Contains(latencies.hints, f) {
			t.Errorf("%d modes have %d looks; said is %q", n, len(looks), latencies.hints)
		}
	}
}

// Whatever numbers a result holds, charts are drawn or left out, and no
// coordinate is anything but a number.
func TestAnyNumbersAreDrawn(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	strange := []float64{0, 0, 1, 1, 2.5, 100, 1e-12, 3.6e7, 1e300, -1, math.NaN(), math.Inf(1), math.MaxFloat64, math.SmallestNonzeroFloat64}
	any := func() float64 { return strange[rng.IntN(len(strange))] }
	for range 40 {
		r := sample.Freeze(20, time.Second, time.Minute, 0)
		one := r.Trials[0]
		r.Trials = nil
		for _, mode := range []string{"a", "b", "c"} {
			for _, at := range []float64{1, any()} {
				t := one
				if math.IsNaN(at) { // no file holds one, and no place is equal to it
					at = 3
				}
				t.Mode, t.Sweep, t.MakespanS, t.ThroughputPerS = mode, result.Point{RatePerS: at}, any(), any()
				if rng.IntN(2) == 0 {
					t.Sweep = result.Point{Requests: rng.IntN(3)}
				}
				t.Timeline = slices.Clone(one.Timeline[:rng.IntN(len(one.Timeline))])
				for i := range t.Timeline {
					w := &t.Timeline[i]
					w.AtS, w.WidthS, w.InFlightMean, w.Started = w.AtS*max(1, any()), w.WidthS*any(), any(), int64(rng.IntN(3))
				}
				r.Trials = append(r.Trials, t)
				r.Speedups = append(r.Speedups, result.Speedup{Scenario: t.Scenario, Mode: mode, Baseline: "a", Point: t.Sweep, Low: any(), Ratio: any(), High: any()})
			}
		}
		for _, rule := range []string{"p99 < 1ns", "p50 < 100000h", "rate > 1/s", "makespan < 0s", "speedup > 1000000"} {
			r.Verdicts = append(r.Verdicts, result.Verdict{Scenario: one.Scenario, Mode: "a", Kind: result.KindThreshold, Rule: rule})
		}
		for kind, svg := range svgs(t, r) {
			if strings.Contains(string(svg), "NaN") || strings.Contains(string(svg), "Inf") {
				t.Errorf("%s: a coordinate that is none", kind)
			}
			texts(t, svg)
		}
	}
}
