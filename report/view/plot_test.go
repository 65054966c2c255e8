package view

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plimsoll/report/sample"
	"plimsoll/runner/result"
)

// However many nines there are, each percentile of a curve is told from its neighbours
// and from 100, and its tail can be told from it.
func TestPercentilesOfLongTails(t *testing.T) {
	before := -1.0
	for _, tail := range plotTails(1e9) {
		percent, err := strconv.ParseFloat(percentile(tail), 64)
		if err != nil || percent <= before || percent >= 100 {
			t.Errorf("p%s follows p%v: %v", percentile(tail), before, err)
		}
		if got := 100 / (100 - percent); math.Abs(got/tail-1) > 1e-3 {
			t.Errorf("p%s has the tail %g, want %g", percentile(tail), got, tail)
		}
		before = percent
	}
	for tail, want := range map[float64]string{1: "0", 2: "50", 20: "95", 100: "99", 1000: "99.9", 1e6: "99.9999", 1e9: "99.9999999"} {
		if got := percentile(tail); got != want {
			t.Errorf("the tail %g is p%s, want p%s", tail, got, want)
		}
	}
}

// Whatever the widths of their windows, the moments of trials that stand on one axis begin
// at the same times.
func TestMomentsOfAStretchBeginAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		trials := make([]*result.Trial, rapid.IntRange(2, 4).Draw(t, "trials"))
		for i := range trials {
			trials[i] = &result.Trial{}
			trials[i].OK = int64(rapid.SampledFrom([]int{0, 1000, 1e6}).Draw(t, "successes"))
			width := rapid.SampledFrom([]float64{0.064, 0.128, 0.256}).Draw(t, "width")
			for j := range rapid.IntRange(120, 240).Draw(t, "windows") {
				trials[i].Timeline = append(trials[i].Timeline, result.Window{AtS: float64(j) * width, WidthS: width})
			}
		}
		for _, s := range Timelines(trials) {
			for _, a := range s.Moments {
				for _, b := range s.Moments {
					for i := range min(len(a), len(b)) {
						if math.Abs(a[i].AtS-b[i].AtS) > 1e-9 {
							t.Fatalf("moment %d begins at %v and at %v s", i, a[i].AtS, b[i].AtS)
						}
					}
				}
			}
		}
	})
}

// What is of the first repetition only says so.
func TestTheFirstRepetitionIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		run  *result.Run
		want bool
	}{"one": {sample.Frozen(), false}, "several": {sample.Noisy(), true}} {
		p, err := Options{}.Page(c.run, Against{})
		if err != nil {
			t.Fatal(err)
		}
		plots := 0
		for _, chapter := range p.Sections[0].Chapters {
			for _, plot := range chapter.Plots {
				if plot.Heat == nil && plot.Course == nil {
					continue
				}
				plots++
				if got := strings.Contains(plot.Words, "Shown is the first of "); got != c.want {
					t.Errorf("%s: %s says %q", name, plot.Title, plot.Words)
				}
			}
		}
		if plots < 2 {
			t.Errorf("%s: %d plots", name, plots)
		}
	}
}
