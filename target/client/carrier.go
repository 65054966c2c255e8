package client

import (
	"plimsoll/target"
	"plimsoll/target/workers"
)

// Carrier has workers carry calls to a target that keeps something for each user.
type Carrier struct {
	*workers.Carrier
	leave func(user uint32)
}

// Carry makes a carrier, which tells who is gone.
func Carry(caller target.Caller, clock target.Clock, leave func(user uint32)) *Carrier {
	return &Carrier{workers.New(caller, clock), leave}
}

// Leave forgets a user.
func (c *Carrier) Leave(user uint32) { c.leave(user) }
