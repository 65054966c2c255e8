// Package scaling tells which law the capacity of a target follows as more is
// asked of it at once: Amdahl's, or the Universal Scalability Law. Its fits
// know numbers only; run.go applies them to the sweeps of a result.
//
// Capacity at N is X(N) = X(1)·N / (1 + σ(N−1) + κN(N−1)) (N. J. Gunther,
// Guerrilla Capacity Planning, 2007): σ is the share of the work that cannot
// be done side by side, κ what each pair costs to keep in step. Amdahl's law is
// the case κ = 0. Both are fitted by least squares on the capacities, so that
// published coefficients are reproduced; AICc tells which of them the data
// support, and intervals come from repetitions where there are enough, from
// the residuals otherwise.
package scaling

import (
	"fmt"
	"math"
	"slices"

	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// Sweep is how much got done by how many at once.
type Sweep struct {
	// N is how many there were at once, each from 1 to 10⁹, in any order.
	// Values may come more than once.
	N []float64
	// Capacity computes what was done at each N from all repetitions but the
	// without-th, or from all of them (statistics.None).
	Capacity func(without int) []float64
	// Repetitions is how many there are; below 3 they give no intervals.
	Repetitions int
	// Relative says that capacities are multiples of one at a time: X(1) is 1.
	// Otherwise X(1) is fitted as well; or, where fewer than six points leave
	// no room for that, it is what was measured at N = 1.
	Relative bool
}

// Fit is a law, fitted to a sweep.
type Fit struct {
	Law    string // result.Amdahl or result.USL
	Points int    // how many different N there were
	// Refused says why there is no fit; then all that follows is zero.
	Refused string
	// Serial is σ and Crosstalk κ, with their 95 % intervals; so is X1, the
	// capacity of one at a time. Without an interval Low = High = 0.
	Serial, Crosstalk, X1 statistics.Estimate
	// Peak is the N of the largest capacity, √((1−σ)/κ): +Inf where there is
	// none. High is +Inf where the data do not exclude that there is none.
	Peak statistics.Estimate
	// Basis is what the intervals come from; "" where there are none.
	Basis string
	// AICc is Akaike's criterion, corrected for few points, on capacities as
	// shares of the largest. Smaller is better supported.
	AICc float64
	// Chosen marks the law that the data support.
	Chosen bool
	// Off is how far the curve misses the point that it fits worst, as a share
	// of the curve's value.
	Off float64
}

// tie is the difference in AICc below which the simpler law is chosen.
const tie = 2

// Laws fits both laws, the simpler first. At most one is chosen: the one with
// the smaller AICc, or the simpler one where the difference is below 2. It is
// an error if the sweep holds values that no target can have.
func Laws(s Sweep) ([]Fit, error) {
	full := s.Capacity(statistics.None)
	if err := checkValues(s.N, full); err != nil {
		return nil, err
	}
	points := distinct(s.N)
	at := s.model(points)
	var fits []Fit
	for _, law := range []string{result.Amdahl, result.USL} {
		f := Fit{Law: law, Points: points}
		if needs := at.needs(law); points < needs {
			f.Refused = at.refusal(law, points, needs)
		} else {
			f.fit(s, at, full)
		}
		fits = append(fits, f)
	}
	switch amdahl, usl := &fits[0], &fits[1]; {
	case usl.Refused == "" && usl.AICc < amdahl.AICc-tie:
		usl.Chosen = true
	case amdahl.Refused == "":
		amdahl.Chosen = true
	}
	return fits, nil
}

func checkValues(n, capacity []float64) error {
	if len(n) != len(capacity) {
		return fmt.Errorf("%d capacities at %d points", len(capacity), len(n))
	}
	for i := range n {
		if !(n[i] >= 1 && n[i] <= 1e9) {
			return fmt.Errorf("N = %v: how many there were at once must be a number from 1 to 1,000,000,000", n[i])
		}
		if c := capacity[i]; c == 0 || math.IsNaN(c) || math.IsInf(c, 0) {
			return fmt.Errorf("there is no capacity at N = %v: no call succeeded there, or the calls took no time at all", n[i])
		}
		if !(capacity[i] >= 1e-100 && capacity[i] <= 1e100) {
			return fmt.Errorf("a capacity of %v at N = %v: it must be a number above 0", capacity[i], n[i])
		}
	}
	return nil
}

func distinct(n []float64) int {
	return len(slices.Compact(slices.Sorted(slices.Values(n))))
}

// model says what becomes of X(1).
type model int

const (
	relative model = iota // 1, by definition
	anchored              // what was measured at N = 1
	fitted                // a parameter
)

// roomy is how many points leave room to fit X(1) in both laws.
const roomy = 6

func (s Sweep) model(points int) model {
	switch {
	case s.Relative:
		return relative
	case points < roomy && slices.Contains(s.N, 1):
		return anchored
	}
	return fitted
}

// parameters are how many of a law's are fitted.
func (m model) parameters(law string) int {
	p := 1
	if law == result.USL {
		p++
	}
	if m == fitted {
		p++
	}
	return p
}

// needs is how many points a law asks for: AICc has a value only from there.
func (m model) needs(law string) int { return m.parameters(law) + 3 }

func (m model) refusal(law string, points, needs int) string {
	why := ""
	if m == fitted {
		why = " where N = 1 was not measured"
	}
	return fmt.Sprintf("%s needs %d points%s; there are %d", result.LawName(law), needs, why, points)
}

// aicc is Akaike's criterion for n points with a mean squared residual, and p
// parameters besides the variance. Residuals below a part in 10⁹ of the
// largest capacity are the rounding of exact data: all such fits are alike, so
// that the simplest is chosen.
func aicc(meanSquare float64, n, p int) float64 {
	const rounding = 1e-9
	k := float64(p + 1)
	return float64(n)*math.Log(max(meanSquare, rounding*rounding)) + 2*k + 2*k*(k+1)/(float64(n)-k-1)
}

// fit fills in all but Chosen.
func (f *Fit) fit(s Sweep, m model, full []float64) {
	d := newData(s.N, full, m)
	best := d.best(f.Law)
	f.AICc = aicc(d.sumOfSquares(best)/float64(len(s.N)), len(s.N), m.parameters(f.Law))
	f.Off = d.worst(best)
	c := d.curve(best)
	f.Serial.Value, f.Crosstalk.Value, f.X1.Value = c.serial, c.crosstalk, c.x1
	if m == relative {
		f.X1.Value = 1
	}
	f.Peak.Value = math.Inf(1)
	if c.crosstalk > 0 {
		f.Peak.Value = 1 / math.Sqrt(c.bend())
	}
	f.intervals(s, m, d, best)
}
