package view

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/report/sample"
	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

func TestCurvesRise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := latency.New(latency.Fine)
		n := rapid.IntRange(0, 5000).Draw(t, "calls")
		for i := range n {
			h.Record(time.Duration(i*i%977) * time.Microsecond)
		}
		lost := rapid.SampledFrom([]int64{0, 0, 1, 50, 10000}).Draw(t, "lost")
		givenUp := latency.New(latency.Fine)
		for range lost {
			givenUp.Record(time.Hour)
		}
		points := Curve(result.NewTimes(h, givenUp))
		all := float64(n) + float64(lost)
		if n == 0 || 0.5*all > float64(n) {
			if points != nil {
				t.Fatalf("a curve of nothing: %v", points)
			}
			return
		}
		want := 2.0 // the median
		for _, tail := range []float64{4, 10, 100, 1000} {
			if (1-1/tail)*all <= float64(n) && statistics.Supports(int64(all), 1-1/tail) {
				want = tail
			}
		}
		if first, last := points[0], points[len(points)-1]; first.Tail != 1 || last.Tail != want {
			t.Fatalf("of %d calls, from %v to %v, want to %v", n, first, last, want)
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

// Where a curve ends, and why there, is said.
func TestCurvesSayWhereTheyEnd(t *testing.T) {
	group := func(mode string, calls int) *Group {
		response := latency.New(latency.Fine)
		for range calls {
			response.Record(time.Millisecond)
		}
		return &Group{Group: result.Group{Mode: mode, Sum: result.Sum{OK: int64(calls), Response: response, CancelledResponse: latency.New(latency.Fine)}}}
	}
	lost := group("lost", 400)
	for range 10 {
		lost.CancelledResponse.Record(time.Second)
	}
	for want, groups := range map[string][]*Group{
		"": {group("none", 0)},
		"A curve ends where calls that were given up have a part: nobody knows how long those would have taken.": {group("one", 100), lost},
		"The curve ends at p50: p75 takes 13 calls, here are 12.":                                                {group("one", 12)},
		"The curve ends at p75: p90 takes 36 calls, here are 20.":                                                {group("one", 20), group("none", 0)},
		"The curve ends at p99: p99.9 takes 3,688 calls, here are 3,687.":                                        {group("one", 3687)},
		"The curve ends at p99.9: p99.99 takes 36,887 calls, here are 4,000.":                                    {group("one", 4000)},
		"The curves end at p90: p99 takes 368 calls of one mode.":                                                {group("one", 100), group("two", 300)},
		"Each curve ends where its calls cannot bear the next nine: one at p90 (100 calls), two at p99 (400 calls).": {
			group("one", 100), group("two", 400)},
		"Each curve ends where its calls cannot bear the next nine: p90 takes 36 of them, p99 368, p99.9 3,688.": {
			group("a", 1), group("b", 100), group("c", 1), group("d", 1), group("e", 1)},
	} {
		if got := CurveEnds(groups); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
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
			trials[i].OK = int64(rapid.SampledFrom([]int{0, 1000, 1e6}).Draw(t, "successes"))
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
		stretches := Timelines(trials)
		for i, moments := range byTrial(stretches, len(trials)) {
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
	moments := Timelines([]*result.Trial{trial})[0].Moments[0]
	if len(moments) != 60 {
		t.Errorf("%d moments, want 60 of two windows each", len(moments))
	}
	for _, m := range moments {
		if math.Abs(m.StartedPerS-10) > 1e-9 {
			t.Errorf("%v starts a second at %v s, want 10", m.StartedPerS, m.AtS)
		}
	}
}

// A percentile is that of its own moment's calls: the highest that they bear.
func TestMomentsOfFewCalls(t *testing.T) {
	trial := &result.Trial{MakespanS: 7}
	counts := []int{200, 0, 35, 36, 71, 72, 368}
	for i, calls := range counts {
		trial.Timeline = append(trial.Timeline, window(t, i, calls, time.Duration(i+1)*time.Millisecond))
	}
	none := math.NaN()
	stretches := Timelines([]*result.Trial{trial})
	for i, m := range stretches[0].Moments[0] {
		want := []struct{ p50, tail, of float64 }{{1, 1, 95}, {none, none, 0}, {3, none, 0}, {4, 4, 90}, {5, 5, 90}, {6, 6, 95}, {7, 7, 99}}[i]
		for name, figure := range map[string][2]float64{"p50": {m.P50S, want.p50}, "tail": {m.TailS, want.tail}} {
			if got, want := figure[0]*1e3, figure[1]; math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 0.01*want {
				t.Errorf("moment %d: %s is %v ms, want %v", i, name, got, want)
			}
		}
		if m.Tail != want.of || m.Calls != int64(counts[i]) {
			t.Errorf("moment %d: p%v of %d calls", i, m.Tail, m.Calls)
		}
	}
	want := "Response times stand where calls ended: each moment (1 s) shows those of its own calls. 1 of 6 moments have fewer than 36, and show their median only."
	if got := (&Scenario{}).AboutMoments(stretches); got != want {
		t.Errorf("got %q", got)
	}
}

func window(t *testing.T, number, calls int, each time.Duration) result.Window {
	t.Helper()
	h := latency.New(latency.Coarse)
	for range calls {
		h.Record(each)
	}
	hdr, err := h.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return result.Window{AtS: float64(number), WidthS: 1, Started: int64(calls), OK: int64(calls), HDR: hdr}
}

// Whatever a server's freeze, no moment that had ended before it shows more
// than the calm response time, the slow ones stand where their calls ended and
// nowhere else, and some moment shows them.
func TestAFreezeShowsWhenItWas(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n, perS := range []float64{20, 50, 100, 200, 200, 500} { // encoding windows takes too long for more
		length := time.Duration(5+rng.IntN(15)) * time.Second
		at := length/5 + time.Duration(rng.Int64N(int64(length)*2/5))
		lasts := 500*time.Millisecond + time.Duration(rng.Int64N(int64(length)/5))
		if n == 3 { // as scenarios.yaml has it
			length, at, lasts = 10*time.Second, 2*time.Second, time.Second
		}
		const calm = 0.0051
		over := (at + lasts).Seconds() // until then no slow call has ended
		shown := false
		run := sample.Freeze(perS, length, at, lasts)
		for _, m := range Timelines([]*result.Trial{&run.Trials[0]})[0].Moments[0] {
			slow := m.P50S > calm || m.TailS > calm
			shown = shown || slow
			if m.WidthS > length.Seconds()/30 {
				t.Errorf("a moment of %v s, of %v", m.WidthS, length)
			}
			if slow && (m.Until() <= over || m.AtS > over+0.01) {
				t.Errorf("the moment from %v to %v s shows %v and %v s, but slow calls ended at %v s", m.AtS, m.Until(), m.P50S, m.TailS, over)
			}
		}
		if !shown {
			t.Errorf("a freeze of %v, %v calls a second: no moment shows it", lasts, perS)
		}
	}
}

// Trials of one stretch are of about the same length, and each is in one.
func TestTrialsOfVeryDifferentLengthsStandApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.IntRange(0, 240), 1, 9).Draw(t, "windows")
		trials := make([]*result.Trial, len(lengths))
		timelines := 0
		for i, n := range lengths {
			trials[i] = &result.Trial{}
			for j := range n {
				trials[i].Timeline = append(trials[i].Timeline, result.Window{AtS: float64(j), WidthS: 1})
			}
			if n > 0 {
				timelines++
			}
		}
		seen, first := 0, -1
		for _, s := range Timelines(trials) {
			seen += len(s.Trials)
			shortest, longest := math.Inf(1), 0.0
			for _, n := range s.Trials {
				shortest, longest = min(shortest, float64(lengths[n])), max(longest, float64(lengths[n]))
			}
			if longest > 5*shortest || s.LengthS != longest || !slices.IsSorted(s.Trials) || s.Trials[0] <= first {
				t.Fatalf("a stretch of %v s, trials %v: from %v to %v s", s.LengthS, s.Trials, shortest, longest)
			}
			first = s.Trials[0]
		}
		if seen != timelines {
			t.Fatalf("%d trials of %d", seen, timelines)
		}
	})
}

// byTrial are the moments of each trial.
func byTrial(stretches []Stretch, trials int) [][]Moment {
	all := make([][]Moment, trials)
	for _, s := range stretches {
		for i, n := range s.Trials {
			all[n] = s.Moments[i]
		}
	}
	return all
}
