package wait

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

func TestWaitReachesTheInstant(t *testing.T) {
	for _, spin := range []float64{0, DefaultSpin, 1} {
		w := New(spin)
		for range 200 {
			until := time.Now().Add(300 * time.Microsecond)
			if w.Wait(until) {
				t.Fatalf("spin %v: woken by nobody", spin)
			}
			if time.Now().Before(until) {
				t.Fatalf("spin %v: back too early", spin)
			}
		}
		if spin == 0 && w.Spun() > 0 {
			t.Errorf("spun for %v where spinning is off", w.Spun())
		}
		w.Close()
	}
}

// Told by made-up times, since on a busy machine a spin may be preempted for as
// long as the system likes: what is spun stays within its share of the time,
// but for what was saved up and for the last spin's overrun.
func TestSpinningStaysWithinItsShare(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const share, overrun = 0.10, 5 * time.Millisecond
	w := New(share)
	defer w.Close()
	began := w.seen
	now, spun := began, time.Duration(0)
	for range 100_000 {
		now += time.Duration(rng.Int64N(int64(200 * time.Microsecond)))
		if w.mayspin(now) {
			took := time.Duration(rng.Int64N(int64(stretch)))
			if rng.IntN(1000) == 0 {
				took = time.Duration(rng.Int64N(int64(overrun)))
			}
			now += took
			w.pay(took)
			spun += took
		}
		if most := time.Duration(share*float64((now-began))) + 20*stretch + overrun; spun > most {
			t.Fatalf("spun %v of %v", spun, (now - began))
		}
	}
	if least := time.Duration(share / 2 * float64((now - began))); spun < least {
		t.Errorf("spun only %v of %v", spun, (now - began))
	}
	if w.mayspin(now + time.Hour); w.left > 20*stretch {
		t.Errorf("an hour's sleep buys a spin of %v", w.left)
	}
	if w.Spun() != spun {
		t.Errorf("accounts for %v, spun %v", w.Spun(), spun)
	}
}

func TestWakeEndsTheWaitUnderWayAndTheNext(t *testing.T) {
	w := New(DefaultSpin)
	defer w.Close()
	w.Wake()
	if !w.Wait(time.Now().Add(time.Hour)) {
		t.Fatal("a wake before the wait was lost")
	}
	if w.Wait(time.Now().Add(time.Millisecond)) {
		t.Fatal("one wake ended two waits")
	}
	go func() {
		time.Sleep(5 * time.Millisecond)
		w.Wake()
	}()
	if !w.Wait(time.Now().Add(time.Hour)) {
		t.Fatal("not woken")
	}
}

// No wake may ever be lost between the look at the state and the sleep.
func TestNoWakeIsLost(t *testing.T) {
	w := New(DefaultSpin)
	defer w.Close()
	var turn sync.WaitGroup
	for range 5000 {
		turn.Add(1)
		go func() { w.Wake(); turn.Done() }()
		if !w.Wait(time.Now().Add(10 * time.Second)) {
			t.Fatal("a wake was lost")
		}
		turn.Wait()
	}
}

// BenchmarkLateness reports how late waits come back: run with -benchtime 3000x.
func BenchmarkLateness(b *testing.B) {
	for name, spin := range map[string]float64{"off": 0, "default": DefaultSpin, "full": 1} {
		b.Run("spin="+name, func(b *testing.B) {
			w, sum := New(spin), time.Duration(0)
			defer w.Close()
			for b.Loop() {
				until := time.Now().Add(500 * time.Microsecond)
				w.Wait(until)
				sum += time.Since(until)
			}
			b.ReportMetric(float64(sum.Microseconds())/float64(b.N), "µs-late/wait")
		})
	}
}
