package sim

import (
	"fmt"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/random"
)

// Carrier carries calls to a simulated server: a heap of the ends to come. No
// goroutine, no allocation a call.
type Carrier struct {
	model *Model
	ends  agenda.Agenda[target.ID] // whose own byte is the class, by its number in dones
	dones []target.Done            // one a class, the first of successes
}

// NewCarrier makes one to a server that nobody has called yet; see New.
func NewCarrier(s Settings, streams random.Source) *Carrier {
	return &Carrier{model: New(s, streams), dones: make([]target.Done, 1)}
}

// Send starts a call: the model knows its end at once.
func (c *Carrier) Send(id target.ID, _ *target.Request, now time.Duration) time.Duration {
	leaves := c.model.Arrive(now)
	if leaves.Class != "" {
		id = id.With(c.number(leaves.Class))
	}
	c.ends.Push(leaves.At, id)
	return c.ends.First()
}

// number is that of an error class, of which the model has a handful.
func (c *Carrier) number(class string) uint8 {
	for n := 1; n < len(c.dones); n++ {
		if c.dones[n].Class == class {
			return uint8(n)
		}
	}
	c.dones = append(c.dones, target.Done{Outcome: target.Outcome{Class: class, Example: example(class)}})
	return uint8(len(c.dones) - 1)
}

// Take hands out the earliest end. It does everything else before the agenda
// sifts, and little after it: the slot that its caller looks up then comes from
// memory together with the agenda's deepest entries.
func (c *Carrier) Take(now time.Duration) (*target.Done, time.Duration) {
	if due := c.due(); due > now {
		return nil, due
	}
	id := c.ends[0].What
	d := &c.dones[id.Own()]
	d.ID, d.Ended = id, now
	c.ends.Pop()
	return d, c.due()
}

func (c *Carrier) due() time.Duration {
	if c.ends.Len() == 0 {
		return agenda.Never
	}
	return c.ends.First()
}

// Cancel ends a call now, for its caller: the model goes on with it, and its
// departure meets nobody.
func (c *Carrier) Cancel(id target.ID, now time.Duration) {
	c.ends.Push(now, id.With(c.number(target.Cancelled)))
}

// CancelAll ends every call under way now.
func (c *Carrier) CancelAll(now time.Duration) {
	class := c.number(target.Cancelled)
	for i := range c.ends {
		c.ends[i].At = now // all alike: still a heap
		c.ends[i].What = c.ends[i].What.With(class)
	}
}

// Cut is how many calls would have taken longer than a delay may be.
func (c *Carrier) Cut() int64 { return c.model.Cut() }

// Close has nothing to give back.
func (c *Carrier) Close() {}

// example is the message of a simulated failure.
func example(class string) string {
	switch class {
	case string(Reset):
		return "simulated: the connection was broken off"
	case string(Timeout):
		return "simulated: no answer came in time"
	case target.Rejected:
		return "simulated: the waiting room was full"
	case target.Throttled:
		return "simulated: over the quota"
	}
	if status := ErrorKind(class).Status(); status != 0 {
		return fmt.Sprintf("simulated: the server answered %d", status)
	}
	return "simulated: " + class
}
