package scaling

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"plimsoll/runner/result"
)

// curve is a law with its parameters.
type curve struct{ serial, crosstalk, x1 float64 }

// bend is κ/(1−σ) = 1/N*², N* being the peak: unlike the peak it is finite,
// and changes its sign where the peak ceases to be. With σ = 1 it is +Inf.
func (c curve) bend() float64 { return c.crosstalk / (1 - c.serial) }

// vector lists what intervals are wanted of.
func (c curve) vector() [quantities]float64 {
	return [quantities]float64{c.serial, c.crosstalk, c.x1, c.bend()}
}

// data are a sweep's points, scaled so that all numbers are about 1: with
// a = σ(T−1), b = κT(T−1) and c = X(1)·T/Y, where T is the largest N and Y the
// largest capacity, a capacity is y = c·s/(1 + a·u + b·v).
type data struct {
	s, u, v, y []float64
	top, size  float64 // T, Y
	model      model
	first      float64 // X(1), where it is not fitted
}

// scaled are the parameters a, b, c.
type scaled [3]float64

const (
	serial = iota
	crosstalk
	single
)

func newData(n, capacity []float64, m model) *data {
	d := &data{top: max(2, slices.Max(n)), size: slices.Max(capacity), model: m, first: 1}
	if m == anchored {
		sum, count := 0.0, 0.0
		for i := range n {
			if n[i] == 1 {
				sum, count = sum+capacity[i]/d.size, count+1
			}
		}
		d.first = sum / count * d.size
	}
	for i := range n {
		share := n[i] / d.top
		d.s = append(d.s, share)
		d.u = append(d.u, (n[i]-1)/(d.top-1))
		d.v = append(d.v, share*(n[i]-1)/(d.top-1))
		d.y = append(d.y, capacity[i]/d.size)
	}
	return d
}

func (d *data) curve(p scaled) curve {
	return curve{serial: p[serial] / (d.top - 1), crosstalk: p[crosstalk] / d.top / (d.top - 1), x1: p[single] / d.top * d.size}
}

// value is the curve at the i-th point, and its derivatives. Where the
// denominator is not positive there is no curve: +Inf.
func (d *data) value(p scaled, i int) (y float64, by scaled) {
	below := 1 + p[serial]*d.u[i] + p[crosstalk]*d.v[i]
	if !(below > 0) {
		return math.Inf(1), by
	}
	y = p[single] * d.s[i] / below
	return y, scaled{-y / below * d.u[i], -y / below * d.v[i], d.s[i] / below}
}

func (d *data) sumOfSquares(p scaled) (sum float64) {
	for i := range d.y {
		y, _ := d.value(p, i)
		sum += (d.y[i] - y) * (d.y[i] - y)
	}
	return sum
}

// worst is the largest distance of a point from the curve, as a share of it.
func (d *data) worst(p scaled) (off float64) {
	for i := range d.y {
		y, _ := d.value(p, i)
		off = max(off, math.Abs(d.y[i]/y-1))
	}
	return off
}

// face is where parameters are held at their bounds; NaN leaves one free.
type face struct{ serial, crosstalk float64 }

// faces are the region 0 ≤ σ ≤ 1, κ ≥ 0 of a law: its inside first, then what
// bounds it.
func faces(law string) []face {
	free := math.NaN()
	if law == result.Amdahl {
		return []face{{free, 0}, {0, 0}, {1, 0}}
	}
	return []face{{free, free}, {free, 0}, {0, free}, {1, free}, {0, 0}, {1, 0}}
}

// best is the least-squares fit with 0 ≤ σ ≤ 1 and κ ≥ 0. It lies inside that
// region or on one of its few faces: each is searched without bounds.
func (d *data) best(law string) (best scaled) {
	least := math.Inf(1)
	for i, on := range faces(law) {
		p := d.search(on, d.start())
		within := p[serial] >= 0 && p[serial] <= d.top-1 && p[crosstalk] >= 0 && p[single] > 0
		if sum := d.sumOfSquares(p); within && sum < least {
			best, least = p, sum
		}
		if within && i == 0 {
			break // nothing on the faces is better
		}
	}
	return best
}

