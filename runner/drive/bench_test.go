package drive_test

import (
	"context"
	"runtime"
	"strconv"
	"testing"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/delay"
	"plimsoll/target/random"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
)

// BenchmarkVirtual simulates calls with exponential delays in a closed loop,
// with every histogram and the timeline recorded.
func BenchmarkVirtual(b *testing.B) {
	for _, users := range []int{1, 1000, 100_000} {
		b.Run("in-flight="+strconv.Itoa(users), func(b *testing.B) {
			model := sim.New(sim.Settings{Delay: delay.Delay{Kind: delay.Exponential, A: 10 * time.Millisecond}}, random.New(1, "bench"))
			recorder := drive.NewRecorder(schedule.Never, nil)
			n := int64(b.N)
			trial := drive.Trial{
				Schedule: schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{Until: schedule.Never, Requests: n}, Users: users}, schedule.StopOn{}),
				Port:     drive.NewVirtual(model, 0), Recorder: recorder, Until: schedule.Never, Stop: &drive.Stop{},
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			b.ReportAllocs()
			b.ResetTimer()
			end := trial.Run()
			b.StopTimer()
			runtime.GC() // what the growing slices left behind is not held
			runtime.ReadMemStats(&after)
			if end.Err != nil || recorder.OK != n {
				b.Fatalf("%+v: %d calls of %d", end, recorder.OK, n)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Mcalls/s")
			if users == 100_000 && n > int64(users) {
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(users), "B/in-flight")
			}
			runtime.KeepAlive(trial)
		})
	}
}

type nothing struct{}

func (nothing) Call(context.Context, uint64) target.Outcome { return target.Outcome{} }

// BenchmarkGoroutines makes calls that return at once: what the port costs.
func BenchmarkGoroutines(b *testing.B) {
	for _, users := range []int{1, 16, 256} {
		b.Run("in-flight="+strconv.Itoa(users), func(b *testing.B) {
			port := drive.NewGoroutines(nothing{}, 0, wait.DefaultSpin)
			defer port.Close()
			recorder := drive.NewRecorder(schedule.Never, nil)
			trial := drive.Trial{
				Schedule: schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{Until: schedule.Never, Requests: int64(b.N)}, Users: users}, schedule.StopOn{}),
				Port:     port, Recorder: recorder, Until: schedule.Never, Stop: &drive.Stop{},
			}
			b.ReportAllocs()
			b.ResetTimer()
			trial.Run()
			b.ReportMetric(float64(recorder.OK)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}

// BenchmarkLateness starts calls at a constant rate against the simulated
// target under the real clock. Run it with -benchtime 5s on a quiet machine.
func BenchmarkLateness(b *testing.B) {
	for _, rate := range []int64{1000, 10_000} {
		b.Run("rate="+strconv.FormatInt(rate, 10), func(b *testing.B) {
			model := sim.New(sim.Settings{Delay: delay.Of(time.Millisecond)}, random.New(1, "bench"))
			recorder := drive.NewRecorder(schedule.Never, nil)
			port := drive.NewSimulated(model, 0, wait.DefaultSpin)
			defer port.Close()
			trial := drive.Trial{
				Schedule: schedule.NewOpen(schedule.Open{
					Bounds:   schedule.Bounds{Until: schedule.Never, Requests: int64(b.N)},
					Arrivals: schedule.Constant(rate, time.Second), MaxInFlight: 10_000,
				}, schedule.StopOn{}),
				Port: port, Recorder: recorder, Until: schedule.Never, Stop: &drive.Stop{},
			}
			b.ResetTimer()
			trial.Run()
			b.ReportMetric(float64(recorder.Lateness.Quantile(50))/1e3, "p50-µs-late")
			b.ReportMetric(float64(recorder.Lateness.Quantile(99))/1e3, "p99-µs-late")
			b.ReportMetric(float64(port.Spun())/float64(b.Elapsed())*100, "%-of-a-core-spun")
		})
	}
}
