package runner

import (
	"cmp"
	"fmt"
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/host"
)

// judgeHealth tells whether it was the target that was measured: the generator
// must have had what its calls needed, must have gone on all the time, and in
// an open loop must have kept its own schedule.
func judgeHealth(out *result.Trial, t scenario.Trial, rec *drive.Interval, stood standstill) {
	most := t.Mode.Traits().MaxInFlight
	held := rec.HeldCalls > 0 && t.Scenario.Crawl == nil // there the rate holds, too
	if most > 0 && held {
		out.Health.LimitedBy = "max_in_flight"
	}
	if rec.PoolHeld || held && 0 < pool(t) && pool(t) <= most {
		out.Health.LimitedBy = "connections"
	}
	if rec.RowsHeld {
		out.Health.LimitedBy = "data"
	}
	if t.Scenario.Clock == scenario.Virtual {
		return
	}
	stood.blocked = rec.Stood
	out.Health.Why = cmp.Or(lacked(out), stood.judge(out), late(out, t, rec))
	out.Health.KeptPace = out.Health.Why == ""
}

// lacked says what the generator lacked for calls that it could not make; ""
// where it made all.
func lacked(out *result.Trial) string {
	n := out.Lacking()
	if n == 0 {
		return ""
	}
	why := out.Errors[result.Generator].Example
	if limit := host.Named(why); limit != 0 {
		why = limit.String()
	}
	return fmt.Sprintf("%d of %d calls could not be made: %s", n, out.Started, why)
}

// late says where an open loop could not keep its schedule: the 99th percentile
// of lateness exceeds 1 ms and 10 % of that of the response time, or, of 100
// starts or more, the last was late by more than 1 % of the trial's length.
// Closed loops have no schedule to fall behind.
func late(out *result.Trial, t scenario.Trial, rec *drive.Interval) string {
	if !t.Mode.Traits().Timed {
		return ""
	}
	late, bound := rec.Lateness.Quantile(99), max(time.Millisecond, rec.Response.Quantile(99)/10)
	span := length(t)
	if span == 0 {
		span = rec.LastEnd
	}
	switch {
	case late > bound:
		return fmt.Sprintf("lateness p99 was %v, more than %v", late.Round(time.Microsecond), bound.Round(time.Microsecond)) +
			explain(out.MachineUse, late)
	case rec.Started() >= 100 && rec.LastLateness > span/100:
		return fmt.Sprintf("the last call started %v late, more than 1%% of %v", rec.LastLateness.Round(time.Microsecond), span) +
			explain(out.MachineUse, rec.LastLateness)
	}
	return ""
}

// How long the generator must have stood still for a trial to be invalid. Where
// others had the processors, as on every busy machine, it takes more: users
// know that their machine is busy, and not that it stopped.
const (
	tooStill   = 250 * time.Millisecond
	tooStarved = 10 * tooStill
	// busyShare is how long threads wait for processors, as a share of the time,
	// where a machine is busy.
	busyShare = 0.25
	// throttledShare is how much of the time a quota may keep us from running.
	throttledShare = 0.10
)

// judge says how standing still makes the trial invalid; "" where it does not.
// What there was is kept in machine_use.
func (s standstill) judge(out *result.Trial) string {
	use := out.MachineUse
	if use == nil {
		return ""
	}
	longest := s.stopped.Longer(s.starved).Longer(s.blocked)
	use.StoodStillS, use.StoodStillAtS = longest.For.Seconds(), max(0, longest.At).Seconds()
	if s.asleep.For > 0 {
		use.StoodStillS, use.StoodStillAtS = s.asleep.For.Seconds(), max(0, s.asleep.At).Seconds()
		return fmt.Sprintf("the machine was suspended for %v at %v", rounded(use.StoodStillS), rounded(use.StoodStillAtS))
	}
	if use.CPUWaitS < s.blocked.For.Seconds()/2 { // else others had the processors
		s.stopped = s.stopped.Longer(s.blocked)
	} else {
		s.starved = s.starved.Longer(s.blocked)
	}
	least := tooStill
	if use.CPUWaitS > busyShare*use.WallS {
		least = longStill // on a busy machine not every wait can be seen
	}
	const stood = "plimsoll stood still for %v at %v, and calls then took so much longer: "
	switch {
	case use.ThrottledS > throttledShare*use.WallS && longest.For.Seconds() >= out.Response.P50S/10:
		return fmt.Sprintf("the quota of its control group kept plimsoll from running for %v of %v: give it more processors (cpu.max)", rounded(use.ThrottledS), rounded(use.WallS))
	case s.stopped.For >= least && showsIn(out, s.stopped):
		return fmt.Sprintf(stood+"its process or its machine was stopped", rounded(s.stopped.For.Seconds()), rounded(max(0, s.stopped.At).Seconds()))
	case s.starved.For >= tooStarved && showsIn(out, s.starved):
		return fmt.Sprintf(stood+"others had the processors", rounded(s.starved.For.Seconds()), rounded(max(0, s.starved.At).Seconds()))
	}
	return ""
}

// showsIn tells whether a gap is in what was measured: calls that ended just
// after it took as long, and that is a tenth or more of the longest or of the
// trial.
func showsIn(out *result.Trial, gap drive.Gap) bool {
	took, end := gap.For.Seconds(), (gap.At + gap.For).Seconds()
	longest := max(out.Response.MaxS, out.ErrorResponse.MaxS)
	if took < longest/10 && took < out.MakespanS/10 {
		return false
	}
	for _, w := range out.Timeline {
		slowest := w.MaxS
		if w.Errors > 0 {
			slowest = max(slowest, out.ErrorResponse.MaxS)
		}
		around := w.AtS <= end+max(w.WidthS, took/4) && w.AtS+w.WidthS >= end-took/4
		if around && slowest >= took/2 {
			return true
		}
	}
	return false
}
