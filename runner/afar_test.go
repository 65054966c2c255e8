package runner

import (
	"testing"

	"plimsoll/runner/result"
)

// A fleet that has lost an agent counts where that is allowed, and one that was late
// where that is: where both are wrong, both must be.
func TestExitCodesOfFleets(t *testing.T) {
	agent := func(lost string, kept bool) result.Agent {
		return result.Agent{Name: "a", Lost: lost, Health: result.Health{KeptPace: kept}}
	}
	for name, c := range map[string]struct {
		agents []result.Agent
		want   [4]int // neither allowed, lateness, losses, both
	}{
		"nothing wrong": {[]result.Agent{agent("", true), agent("", true)}, [4]int{0, 0, 0, 0}},
		"one late":      {[]result.Agent{agent("", true), agent("", false)}, [4]int{3, 0, 3, 0}},
		"one lost":      {[]result.Agent{agent("", true), agent("gone", false)}, [4]int{3, 3, 0, 0}},
		"both":          {[]result.Agent{agent("", false), agent("gone", false)}, [4]int{3, 3, 3, 0}},
	} {
		trial := result.Trial{Ended: result.Complete, Agents: c.agents}
		judgeAgents(&trial)
		run := &result.Run{Trials: []result.Trial{trial}}
		for i, may := range []Allowed{{}, {Late: true}, {Lost: true}, {Late: true, Lost: true}} {
			if got := ExitCode(run, false, may); got != c.want[i] {
				t.Errorf("%s, %+v: %d, want %d", name, may, got, c.want[i])
			}
		}
	}
}
