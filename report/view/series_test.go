package view

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

func TestCurvesRise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := latency.New(latency.Fine)
		n := rapid.IntRange(0, 3000).Draw(t, "calls")
		for i := range n {
			h.Record(time.Duration(i*i%977) * time.Microsecond)
		}
		points := Curve(result.NewTimes(h, nil))
		for _, p := range points {
			if !supports(h, 100*(1-1/p.Tail)) {
				t.Fatalf("%d calls are too few for the percentile at a tail of %v", n, p.Tail)
			}
		}
		if n == 0 {
			if points != nil {
				t.Fatalf("a curve of nothing: %v", points)
			}
			return
		}
		const next = 1.0593 // a fortieth of a power of ten
		if first, last := points[0], points[len(points)-1]; first.Tail != 1 || supports(h, 100*(1-1/(next*last.Tail))) {
			t.Fatalf("of %d calls, from %v to %v, and there are enough for more", n, first, last)
		}
		rising := slices.IsSortedFunc(points, func(a, b CurvePoint) int {
			if a.Tail < b.Tail && a.Seconds <= b.Seconds {
				return -1
			}
			return 1
		})
		if !rising {
			t.Fatalf("does not rise: %v", points)
		}
	})
}

// Merging windows loses and invents nothing: rates over the moments' widths
// add up to the calls.
func TestTimelinesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		trials := make([]*result.Trial, rapid.IntRange(1, 3).Draw(t, "trials"))
		started, ok, area := make([]float64, len(trials)), make([]float64, len(trials)), make([]float64, len(trials))
		failed := make([]float64, len(trials))
		for i := range trials {
			trials[i] = &result.Trial{}
			width := rapid.SampledFrom([]float64{0.001, 0.128, 2.048}).Draw(t, "width")
			for j := range rapid.IntRange(0, 240).Draw(t, "windows") {
				w := result.Window{Errors: int64(j % 3), AtS: float64(j) * width, WidthS: width, InFlightMean: float64(j % 7),
					Started: int64(rapid.IntRange(0, 9).Draw(t, "started")), OK: int64(j % 5)}
				trials[i].Timeline = append(trials[i].Timeline, w)
				trials[i].MakespanS = w.AtS + w.WidthS*rapid.Float64Range(0.01, 1).Draw(t, "of the last window")
				started[i], ok[i], area[i] = started[i]+float64(w.Started), ok[i]+float64(w.OK), area[i]+w.InFlightMean*w.WidthS
				failed[i] += float64(w.Errors)
			}
		}
		for i, moments := range Timelines(trials) {
			if len(moments) > mostMoments {
				t.Fatalf("%d moments", len(moments))
			}
			gotFailed := 0.0
			var gotStarted, gotOK, gotArea, until float64
			for _, m := range moments {
				gotStarted, gotOK, gotArea = gotStarted+m.StartedPerS*m.WidthS, gotOK+m.OKPerS*m.WidthS, gotArea+m.InFlight*m.WidthS
				gotFailed += m.FailedPerS * m.WidthS
				if m.AtS < until-1e-9 || !(m.WidthS > 0) {
					t.Fatalf("a moment at %v, %v wide, follows one until %v", m.AtS, m.WidthS, until)
				}
				until = m.AtS + m.WidthS
			}
			if math.Abs(gotFailed-failed[i]) > 1e-6*(1+failed[i]) {
				t.Fatalf("%v failed, want %v", gotFailed, failed[i])
			}
			if math.Abs(gotStarted-started[i])+math.Abs(gotOK-ok[i])+math.Abs(gotArea-area[i]) > 1e-6*(1+started[i]+ok[i]+area[i]) {
				t.Fatalf("%v started, %v ok, %v s in flight; want %v, %v, %v", gotStarted, gotOK, gotArea, started[i], ok[i], area[i])
			}
		}
	})
}

func TestPercentileSupport(t *testing.T) {
	for _, c := range []struct {
		n       int
		percent float64
		want    bool
	}{{0, 50, false}, {1, 50, true}, {35, 90, false}, {36, 90, true}, {367, 99, false}, {368, 99, true}, {3687, 99.9, false}, {3688, 99.9, true}} {
		h := latency.New(latency.Fine)
		for range c.n {
			h.Record(1)
		}
		if got := supports(h, c.percent); got != c.want {
			t.Errorf("p%v of %d values: %v", c.percent, c.n, got)
		}
	}
}

// A steady rate is drawn steady up to the end, though the trial ends in the
// midst of a window.
func TestTheLastMomentIsNoDip(t *testing.T) {
	trial := &result.Trial{MakespanS: 120.1}
	for i := range 121 {
		trial.Timeline = append(trial.Timeline, result.Window{AtS: float64(i), WidthS: 1, Started: 10})
	}
	trial.Timeline[120].Started = 1
	moments := Timelines([]*result.Trial{trial})[0]
	if len(moments) != 60 {
		t.Errorf("%d moments, want 60 of two windows each", len(moments))
	}
	for _, m := range moments {
		if math.Abs(m.StartedPerS-10) > 1e-9 {
			t.Errorf("%v starts a second at %v s, want 10", m.StartedPerS, m.AtS)
		}
	}
}

// The p99 is that of as many moments as it takes for 368 successes; what is
// left at the end has none, and neither has a moment in which nothing ended.
func TestMomentsOfFewCalls(t *testing.T) {
	trial := &result.Trial{MakespanS: 6}
	for i, calls := range []int{200, 0, 168, 367, 1, 367} {
		h := latency.New(latency.Coarse)
		for range calls {
			h.Record(time.Duration(i+1) * time.Millisecond)
		}
		hdr, err := h.Encode()
		if err != nil {
			t.Fatal(err)
		}
		trial.Timeline = append(trial.Timeline, result.Window{AtS: float64(i), WidthS: 1, Started: int64(calls), OK: int64(calls), HDR: hdr})
	}
	none := math.NaN()
	for i, m := range Timelines([]*result.Trial{trial})[0] {
		want := []struct{ p50, p99 float64 }{{1, 3}, {none, none}, {3, 3}, {4, 4}, {5, 4}, {6, none}}[i]
		for name, figure := range map[string][2]float64{"p50": {m.P50S, want.p50}, "p99": {m.P99S, want.p99}} {
			if got, want := figure[0]*1e3, figure[1]; math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 0.01*want {
				t.Errorf("moment %d: %s is %v ms, want %v", i, name, got, want)
			}
		}
	}
}
