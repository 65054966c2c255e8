package wait

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestDozeReachesTheInstant(t *testing.T) {
	for _, spin := range []float64{0, DefaultSpin, 1} {
		d := NewDoze(spin)
		for i := range 200 {
			until := d.Now() + time.Duration(i%12)*time.Millisecond/10
			if now := d.Wait(until); now < until {
				t.Fatalf("spin %v: back at %v, too early for %v", spin, now, until)
			}
		}
		if until := d.Now() + soon + soon/2; d.Wait(until) < until {
			t.Fatalf("spin %v: back too early from far", spin)
		}
		if spin == 0 && d.Spun() > 0 {
			t.Errorf("spun for %v where spinning is off", d.Spun())
		}
		d.Close()
	}
}

// timerNap sleeps by timers that synctest knows.
type timerNap struct{ roused chan struct{} }

func newTimerNap() *timerNap   { return &timerNap{make(chan struct{}, 1)} }
func (n *timerNap) Look() bool { return false }
func (n *timerNap) Close()     {}
func (n *timerNap) Rouse() {
	select {
	case n.roused <- struct{}{}:
	default:
	}
}

func (n *timerNap) Sleep(d time.Duration) bool {
	select {
	case <-time.After(d):
	case <-n.roused:
	}
	return false
}

// bubbled is a clock in a bubble whose time stands still while anybody runs.
func bubbled() *Doze {
	d := NewDoze(0)
	d.nap.Close()
	d.nap = newTimerNap()
	return d
}

// However waits and wakes meet: a wait ends at its instant, or at the first
// wake that no wait has answered yet.
func TestDozeEndsAtTheInstantOrTheWake(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		waits := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) [2]time.Duration {
			unit := rapid.SampledFrom([]time.Duration{time.Microsecond, time.Millisecond, time.Second, time.Hour})
			return [2]time.Duration{
				rapid.SampledFrom([]time.Duration{0, 1, 3, 7, 12, 30}).Draw(rt, "wait") * unit.Draw(rt, "unit"),
				rapid.SampledFrom([]time.Duration{0, 1, 2, 5, 11, 40}).Draw(rt, "wake") * unit.Draw(rt, "unit"),
			}
		}), 1, 20).Draw(rt, "waits")
		align := rapid.SampledFrom([]time.Duration{0, time.Second, -time.Hour}).Draw(rt, "align")
		synctest.Test(t, func(t *testing.T) {
			d := bubbled()
			defer d.Close()
			d.Align(time.Now().Add(align))
			for _, w := range waits {
				now := d.Now()
				until, wake := now+w[0], now+w[1]
				timer := time.AfterFunc(w[1], d.Wake)
				got := d.Wait(until)
				if w[1] > w[0] && got != until || w[1] < w[0] && got != wake || got > until {
					rt.Errorf("a wait for %v, woken at %v, ended at %v", until, wake, got)
				}
				if !timer.Stop() {
					synctest.Wait()
					d.called()
				}
			}
		})
	})
}

func TestAlignMovesTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := bubbled()
		defer d.Close()
		for _, from := range []time.Duration{-time.Minute, 0, time.Hour, -time.Second} {
			d.Align(time.Now().Add(-from))
			if got := d.Wait(from + time.Second); got != from+time.Second || d.At(time.Now()) != got || d.At(d.Zero()) != 0 {
				t.Errorf("from %v: %v after a second, and %v", from, got, d.At(time.Now()))
			}
		}
	})
}

// An alarm is set to an earlier time mostly. If it rings after the loop has
// looked at the clock, and before it dozes, nobody hears it.
func TestNoAlarmIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := bubbled()
		defer d.Close()
		now := d.Now()
		d.rings = now + time.Millisecond
		d.alarm.Reset(time.Millisecond)
		time.Sleep(2 * time.Millisecond)
		d.doze(now+time.Second, now)
		if late := d.Now() - now; late > time.Second {
			t.Errorf("dozed for %v", late)
		}
	})
}

func TestWakeEndsTheDozeUnderWayAndTheNext(t *testing.T) {
	for _, far := range []time.Duration{time.Hour, soon} {
		synctest.Test(t, func(t *testing.T) {
			d := bubbled()
			d.Wake()
			began := d.Now()
			if got := d.Wait(began + far); got >= began+far {
				t.Fatalf("%v: a wake before the wait was lost", far)
			}
			if until := d.Now() + time.Millisecond; d.Wait(until) < until {
				t.Fatalf("%v: one wake ended two waits", far)
			}
			d.Close()
			d.Wake() // meets nobody
		})
	}
}

// ways of a clock to wait for ten seconds, or a wake.
var ways = map[string]func(d *Doze){
	"as a goroutine": func(d *Doze) { d.Wait(d.Now() + tooLong) },
	"in the kernel": func(d *Doze) {
		for !d.called() {
			d.watch(tooLong, d.read())
		}
	},
}

const tooLong = 10 * time.Second

// No wake may ever be lost between the look at the state and the sleep, nor one
// of several.
func TestNoWakeIsLostToADoze(t *testing.T) {
	const wakers, rounds = 3, 2000
	for name, wait := range ways {
		d := NewDoze(DefaultSpin)
		var told atomic.Int64
		var all sync.WaitGroup
		answers := make(chan struct{}, wakers)
		for range wakers {
			all.Go(func() {
				for range rounds {
					told.Add(1)
					d.Wake()
					<-answers
				}
			})
		}
		for heard := int64(0); heard < wakers*rounds; {
			began := d.Now()
			wait(d)
			if d.Now()-began >= tooLong {
				t.Fatalf("%s: a wake was lost", name)
			}
			for now := told.Load(); heard < now; heard++ {
				answers <- struct{}{}
			}
		}
		all.Wait()
		d.Close()
	}
}

// Where the system has no descriptor left, the clock looks by itself.
func TestDozeWithoutDescriptors(t *testing.T) {
	d := NewDoze(0)
	defer d.Close()
	d.nap.Close()
	if until := d.Now() + 3*time.Millisecond; d.Wait(until) < until {
		t.Error("back too early")
	}
	for range 20 {
		timer := time.AfterFunc(time.Millisecond, d.Wake)
		began := d.Now()
		ways["in the kernel"](d)
		if d.Now()-began >= tooLong {
			t.Fatal("a wake was lost")
		}
		timer.Stop()
	}
}

// BenchmarkDoze reports how late waits come back: run with -benchtime 3000x.
func BenchmarkDoze(b *testing.B) {
	for name, spin := range map[string]float64{"off": 0, "default": DefaultSpin, "full": 1} {
		b.Run("spin="+name, func(b *testing.B) {
			d, sum := NewDoze(spin), time.Duration(0)
			defer d.Close()
			for b.Loop() {
				until := d.Now() + 500*time.Microsecond
				sum += d.Wait(until) - until
			}
			b.ReportMetric(float64(sum.Microseconds())/float64(b.N), "µs-late/wait")
		})
	}
}
