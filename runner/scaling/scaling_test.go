package scaling

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// The optimizer runs in goroutines of its own.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// drawCurve draws the parameters of a law, and places where it shows: the
// curve bends, and is not so bent that nothing is left.
func drawCurve(t *rapid.T, law string) (c curve, n []float64) {
	for _, v := range rapid.SliceOfNDistinct(rapid.IntRange(1, 200), 7, 12, rapid.ID).Draw(t, "n") {
		n = append(n, float64(v))
	}
	top := slices.Max(n)
	c.serial = rapid.Float64Range(0, 0.5).Draw(t, "serial")
	if law == result.USL {
		c.crosstalk = rapid.Float64Range(0.1, 5).Draw(t, "crosstalk") * (1 + c.serial*top) / (top * top)
	}
	c.x1 = rapid.Float64Range(1e-3, 1e6).Draw(t, "x1")
	return c, n
}

func (c curve) over(n []float64) (capacity []float64) {
	for _, v := range n {
		capacity = append(capacity, c.at(v))
	}
	return capacity
}

// What a law made, without noise, is recovered, and the simplest law chosen
// that explains it.
func TestExactDataAreRecovered(t *testing.T) {
	for _, law := range []string{result.Amdahl, result.USL} {
		rapid.Check(t, func(t *rapid.T) {
			c, n := drawCurve(t, law)
			relative := rapid.Bool().Draw(t, "relative")
			if relative {
				c.x1 = 1
			}
			fits, err := Laws(once(n, c.over(n), relative))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range fits {
				if f.Chosen != (f.Law == law) {
					t.Fatalf("%v follows %s, chosen is another: %+v", c, law, fits)
				}
				if !f.Chosen {
					continue
				}
				scale := max(1e-3, c.serial)
				bent := max(1e-6, c.crosstalk)
				if math.Abs(f.Serial.Value-c.serial) > 1e-5*scale || math.Abs(f.Crosstalk.Value-c.crosstalk) > 1e-5*bent || math.Abs(f.X1.Value/c.x1-1) > 1e-5 {
					t.Fatalf("%v at %v is recovered as %+v", c, n, f)
				}
				if peak := math.Sqrt((1 - c.serial) / c.crosstalk); law == result.USL && math.Abs(f.Peak.Value/peak-1) > 1e-4 {
					t.Fatalf("the peak of %v is at %v, not %v", c, peak, f.Peak)
				}
			}
		})
	}
}

// Noise alone makes no crosstalk: on Amdahl's data Amdahl's law is chosen in
// the great majority of cases; on data with crosstalk, the other.
func TestTheDataChoose(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	n := []float64{1, 2, 4, 8, 16, 32, 64, 100}
	for law, c := range map[string]curve{
		result.Amdahl: {serial: 0.05, x1: 10},
		result.USL:    {serial: 0.02, crosstalk: 3e-4, x1: 10},
	} {
		const rounds = 300
		right := 0
		for range rounds {
			capacity := c.over(n)
			for i := range capacity {
				capacity[i] *= 1 + 0.02*rng.NormFloat64()
			}
			amdahl, usl := laws(t, once(n, capacity, false))
			if amdahl.Chosen && law == result.Amdahl || usl.Chosen && law == result.USL {
				right++
			}
		}
		if right < rounds*90/100 {
			t.Errorf("%s is chosen for its own data in only %d of %d cases", law, right, rounds)
		}
	}
}

