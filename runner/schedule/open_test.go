package schedule

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestConstantDoesNotDrift(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1_000_000).Draw(t, "n")
		per := rapid.Int64Range(1, int64(time.Hour)).Draw(t, "per")
		k := rapid.Int64Range(0, 5_000_000_000).Draw(t, "k")
		exact := new(big.Int).Mul(big.NewInt(k), big.NewInt(per))
		exact.Div(exact, big.NewInt(n))
		got, ok := (&constant{n: n, per: time.Duration(per), k: k}).Next()
		if !exact.IsInt64() {
			if ok && got != Never {
				t.Fatalf("the %d-th start of %d/%v overflows and came at %v", k, n, per, got)
			}
			return
		}
		if int64(got) != exact.Int64() {
			t.Fatalf("the %d-th start of %d/%v is at %d, want %v", k, n, time.Duration(per), got, exact)
		}
	})
}

// limits draws a rate with what may disturb it.
func limits(t *rapid.T) (n int64, per time.Duration, inFlight int, p *player) {
	n = rapid.Int64Range(1, 12).Draw(t, "n")
	per = time.Duration(rapid.Int64Range(1, 1000).Draw(t, "per"))
	inFlight = rapid.IntRange(1, 20).Draw(t, "max in flight")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	p = &player{
		late:    upTo(rng, time.Duration(rapid.Int64Range(0, 500).Draw(t, "late"))),
		service: upTo(rng, time.Duration(rapid.Int64Range(0, 2000).Draw(t, "service"))),
		begins:  upTo(rng, time.Duration(rapid.Int64Range(0, 700).Draw(t, "begins"))),
	}
	return n, per, inFlight, p
}

func TestWindowNeverLetsMoreThanNStart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, per, inFlight, p := limits(t)
		s := NewOpen(Open{Bounds: Bounds{Until: Never, Requests: 150}, Arrivals: Window(n, per), MaxInFlight: inFlight}, StopOn{})
		whens := p.play(s, 1000).whens()
		slices.Sort(whens) // calls begin in any order
		if len(whens) != 150 || p.most > inFlight {
			t.Fatalf("%d starts, up to %d in flight", len(whens), p.most)
		}
		for i := int(n); i < len(whens); i++ {
			if whens[i]-whens[i-int(n)] < per {
				t.Fatalf("%d starts within %v: %v", n+1, per, whens[i-int(n):i+1])
			}
		}
	})
}

func TestWindowIsAsEarlyAsItMayBe(t *testing.T) {
	p := punctual(0).play(NewOpen(Open{Bounds: Bounds{Until: Never, Requests: 15}, Arrivals: Window(5, 2*time.Second), MaxInFlight: 100}, StopOn{}), 100)
	for i, when := range p.whens() {
		if want := time.Duration(i/5) * 2 * time.Second; when != want {
			t.Errorf("start %d at %v, want %v", i, when, want)
		}
	}
}

func TestBucketNeverExceedsBurstAndRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, per, inFlight, p := limits(t)
		burst := rapid.IntRange(1, 30).Draw(t, "burst")
		s := NewOpen(Open{Bounds: Bounds{Until: Never, Requests: 150}, Arrivals: Bucket(n, per, burst), MaxInFlight: inFlight}, StopOn{})
		whens := p.play(s, 1000).whens()
		slices.Sort(whens)
		if len(whens) != 150 {
			t.Fatalf("%d starts", len(whens))
		}
		for i := range whens {
			for j := i + 1; j < len(whens); j++ {
				// j−i+1 starts in a stretch of this length, both ends included, to the nanosecond
				if int64(j-i+1-burst)*int64(per) > n*int64(whens[j]-whens[i]+1) {
					t.Fatalf("%d starts in %v exceed %d + %d/%v", j-i+1, whens[j]-whens[i], burst, n, per)
				}
			}
		}
	})
}

// Whoever is never late must never be found late: all delay is then the
// place's, or the gate's.
func TestReadyIsWhenAPunctualGeneratorStarts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, per, inFlight, p := limits(t)
		p.late, p.begins = always(0), nil
		arrivals := map[string]Arrivals{
			"constant": Constant(n, per), "window": Window(n, per), "bucket": Bucket(n, per, rapid.IntRange(1, 9).Draw(t, "burst")),
			"poisson": Poisson(n, per, rand.New(rand.NewPCG(1, 2))),
		}[rapid.SampledFrom([]string{"constant", "window", "bucket", "poisson"}).Draw(t, "arrivals")]
		s := NewOpen(Open{Bounds: Bounds{Until: Never, Requests: 100}, Arrivals: arrivals, MaxInFlight: inFlight}, StopOn{})
		for i, c := range p.play(s, 1000).starts {
			if c.when != c.ready || c.ready < c.at {
				t.Fatalf("call %d due %v, ready %v, started %v", i, c.at, c.ready, c.when)
			}
		}
	})
}

