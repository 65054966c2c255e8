package socket

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/dialog"
	"plimsoll/target/wait"
	"plimsoll/target/workers"
)

// bare makes n calls over so many connections, as a program would that does
// nothing else.
func bare(b *testing.B, address string, inFlight, n int) {
	var at sync.WaitGroup
	for i := range inFlight {
		at.Go(func() {
			conn, err := net.Dial("udp", address)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			buffer := make([]byte, 4096)
			for k := i; k < n; k += inFlight {
				if _, err := conn.Write([]byte("ping\n")); err != nil {
					b.Error(err)
					return
				}
				if _, err := conn.Read(buffer); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	at.Wait()
}

// harnessed makes them as a load does: a loop that hands calls to workers, always
// so many of them.
func harnessed(b *testing.B, t target.Caller, inFlight, n int) {
	clock := wait.NewDoze(0)
	defer clock.Close()
	carrier := workers.New(t, clock)
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

// What the harness adds to a call, over the same calls in a bare loop: the
// difference of what a call takes, times how many are in flight.
func BenchmarkAdded(b *testing.B) {
	for _, inFlight := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprint(inFlight), func(b *testing.B) {
			address := echo(b)
			t := opened(b, address, "ping\n", dialog.Receive{})
			const round = 20_000
			var times, work [2]time.Duration
			bare(b, address, inFlight, round/10)
			harnessed(b, t, inFlight, round/10)
			b.ResetTimer()
			for i := range b.N { // in turns, so that both meet the same machine
				for k := range 2 {
					who := (i + k) % 2
					began, worked := time.Now(), processor()
					if who == 0 {
						bare(b, address, inFlight, round)
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
			b.ReportMetric(per(times[1]-times[0]), "added-µs/call")
			b.ReportMetric(per(work[0]), "bare-cpu-µs")
			b.ReportMetric(per(work[1]), "harness-cpu-µs")
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(100*(per(times[1])/per(times[0])-1), "%")
		})
	}
}

// nothing is a call that is over at once.
type nothing struct{}

func (nothing) Call(context.Context, *target.Request) target.Outcome { return target.Outcome{} }

// What of that the hand-over to workers and back costs by itself.
func BenchmarkWorkers(b *testing.B) {
	for _, inFlight := range []int{1, 16, 256} {
		b.Run(fmt.Sprint(inFlight), func(b *testing.B) {
			worked := processor()
			harnessed(b, nothing{}, inFlight, b.N)
			b.ReportMetric(float64((processor()-worked).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}
