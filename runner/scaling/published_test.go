package scaling

import (
	"fmt"
	"math"
	"testing"

	"plimsoll/runner/statistics"
)

// once is a sweep that was measured once.
func once(n, capacity []float64, relative bool) Sweep {
	return Sweep{N: n, Capacity: func(int) []float64 { return capacity }, Repetitions: 1, Relative: relative}
}

func laws(t *testing.T, s Sweep) (amdahl, usl Fit) {
	t.Helper()
	fits, err := Laws(s)
	if err != nil {
		t.Fatal(err)
	}
	return fits[0], fits[1]
}

// near fails the test unless got is want to within a share of it.
func near(t interface {
	Helper()
	Errorf(string, ...any)
}, what string, got, want, share float64) {
	t.Helper()
	if !(math.Abs(got-want) <= share*math.Abs(want)) {
		t.Errorf("%s is %.6g, published is %.6g", what, got, want)
	}
}

// Speedups of fetching so many URLs at once over one after another (asyncio
// guide, sync vs async table). The coefficients are those of least squares on
// the speedups.
func TestThePublishedTable(t *testing.T) {
	amdahl, usl := laws(t, once([]float64{5, 10, 20, 50, 100}, []float64{4.7, 8.7, 14.9, 24.8, 27.5}, true))
	near(t, "σ", usl.Serial.Value, 0.01513, 0.03)
	near(t, "κ", usl.Crosstalk.Value, 1.147e-4, 0.03)
	near(t, "peak", usl.Peak.Value, 92.7, 2/92.7)
	if !usl.Chosen || amdahl.Chosen {
		t.Errorf("AICc %v of the USL and %v of Amdahl's law: the USL is not chosen", usl.AICc, amdahl.AICc)
	}
}

// The data sets of the USL literature: throughput at N, X(1) fitted.
var classics = []struct {
	name                  string
	n, x                  []float64
	serial, crosstalk, x1 float64
	errors                [3]float64 // standard errors of σ, κ and X(1), where published
}{
	{
		// README.md of R's package usl 3 (github.com/smoeding/usl), specsdm91:
		// a Sun SPARCcenter 2000 in the SPEC SDM91 benchmark.
		name:   "specsdm91",
		n:      []float64{1, 18, 36, 72, 108, 144, 216},
		x:      []float64{64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775, 1702.2},
		serial: 0.0277285, crosstalk: 0.0001044, x1: 89.9952330,
		errors: [3]float64{0.0091217, 0.0000199, 14.2134894},
	},
	{
		// tests/confint.Rout.save of the same package, raytracer (N. J. Gunther,
		// Guerrilla Capacity Planning): a ray tracer on several processors.
		name:   "raytracer",
		n:      []float64{1, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64},
		x:      []float64{20, 78, 130, 170, 190, 200, 210, 230, 260, 280, 310},
		serial: 0.0578, crosstalk: 0, x1: 21.8488,
	},
	{
		// model_test.go of github.com/codahale/usl, the data of B. Schwartz,
		// Practical Scalability Analysis with the Universal Scalability Law.
		name: "Schwartz",
		n: []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
			17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32},
		x: []float64{955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08, 7219.8, 7867.61,
			8278.71, 8646.7, 9047.84, 9426.55, 9645.37, 9897.24, 10097.6, 10240.5, 10532.39, 10798.52, 11151.43,
			11518.63, 11806, 12089.37, 12075.41, 12177.29, 12211.41, 12158.93, 12155.27, 12118.04, 12140.4, 12074.39},
		serial: 0.02671591, crosstalk: 7.690945e-4, x1: 995.6486,
	},
	{
		// tests/usl-nls.Rout.save of R's package usl.
		name:   "made up",
		n:      []float64{1, 2, 4, 6, 8, 10},
		x:      []float64{1, 1.8868, 3.0769, 3.5294, 3.5398, 3.3557},
		serial: 0.02, crosstalk: 0.02, x1: 1,
	},
}

func TestTheClassicDataSets(t *testing.T) {
	for _, c := range classics {
		_, usl := laws(t, once(c.n, c.x, false))
		near(t, c.name+": σ", usl.Serial.Value, c.serial, 0.01)
		near(t, c.name+": κ", usl.Crosstalk.Value, c.crosstalk, 0.01)
		near(t, c.name+": X(1)", usl.X1.Value, c.x1, 0.01)
		for i, e := range []statistics.Estimate{usl.Serial, usl.Crosstalk, usl.X1} {
			if c.errors[i] == 0 {
				continue
			}
			half := 2.776445 * c.errors[i] // Student's t, 97.5 %, 4 degrees of freedom
			near(t, fmt.Sprintf("%s: lower end %d", c.name, i), e.Low, e.Value-half, 0.01)
			near(t, fmt.Sprintf("%s: upper end %d", c.name, i), e.High, e.Value+half, 0.01)
		}
	}
}
