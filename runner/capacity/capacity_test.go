package capacity

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// carryOut searches a target that margin stands for, and keeps the steps.
func carryOut(s Settings, margin func(level float64, repeat int) Step) (*Search, []Step) {
	q := New(s)
	var steps []Step
	for {
		level, repeat, more := q.Next()
		if !more {
			return q, steps
		}
		step := margin(level, repeat)
		step.Level = level
		q.Saw(step)
		steps = append(steps, step)
	}
}

// cliff is a target that breaks its promise from one load on, and never below.
func cliff(at float64) func(float64, int) Step {
	return func(level float64, _ int) Step {
		if level > at {
			return Step{Margin: 1, Limit: "errors < 1%"}
		}
		return Step{Margin: -1, Limit: "errors < 1%"}
	}
}

// queue is a target whose p99 grows as that of M/M/1: without end towards mu.
// Noise is the standard deviation of its logarithm at the edge.
func queue(mu, edge, noise float64, rng *rand.Rand) func(float64, int) Step {
	return func(level float64, _ int) Step {
		if level >= mu {
			return Step{Margin: 1, Limit: "p99 < 1s"}
		}
		slower := (mu - edge) / (mu - level)
		return Step{Margin: Margin(slower*math.Exp(noise*rng.NormFloat64()), 1), Limit: "p99 < 1s"}
	}
}

func drawSettings(t *rapid.T) Settings {
	s := Settings{From: rapid.Float64Range(0.01, 1e4).Draw(t, "from"), Precision: rapid.Float64Range(0.01, 0.25).Draw(t, "precision")}
	s.To = s.From * rapid.Float64Range(1.01, 1e4).Draw(t, "times")
	if s.Whole = rapid.Bool().Draw(t, "whole"); s.Whole {
		s.From = math.Ceil(s.From)
		s.To = math.Ceil(s.To) + 1
	}
	return s
}

// Whatever is seen, a search ends within its bound and tries nothing but what
// it may: from From to To, whole numbers where there are no others. And its
// answer is an interval within that, or the bound itself.
func TestAnySearchEndsInBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSettings(t)
		margins := rapid.SliceOfN(rapid.Float64Range(-1, 1), 1, 40).Draw(t, "margins")
		void := rapid.IntRange(0, 20).Draw(t, "every so manieth is void")
		n := 0
		search, steps := carryOut(s, func(level float64, repeat int) Step {
			n++
			return Step{Margin: margins[n%len(margins)], Void: void > 0 && n%void == 0, Limit: "p99 < 1s"}
		})
		if len(steps) > search.Bound() {
			t.Fatalf("%d steps of at most %d", len(steps), search.Bound())
		}
		for i, step := range steps {
			if step.Level < s.From || step.Level > s.To || s.Whole && step.Level != math.Trunc(step.Level) {
				t.Fatalf("step %d at %v", i, step.Level)
			}
		}
		switch a := search.Answer(); a.Bound {
		case Found:
			if !(s.From <= a.Value && a.Low <= a.Value && a.Value <= a.High && a.High <= s.To) {
				t.Fatalf("%+v", a)
			}
			if !slices.ContainsFunc(steps, func(step Step) bool { return step.Level >= a.Value && step.Pass() }) {
				t.Fatalf("%v, and no step at so high a load kept its promises", a.Value)
			}
		case AtLeast, Below:
			if !slices.ContainsFunc(steps, func(step Step) bool { return step.Level == a.Value && !step.Void }) {
				t.Fatalf("%+v was never tried", a)
			}
		case Unknown:
			if slices.ContainsFunc(steps, func(step Step) bool { return !step.Void && step.Pass() }) {
				t.Fatalf("nothing is known, and yet a step passed")
			}
		}
	})
}

// A cliff is found between the two levels on either side of it, which are no
// further from each other than was asked for.
func TestCliff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Settings{From: 1, To: 1e4, Precision: rapid.Float64Range(0.01, 0.25).Draw(t, "precision")}
		edge := rapid.Float64Range(1.1, 9e3).Draw(t, "edge")
		search, steps := carryOut(s, cliff(edge))
		a := search.Answer()
		if a.Bound != Found || !a.Precise || a.Low > edge || a.High < edge || math.Abs(a.Value/edge-1) > s.Precision || a.Limit != "errors < 1%" {
			t.Fatalf("edge %v: %+v after %d steps", edge, a, len(steps))
		}
	})
}

