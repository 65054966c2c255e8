package sim

import (
	"fmt"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/look"
	"plimsoll/target/random"
	"plimsoll/target/value"
)

// Carrier carries calls to a simulated server: a heap of the ends to come. No
// goroutine, no allocation a call. Calls that ask for something, or of which
// something is wanted, have a place beside it (asking.go).
type Carrier struct {
	model *Model
	ends  agenda.Agenda[target.ID] // whose own byte is the class, by its number in dones, or byAsking
	dones []target.Done            // one a class, the first of successes
	asks  bool                     // every call asks for something

	waiting []waiting // by slot
	router  *router
	own     Way // of calls that ask for no path
	routed  bool
	sent    []byte // memory that is used again
	reply   Reply
	answer  look.Answer
	done    target.Done
	found   []value.Value
	told    told
	leads   target.Links
	parts   target.Parts

	// patience is how long callers wait for an answer, or the first event of one
	// and from each to the next; 0: the loop sees to that, or nobody.
	patience time.Duration
	observer target.Observer // nil: nobody watches
}

// cancelled is the number of its class in dones.
const cancelled = 1

// NewCarrier makes one to a server that nobody has called yet; see New.
func NewCarrier(s Settings, streams random.Source) *Carrier {
	c := &Carrier{model: New(s, streams), dones: make([]target.Done, 1), own: noWay}
	c.number(target.Cancelled)
	if m := c.model.manners; m != nil {
		c.asks, c.routed = true, len(s.Routes) > 0 || s.Site != nil
		c.router, c.own = &m.router, m.router.find("/")
	} else {
		c.router = &router{}
	}
	return c
}

// Send starts a call: the model knows its end at once.
func (c *Carrier) Send(id target.ID, r *target.Request, now time.Duration) time.Duration {
	if c.asks || r.Call != nil || len(r.Want) > 0 {
		return c.sendAsking(id, r, now)
	}
	leaves := c.model.Arrive(now)
	if leaves.Class != "" {
		id = id.With(uint8(c.number(leaves.Class)))
	}
	c.ends.Push(leaves.At, id)
	return c.ends.First()
}

func (c *Carrier) sendAsking(id target.ID, r *target.Request, now time.Duration) time.Duration {
	w := c.ask(id, r, now)
	if c.observer != nil {
		c.tellSent(&w)
	}
	for int(id.Slot()) >= len(c.waiting) {
		c.waiting = append(c.waiting, waiting{})
	}
	if given := c.waiting[id.Slot()].asked.Events; given != nil { // of a call that was given up
		c.model.release(given)
	}
	c.waiting[id.Slot()] = w
	c.ends.Push(w.asked.At, w.id)
	return c.ends.First()
}

// number is that of an error class, of which a model without manners has a
// handful.
func (c *Carrier) number(class string) int {
	for n := 1; n < len(c.dones); n++ {
		if c.dones[n].Class == class {
			return n
		}
	}
	c.dones = append(c.dones, target.Done{Outcome: target.Outcome{Class: class, Example: example(class)}})
	return len(c.dones) - 1
}

// Take hands out the earliest end. It does everything else before the agenda
// sifts, and little after it: the slot that its caller looks up then comes from
// memory together with the agenda's deepest entries.
func (c *Carrier) Take(now time.Duration) (*target.Done, time.Duration) {
	if due := c.due(); due > now {
		return nil, due
	}
	id := c.ends[0].What
	var d *target.Done
	if own := id.Own(); own != byAsking {
		d = &c.dones[own]
	} else {
		d = c.answered(id)
	}
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
	c.ends.Push(now, id.With(cancelled))
}

// CancelAll ends every call under way now.
func (c *Carrier) CancelAll(now time.Duration) {
	for i := range c.ends {
		c.ends[i].At = now // all alike: still a heap
		c.ends[i].What = c.ends[i].What.With(cancelled)
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
