package sample

import (
	"math"
	"time"

	"plimsoll/runner/result"
)

// Watched is a load whose server and database were watched, and a peer that nobody
// could ask.
func Watched() *result.Run {
	t := timed(result.Trial{Scenario: "checkout", Mode: "rate-limited-200/s", Target: "shop", Clock: "real", Engine: "wire-epoll",
		DurationS: 20, RatePerS: 200, Health: result.Health{KeptPace: true}},
		openLoop(5*time.Millisecond, 20*time.Second, 64, freezing(5*time.Millisecond)))
	t.Monitor = []result.Series{
		series("server", "cores", "cores", func(at float64) float64 { return 0.4 + 0.3*math.Mod(at, 5)/5 }),
		series("server", "memory", "B", func(at float64) float64 { return 2e8 + 1e6*at }),
		series("server", "threads", "", func(float64) float64 { return 12 }),
		series("db", "rate(pg_stat_database_xact_commit)", "/s", func(float64) float64 { return 198 }),
		{Name: "db", Series: "pg_stat_activity_cuont", Problem: "there is no metric pg_stat_activity_cuont, did you mean \"pg_stat_activity_count\"?"},
		{Name: "cache", Problem: "dial tcp 127.0.0.1:9121: connect: connection refused"},
	}
	r := run(t)
	for _, v := range []result.Verdict{
		{Rule: "monitor.server.cores < 0.5", Measured: t.Monitor[0].Mean, Limit: 0.5},
		{Rule: "monitor.server.memory.max < 250MB", Measured: t.Monitor[1].Max, Limit: 2.5e8, Pass: true},
	} {
		v.Scenario, v.Mode, v.Kind = t.Scenario, t.Mode, result.KindThreshold
		r.Verdicts = append(r.Verdicts, v)
	}
	return r
}

// series is one with a point a second.
func series(name, of, unit string, at func(float64) float64) result.Series {
	s := result.Series{Name: name, Series: of, Unit: unit}
	for second := 1.0; second <= 20; second++ {
		v := at(second)
		s.Points = append(s.Points, [2]float64{second, v})
		s.Mean, s.Max = s.Mean+v/20, max(s.Max, v)
	}
	return s
}
