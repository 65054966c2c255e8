// Package mode says how the calls of a trial are started: a closed loop of ten
// users, an open one of 100 calls a second. A mode is a file here and a line in
// the table (forms, in form.go): docs/adding-a-mode.md. Nobody outside asks
// which one it is; what others must know of a mode, they ask it.
package mode

import (
	"math"
	"time"

	"plimsoll/runner/schedule"
	"plimsoll/target/agenda"
	"plimsoll/target/random"
)

// Mode is how the calls of one trial are started, at one load. Where it is
// asked for a number of requests, 0 is a trial that time ends.
type Mode interface {
	// Schedule hands the starts of a part out.
	Schedule(Part) *schedule.Schedule
	// Busy is how many calls are in flight all the time, for sure: 0 where users
	// pause between their calls, or calls wait to become due.
	Busy(requests int) int
	// Lasts is about how long so many requests take that take so long each.
	Lasts(requests int, call time.Duration) time.Duration
	// Text is all of it, as scenario files say it: results are compared where
	// it is the same.
	Text() string
	Traits() Traits
}

// Searchable is a mode whose load is one number, which a search may choose.
type Searchable interface {
	Mode
	At(load float64) Mode
}

// Traits are what others go by. The zero value is a closed loop's of one user.
type Traits struct {
	// Length is how long calls become due, where the mode itself says so.
	Length time.Duration
	// Concurrency and RatePerS are the load, as results tell it.
	Concurrency int
	RatePerS    float64
	// Users are as many as come back, call after call; 0: each call is made by a
	// user of its own.
	Users int
	// Timed calls become due at times of the mode's own, whatever comes back:
	// they have one order, and a start can be late.
	Timed bool
	// Paced starts are kept apart by the schedule, see schedule.Schedule.Paced.
	Paced bool
	// Queue is how many items can wait in a queue that calls come out of; 0: there
	// is none.
	Queue int
	// MaxInFlight is a limit that holds calls which have become due.
	MaxInFlight int
	// Undivided is the key of what is one for all calls together, so that their starts
	// cannot be shared out; "": they can.
	Undivided string
	// Loops are as many as the load is worth, MostLoops as many as keep every
	// promise that one keeps: fewer than two where the load cannot be shared.
	Loops, MostLoops int
}

// Part is what one loop carries out of a trial.
type Part struct {
	schedule.Bounds
	Share Share
	Stop  schedule.StopOn
	// Batch are the requests of the whole trial, also while it warms up.
	Batch int
	// Found tells that calls are found on the way, see schedule.Found.
	Found bool
	// Pool is how many calls the target's pool of connections has room for
	// where starts are paced; 0: no limit.
	Pool    int
	Streams random.Source
}

// nanoseconds is a duration; agenda.Never where it is beyond the end of time.
func nanoseconds(ns float64) time.Duration {
	if ns < float64(agenda.Never) {
		return time.Duration(ns)
	}
	return agenda.Never
}

// rounds is how many times n calls at a time make so many.
func rounds(requests, n int) float64 { return math.Ceil(float64(requests) / float64(max(1, n))) }
