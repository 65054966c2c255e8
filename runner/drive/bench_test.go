package drive_test

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/schedule"
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
			carrier := sim.NewCarrier(sim.Settings{Delay: delay.Delay{Kind: delay.Exponential, A: 10 * time.Millisecond}}, random.New(1, "bench"))
			recorder := drive.NewRecorder(schedule.Never, nil)
			n := int64(b.N)
			loop := drive.Loop{
				Schedule: schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{Until: schedule.Never, Requests: n}, Users: users}, schedule.StopOn{}),
				Clock:    wait.NewVirtual(0), Carrier: carrier, Recorder: recorder, Until: schedule.Never, Stop: &drive.Stop{},
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			b.ReportAllocs()
			b.ResetTimer()
			end := loop.Run()
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
			runtime.KeepAlive(loop)
		})
	}
}

