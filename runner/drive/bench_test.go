package drive_test

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/journey"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/delay"
	"plimsoll/target/random"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
	"plimsoll/target/workers"
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

type nothing struct{}

func (nothing) Call(context.Context, *target.Request) target.Outcome { return target.Outcome{} }

// BenchmarkWorkers makes calls that return at once: what carrying them costs.
func BenchmarkWorkers(b *testing.B) {
	for _, users := range []int{1, 16, 256} {
		b.Run("in-flight="+strconv.Itoa(users), func(b *testing.B) {
			clock := wait.NewDoze(wait.DefaultSpin)
			carrier := workers.New(nothing{}, clock)
			defer clock.Close()
			defer carrier.Close()
			recorder := drive.NewRecorder(schedule.Never, nil)
			loop := drive.Loop{
				Schedule: schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{Until: schedule.Never, Requests: int64(b.N)}, Users: users}, schedule.StopOn{}),
				Clock:    clock, Carrier: carrier, Recorder: recorder, Until: schedule.Never, Stop: &drive.Stop{},
			}
			b.ReportAllocs()
			b.ResetTimer()
			clock.Align(time.Now())
			drive.RunAll([]drive.Loop{loop}, 0)
			b.ReportMetric(float64(recorder.OK)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}

// BenchmarkLateness starts calls at a constant rate against the simulated
// target under the real clock. Run it with -benchtime 5s on a quiet machine.
func BenchmarkLateness(b *testing.B) {
	for _, rate := range []int64{1000, 10_000} {
		b.Run("rate="+strconv.FormatInt(rate, 10), func(b *testing.B) {
			recorder := drive.NewRecorder(schedule.Never, nil)
			clock := wait.NewDoze(wait.DefaultSpin)
			defer clock.Close()
			loop := drive.Loop{
				Schedule: schedule.NewOpen(schedule.Open{
					Bounds:   schedule.Bounds{Until: schedule.Never, Requests: int64(b.N)},
					Arrivals: schedule.Constant(rate, time.Second), MaxInFlight: 10_000,
				}, schedule.StopOn{}),
				Clock: clock, Carrier: sim.NewCarrier(sim.Settings{Delay: delay.Of(time.Millisecond)}, random.New(1, "bench")),
				Recorder: recorder, Until: schedule.Never, Stop: &drive.Stop{},
			}
			b.ResetTimer()
			clock.Align(time.Now())
			loop.Run()
			b.ReportMetric(float64(recorder.Lateness.Quantile(50))/1e3, "p50-µs-late")
			b.ReportMetric(float64(recorder.Lateness.Quantile(99))/1e3, "p99-µs-late")
			b.ReportMetric(float64(clock.Spun())/float64(b.Elapsed())*100, "%-of-a-core-spun")
		})
	}
}

// BenchmarkVirtualJourney carries out journeys of five steps, whose rate of
// steps is to be seen beside BenchmarkVirtual's of calls; see also
// BenchmarkJourneyBesideCalls.
func BenchmarkVirtualJourney(b *testing.B) {
	for _, c := range []struct {
		name string
		loop func(testing.TB, int64) drive.Loop
	}{{"steps", stepping}, {"extracting", extracting}} {
		b.Run(c.name, func(b *testing.B) {
			loop := c.loop(b, int64(b.N))
			b.ReportAllocs()
			b.ResetTimer()
			if end := loop.Run(); end.Err != nil || loop.Recorder.Failures() > 0 {
				b.Fatalf("%+v, %v", end, loop.Recorder.Errors)
			}
			b.ReportMetric(float64(loop.Recorder.Attempts)/b.Elapsed().Seconds()/1e6, "Mcalls/s")
		})
	}
}

const (
	benchUsers = 1000
	benchSteps = 5
)

var benchDelay = delay.Delay{Kind: delay.Exponential, A: 10 * time.Millisecond}

// calling makes so many calls.
func calling(_ testing.TB, calls int64) drive.Loop {
	return drive.Loop{
		Schedule: closed(benchUsers, schedule.Never, calls), Clock: wait.NewVirtual(0), Carrier: sim.NewCarrier(sim.Settings{Delay: benchDelay}, random.New(1, "bench")),
		Recorder: drive.NewRecorder(schedule.Never, nil), Until: schedule.Never, Stop: &drive.Stop{},
	}
}

// stepping makes so many calls, or a few more, as steps without values.
func stepping(_ testing.TB, calls int64) drive.Loop {
	build := &builder{}
	var list []journey.Step
	for i := range benchSteps {
		list = append(list, build.call(strconv.Itoa(i), 0))
	}
	return iterating(calls, build.program(list...), sim.Settings{Delay: benchDelay})
}

// extracting makes so many calls, or a few more, as steps that each take a value
// out of 1 KB of JSON, and ask with that of the step before.
func extracting(t testing.TB, calls int64) drive.Loop {
	item := `{"id": 4711, "name": "a product", "price": 9.99, "tags": ["new", "red"]}, `
	body := `{"page": 1, "items": [` + strings.Repeat(item, 13) + `{}], "next": "p${n}"}`
	s := &script{site: &sim.Settings{Delay: benchDelay, Answer: answering(t, body)}}
	var list []journey.Step
	for i := range benchSteps {
		url := "/products/${next}"
		if i == 0 {
			url = "/products"
		}
		list = append(list, step(s.get(t, strconv.Itoa(i), url, "next: json.next")))
	}
	return iterating(calls, journey.New(journey.Journeys{Main: list}, s.rows, s.names, nil), *s.site)
}

func iterating(calls int64, p *journey.Program, s sim.Settings) drive.Loop {
	streams := random.New(1, "bench")
	return drive.Loop{
		Schedule: closed(benchUsers, schedule.Never, (calls+benchSteps-1)/benchSteps), Clock: wait.NewVirtual(0),
		Recorder: drive.NewRecorder(schedule.Never, nil), Until: schedule.Never, Stop: &drive.Stop{},
		Journey: &drive.Journey{
			Program: p, World: journey.World{Draws: streams.Key("draws")}, Loops: 1, Places: benchUsers, Streams: streams,
			Carriers: []target.Carrier{sim.NewCarrier(s, streams)},
		},
	}
}

// emptying is a sink that has an empty interval at hand, as whoever watches a trial
// has.
type emptying struct{ next, full *drive.Interval }

func (e *emptying) Take(full *drive.Interval) *drive.Interval {
	next := e.next
	e.full = full
	return next
}

// BenchmarkHandOver hands the interval of a journey over that has met so many
// steps: what that costs the loop, whatever becomes of the interval.
func BenchmarkHandOver(b *testing.B) {
	for _, steps := range []int{1, 1000} {
		b.Run("steps="+strconv.Itoa(steps), func(b *testing.B) {
			sink, r := &emptying{next: drive.NewInterval()}, drive.NewRecorder(schedule.Never, nil)
			r.Sink = sink
			call := &drive.Call{End: time.Millisecond, Outcome: &target.Outcome{}}
			for range b.N {
				b.StopTimer()
				for n := range steps {
					r.Step(n, false, 0, call, nil)
				}
				r.Ask()
				b.StartTimer()
				r.Iteration(0, call)
				b.StopTimer()
				sink.full.Reset()
				sink.next = sink.full
				b.StartTimer()
			}
		})
	}
}
