package data

import (
	"math"

	"plimsoll/target/random"
)

// zipf draws row k, from 0, with a chance in proportion to 1/(k+1)^s. It is
// rejection-inversion (Hörmann and Derflinger, 1996): exact, for any s above 0,
// and without a table, so that a billion rows cost no more than ten.
//
// A place under the curve x^-s is drawn by inverting its integral; the number
// next to it is taken where the place lies under that number's own bar, and
// else another place is drawn, which is seldom.
type zipf struct {
	key   random.Key
	rows  float64
	s     float64
	first float64 // the integral's value where the bar of 1 begins to be needed
	last  float64 // and at the end of the last bar
	sure  float64 // so far below its number a place needs no closer look
}

func newZipf(key random.Key, rows uint64, s float64) zipf {
	z := zipf{key: key, rows: float64(rows), s: s}
	z.first = z.integral(1.5) - 1
	z.last = z.integral(z.rows + 0.5)
	z.sure = 2 - z.inverse(z.integral(2.5)-z.height(2))
	return z
}

func (z *zipf) row(n uint64) uint64 {
	key := z.key.Sub(n)
	for i := uint64(0); ; i++ {
		area := z.last + key.Float(i)*(z.first-z.last)
		x := z.inverse(area)
		number := min(max(math.Floor(x+0.5), 1), z.rows)
		if number-x <= z.sure || area >= z.integral(number+0.5)-z.height(number) {
			return uint64(number) - 1
		}
	}
}

// height is the curve at x.
func (z *zipf) height(x float64) float64 { return math.Exp(-z.s * math.Log(x)) }

// integral is that of the curve from 1 to x: (x^(1-s) - 1)/(1-s), which is log x
// where s is 1.
func (z *zipf) integral(x float64) float64 {
	log := math.Log(x)
	return log * ratio(math.Expm1, (1-z.s)*log)
}

// inverse is the x of an integral.
func (z *zipf) inverse(area float64) float64 {
	t := max(area*(1-z.s), -1) // rounding may bring it below
	return math.Exp(area * ratio(math.Log1p, t))
}

// ratio is f(x)/x for the functions that are x, nearly, where it is near 0.
func ratio(f func(float64) float64, x float64) float64 {
	if x == 0 {
		return 1
	}
	return f(x) / x
}
