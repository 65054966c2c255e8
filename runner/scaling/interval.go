package scaling

import (
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// What there are intervals of: σ, κ, X(1), and the bend that makes the peak.
const quantities = 4

// enough is how many repetitions intervals need.
const enough = 3

// intervals fills in the intervals. They are those of the fit without bounds,
// cut off at the bounds: a parameter at its bound has no spread of its own.
func (f *Fit) intervals(s Sweep, m model, d *data, best scaled) {
	centre := d.unbounded(f.Law, best)
	var half [quantities]float64
	var ok bool
	if s.Repetitions >= enough {
		f.Basis = result.FromRepetitions
		half, ok = jackknife(s, m, f.Law, centre)
	} else {
		f.Basis = result.FromResiduals
		half, ok = d.covariance(f.Law, centre)
	}
	at := d.curve(centre).vector()
	for i := range half {
		ok = ok && finite(half[i]) && finite(at[i])
	}
	if !ok {
		f.Basis = ""
		return
	}
	around := func(e *statistics.Estimate, i int, top float64) {
		e.Low = min(e.Value, max(0, at[i]-half[i]))
		e.High = max(e.Value, min(top, at[i]+half[i]))
	}
	around(&f.Serial, 0, 1)
	around(&f.Crosstalk, 1, math.Inf(1))
	around(&f.X1, 2, math.Inf(1))
	if m == relative {
		f.X1.Low, f.X1.High = 1, 1
	}
	if f.Law == result.USL {
		f.Peak.Low = min(f.Peak.Value, 1/math.Sqrt(max(0, at[3]+half[3])))
		f.Peak.High = max(f.Peak.Value, 1/math.Sqrt(max(0, at[3]-half[3])))
	}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// jackknife is half the width of the intervals, from leaving out one
// repetition after the other (Efron & Tibshirani 1993, equation 11.5) and
// Student's t.
func jackknife(s Sweep, m model, law string, from scaled) (half [quantities]float64, ok bool) {
	n := float64(s.Repetitions)
	deleted := make([][quantities]float64, s.Repetitions)
	var mean [quantities]float64
	for r := range deleted {
		capacity := s.Capacity(r)
		if checkValues(s.N, capacity) != nil {
			return half, false
		}
		d := newData(s.N, capacity, m)
		deleted[r] = d.curve(d.unbounded(law, from)).vector()
		for i, v := range deleted[r] {
			mean[i] += (v - deleted[0][i]) / n // about the first, so that equal values have no error at all
		}
	}
	for i := range half {
		squares := 0.0
		for r := range deleted {
			off := deleted[r][i] - deleted[0][i] - mean[i]
			squares += off * off
		}
		half[i] = studentsT(s.Repetitions-1) * math.Sqrt((n-1)/n*squares)
	}
	return half, true
}

// covariance is the same from the residuals: the Gauss–Newton covariance of
// the parameters and Student's t of as many degrees of freedom as there are
// points more than parameters. X(1), where it was measured at N = 1, counts as
// one; there the intervals err on the wide side.
func (d *data) covariance(law string, p scaled) (half [quantities]float64, ok bool) {
	open := []int{serial}
	if law == result.USL {
		open = append(open, crosstalk)
	}
	if d.model != relative {
		open = append(open, single)
	}
	degrees := len(d.y) - len(open)
	information, inverse := mat.NewSymDense(len(open), nil), mat.NewSymDense(len(open), nil)
	d.information(information, p, open)
	var factor mat.Cholesky
	if degrees < 1 || !factor.Factorize(information) || factor.InverseTo(inverse) != nil {
		return half, false
	}
	variance := d.sumOfSquares(p) / float64(degrees)
	c := d.curve(p)
	unit := d.curve(scaled{1, 1, 1})
	// What a step in each open parameter does to each quantity.
	steps := map[int][quantities]float64{
		serial:    {0: unit.serial, 3: unit.serial * c.crosstalk / (1 - c.serial) / (1 - c.serial)},
		crosstalk: {1: unit.crosstalk, 3: unit.crosstalk / (1 - c.serial)},
		single:    {2: unit.x1},
	}
	for q := range half {
		sum := 0.0
		for j, a := range open {
			for k, b := range open {
				sum += steps[a][q] * inverse.At(j, k) * steps[b][q]
			}
		}
		half[q] = studentsT(degrees) * math.Sqrt(max(0, variance*sum))
	}
	return half, true
}

// studentsT is the factor that a standard error of so many degrees of freedom
// is multiplied by, to either side.
func studentsT(degrees int) float64 {
	return distuv.StudentsT{Sigma: 1, Nu: float64(degrees)}.Quantile((1 + statistics.Confidence) / 2)
}
