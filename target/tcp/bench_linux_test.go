package tcp

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
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

// processor is how long this process has had one.
func processor() time.Duration {
	var use syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use)
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// elsewhere is an echo in a process of its own.
func elsewhere(b *testing.B) (address string) {
	b.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), role+"=1")
	in, err := child.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); _ = child.Wait() })
	if _, err := fmt.Fscanln(out, &address); err != nil {
		b.Fatal(err)
	}
	return address
}

// What the harness adds to a call, over the same calls in a bare loop: rounds in
// turns, and medians of them.
func BenchmarkAdded(b *testing.B) {
	for _, inFlight := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprint(inFlight), func(b *testing.B) {
			address := elsewhere(b)
			to := over(b, "", address, nil)
			const round = 20_000
			by := [2]func(n int){
				func(n int) { bare(b, address, inFlight, n) },
				func(n int) { harnessed(b, to, inFlight, n) },
			}
			by[0](round / 10)
			by[1](round / 10)
			var took, work [3][]float64 // bare, harnessed, and what that adds, in µs a call
			for i := range b.N {
				for k := range 2 {
					who := (i + k) % 2
					began, worked := time.Now(), processor()
					by[who](round)
					took[who] = append(took[who], time.Since(began).Seconds()*1e6/round)
					work[who] = append(work[who], (processor()-worked).Seconds()*1e6/round)
				}
				took[2] = append(took[2], took[1][i]-took[0][i])
				work[2] = append(work[2], work[1][i]-work[0][i])
			}
			for i, who := range []string{"bare", "harness", "added"} {
				b.ReportMetric(median(took[i]), who+"-µs")
				b.ReportMetric(median(work[i]), who+"-cpu-µs")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