// unbounded is the fit without bounds, from a start: the one whose spread
// intervals come from.
func (d *data) unbounded(law string, from scaled) scaled { return d.search(faces(law)[0], from) }

// start is where searches begin: the solution of the equation s/y = (1 + a·u
// + b·v)/c, which is linear in 1/c, a/c and b/c, weighted so that its
// residuals are about those of y. Where that is no curve it is one through the
// largest N, from the most that one did anywhere.
func (d *data) start() scaled {
	left, right, x := mat.NewDense(len(d.y), 3, nil), mat.NewVecDense(len(d.y), nil), mat.NewVecDense(3, nil)
	last, one := 0, 0.0
	for i := range d.y {
		weight := d.y[i] * d.y[i] / d.s[i]
		left.SetRow(i, []float64{weight, weight * d.u[i], weight * d.v[i]})
		right.SetVec(i, weight*d.s[i]/d.y[i])
		one = max(one, d.y[i]/d.s[i])
		if d.s[i] > d.s[last] {
			last = i
		}
	}
	if x.SolveVec(left, right) == nil {
		c := 1 / x.AtVec(0)
		p := scaled{x.AtVec(1) * c, x.AtVec(2) * c, c}
		if sum := d.sumOfSquares(p); c > 0 && sum < float64(len(d.y)) {
			return p
		}
	}
	lost := min(one*d.s[last]/d.y[last]-1, 1e6)
	return scaled{lost / 2, lost / 2, one}
}

// search minimizes the squares over the parameters that are not held: Newton's
// method with Gauss's Hessian.
func (d *data) search(on face, from scaled) scaled {
	held := scaled{on.serial * (d.top - 1), on.crosstalk * d.top * (d.top - 1), math.NaN()}
	if d.model != fitted {
		held[single] = d.first * d.top / d.size
	}
	var open []int
	var x []float64
	for i := range held {
		if math.IsNaN(held[i]) {
			open, x = append(open, i), append(x, from[i])
		}
	}
	with := func(x []float64) scaled {
		p := held
		for j, i := range open {
			p[i] = x[j]
		}
		return p
	}
	if len(open) == 0 {
		return held
	}
	found, _ := optimize.Minimize(optimize.Problem{
		Func: func(x []float64) float64 { return d.sumOfSquares(with(x)) / 2 },
		Grad: func(g, x []float64) { d.gradient(g, with(x), open) },
		Hess: func(h *mat.SymDense, x []float64) {
			d.information(h, with(x), open)
			stabilize(h)
		},
	}, x, &optimize.Settings{
		MajorIterations: 200,
		Converger:       &optimize.FunctionConverge{Absolute: 1e-22, Relative: 1e-15, Iterations: 8},
	}, &optimize.Newton{Linesearcher: &optimize.Backtracking{}})
	// An error says that rounding stopped the line search: it was there.
	if found == nil || found.X == nil {
		return with(x)
	}
	return with(found.X)
}

func (d *data) gradient(into []float64, p scaled, open []int) {
	clear(into)
	for i := range d.y {
		y, by := d.value(p, i)
		for j, k := range open {
			into[j] += (y - d.y[i]) * by[k]
		}
	}
}

// stabilize adds so little to the diagonal that the search ends where it would
// have, but enough for a step never to point uphill by rounding: the library
// would panic, where nobody could catch it.
func stabilize(h *mat.SymDense) {
	little := 1e-10 * mat.Trace(h)
	for i := range h.SymmetricDim() {
		h.SetSym(i, i, h.At(i, i)+little)
	}
}

// information is Σ of the products of the derivatives by the open parameters.
func (d *data) information(into *mat.SymDense, p scaled, open []int) {
	if into.IsEmpty() {
		into.ReuseAsSym(len(open))
	}
	into.Zero()
	for i := range d.y {
		_, by := d.value(p, i)
		for j, a := range open {
			for k := j; k < len(open); k++ {
				into.SetSym(j, k, into.At(j, k)+by[a]*by[open[k]])
			}
		}
	}
}
