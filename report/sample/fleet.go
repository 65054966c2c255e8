package sample

import (
	"time"

	"plimsoll/runner/result"
)

// Fleet is a load that four machines shared, of which one was late and one was lost.
func Fleet() *result.Run {
	t := timed(result.Trial{Scenario: "checkout", Mode: "rate-limited-200/s", Target: "shop", Clock: "real", Engine: "wire-epoll",
		DurationS: 20, RatePerS: 200, Loops: 4, LostShare: 0.125,
		Workload: "rate-limited: 200/s, duration: 20s, clock: real, agents: 4",
		Health: result.Health{Why: "agent west-2 was lost: nothing was heard of it for 3s; 12.5% of the schedule was not carried out, or not told; " +
			"agent west-1: lateness p99 was 7.2ms, more than 1ms"}},
		openLoop(5*time.Millisecond, 20*time.Second, 64, freezing(5*time.Millisecond)))
	for share, name := range []string{"east-1", "east-2", "west-1", "west-2"} {
		a := result.Agent{
			Name: name, Share: share, Machine: result.Machine{OS: "linux", Arch: "amd64", CPUs: 4, Go: "go1.26"},
			ClockOffsetS: result.Signed(0.0123 * float64(share-1)), ClockUncertaintyS: 0.0002 + 0.0001*float64(share), ClockDrift: 1e-6,
			Started: t.Started / 4, OK: t.OK / 4, Errors: t.Failed() / 4, ResponseP50S: 0.005, ResponseP99S: 0.0052 + 0.001*float64(share),
			LatenessP99S: 0.0001 * float64(1+share), UntilS: 20, Ended: result.Complete, Engine: "wire-epoll", Health: result.Health{KeptPace: true},
			CPUS: 0.4, Use: &result.MachineUse{CPUS: 0.4, WallS: 20},
		}
		switch share {
		case 0:
			a.Started, a.OK, a.Errors = t.Started-3*a.Started, t.OK-3*a.OK, t.Failed()-3*a.Errors
		case 2:
			a.LatenessP99S, a.Health = 0.0072, result.Health{Why: "lateness p99 was 7.2ms, more than 1ms"}
		case 3:
			a.Lost, a.UntilS, a.Ended, a.Reason, a.Use, a.CPUS, a.Health = "nothing was heard of it for 3s", 10, result.Interrupted, "", nil, 0, result.Health{}
		}
		t.Agents = append(t.Agents, a)
	}
	return run(t)
}
