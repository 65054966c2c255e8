package view

import (
	"math"
	"strconv"
)

// scale prints the figures of one column in one unit.
type scale struct {
	unit     string
	per      float64 // how much of the base unit one of unit is
	decimals int     // at most
}

// timeUnits from large to small, in seconds.
var timeUnits = [...]scale{{unit: "s", per: 1}, {unit: "ms", per: 1e-3}, {unit: "µs", per: 1e-6}, {unit: "ns", per: 1e-9}}

// timeScale is the unit for a column of durations: the shortest is at least
// 0.1 in it.
func timeScale(seconds ...float64) scale { return timeScaleFrom(0.1, seconds) }

// timeScaleFrom chooses the largest unit in which the shortest duration is at
// least least, as long as the longest does not get beyond six digits.
func timeScaleFrom(least float64, seconds []float64) scale {
	low, high, any := extent(seconds)
	if !any {
		return timeUnits[1]
	}
	chosen := len(timeUnits) - 1
	for i, u := range timeUnits {
		if low/u.per >= least {
			chosen = i
			break
		}
	}
	for chosen > 0 && high/timeUnits[chosen].per >= 1e6 {
		chosen--
	}
	s := timeUnits[chosen]
	s.decimals = decimalsFor(low / s.per)
	return s
}

// plainScale is for figures that stay in their unit: rates and ratios.
func plainScale(unit string, values ...float64) scale {
	low, _, _ := extent(values)
	return scale{unit: unit, per: 1, decimals: decimalsFor(low)}
}

// byteUnits from large to small, in bytes a second.
var byteUnits = [...]scale{{unit: "GB/s", per: 1e9}, {unit: "MB/s", per: 1e6}, {unit: "kB/s", per: 1e3}, {unit: "B/s", per: 1}}

// byteScale is the unit for one rate of bytes.
func byteScale(perS float64) scale {
	for _, s := range byteUnits {
		if perS >= s.per {
			return s.narrowed(perS)
		}
	}
	return byteUnits[len(byteUnits)-1]
}

// narrowed is the same unit, with the decimals that these values need.
func (s scale) narrowed(values ...float64) scale {
	if low, _, any := extent(values); any {
		s.decimals = decimalsFor(low / s.per)
	}
	return s
}

// text prints a figure to four significant digits, with no more decimals than
// the column's smallest figure needs for three.
func (s scale) text(v float64) string {
	v /= s.per
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return None
	case v == 0:
		return "0"
	case math.Abs(v) >= 1e9 || math.Abs(v) < 1e-6:
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	decimals := min(s.decimals, max(0, 3-magnitude(v)))
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// asWritten prints a figure that a person wrote, without the noise of its
// conversion.
func (s scale) asWritten(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return None
	}
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v/s.per, 'g', 9, 64), 64)
	if a := math.Abs(rounded); a >= 1e9 || a > 0 && a < 1e-6 {
		return strconv.FormatFloat(rounded, 'g', 4, 64)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// lasting prints a duration that a person asked for: "20 s".
func lasting(seconds float64) string {
	s := timeScaleFrom(1, []float64{seconds})
	return s.asWritten(seconds) + " " + s.unit
}

// alone prints one duration by itself, with its unit: "178 ms".
func alone(seconds float64) string {
	s := timeScaleFrom(1, []float64{seconds})
	return fourDigits(seconds, s.per) + " " + s.unit
}

// fourDigits prints a figure that stands by itself.
func fourDigits(v, per float64) string { return scale{per: per, decimals: 6}.text(v) }

func decimalsFor(smallest float64) int { return min(6, max(0, 2-magnitude(smallest))) }

// magnitude is the power of ten of v's first digit; 0 where there is none.
func magnitude(v float64) int {
	if v = math.Abs(v); v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return int(math.Floor(math.Log10(v)))
}

// extent is the range of the finite values above zero.
func extent(values []float64) (low, high float64, any bool) {
	for _, v := range values {
		if !(v > 0) || math.IsInf(v, 0) {
			continue
		}
		if !any || v < low {
			low = v
		}
		if !any || v > high {
			high = v
		}
		any = true
	}
	return low, high, any
}
