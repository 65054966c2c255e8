package serve

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/target/wait"
)

// Nobody gets up early, nobody is forgotten, and those who leave do not
// disturb the others: in whatever order they lie down.
func TestPacerWakesEverybody(t *testing.T) {
	p := newPacer(wait.DefaultSpin)
	defer p.stop()
	var all sync.WaitGroup
	var up, left atomic.Int64
	rng := rand.New(rand.NewPCG(1, 2))
	const sleepers = 2000
	for i := range sleepers {
		d := time.Duration(rng.Int64N(int64(200 * time.Millisecond)))
		all.Go(func() {
			ctx, cancel := context.Background(), context.CancelFunc(func() {})
			if i%10 == 0 {
				ctx, cancel = context.WithTimeout(ctx, d/2)
			}
			defer cancel()
			until := time.Now().Add(d)
			if !p.sleep(ctx, until) {
				left.Add(1)
				return
			}
			up.Add(1)
			if time.Now().Before(until) {
				t.Error("up too early")
			}
		})
	}
	all.Wait()
	if up.Load()+left.Load() != sleepers || up.Load() < sleepers*8/10 || left.Load() == 0 {
		t.Errorf("%d got up and %d left, of %d", up.Load(), left.Load(), sleepers)
	}
}

// An instant earlier than all others must not wait for them.
func TestPacerTurnsToAnEarlierSleeper(t *testing.T) {
	p := newPacer(0)
	ctx, leave := context.WithCancel(t.Context())
	var late sync.WaitGroup
	late.Go(func() { p.sleep(ctx, time.Now().Add(time.Hour)) })
	time.Sleep(20 * time.Millisecond)
	began := time.Now()
	if !p.sleep(ctx, began.Add(10*time.Millisecond)) || time.Since(began) > 10*time.Second {
		t.Error("it did")
	}
	leave()
	late.Wait()
	p.stop()
}
