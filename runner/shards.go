package runner

import (
	"plimsoll/runner/mode"
	"plimsoll/runner/scenario"
)

// loops is how many loops shall carry a share of a trial out; asked is what the plan
// says, 0 for nothing. Without being asked plimsoll takes no more than half the
// processors: a server on the same machine needs some, too.
func loops(t scenario.Trial, s mode.Share, asked, cpus int) int {
	load := t.Mode.Traits()
	load.Loops, load.MostLoops = load.Loops/s.N, load.MostLoops/s.N
	switch {
	case kept(t, loopsShare) != nil:
		return 1
	case asked > 0:
		return max(1, min(asked, load.MostLoops))
	}
	return max(1, min(load.Loops, load.MostLoops, cpus/2))
}

// stride is how far apart the numbers of a loop's calls are. In an open loop they
// are those of the one schedule, so that requests of a list are taken in turn.
// Users have no common order: each loop's go through the list by themselves.
func stride(t scenario.Trial, loops int) int {
	if t.Mode.Traits().Timed {
		return loops
	}
	return 1
}

// processors is how many Go needs for so many loops; 0 leaves it to drive. A
// closed loop that lets go of its processor while it waits, and connections
// that do little but read, are done with one for each loop: with more they
// only wake each other, which costs more than the work itself.
func processors(t scenario.Trial, o opened, loops int) int {
	if o.every(func(one site) bool { return one.Frugal }) && !t.Mode.Traits().Timed {
		return loops
	}
	return 0
}
