package view

import (
	"math"

	"plimsoll/runner/result"
)

// Profile is the percentiles of one mode as bars along a logarithmic axis of
// time. Places on the axis are shares of its length, from 0 to 1.
type Profile struct {
	Title        string
	Inner, Outer string // what the two parts of a bar are
	Bars         []Bar
	Ticks        []Tick // rising
}

// Bar is one percentile: up to Inner it was service time, up to Outer calls
// had waited before.
type Bar struct {
	Name, Value  string
	Inner, Outer float64
}

// Tick is a mark on the axis.
type Tick struct {
	Label string
	At    float64
}

// profilePercents are those of a profile, as far as there are enough calls.
var profilePercents = [...]float64{10, 50, 75, 90, 95, 99, 99.9, 99.99, 99.999}

// newProfile draws a group's response and service times; nil where no call
// succeeded.
func newProfile(g *Group) *Profile {
	if g.OK == 0 {
		return nil
	}
	var bars []Bar
	var outer, inner []float64
	add := func(name string, felt, served result.Figure) {
		value := alone(felt.Least.High)
		if value != alone(felt.Most.High) {
			value = atLeast + value
		}
		bars = append(bars, Bar{Name: name, Value: value})
		outer, inner = append(outer, felt.Least.High), append(inner, served.Least.High)
	}
	felt, served := response.times(g), service.times(g)
	for _, p := range profilePercents {
		if supports(felt.Lowest(), p) {
			add(percentileName(p), felt.Quantile(p), served.Quantile(p))
		}
	}
	add("max", felt.Max(), served.Max())
	a := newAxis(append(inner, outer...))
	for i := range bars {
		bars[i].Inner, bars[i].Outer = a.place(inner[i]), a.place(outer[i])
	}
	return &Profile{Title: "Percentiles", Inner: "service time", Outer: "response time", Bars: bars, Ticks: a.ticks()}
}

// axis is a logarithmic one between two round durations.
type axis struct {
	low, high int // numbers of marks
	steps     []float64
}

// newAxis is an axis that holds the given durations, in seconds: its marks are
// 1, 2 and 5 of each power of ten, or the powers alone where there are many.
func newAxis(seconds []float64) axis {
	low, high, any := extent(seconds)
	if !any {
		low, high = 1e-3, 1e-3
	}
	a := axis{steps: []float64{1, 2, 5}}
	if high/low > 1000 {
		a.steps = a.steps[:1]
	}
	for k := magnitude(low) * len(a.steps); a.mark(k) <= low*(1+1e-9); k++ {
		a.low = k
	}
	for a.high = a.low + 1; a.mark(a.high) < high*(1-1e-9); a.high++ {
	}
	return a
}

// mark is the k-th mark of all that there are on both sides of one second.
func (a axis) mark(k int) float64 {
	n := len(a.steps)
	decade := int(math.Floor(float64(k) / float64(n)))
	return a.steps[k-decade*n] * math.Pow10(decade)
}

// place is where on the axis a duration lies.
func (a axis) place(seconds float64) float64 {
	if !(seconds > 0) {
		return 0
	}
	low, high := math.Log(a.mark(a.low)), math.Log(a.mark(a.high))
	return min(1, max(0, (math.Log(seconds)-low)/(high-low)))
}

func (a axis) ticks() (ticks []Tick) {
	for k := a.low; k <= a.high; k++ {
		ticks = append(ticks, Tick{lasting(a.mark(k)), a.place(a.mark(k))})
	}
	return ticks
}
