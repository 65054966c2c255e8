package view

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestFiguresOfAColumn(t *testing.T) {
	for _, c := range []struct {
		seconds []float64
		unit    string
		want    []string
	}{
		{[]float64{5.2, 10.4, 104.5}, "s", []string{"5.20", "10.40", "104.5"}},
		{[]float64{0.005, 0.565, 1.005}, "ms", []string{"5.00", "565.0", "1005"}},
		{[]float64{0.1, 20}, "s", []string{"0.100", "20.00"}},
		{[]float64{0.0999, 20}, "ms", []string{"99.9", "20000"}},
		{[]float64{3e-6, 50}, "ms", []string{"0.00300", "50000"}}, // µs would need eight digits
		{[]float64{0, math.NaN(), 0.25}, "s", []string{"0", None, "0.250"}},
		{[]float64{0, 0}, "ms", []string{"0", "0"}},
		{[]float64{1e-9}, "ns", []string{"1.00"}},
		{[]float64{1e300}, "s", []string{"1e+300"}},
		{[]float64{math.Inf(1)}, "ms", []string{None}},
	} {
		s := timeScale(c.seconds...)
		if s.unit != c.unit {
			t.Errorf("%v: unit %s, want %s", c.seconds, s.unit, c.unit)
		}
		for i, v := range c.seconds {
			if got := s.text(v); got != c.want[i] {
				t.Errorf("%v of %v: %s, want %s", v, c.seconds, got, c.want[i])
			}
		}
	}
}

// What is printed says what was measured, to three digits and in few
// characters, as long as a column does not span too much.
func TestFiguresKeepThreeDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		smallest := math.Pow(10, rapid.Float64Range(-8, 2).Draw(t, "log of the smallest"))
		values := []float64{smallest}
		for range rapid.IntRange(0, 5).Draw(t, "others") {
			values = append(values, smallest*math.Pow(10, rapid.Float64Range(0, 3).Draw(t, "log of the ratio")))
		}
		s := timeScale(values...)
		for _, v := range values {
			text := s.text(v)
			back, err := strconv.ParseFloat(text, 64)
			if err != nil || math.Abs(back*s.per/v-1) > 0.005 || len(text) > 8 {
				t.Fatalf("%v s of %v is printed as %q %s", v, values, text, s.unit)
			}
		}
	})
}

func TestPublishedFiguresAreShownAsWritten(t *testing.T) {
	ms := timeScale(0.052)
	for v, want := range map[float64]string{5.2: "5200", 0.0521: "52.1", 1.1: "1100", 0.00001: "0.01"} {
		if got := ms.asWritten(v); got != want {
			t.Errorf("%v s in ms: %s, want %s", v, got, want)
		}
	}
}

func TestDurationsByThemselves(t *testing.T) {
	for seconds, want := range map[float64]string{0.96: "960.0 ms", 5e-3: "5.000 ms", 1: "1.000 s", 104.5: "104.5 s", 2.5e-7: "250.0 ns", 0: "0 ms"} {
		if got := alone(seconds); got != want {
			t.Errorf("%v s: %s, want %s", seconds, got, want)
		}
	}
	if got := lasting(20); got != "20 s" {
		t.Errorf("20 s as asked: %s", got)
	}
}
