package websocket

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/wait"
)

// bare makes n calls over so many connections by the same library, as a program
// would that does nothing else: what is written is waited for.
func bare(b *testing.B, url string, inFlight, n int) {
	ctx, cancel := context.WithCancel(b.Context()) // as a program has one that may be given up
	defer cancel()
	var at sync.WaitGroup
	for i := range inFlight {
		at.Go(func() {
			c, _, err := websocket.Dial(ctx, url, nil)
			if err != nil {
				b.Error(err)
				return
			}
			defer c.CloseNow()
			for k := i; k < n; k += inFlight {
				if err := c.Write(ctx, websocket.MessageText, []byte("ping")); err != nil {
					b.Error(err)
					return
				}
				if _, _, err := c.Read(ctx); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	at.Wait()
}

// harnessed makes them as a load does.
func harnessed(b *testing.B, t *Target, inFlight, n int) {
	clock := wait.NewDoze(0)
	defer clock.Close()
	carrier := client.Carry(t, clock, t.pool.Leave)
	defer carrier.Close()
	sent := 0
	send := func(slot int) {
		carrier.Send(target.NewID(uint32(slot), uint64(sent)), &target.Request{Number: uint64(sent)}, clock.Now())
		sent++
	}
	for slot := range min(inFlight, n) {
		send(slot)
	}
	for ended := 0; ended < n; {
		now := clock.Wait(clock.Now() + time.Hour)
		for d, _ := carrier.Take(now); d != nil; d, _ = carrier.Take(now) {
			if !d.OK() {
				b.Fatal(d.Class, d.Example)
			}
			if ended++; sent < n {
				send(int(d.ID.Slot()))
			}
		}
	}
}

// processor is how long this process, servers included, has had one.
func processor() time.Duration {
	var use syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use)
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// What the harness adds to a call, over the same calls of the same library in a
// bare loop, in turns.
func BenchmarkAdded(b *testing.B) {
	s := serve(b, false, say)
	for _, inFlight := range []int{1, 16, 256} {
		b.Run(fmt.Sprint(inFlight), func(b *testing.B) {
			t := opened(b, s.address(), "ping", nil)
			const round = 10_000
			bare(b, s.address(), inFlight, round/10)
			harnessed(b, t, inFlight, round/10)
			var times, work [2]time.Duration
			b.ResetTimer()
			for i := range b.N {
				for k := range 2 {
					who := (i + k) % 2
					began, worked := time.Now(), processor()
					if who == 0 {
						bare(b, s.address(), inFlight, round)
					} else {
						harnessed(b, t, inFlight, round)
					}
					times[who] += time.Since(began)
					work[who] += processor() - worked
				}
			}
			per := func(d time.Duration) float64 { return d.Seconds() * 1e6 / float64(b.N*round) }
			b.ReportMetric(per(times[0]), "bare-µs/call")
			b.ReportMetric(per(times[1]), "harness-µs/call")
			b.ReportMetric(per(work[0]), "bare-cpu-µs")
			b.ReportMetric(per(work[1]), "harness-cpu-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}
