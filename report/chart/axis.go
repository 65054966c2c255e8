package chart

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
)

// scaling is what an axis shall be like.
type scaling struct {
	logFrom float64 // the ratio of largest to smallest value from which the axis is logarithmic; else it begins at 0
	tight   bool    // the axis ends soon after the values, not at round numbers
	labels  int     // how many a logarithmic axis may have; 0 stands for 10
	label   func(float64) string
	clock   bool // seconds, in minutes or hours where there are many of them
}

// drawable tells whether a value has a place on every kind of axis. Nothing
// that is measured lies outside these bounds, within which nothing overflows.
func drawable(v float64) bool { return v >= 1e-15 && v <= 1e15 }

// span is the range of the drawable values.
type span struct{ low, high float64 }

func (s *span) add(values ...float64) {
	for _, v := range values {
		if !drawable(v) {
			continue
		}
		if s.low == 0 || v < s.low {
			s.low = v
		}
		s.high = max(s.high, v)
	}
}

func (s span) empty() bool { return s.low == 0 }

// with is the range that also holds another one.
func (s span) with(o span) span {
	s.add(o.low, o.high)
	return s
}

// reaching is a range that also holds what stands beside the figures, where
// that does not make them small: up to half as far again, or so many times on
// a logarithmic axis.
func (o scaling) reaching(s span, values ...float64) span {
	const far, farByLog = 1.5, 20
	wider := s
	for _, v := range values {
		switch {
		case s.empty():
		case o.logs(s) && v >= s.low/farByLog && v <= s.high*farByLog, !o.logs(s) && v <= s.high*far:
			wider.add(v)
		}
	}
	return wider
}

// logs tells whether the axis is logarithmic.
func (o scaling) logs(s span) bool { return s.high/s.low >= o.logFrom }

// set gives an axis its range, scale and ticks for a span that is not empty,
// and tells where grid lines belong.
func (o scaling) set(a *plot.Axis, s span) (lines []float64) {
	var ticks []plot.Tick
	if o.logs(s) {
		ticks = o.logarithmic(a, s)
	} else {
		ticks = o.linear(a, s)
	}
	a.Tick.Marker = plot.ConstantTicks(ticks)
	for _, t := range ticks {
		if t.Label != "" && t.Value >= a.Min && t.Value <= a.Max {
			lines = append(lines, t.Value)
		}
	}
	return lines
}

// Marks of a logarithmic axis, times powers of ten.
var (
	everyDigit = []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}
	threeEach  = []float64{1, 2, 5}
	finely     = []float64{1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9}
)

// logarithmic labels 1, 2 and 5 of each power of ten where there is room, or
// else the powers, or every second of them … An axis of less than half a power
// gets finer ones.
func (o scaling) logarithmic(a *plot.Axis, s span) (ticks []plot.Tick) {
	a.Scale = plot.LogScale{}
	room := float64(cmp.Or(o.labels, 10))
	digits, marks := threeEach, everyDigit
	if s.high/s.low < 3 && room >= 9 {
		digits, marks = finely, finely
	}
	a.Min, a.Max = roundDown(s.low/1.02, digits), roundUp(s.high*1.02, digits)
	if o.tight {
		a.Min, a.Max = s.low/1.1, s.high*1.1
	}
	decades := math.Log10(a.Max / a.Min)
	if decades*3 > room {
		digits = digits[:1]
	}
	each := 1 + int(decades/room)
	first := int(math.Floor(math.Log10(a.Min)))
	for power := first; power <= int(math.Log10(a.Max)+1e-9); power++ {
		for _, digit := range marks {
			t := plot.Tick{Value: digit * math.Pow10(power)}
			if slices.Contains(digits, digit) && (power-first)%each == 0 {
				t.Label = o.label(t.Value)
			}
			if digit == 1 || each == 1 {
				ticks = append(ticks, t)
			}
		}
	}
	return ticks
}

// named puts the ticks where the values are, which rise, and tells where.
// Those whose labels would meet a larger one's stay without.
func named(a *plot.Axis, values []float64, label func(float64) string) (lines []float64) {
	const letter, gap = 0.02, 0.03 // of the axis' length
	var ticks []plot.Tick
	free := math.Inf(1) // up to where there is room
	for _, v := range slices.Backward(values) {
		if !drawable(v) {
			continue
		}
		t := plot.Tick{Value: v}
		half := letter / 2 * float64(len(label(v)))
		if at := a.Norm(v); at+half <= free {
			t.Label, free = label(v), at-half-gap
		}
		ticks, lines = append(ticks, t), append(lines, v)
	}
	slices.Reverse(ticks)
	slices.Reverse(lines)
	a.Tick.Marker = plot.ConstantTicks(ticks)
	return lines
}

// linear labels about five round numbers.
func (o scaling) linear(a *plot.Axis, s span) (ticks []plot.Tick) {
	label, unit := o.label, 1.0
	switch {
	case o.clock && s.high >= 2*3600:
		label, unit = inUnits(" h", 3600), 3600
	case o.clock && s.high >= 3*60:
		label, unit = inUnits(" min", 60), 60
	}
	step := roundUp(s.high/unit/6, threeEach) * unit
	a.Min, a.Max = 0, math.Ceil(s.high/step-1e-9)*step
	if o.tight {
		a.Max = s.high * 1.04
	}
	for i := 0.0; i*step <= a.Max*(1+1e-9); i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: label(i * step)})
	}
	return ticks
}

// inUnits labels seconds in another unit.
func inUnits(name string, seconds float64) func(float64) string {
	return func(v float64) string {
		if v == 0 {
			return "0"
		}
		return number(v/seconds) + name
	}
}

// roundDown is the largest number of one of the digits, times a power of ten,
// that is not above v; roundUp is the smallest that is not below. The digits
// rise from 1.
func roundDown(v float64, digits []float64) float64 {
	base := math.Pow10(int(math.Floor(math.Log10(v) + 1e-9)))
	for _, digit := range slices.Backward(digits) {
		if digit*base <= v*(1+1e-9) {
			return digit * base
		}
	}
	return base
}

func roundUp(v float64, digits []float64) float64 {
	base := math.Pow10(int(math.Floor(math.Log10(v) + 1e-9)))
	for _, digit := range digits {
		if digit*base >= v*(1-1e-9) {
			return digit * base
		}
	}
	return 10 * base
}

// number labels counts, rates and ratios.
func number(v float64) string {
	v = rounded(v)
	if a := math.Abs(v); a >= 1e6 || a > 0 && a < 1e-4 {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// duration labels seconds in the unit that suits each: an axis may go from
// microseconds to minutes.
func duration(seconds float64) string {
	if seconds == 0 {
		return "0"
	}
	name, per := "ns", 1e-9
	for _, unit := range []struct {
		name string
		per  float64
	}{{"µs", 1e-6}, {"ms", 1e-3}, {"s", 1}} {
		if rounded(seconds/unit.per) >= 1 {
			name, per = unit.name, unit.per
		}
	}
	return number(seconds/per) + " " + name
}

// rounded takes the noise of floating point off a tick's value.
func rounded(v float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	return r
}
