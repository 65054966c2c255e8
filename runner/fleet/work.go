package fleet

import (
	"context"
	"time"
)

// Work is what an agent does: package runner's, or a test's.
type Work interface {
	// Take understands a plan, whose files it may keep as long as it is not let go.
	// The error is why the agent refuses it, in words for the coordinator's user.
	Take(Plan) (Job, error)
}

// Job is a plan that was understood.
type Job interface {
	// Carry carries one share out. What Desk has says when it may begin, and takes
	// what comes of it. ctx done: nothing more starts. atOnce done: all is given up.
	// The body that it returns is how the share ended.
	Carry(ctx, atOnce context.Context, c Command, d Desk) (end []byte, err error)
	// Close lets go of it.
	Close()
}

// Desk is where a share reports.
type Desk interface {
	// Ready tells that all is open and prepared, with what the setup has left, if this
	// share has carried it out. It waits for when the share begins, by package time, and
	// for what another share's setup has left.
	Ready(ctx context.Context, left []byte) (at time.Time, given []byte, err error)
	// Send hands over what was recorded since the last time.
	Send(recorded []byte)
	// Alone waits until the load of all the other shares is over.
	Alone(ctx context.Context) error
}