// Of whole numbers the answer is the largest that keeps its promises, exactly
// where so few are meant.
func TestWholeNumbers(t *testing.T) {
	for edge := 1.0; edge <= 20; edge++ {
		search, _ := carryOut(Settings{From: 1, To: 500, Precision: 0.05, Whole: true}, cliff(edge+0.5))
		if a := search.Answer(); a.Value != edge || a.Low != edge || a.High != edge || !a.Precise {
			t.Errorf("edge %v: %+v", edge, a)
		}
	}
}

// Where nothing is left to chance, however crooked the way of the figures is,
// two equal steps on either side of the edge are enough: the answer is the one
// below it, and nothing is tried a third time.
func TestIdenticalStepsEndTheSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSettings(t)
		edge := s.From + (s.To-s.From)*rapid.Float64Range(0, 1).Draw(t, "edge")
		small := rapid.Float64Range(0.001, 1).Draw(t, "margins above it")
		search, steps := carryOut(s, func(level float64, _ int) Step {
			step := Step{Margin: -0.9, Print: math.Float64bits(level)}
			if level > edge {
				step.Margin = small
			}
			return step
		})
		tried := map[float64]int{}
		kept, broken := 0.0, math.Inf(1)
		for _, step := range steps {
			if tried[step.Level]++; step.Pass() {
				kept = max(kept, step.Level)
			} else {
				broken = min(broken, step.Level)
			}
		}
		if s.Whole {
			broken--
		}
		a := search.Answer()
		if a.Bound == Found && (a.Value != kept || a.Low != kept || a.High != broken || len(steps) != len(tried)+2 || !a.Precise) {
			t.Fatalf("edge %v: %+v after %d steps at %d levels, kept up to %v, broken from %v", edge, a, len(steps), len(tried), kept, broken)
		}
		if a.Bound != Found && len(steps) != len(tried)+1 {
			t.Fatalf("edge %v: %+v after %d steps at %d levels", edge, a, len(steps), len(tried))
		}
	})
}

// Two steps that only look alike in their margin are no reason to stop, and
// neither is one side of the edge where the other is left to chance.
func TestChanceIsRepeated(t *testing.T) {
	for _, print := range []func(level float64, repeat int) uint64{
		func(float64, int) uint64 { return 0 },
		func(level float64, repeat int) uint64 { return uint64(1000*level) + uint64(repeat) },
		func(level float64, repeat int) uint64 {
			if level < 90 {
				return 1
			}
			return uint64(1000*level) + uint64(repeat)
		},
	} {
		_, steps := carryOut(Settings{From: 5, To: 2000, Precision: 0.05}, func(level float64, repeat int) Step {
			step := cliff(90)(level, repeat)
			step.Print = print(level, repeat)
			return step
		})
		around := [2]int{}
		for _, step := range steps {
			if step.Level > 90*(1-window) && step.Level <= 90 {
				around[0]++
			} else if step.Level > 90 && step.Level < 90*(1+window) {
				around[1]++
			}
		}
		if around[0] < repeats || around[1] < repeats {
			t.Errorf("%d steps below and %d above the edge", around[0], around[1])
		}
	}
}

func TestEndsOfTheRange(t *testing.T) {
	s := Settings{From: 50, To: 2000, Precision: 0.05}
	for _, c := range []struct {
		name  string
		edge  float64
		bound string
		value float64
		steps int
	}{
		{"the lowest load is too much", 20, Below, 50, repeats},
		{"the highest is not enough", 3000, AtLeast, 2000, 7 - 1 + repeats},
	} {
		search, steps := carryOut(s, cliff(c.edge))
		if a := search.Answer(); a.Bound != c.bound || a.Value != c.value || len(steps) != c.steps {
			t.Errorf("%s: %+v after %d steps", c.name, a, len(steps))
		}
	}
}

