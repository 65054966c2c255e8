package drive_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/schedule"
	"plimsoll/target/delay"
	"plimsoll/target/random"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
)

// These tests are the harness's proof: where queueing theory knows the answer,
// a trial in virtual time must give it. Tolerances are at least four standard
// errors of the sample wide.

const million = 1_000_000

// openLoop simulates n Poisson arrivals at rate λ (per second).
func openLoop(t *testing.T, seed uint64, settings sim.Settings, lambda int64, n int64) *drive.Recorder {
	t.Helper()
	streams := random.New(seed, t.Name())
	return run(t, settings, streams, schedule.NewOpen(schedule.Open{
		Bounds:      schedule.Bounds{Until: schedule.Never, Requests: n},
		Arrivals:    schedule.Poisson(lambda, time.Second, streams("arrivals")),
		MaxInFlight: math.MaxInt,
	}, schedule.StopOn{}), 0, schedule.Never)
}

func run(t *testing.T, settings sim.Settings, streams random.Source, s *schedule.Schedule, from, until time.Duration) *drive.Recorder {
	t.Helper()
	recorder := drive.NewRecorder(until, nil)
	end := drive.Loop{
		Schedule: s, Clock: wait.NewVirtual(from), Carrier: sim.NewCarrier(settings, streams), Recorder: recorder,
		From: from, Until: until, Drain: time.Hour, Stop: &drive.Stop{},
	}.Run()
	if end.Err != nil || end.Stopped != "" {
		t.Fatalf("the trial ended with %+v", end)
	}
	return recorder
}

func exponential(mean time.Duration) delay.Delay {
	return delay.Delay{Kind: delay.Exponential, A: mean}
}

// within fails the test unless got is want to within a share of it. Its own
// test is TestWithinCanFail.
func within(t interface {
	Helper()
	Errorf(string, ...any)
}, what string, got, want, share float64) {
	t.Helper()
	if !(math.Abs(got-want) <= share*math.Abs(want)) {
		t.Errorf("%s is %.6g, theory says %.6g: %+.2f %%, more than %.2g %%", what, got, want, 100*(got/want-1), 100*share)
	}
}

type counter struct{ failures int }

func (c *counter) Helper()               {}
func (c *counter) Errorf(string, ...any) { c.failures++ }

func TestWithinCanFail(t *testing.T) {
	for _, bad := range []float64{0.97, 1.03, -1, 0, math.NaN(), math.Inf(1)} {
		c := &counter{}
		if within(c, "x", bad, 1, 0.02); c.failures != 1 {
			t.Errorf("%v passes as 1 ± 2 %%", bad)
		}
	}
	c := &counter{}
	if within(c, "x", 0.981, 1, 0.02); c.failures != 0 {
		t.Error("0.981 does not pass as 1 ± 2 %")
	}
}

// seeds makes a subtest of each seed; the flag -short leaves one.
func seeds(t *testing.T, test func(t *testing.T, seed uint64)) {
	for seed := uint64(1); seed <= 3; seed++ {
		if testing.Short() && seed > 1 {
			return
		}
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			test(t, seed)
		})
	}
}

// M/M/1: sojourn times are exponential with the rate μ−λ.
func TestMM1(t *testing.T) {
	const mu = 100 // served a second: 10 ms each
	for _, c := range []struct {
		lambda int64
		n      int64
		share  float64
	}{{50, million, 0.02}, {90, 10 * million, 0.05}} {
		seeds(t, func(t *testing.T, seed uint64) {
			rec := openLoop(t, seed, sim.Settings{Delay: exponential(time.Second / mu), Servers: 1}, c.lambda, c.n)
			rate := float64(mu - c.lambda)
			within(t, "mean", rec.Response.Mean()/1e9, 1/rate, c.share)
			for _, p := range []float64{50, 90, 99} {
				within(t, fmt.Sprintf("ρ=0.%d p%v", c.lambda/10, p), rec.Response.Quantile(p).Seconds(), -math.Log(1-p/100)/rate, c.share)
			}
			if rec.OK != c.n || rec.Lateness.Max() != 0 || rec.Held.Max() != 0 {
				t.Errorf("%d ok, lateness up to %v, held up to %v", rec.OK, rec.Lateness.Max(), rec.Held.Max())
			}
		})
	}
}

// mmc is P(T > t) in M/M/c for λ, μ per second (Erlang C).
func mmc(lambda, mu float64, c int) (mean float64, above func(t float64) float64) {
	a, b := lambda/mu, 1.0
	for k := 1; k <= c; k++ {
		b = a * b / (float64(k) + a*b)
	}
	rho := a / float64(c)
	wait := b / (1 - rho*(1-b)) // the chance of having to wait
	theta := float64(c)*mu - lambda
	return wait/theta + 1/mu, func(t float64) float64 {
		return (1-wait)*math.Exp(-mu*t) + wait*(theta*math.Exp(-mu*t)-mu*math.Exp(-theta*t))/(theta-mu)
	}
}

