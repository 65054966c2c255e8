package calibration

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/target/serve"
)

// The test binary is the child that serves simulated targets, too.
func TestMain(m *testing.M) {
	if os.Getenv("PLIMSOLL_TEST_CHILD") != "" {
		if err := serve.RunChild(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// tiny is a size for tests: what it finds is of no use.
func tiny(t *testing.T) Options {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Size: Size{
			Cost: 100 * time.Millisecond, Rates: []int{50, 500}, Lateness: []time.Duration{100 * time.Millisecond, 200 * time.Millisecond},
			Steps: 2, Step: 100 * time.Millisecond, Repetitions: 4, Repetition: 100 * time.Millisecond,
		},
		Version: "v1", Now: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
		Child: serve.Command{Path: exe, Env: []string{"PLIMSOLL_TEST_CHILD=1"}},
	}
}

// A whole calibration, as short as it can be: every figure is there and can be
// kept, and is of this machine.
func TestMeasureThisMachine(t *testing.T) {
	o := tiny(t)
	c, err := Measure(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	engines := map[string]result.EngineCost{}
	for _, e := range c.Engines {
		engines[e.Engine] = e
		if !(e.CPUS > 0 && e.CPUS < 0.1) && (runtime.GOOS != "windows" || e.Engine == "virtual") {
			t.Errorf("a call of %s takes %v s of a processor", e.Engine, e.CPUS)
		}
	}
	if len(engines) != 4 || engines["virtual"].P50S != 0 || engines["sim"].P50S != 0 || !(engines["std"].P50S > 1e-6) {
		t.Errorf("engines: %+v", c.Engines)
	}
	if engines["virtual"].CPUS > engines["std"].CPUS {
		t.Errorf("simulated calls cost more than real ones: %+v", c.Engines)
	}
	if len(c.Lateness) != 2 || c.Lateness[0].RatePerS != 50 || c.Lateness[1].RatePerS != 500 || c.Lateness[1].P99S < c.Lateness[1].P50S || !(c.Lateness[1].P99S > 0) {
		t.Errorf("lateness: %+v", c.Lateness)
	}
	// How many calls a repetition gets depends on how busy the machine is.
	if c.Floor.Repetitions != 4 || c.Floor.CallsEach < 1 || c.Floor.P50S < 0.01 || c.Floor.P99S < c.Floor.P50S {
		t.Errorf("the steady load: %+v", c.Floor)
	}
	if !(c.P50Floor >= noLess) || !(c.P99Floor >= noLess) {
		t.Errorf("floors: %v, %v", c.P50Floor, c.P99Floor)
	}
	if h := c.HeldRate; h.RatePerS > 4000 || h.RatePerS == 0 && h.LimitedBy == "" || h.Engine == "" {
		t.Errorf("held rate: %+v", h)
	}
	path := filepath.Join(t.TempDir(), "calibration.json")
	if err := result.SaveCalibration(path, c); err != nil {
		t.Fatal(err)
	}
	if kept, err := result.LoadCalibration(path, result.ThisMachine(), result.Tool{Name: "plimsoll", Version: "v1"}); err != nil || kept == nil || !kept.Taken.Equal(o.Now) {
		t.Errorf("kept: %+v, %v", kept, err)
	}
}

// An interrupt ends it, and nothing half done comes of it.
func TestInterrupted(t *testing.T) {
	o := tiny(t)
	o.Repetition = time.Minute
	ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
	defer cancel()
	began := time.Now()
	if c, err := Measure(ctx, o); !errors.Is(err, context.DeadlineExceeded) || c != nil {
		t.Errorf("%+v, %v", c, err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v to stop", took)
	}
}

// A server that cannot be started is told, not measured.
func TestNoServer(t *testing.T) {
	o := tiny(t)
	o.Child = serve.Command{Path: filepath.Join(t.TempDir(), "nowhere")}
	if _, err := Measure(context.Background(), o); err == nil || !strings.Contains(err.Error(), "cannot be started") {
		t.Errorf("%v", err)
	}
}

// The search comes close to any limit from below, by the steps it has, tries
// nothing twice, and ends where there is no limit to be found.
func TestTheHighestRateIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := math.Exp(rapid.Float64Range(0, math.Log(1e6)).Draw(t, "log of the limit"))
		steps := rapid.IntRange(1, 40).Draw(t, "steps")
		var tried []float64
		f, err := highest(lowestRate, steps, func(rate float64) (string, error) {
			if slices.Contains(tried, rate) || rate < 1 {
				t.Fatalf("%v is tried after %v", rate, tried)
			}
			tried = append(tried, rate)
			if rate > limit {
				return server, nil
			}
			return "", nil
		})
		if err != nil || len(tried) > steps || f.rate > limit || f.rate > 0 && !slices.Contains(tried, f.rate) {
			t.Fatalf("limit %v: %+v after %v, %v", limit, f, tried, err)
		}
		if (f.limit == server) != (slices.Max(tried) > limit) {
			t.Fatalf("limited by %q after %v", f.limit, tried)
		}
		if steps == 40 && limit >= 20 && f.rate*closeness*1.05 < limit { // a step is a whole number
			t.Fatalf("limit %v: only %v was found by %v", limit, f.rate, tried)
		}
	})
	if _, err := highest(1, 5, func(float64) (string, error) { return "", errors.New("broken") }); err == nil {
		t.Error("no error")
	}
}

// Halves of repetitions that differ in nothing but chance lie about as far
// apart as theory says: the 95 % point of |difference| of two medians of
// independent exponential times is 1.96·√(2/n)/ln 2 each of n.
func TestHowFarApartHalvesAre(t *testing.T) {
	const each, repetitions = 1000, 8
	sum, experiments := 0.0, 40
	for seed := range experiments {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		var drawn []*latency.Histogram
		for range repetitions {
			h := latency.New(latency.Fine)
			for range each {
				h.Record(time.Duration(rng.ExpFloat64() * 1e7))
			}
			drawn = append(drawn, h)
		}
		sum += apart(drawn, 50) / float64(experiments)
	}
	theory := 1.96 * math.Sqrt(2.0/(each*repetitions/2)) / math.Ln2
	if math.Abs(sum/theory-1) > 0.15 {
		t.Errorf("halves are %.4f apart, theory says %.4f", sum, theory)
	}
}

// One repetition that is slower shows in every way to halve them; what never
// differs is still no better known than a histogram's digits.
func TestApartAtTheExtremes(t *testing.T) {
	of := func(times ...time.Duration) (list []*latency.Histogram) {
		for _, d := range times {
			h := latency.New(latency.Fine)
			for range 100 {
				h.Record(d)
			}
			list = append(list, h)
		}
		return list
	}
	if got := apart(of(1e6, 1e6, 1e6, 1e6), 99); got != noLess {
		t.Errorf("the same four times: %v", got)
	}
	if got := apart(of(1e6, 1e6, 1e6, 2e6), 99); math.Abs(got-1) > 0.01 {
		t.Errorf("one of four twice as slow: %v", got)
	}
	if got := apart(of(1e6, 2e6, 1e6, 2e6), 50); got > 1.01 || got < 0.99 { // 2 of the 3 ways are even, one is not
		t.Errorf("two of four twice as slow: %v", got)
	}
}

// What is announced is what takes place at the most, and the sizes keep their
// word on time.
func TestSizes(t *testing.T) {
	for name, c := range map[string]struct {
		size Size
		most time.Duration
	}{"full": {Full(), time.Minute}, "quick": {Quick(), 20 * time.Second}} {
		s := c.size
		total := 2*time.Duration(len(costs))*(s.Cost+100*time.Millisecond) + time.Duration(s.Repetitions)*(s.Repetition+100*time.Millisecond)
		for _, d := range s.Lateness {
			total += d
		}
		total += time.Duration(s.Steps) * (s.Step + 300*time.Millisecond) * 3 / 2 // about half of them fail, and are repeated
		if total > c.most {
			t.Errorf("%s takes about %v", name, total)
		}
		if s.Repetitions%2 != 0 || s.Repetitions < 4 || len(s.Rates) != len(s.Lateness) {
			t.Errorf("%s: %+v", name, s)
		}
	}
}
