package wait

import (
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

func TestSpinningStaysWithinItsShare(t *testing.T) {
	w, began := New(0.10), time.Now()
	defer w.Close()
	for range 2000 {
		w.Wait(time.Now().Add(100 * time.Microsecond))
	}
	// 20 stretches may have been saved up; one spin may be preempted.
	if share := time.Since(began) / 10; w.Spun() > share+21*stretch+20*time.Millisecond {
		t.Errorf("spun %v of %v", w.Spun(), time.Since(began))
	}
	if w.Spun() == 0 {
		t.Error("never spun, although it may")
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