// A single wrong verdict far from the edge is outvoted.
func TestWrongVerdictsAreOutvoted(t *testing.T) {
	s := Settings{From: 5, To: 2000, Precision: 0.05}
	for _, level := range []float64{5, 20, 40, 80} {
		target := cliff(90)
		search, steps := carryOut(s, func(at float64, repeat int) Step {
			if at == level && repeat == 0 {
				return Step{Margin: 1, Limit: "p99 < 1s"} // a hiccup
			}
			return target(at, repeat)
		})
		if a := search.Answer(); a.Bound != Found || a.Low > 90 || a.High < 90 {
			t.Errorf("a hiccup at %v: %+v after %d steps", level, a, len(steps))
		}
	}
}

// The generator's limit ends the search where it is met twice; the target can
// do at least what was seen, and no number is given for it.
func TestVoidStepsEndTheSearch(t *testing.T) {
	s := Settings{From: 5, To: 2000, Precision: 0.05}
	search, steps := carryOut(s, func(level float64, _ int) Step { return Step{Margin: -1, Void: level > 100} })
	if a := search.Answer(); a.Bound != AtLeast || a.Value != 80 || a.Voided != 160 || a.Low != 0 || a.High != 0 || len(steps) != 5+voids {
		t.Errorf("%+v after %d steps", a, len(steps))
	}
	search, steps = carryOut(s, func(float64, int) Step { return Step{Void: true} })
	if a := search.Answer(); a.Bound != Unknown || a.Voided != 5 || len(steps) != voids {
		t.Errorf("all void: %+v after %d steps", a, len(steps))
	}
}

// One void step is a hiccup of the machine: it is tried again.
func TestVoidStepIsRepeated(t *testing.T) {
	target := cliff(90)
	search, _ := carryOut(Settings{From: 5, To: 2000, Precision: 0.05}, func(level float64, repeat int) Step {
		step := target(level, repeat)
		step.Void = repeat == 0 && level > 50
		return step
	})
	if a := search.Answer(); a.Bound != Found || a.Low > 90 || a.High < 90 || a.Voided != 0 {
		t.Errorf("%+v", a)
	}
}

// However noisy the steps are, the interval covers the edge in 90 of 100
// searches, and what is called precise is. The noisier they are, the more
// often it is not: then the search says so instead of going on for ever.
func TestNoiseIsTold(t *testing.T) {
	const searches = 60
	wide := 0
	for _, noise := range []float64{0, 0.03, 0.1, 0.2} {
		covered, missed, vague := 0, 0, 0
		for seed := range uint64(searches) {
			rng := rand.New(rand.NewPCG(seed, 1))
			search, _ := carryOut(Settings{From: 5, To: 500, Precision: 0.05}, queue(100, 60, noise, rng))
			a := search.Answer()
			if a.Bound == Found && a.Low <= 60 && 60 <= a.High {
				covered++
			}
			if !a.Precise {
				vague++
			} else if math.Abs(a.Value/60-1) > 0.05 {
				missed++
			}
		}
		t.Logf("noise %v: %d of %d cover, %d wrongly precise, %d wide", noise, covered, searches, missed, vague)
		if covered < searches*9/10 || missed > 2 || vague < wide {
			t.Errorf("noise %v: %d of %d cover, %d wrongly precise, %d wide", noise, covered, searches, missed, vague)
		}
		wide = vague
	}
	if wide < searches/2 {
		t.Errorf("with a noise of 20%% only %d are told to be wide", wide)
	}
}

// Equal steps give equal searches.
func TestSearchIsDeterministic(t *testing.T) {
	run := func() []Step {
		_, steps := carryOut(Settings{From: 5, To: 500, Precision: 0.05}, queue(100, 90, 0.1, rand.New(rand.NewPCG(3, 3))))
		return steps
	}
	if a, b := run(), run(); !slices.Equal(a, b) {
		t.Errorf("%v\n%v", a, b)
	}
}

func TestMargin(t *testing.T) {
	for _, c := range []struct{ measured, limit, want float64 }{
		{0.2, 0.2, 0}, {0, 0.2, -1}, {0, 0, -1}, {1, 0, 1}, {0.4, 0.2, 0.5}, {0.1, 0.2, -0.5}, {1e9, 1, 1}, {0.03, 0.2, -1},
	} {
		if got := Margin(c.measured, c.limit); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("Margin(%v, %v) = %v, want %v", c.measured, c.limit, got, c.want)
		}
	}
}
