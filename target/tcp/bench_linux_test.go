package tcp

import (
	"fmt"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"plimsoll/target"
)

// bare makes n calls over so many connections, as a program would that does
// nothing else.
func bare(b *testing.B, address string, inFlight, n int) {
	var at sync.WaitGroup
	for i := range inFlight {
		at.Go(func() {
			conn, err := net.Dial("tcp", address)
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

// harnessed makes them as a load does, always so many of them.
func harnessed(b *testing.B, to *caller, inFlight, n int) {
	sent := 0
	r := target.Request{}
	send := func(slot int) {
		r.Number = uint64(sent)
		to.due = min(to.due, to.carrier.Send(target.NewID(uint32(slot), r.Number), &r, to.clock.Now()))
		sent++
	}
	for slot := range min(inFlight, n) {
		send(slot)
	}
	for ended := 0; ended < n; {
		now := to.clock.Wait(to.due)
		d, due := to.carrier.Take(now)
		for ; d != nil; d, due = to.carrier.Take(now) {
			if !d.OK() {
				b.Fatal(d.Class, d.Example)
			}
			slot := int(d.ID.Slot())
			if ended++; sent < n {
				send(slot)
			}
		}
		to.due = due
	}
}

// processor is how long this process, servers included, has had one.
func processor() time.Duration {
	var use syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use)
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// What the harness adds to a call, over the same calls in a bare loop.
func BenchmarkAdded(b *testing.B) {
	for _, inFlight := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprint(inFlight), func(b *testing.B) {
			address := echo(b)
			to := over(b, "", address, nil)
			const round = 20_000
			var times, work [2]time.Duration
			bare(b, address, inFlight, round/10)
			harnessed(b, to, inFlight, round/10)
			b.ResetTimer()
			for i := range b.N { // in turns, so that both meet the same machine
				for k := range 2 {
					who := (i + k) % 2
					began, worked := time.Now(), processor()
					if who == 0 {
						bare(b, address, inFlight, round)
					} else {
						harnessed(b, to, inFlight, round)
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
