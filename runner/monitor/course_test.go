package monitor

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"plimsoll/runner/result"
)

// looked is a course after looks at such times, of which those up to until are
// measured.
func looked(values []float64, times []float64, until float64, total bool) *course {
	c := &course{series: "x", wide: 1}
	for i, v := range values {
		c.saw(reading{series: "x", value: v, total: total}, moment{at: times[i], meant: times[i], measured: 0 <= times[i] && times[i] <= until})
	}
	return c
}

// Of something that grows the mean is what it grew by over the time that it took,
// however many points are left, and the points are means of the times between them.
func TestRatesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 1200).Draw(t, "looks")
		width := rapid.Float64Range(0.1, 3).Draw(t, "interval")
		warm := rapid.IntRange(0, 5).Draw(t, "warm-up")
		values, times := make([]float64, n+warm), make([]float64, n+warm)
		for i := range values {
			times[i] = float64(i-warm) * width
			if i > 0 {
				values[i] = values[i-1] + rapid.Float64Range(0, 5).Draw(t, "growth")
			}
		}
		times[len(times)-1] -= width * rapid.Float64Range(0, 0.9).Draw(t, "short")
		s := looked(values, times, math.Inf(1), true).result("m", 0)
		if len(s.Points) == 0 || len(s.Points) > result.MostPoints {
			t.Fatalf("%d points", len(s.Points))
		}
		last := len(values) - 1
		grown := values[last] - values[warm]
		if want := grown / times[last]; math.Abs(s.Mean-want) > 1e-4*want+1e-9 {
			t.Fatalf("the mean is %v, want %v", s.Mean, want)
		}
		sum, before := 0.0, 0.0
		for _, p := range s.Points {
			sum, before = sum+p[1]*(p[0]-before), p[0]
			if p[1] > s.Max*(1+1e-4) {
				t.Fatalf("a point of %v above the highest, %v", p[1], s.Max)
			}
		}
		if math.Abs(sum-grown) > 0.01*grown+1e-3 {
			t.Fatalf("the points add up to %v, and it grew by %v", sum, grown)
		}
	})
}

func TestCourses(t *testing.T) {
	for _, c := range []struct {
		name          string
		values, times []float64
		until         float64
		total         bool
		mean, max     float64
		points        [][2]float64
	}{
		{"a gauge holds for the time before it", []float64{5, 1, 3}, []float64{0, 1, 3}, 9, false, 7.0 / 3, 5, [][2]float64{{0, 5}, {1, 1}, {3, 3}}},
		{"the warm-up is left out", []float64{50, 5, 1}, []float64{-1, 0, 1}, 9, false, 1, 5, [][2]float64{{0, 5}, {1, 1}}},
		{"the drain is shown", []float64{5, 1, 9}, []float64{0, 1, 2}, 1, false, 1, 5, [][2]float64{{0, 5}, {1, 1}, {2, 9}}},
		{"one look is all there is", []float64{5}, []float64{0.5}, 9, false, 5, 5, [][2]float64{{0.5, 5}}},
		{"a rate", []float64{100, 102, 103}, []float64{0, 1, 2}, 9, true, 1.5, 2, [][2]float64{{1, 2}, {2, 1}}},
		{"a rate through the warm-up", []float64{0, 100, 102}, []float64{-1, 0, 1}, 9, true, 2, 2, [][2]float64{{1, 2}}},
		{"a rate that begins anew", []float64{100, 102, 1}, []float64{0, 1, 2}, 9, true, 1.5, 2, [][2]float64{{1, 2}, {2, 1}}},
		{"a short end becomes part of what is before", []float64{0, 1, 2, 3}, []float64{0, 1, 2, 2.1}, 9, true, 3 / 2.1, 2 / 1.1, [][2]float64{{1, 1}, {2.1, 1.81818}}},
	} {
		s := looked(c.values, c.times, c.until, c.total).result("m", 0)
		same := len(s.Points) == len(c.points)
		for i := range c.points {
			same = same && s.Points[i][0] == c.points[i][0] && math.Abs(s.Points[i][1]-c.points[i][1]) < 1e-4
		}
		if !same || math.Abs(s.Mean-c.mean) > 1e-4 || math.Abs(s.Max-c.max) > 1e-4 {
			t.Errorf("%s: %+v, want mean %v, max %v, points %v", c.name, s, c.mean, c.max, c.points)
		}
	}
	if s := looked([]float64{1, 2}, []float64{5, 6}, 4, true).result("m", 0); s.Points != nil || s.Problem == "" {
		t.Errorf("of nothing that was measured: %+v", s)
	}
	for length, seen := range map[float64]bool{2: true, 1.9: true, 2.1: false} { // it is of one second
		s := looked([]float64{1, 2}, []float64{1, 2}, 4, true).result("m", length)
		if s.Seen() != seen || seen != (s.Problem == "") {
			t.Errorf("of one second of %v: %+v", length, s)
		}
	}
}