// quantile inverts a falling P(T > t).
func quantile(above func(float64) float64, p float64) float64 {
	low, high := 0.0, 1.0
	for above(high) > 1-p/100 {
		high *= 2
	}
	for range 100 {
		if mid := (low + high) / 2; above(mid) > 1-p/100 {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

func TestFormulasGiveThePublishedFigures(t *testing.T) {
	mean, above := mmc(3.2, 1, 4)
	within(t, "M/M/4 mean wait", mean-1, 0.74554, 1e-5)
	within(t, "M/M/4 p50", quantile(above, 50), 1.3462, 1e-4)
	within(t, "M/M/4 p99", quantile(above, 99), 6.8932, 1e-4)
	within(t, "M/D/1 wait p50", quantile(md1(0.7, 1), 50), math.Log(0.5/0.3)/0.7, 1e-9) // below one service time: (1−ρ)·e^λt
	within(t, "M/D/1 wait p99", quantile(md1(0.7, 1), 99), 6.4855, 1e-4)
	within(t, "Erlang B", erlangB(12, 10), 0.3019, 2e-4)
}

func TestMM4(t *testing.T) {
	mean, above := mmc(3200, 1000, 4)
	seeds(t, func(t *testing.T, seed uint64) {
		rec := openLoop(t, seed, sim.Settings{Delay: exponential(time.Millisecond), Servers: 4}, 3200, 10*million)
		within(t, "mean", rec.Response.Mean()/1e9, mean, 0.02)
		for _, p := range []float64{50, 90, 99} {
			within(t, fmt.Sprintf("p%v", p), rec.Response.Quantile(p).Seconds(), quantile(above, p), 0.02)
		}
	})
}

// md1 is P(W > t) of the wait in M/D/1 (Erlang 1909), for λ per unit and a
// service time of d units.
func md1(lambda, d float64) func(float64) float64 {
	return func(t float64) float64 {
		sum, factorial := 0.0, 1.0
		for k := 0.0; k <= math.Floor(t/d); k++ {
			if k > 0 {
				factorial *= k
			}
			x := lambda * (k*d - t)
			sum += math.Pow(x, k) / factorial * math.Exp(-x)
		}
		return 1 - (1-lambda*d)*sum
	}
}

func TestMD1(t *testing.T) {
	const d = 10 * time.Millisecond
	above := md1(0.7, 1)
	seeds(t, func(t *testing.T, seed uint64) {
		rec := openLoop(t, seed, sim.Settings{Delay: delay.Of(d), Servers: 1}, 70, 4*million)
		within(t, "mean wait", rec.Response.Mean()/float64(d)-1, 0.7/(2*0.3), 0.02)
		for _, p := range []float64{50, 90, 99} {
			within(t, fmt.Sprintf("p%v", p), float64(rec.Response.Quantile(p))/float64(d), 1+quantile(above, p), 0.02)
		}
	})
}

func erlangB(a float64, c int) float64 {
	b := 1.0
	for k := 1; k <= c; k++ {
		b = a * b / (float64(k) + a*b)
	}
	return b
}

// Without a queue, Erlang's B is rejected, whatever the service law.
func TestErlangB(t *testing.T) {
	none := 0
	for name, law := range map[string]delay.Delay{"exponential": exponential(12 * time.Millisecond), "constant": delay.Of(12 * time.Millisecond)} {
		t.Run(name, func(t *testing.T) {
			seeds(t, func(t *testing.T, seed uint64) {
				rec := openLoop(t, seed, sim.Settings{Delay: law, Servers: 10, Queue: &none}, 1000, million)
				share := float64(rec.Errors["rejected"].Count) / million
				if math.Abs(share-erlangB(12, 10)) > 0.005 {
					t.Errorf("%.4f rejected, theory says %.4f", share, erlangB(12, 10))
				}
			})
		})
	}
}

// A closed loop of N on a contended server has the throughput of the Universal
// Scalability Law.
func TestUSLThroughput(t *testing.T) {
	law := sim.Contention{Serial: 0.0148, Crosstalk: 0.000118}
	for _, n := range []int{1, 5, 20, 93, 200} {
		streams := random.New(1)
		until := 1000 * time.Second
		s := schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{From: -100 * time.Second, Until: until}, Users: n}, schedule.StopOn{})
		rec := run(t, sim.Settings{Delay: delay.Of(10 * time.Millisecond), Contention: law}, streams, s, -100*time.Second, until)
		x := float64(n)
		want := x / (0.010 * (1 + law.Serial*(x-1) + law.Crosstalk*x*(x-1)))
		within(t, fmt.Sprintf("throughput of %d", n), float64(rec.InTime)/until.Seconds(), want, 0.001)
	}
}

// A server of 5 ms that freezes for 1 s in every 5 s, 200 calls a second.
func TestFrozenServer(t *testing.T) {
	settings := sim.Settings{Delay: delay.Of(5 * time.Millisecond), Stall: sim.Stall{Every: 5 * time.Second, For: time.Second, At: 2 * time.Second}}
	for _, c := range []struct {
		inFlight                                                int
		response90, response99, service50, service90, service99 float64 // ms
	}{
		{math.MaxInt, 505, 955, 5, 505, 955},
		{8, 570, 965, 5, 5, 5},
		{50, 515, 960, 5, 5, 955},
	} {
		s := schedule.NewOpen(schedule.Open{Bounds: schedule.Bounds{Until: 100 * time.Second}, Arrivals: schedule.Constant(200, time.Second), MaxInFlight: c.inFlight}, schedule.StopOn{})
		rec := run(t, settings, random.New(1), s, 0, 100*time.Second)
		name := fmt.Sprintf("%d in flight: ", c.inFlight)
		within(t, name+"response p50", rec.Response.Quantile(50).Seconds()*1000, 5, 0.01)
		within(t, name+"response p90", rec.Response.Quantile(90).Seconds()*1000, c.response90, 0.01)
		within(t, name+"response p99", rec.Response.Quantile(99).Seconds()*1000, c.response99, 0.01)
		within(t, name+"service p50", rec.Service.Quantile(50).Seconds()*1000, c.service50, 0.01)
		within(t, name+"service p90", rec.Service.Quantile(90).Seconds()*1000, c.service90, 0.01)
		within(t, name+"service p99", rec.Service.Quantile(99).Seconds()*1000, c.service99, 0.01)
		if rec.OK != 20_000 || rec.Lateness.Max() != 0 {
			t.Errorf("%s%d ok, lateness up to %v", name, rec.OK, rec.Lateness.Max())
		}
	}
}