func TestTooFewPointsAreRefused(t *testing.T) {
	n := []float64{1, 2, 4, 8, 16, 32}
	for _, c := range []struct {
		n           []float64
		relative    bool
		amdahl, usl string
	}{
		{n[1:4], true, "Amdahl's law needs 4 points; there are 3", "the Universal Scalability Law needs 5 points; there are 3"},
		{n[1:5], true, "", "the Universal Scalability Law needs 5 points; there are 4"},
		{n[1:6], true, "", ""},
		{n[:3], false, "Amdahl's law needs 4 points; there are 3", "the Universal Scalability Law needs 5 points; there are 3"},
		{n[:4], false, "", "the Universal Scalability Law needs 5 points; there are 4"}, // X(1) is what was measured
		{n[:5], false, "", ""},
		{n[1:5], false, "Amdahl's law needs 5 points where N = 1 was not measured; there are 4",
			"the Universal Scalability Law needs 6 points where N = 1 was not measured; there are 4"},
		{n[1:], false, "", "the Universal Scalability Law needs 6 points where N = 1 was not measured; there are 5"},
		{n, false, "", ""},
		{append([]float64{2, 2, 2}, n[1:4]...), true, "Amdahl's law needs 4 points; there are 3", "the Universal Scalability Law needs 5 points; there are 3"},
		{nil, true, "Amdahl's law needs 4 points; there are 0", "the Universal Scalability Law needs 5 points; there are 0"},
	} {
		amdahl, usl := laws(t, once(c.n, curve{serial: 0.1, x1: 1}.over(c.n), c.relative))
		if amdahl.Refused != c.amdahl || usl.Refused != c.usl {
			t.Errorf("%v, relative %v:\n%q\n%q", c.n, c.relative, amdahl.Refused, usl.Refused)
		}
		if usl.Refused != "" && (usl.Serial != statistics.Estimate{} || usl.Chosen || usl.AICc != 0) {
			t.Errorf("refused, and yet %+v", usl)
		}
	}
}

func TestNoTargetHasSuchValues(t *testing.T) {
	sound, n := []float64{1, 2, 3, 4, 5}, []float64{1, 2, 3, 4, 5}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, -1} {
		for i := range n {
			spoilt := slices.Clone(sound)
			spoilt[i] = bad
			if _, err := Laws(once(n, spoilt, true)); err == nil || !strings.Contains(err.Error(), "capacity") || strings.Contains(err.Error(), "NaN") {
				t.Errorf("capacity %v: %v", bad, err)
			}
			if _, err := Laws(once(spoilt, sound, true)); err == nil || !strings.Contains(err.Error(), "how many there were at once") {
				t.Errorf("N = %v: %v", bad, err)
			}
		}
	}
	if _, err := Laws(once(n, sound[:4], true)); err == nil {
		t.Error("fewer capacities than points")
	}
}

// Whatever is measured, in whatever order: no panic, and figures that can be.
func TestAnyDataGiveSoundFigures(t *testing.T) {
	places := rapid.OneOf(rapid.IntRange(1, 10), rapid.IntRange(1, 1000), rapid.IntRange(999_999_980, 1e9))
	values := rapid.OneOf(rapid.Float64Range(0.1, 10), rapid.Float64Range(1e-100, 1e100), rapid.SampledFrom([]float64{1, 2, 1e-100, 1e100}))
	rapid.Check(t, func(t *rapid.T) {
		var n []float64
		for _, v := range rapid.SliceOfN(places, 0, 12).Draw(t, "n") {
			n = append(n, float64(v))
		}
		repetitions := rapid.IntRange(1, 4).Draw(t, "repetitions")
		byRepetition := make([][]float64, repetitions+1)
		for r := range byRepetition {
			byRepetition[r] = rapid.SliceOfN(values, len(n), len(n)).Draw(t, "capacity")
		}
		fits, err := Laws(Sweep{N: n, Repetitions: repetitions, Relative: rapid.Bool().Draw(t, "relative"),
			Capacity: func(without int) []float64 { return byRepetition[without+1] }})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fits {
			for what, e := range map[string]statistics.Estimate{"σ": f.Serial, "κ": f.Crosstalk, "X(1)": f.X1} {
				between := e.Low <= e.Value && e.Value <= e.High || f.Basis == "" && e.Low == 0 && e.High == 0
				if !(e.Value >= 0) || math.IsInf(e.Value, 1) || !between || e.Low < 0 {
					t.Fatalf("%s is %+v in %+v", what, e, f)
				}
			}
			if f.Serial.High > 1 || math.IsNaN(f.AICc) || math.IsInf(f.AICc, 0) || math.IsNaN(f.Peak.Value+f.Peak.Low) || !(f.Off >= 0) {
				t.Fatalf("%+v", f)
			}
		}
	})
}
