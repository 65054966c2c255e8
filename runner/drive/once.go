package drive

import (
	"plimsoll/runner/journey"
	"plimsoll/runner/schedule"
	"plimsoll/target"
)

// Pass is how one pass through a program went.
type Pass struct {
	// Values are what its variables held in the end, each at its number, also
	// where it failed: what setup has made until then, teardown may have to put
	// back.
	Values []journey.Held
	// Class is how it failed, "" where it did not, and Example tells the step and
	// why. One that was interrupted is cancelled, also where it never began.
	Class, Example string
	End
}

// Once carries a journey out for one iteration, of one user who then goes: setup
// or teardown of a trial. Its time is its own clock's from 0, and so are those of
// its Recorder, whose rows MergeRows puts beside the trial's; of the Loop it needs
// no Schedule, From or Until. Its program draws from World.Draws like any other's:
// give it a key of its own. What is interrupted is cut short by Stop: teardown,
// which always runs, needs another one than the trial.
func Once(l Loop) (p Pass) {
	j := *l.Journey
	j.Loop, j.Loops, j.Places, j.pass = 0, 1, 0, &p
	p.Class = target.Cancelled // until it has ended otherwise
	l.Journey, l.From, l.Until = &j, 0, schedule.Never
	l.Schedule = schedule.NewClosed(schedule.Closed{Bounds: schedule.Bounds{Until: schedule.Never, Requests: 1}, Users: 1}, schedule.StopOn{})
	p.End = l.Run()
	return p
}