// And whoever is late never gets its own delay called held, where nothing held.
func TestLatenessIsNeverCalledHeld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, per, _, p := limits(t)
		arrivals := map[bool]Arrivals{true: Window(n, per), false: Bucket(n, per, int(n))}[rapid.Bool().Draw(t, "window")]
		s := NewOpen(Open{Bounds: Bounds{Until: Never, Requests: 100}, Arrivals: arrivals, MaxInFlight: 1000}, StopOn{})
		for i, c := range p.play(s, 1000).starts {
			if c.ready != c.at || c.when < c.ready {
				t.Fatalf("call %d due %v, ready %v, started %v", i, c.at, c.ready, c.when)
			}
		}
	})
}

func TestCountsAddUpAndDueTimesDoNotDependOnOverflow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, per, inFlight, p := limits(t)
		until := per * 20
		open := Open{Bounds: Bounds{Until: until}, Arrivals: Constant(n, per), MaxInFlight: inFlight}
		open.Drop = rapid.Bool().Draw(t, "drop")
		p.play(NewOpen(open, StopOn{}), 10_000)
		all := append(p.dues(), p.dropped...)
		slices.Sort(all)
		if int64(len(all)) != 20*n || !open.Drop && len(p.dropped) > 0 {
			t.Fatalf("%d started, %d dropped of %d", len(p.starts), len(p.dropped), 20*n)
		}
		for k, due := range all {
			if want := mulDiv(int64(k), int64(per), n); due != want {
				t.Fatalf("call %d due at %v, want %v", k, due, want)
			}
		}
		if p.most > inFlight {
			t.Fatalf("%d in flight, at most %d are allowed", p.most, inFlight)
		}
	})
}

func TestOverdueCallsAreThoseThatBecameDue(t *testing.T) {
	s := NewOpen(Open{Bounds: Bounds{From: -time.Second, Until: Never}, Arrivals: Constant(10, time.Second), MaxInFlight: 1}, StopOn{})
	s.Next(-time.Second, 0)
	got := overdue(s, time.Second, time.Second)
	if len(got) != 10 || got[0] != 0 || got[9] != 900*time.Millisecond { // the warm-up's do not count
		t.Errorf("overdue before 1 s: %v", got)
	}
	if got := overdue(s, time.Second, Never); len(got) != 1 || got[0] != time.Second {
		t.Errorf("overdue at 1 s: %v", got)
	}
	if got := overdue(s, time.Second, Never); got != nil {
		t.Errorf("overdue once more: %v", got)
	}
}

func TestStagesFollowTheIntegralOfTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := float64(rapid.IntRange(0, 200).Draw(t, "start"))
		var stages []RateStage
		rate, exact := start, []float64{0} // the integral at the end of each stage
		for range rapid.IntRange(1, 5).Draw(t, "stages") {
			target := float64(rapid.IntRange(0, 200).Draw(t, "target"))
			length := rapid.IntRange(0, 5).Draw(t, "seconds")
			stages = append(stages, RateStage{Target: target / 1e9, Duration: time.Duration(length) * time.Second})
			exact = append(exact, exact[len(exact)-1]+(rate+target)/2*float64(length))
			rate = target
		}
		p := punctual(0).play(NewOpen(Open{Bounds: Bounds{Until: Never}, Arrivals: Stages(start/1e9, stages, nil), MaxInFlight: 1}, StopOn{}), 100_000)
		if total := exact[len(exact)-1]; len(p.starts) != int(math.Ceil(total)) {
			t.Fatalf("%d starts, the integral is %v", len(p.starts), total)
		}
		for k, c := range p.starts {
			if got := integral(start, stages, c.at); math.Abs(got-float64(k)) > 1e-5 {
				t.Fatalf("start %d at %v, where the integral is %v", k, c.at, got)
			}
		}
	})
}

func integral(start float64, stages []RateStage, at time.Duration) (sum float64) {
	rate := start / 1e9
	for _, s := range stages {
		t := min(at, s.Duration)
		if s.Duration > 0 {
			sum += rate*float64(t) + (s.Target-rate)/float64(s.Duration)*float64(t)*float64(t)/2
		}
		at -= t
		rate = s.Target
	}
	return sum
}

// A constant rate in stages is the constant rate: 3,000 calls, not 3,001.
func TestAFlatStageIsAConstantRate(t *testing.T) {
	for _, rate := range []int64{1, 3, 7, 100, 333, 12345} {
		flat := Stages(float64(rate)/1e9, []RateStage{{Target: float64(rate) / 1e9, Duration: 30 * time.Second}}, nil)
		p := punctual(0).play(NewOpen(Open{Bounds: Bounds{Until: Never}, Arrivals: flat, MaxInFlight: 1}, StopOn{}), 1_000_000)
		if int64(len(p.starts)) != 30*rate {
			t.Errorf("%d starts at %d/s in 30 s", len(p.starts), rate)
		}
	}
}

