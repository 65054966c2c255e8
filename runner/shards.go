package runner

import (
	"strconv"

	"plimsoll/runner/drive"
	"plimsoll/runner/scenario"
	"plimsoll/runner/schedule"
	"plimsoll/target/kind"
)

// share is the part of a trial that one of several loops carries out: the k-th
// of n, from 0.
type share struct{ k, n int }

// whole is a trial that one loop carries out.
var whole = share{0, 1}

// of is the share of a number of places or users.
func (s share) of(total int) int {
	part := total / s.n
	if s.k < total%s.n {
		part++
	}
	return part
}

// arrivals are those of the calls k, k+n, k+2n …
func (s share) arrivals(all schedule.Arrivals) schedule.Arrivals {
	if s.n == 1 {
		return all
	}
	return schedule.Share(all, s.k, s.n)
}

// name is that of the share's own random stream.
func (s share) name(purpose string) string {
	if s.k == 0 {
		return purpose
	}
	return purpose + " " + strconv.Itoa(s.k)
}

// What one loop is well able to do, so that fewer need no other beside them; it
// makes more than 100,000 calls a second.
const (
	ratePerLoop  = 40_000 // calls a second
	usersPerLoop = 64
	// fewestPlaces is how many calls in flight each loop must be allowed, so
	// that their limits together are hardly another limit than the one.
	fewestPlaces = 1024
)

// loops is how many loops shall carry a trial out; asked is what the plan
// says, 0 for nothing. Without being asked plimsoll takes no more than half the
// processors: a server on the same machine needs some, too.
func loops(t scenario.Trial, asked, cpus int) int {
	open := t.Mode.Kind == scenario.RateLimited
	most := users(t)
	if open {
		most = t.Mode.MaxInFlight / fewestPlaces
	}
	switch {
	case !divisible(t):
		return 1
	case asked > 0:
		return max(1, min(asked, most))
	case open:
		return max(1, min(int(peak(t)/ratePerLoop), most, cpus/2))
	}
	return max(1, min(most/usersPerLoop, cpus/2))
}

// divisible tells whether several loops keep every promise that one keeps: a
// count of calls, an end by a call, a limit on all starts together and a
// changing number of users are one loop's business.
func divisible(t scenario.Trial) bool {
	s, m := t.Scenario, t.Mode
	return t.Requests == 0 && s.StopWhen == "" && !s.StopOnError &&
		m.Kind != scenario.Sequential && len(m.UserStages) == 0 &&
		m.Arrivals != scenario.Window && m.Arrivals != scenario.Bucket
}

// stride is how far apart the numbers of a loop's calls are. In an open loop they
// are those of the one schedule, so that requests of a list are taken in turn.
// Users have no common order: each loop's go through the list by themselves.
func stride(t scenario.Trial, loops int) int {
	if t.Mode.Kind == scenario.RateLimited {
		return loops
	}
	return 1
}

// processors is how many Go needs for so many loops; 0 leaves it to drive. A
// closed loop that lets go of its processor while it waits, and connections
// that do little but read, are done with one for each loop: with more they
// only wake each other, which costs more than the work itself.
func processors(t scenario.Trial, o *kind.Opened, loops int) int {
	if o.Frugal && t.Mode.Kind != scenario.RateLimited {
		return loops
	}
	return 0
}

// peak is the highest rate of an open loop, a second.
func peak(t scenario.Trial) float64 {
	highest := max(t.Rate.PerSecond(), t.Mode.StartRate.PerSecond())
	for _, s := range t.Mode.RateStages {
		highest = max(highest, s.Target.PerSecond())
	}
	return highest
}

// together is how far the shares of one trial have come.
func together(shards []drive.Loop) (sum drive.Sample) {
	for _, s := range shards {
		sum = sum.Plus(s.Recorder.Sampler.Latest())
	}
	return sum
}
