package view

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"plimsoll/runner/result"
)

// From these shares on the generator itself may be what was measured: of all
// processors of the machine, and of the one that each event loop has.
const crowded, saturated = 0.8, 0.95

// loopEngines carry calls out on the threads of their loops.
var loopEngines = [...]string{"sim", "wire-epoll", "wire-uring"}

// strain says where the load on the generator's own machine may explain what
// was measured: at most one sentence each on processors, pauses and standing still, of the
// trial where it was worst.
func (s *Scenario) strain() (notes []Note) {
	var busiest, paused *result.Trial
	for _, t := range s.trials {
		if t.MachineUse == nil {
			continue
		}
		if busiest == nil || processors(t) > processors(busiest) {
			busiest = t
		}
		if pauseExplains(t) && (paused == nil || t.MachineUse.GCPauseMaxS > paused.MachineUse.GCPauseMaxS) {
			paused = t
		}
	}
	if busiest != nil {
		if text := s.crowding(busiest); text != "" {
			notes = append(notes, Note{Warn, text})
		}
	}
	if paused != nil {
		use := paused.MachineUse
		notes = append(notes, Note{Warn, fmt.Sprintf(
			"a garbage collection of plimsoll's own took %s in %s (%d took %s in all): it may explain the lateness of up to %s",
			alone(use.GCPauseMaxS), where(paused), use.GCs, alone(use.GCPauseS), alone(paused.Lateness.MaxS))})
	}
	return append(notes, s.stoodStill()...)
}

// stoodStill is the sentence on standing still, if there is one to say.
func (s *Scenario) stoodStill() []Note {
	var still *result.Trial
	for _, t := range s.trials {
		if t.MachineUse != nil && stillExplains(t) && (still == nil || t.MachineUse.StoodStillS > still.MachineUse.StoodStillS) {
			still = t
		}
	}
	if still == nil {
		return nil
	}
	return []Note{{Warn, fmt.Sprintf("plimsoll stood still for %s at %s in %s: it may explain the longest times",
		alone(still.MachineUse.StoodStillS), alone(still.MachineUse.StoodStillAtS), where(still))}}
}

// stillExplains tells whether the longest time for which the generator did not
// go on may be in a trial's longest times. Where it spoils the trial, that says
// so by itself.
func stillExplains(t *result.Trial) bool {
	const worthAWord = 20e-3 // seconds: less is usual on any machine that is not idle
	still := t.MachineUse.StoodStillS
	return t.Health.KeptPace && still >= worthAWord && still >= t.Response.MaxS/10 && still <= 2*t.Response.MaxS
}

// processors is how many the generator kept busy, spinning left aside.
func processors(t *result.Trial) float64 {
	wall := cmp.Or(t.MachineUse.WallS, t.MakespanS)
	if !(wall > 0) {
		return 0
	}
	return (t.MachineUse.CPUS - t.MachineUse.SpinS) / wall
}

func (s *Scenario) crowding(t *result.Trial) string {
	own := processors(t)
	loop := own / float64(max(1, t.Loops))
	switch {
	case s.cpus > 0 && own/float64(s.cpus) >= crowded:
		return fmt.Sprintf("plimsoll itself took %.0f %% of this machine's %s in %s: its own waiting may be in the times",
			min(100, 100*own/float64(s.cpus)), plural(s.cpus, "processor"), where(t))
	case slices.Contains(loopEngines[:], t.Engine) && loop >= saturated:
		return fmt.Sprintf("plimsoll's own loop was busy %s in %s: the limit may be there, not in the target", most(loop), where(t))
	}
	return ""
}

// most is a share of the time that a loop had. What is known is what the whole
// process took: garbage collection, handshakes and the like go on beside the loop,
// so that it may be more than one loop can take.
func most(share float64) string {
	if share < 1 {
		return fmt.Sprintf("for %.0f %% of the time", min(99, 100*share))
	}
	return "all the time"
}

// pauseExplains tells whether the longest pause may be why the latest call of
// a trial was late. Where the generator fell behind, that says why by itself.
func pauseExplains(t *result.Trial) bool {
	const worthAWord = 1e-3 // seconds, as the rule on lateness has it
	pause := t.MachineUse.GCPauseMaxS
	return t.Health.KeptPace && pause >= worthAWord && t.Lateness.MaxS >= worthAWord && pause >= t.Lateness.MaxS/2
}

// resolution says what the machine is known to resolve, and since when.
func resolution(run *result.Run) []Note {
	c := run.Calibration
	if c == nil {
		return nil
	}
	return []Note{{Plain, fmt.Sprintf("calibration of this machine, %s: differences below %s %% in p50 and %s %% in p99 cannot be told",
		age(run.Started.Sub(c.Taken)), fourDigits(c.P50Floor, 0.01), fourDigits(c.P99Floor, 0.01))}}
}

// age is how old something is, roughly.
func age(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day:
		return plural(int(d/day), "day") + " old"
	case d >= time.Hour:
		return plural(int(d/time.Hour), "hour") + " old"
	}
	return "less than an hour old"
}