// ksDistance is Kolmogorov and Smirnov's largest distance between the sample,
// which it sorts, and the uniform distribution on [0, 1].
func ksDistance(sample []float64) (distance float64) {
	sort.Float64s(sample)
	n := float64(len(sample))
	for i, u := range sample {
		distance = max(distance, float64(i+1)/n-u, u-float64(i)/n)
	}
	return distance
}

// 1.95/√n is exceeded by one true sample in a thousand (Kolmogorov 1933).
const ksBound = 1.95

func TestPoissonGapsAreExponential(t *testing.T) {
	for seed := range uint64(5) {
		p := Poisson(500, time.Second, rand.New(rand.NewPCG(seed, 1)))
		var uniform []float64
		for last, k := time.Duration(0), 0; k < 20_000; k++ {
			at, _ := p.Next()
			uniform = append(uniform, 1-math.Exp(-500*(at-last).Seconds()))
			last = at
		}
		if d := ksDistance(uniform); d > ksBound/math.Sqrt(float64(len(uniform))) {
			t.Errorf("seed %d: distance %v of the gaps from the exponential distribution", seed, d)
		}
	}
}

// Seen through the integral of its rate, a Poisson process of changing rate is
// one of rate 1.
func TestPoissonStagesAreExponentialInTheIntegral(t *testing.T) {
	stages := []RateStage{{Target: 1000 / 1e9, Duration: 20 * time.Second}, {Target: 200 / 1e9, Duration: 10 * time.Second}}
	for seed := range uint64(5) {
		p := Stages(0, stages, rand.New(rand.NewPCG(seed, 2)))
		var uniform []float64
		last := 0.0
		for at, ok := p.Next(); ok; at, ok = p.Next() {
			area := integral(0, stages, at)
			uniform = append(uniform, 1-math.Exp(last-area))
			last = area
		}
		if n := float64(len(uniform)); math.Abs(n-16_000) > 4*math.Sqrt(16_000) {
			t.Errorf("seed %d: %v calls, want about 16,000", seed, n)
		}
		if d := ksDistance(uniform); d > ksBound/math.Sqrt(float64(len(uniform))) {
			t.Errorf("seed %d: distance %v of the gaps from the exponential distribution", seed, d)
		}
	}
}

func TestTheKSTestCanFail(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var even, wrong []float64
	for range 20_000 {
		u := rng.Float64()
		even = append(even, u)
		wrong = append(wrong, 1-math.Exp(1.05*math.Log(1-u))) // a rate 5 % too low
	}
	bound := ksBound / math.Sqrt(20_000)
	if ksDistance(even) > bound || ksDistance(wrong) <= bound {
		t.Errorf("distances %v and %v, bound %v", ksDistance(even), ksDistance(wrong), bound)
	}
}

// Gaps of a few nanoseconds must not be rounded one by one.
func TestPoissonKeepsFractionsOfNanoseconds(t *testing.T) {
	p := Poisson(400_000_000, time.Second, rand.New(rand.NewPCG(1, 1)))
	var last time.Duration
	for range 100_000 {
		last, _ = p.Next()
	}
	if mean := float64(last) / 100_000; math.Abs(mean-2.5) > 4*2.5/math.Sqrt(100_000) {
		t.Errorf("mean gap %v ns, want 2.5", mean)
	}
}

// A bucket of one token at 3/s opens at thirds of a second, for ever.
func TestBucketDoesNotDrift(t *testing.T) {
	p := punctual(0).play(NewOpen(Open{Bounds: Bounds{Until: Never, Requests: 10_000}, Arrivals: Bucket(3, time.Second, 1), MaxInFlight: 10}, StopOn{}), 20_000)
	if last, want := p.starts[9_999].when, mulDivUp(9_999, 1e9, 3); last != want {
		t.Errorf("start 9,999 at %v, want %v", last, want)
	}
}

// Shares of a sequence are, together, the sequence: each call in exactly one.
func TestSharesAreTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, seed := rapid.IntRange(1, 7).Draw(t, "shares"), rapid.Uint64().Draw(t, "seed")
		kind := rapid.SampledFrom([]string{"constant", "poisson", "stages"}).Draw(t, "arrivals")
		sequence := func() Arrivals {
			switch kind {
			case "poisson":
				return Poisson(300, time.Second, rand.New(rand.NewPCG(seed, 1)))
			case "stages":
				return Stages(0, []RateStage{{Target: 200e-9, Duration: time.Second}}, nil)
			}
			return Constant(7, time.Second)
		}
		var all []time.Duration
		whole := sequence()
		shares := make([]Arrivals, n)
		for k := range shares {
			shares[k] = Share(sequence(), k, n)
		}
		for i := range 90 {
			want, more := whole.Next()
			got, any := shares[i%n].Next()
			if more != any || more && got != want {
				t.Fatalf("call %d of %s in %d shares: %v, %t; want %v, %t", i, kind, n, got, any, want, more)
			}
			if more {
				all = append(all, got)
			}
		}
		if len(all) < 50 {
			t.Fatalf("only %d calls", len(all))
		}
	})
}
