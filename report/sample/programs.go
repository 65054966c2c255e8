package sample

import (
	"math/rand/v2"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// Program is a command that Programs makes up runs of.
type Program struct {
	Mode string
	Vary string        // NAME=VALUE; "" for none
	Mean time.Duration // of its runs, which vary by a hundredth
	// Memory is the most that a run has, in bytes.
	Memory int64
}

// TheShell is the mode of a shell's start in Programs, which each of the others did
// as well.
const TheShell = "(shell)"

// programsPeak is the most that plimsoll itself had in Programs.
const programsPeak = 25_000_000

// Programs compares programs in rounds, of a fixed number of runs each. All that
// runs in a round is slowed down by the same share, 5 % or so.
func Programs(seed uint64, rounds, each int, all ...Program) *result.Run {
	rng := rand.New(rand.NewPCG(seed, 1))
	out := run()
	out.File.Name = "bench"
	for round := range rounds {
		slow := 1 + 0.05*rng.NormFloat64()
		for _, p := range all {
			t := result.Trial{Scenario: "bench", Mode: p.Mode, Target: "program-1", Clock: "real", Engine: "exec", Repeat: round,
				Sweep: result.Point{Vary: p.Vary}, DurationS: 0.3, Whole: true, Concurrency: 1, Health: result.Health{KeptPace: true}}
			var calls []call
			at := time.Duration(0)
			for range each {
				took := time.Duration(float64(p.Mean) * slow * (1 + 0.01*rng.NormFloat64()))
				calls = append(calls, call{due: at, start: at + 50*time.Microsecond, end: at + 50*time.Microsecond + took})
				at = calls[len(calls)-1].end
			}
			t = timed(t, calls)
			t.ThroughputPerS = float64(t.OK) / t.MakespanS
			t.Phases = map[string]result.Dist{
				"cpu_user":   repeated(p.Mean/10, each),
				"cpu_system": repeated(p.Mean/20, each),
			}
			memory := repeated(time.Duration(max(p.Memory, programsPeak-1_000_000)), each)
			t.Memory = &memory
			t.MachineUse = &result.MachineUse{WallS: t.MakespanS, PeakRSSBytes: programsPeak}
			out.Trials = append(out.Trials, t)
		}
	}
	out.Planned = len(out.Trials)
	return out
}

func repeated(v time.Duration, times int) result.Dist {
	h := latency.New(latency.Fine)
	for range times {
		h.Record(v)
	}
	return dist(h)
}
