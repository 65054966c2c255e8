package journey

import (
	"math/rand/v2"
	"slices"
	"time"

	"plimsoll/target/random"
	"plimsoll/target/value"
)

// Crew is the strands of one loop: who is where in the program, and what they
// have. The loop begins a strand for every iteration, and goes on (Next) with
// whoever can: a strand that has begun, whose call has ended, whose pause is
// over, or that Ready tells of.
type Crew struct {
	Program *Program
	World   World
	// Closed are the blocks that have ended and have not been taken from here.
	Closed []Span
	// Left are the strands whose calls shall be given up, because the failure of
	// another branch has ended theirs. They are no more.
	Left []uint32

	strands []strand
	spare   []uint32
	ready   []uint32 // strands that can go on, from the head on
	head    int
	out     []value.Value // of an answer
	known   facts
	users   map[uint32]*user
	pcg     *rand.PCG
	rng     *rand.Rand
}

// World is what a program knows of its trial.
type World struct {
	// Draws is where all that is drawn comes from; UUIDs besides it where `uuid`
	// does.
	Draws, UUIDs random.Key
	// Date is what the calendar says at a time of the trial.
	Date func(at time.Duration) time.Time
	// Given has what variables hold from the beginning, each at its number.
	Given []Held
	// Once tells that every user comes once, for one iteration.
	Once bool
	// Keep has what an iteration has set handed out with its end.
	Keep bool
	// Watch is told all that happens; nil, as in a load: nobody is.
	Watch Watcher
}

// Held is what a variable holds: a value, or a row of data.
type Held struct {
	value.Value
	Row Fields
}

// Fields are a row of data.
type Fields interface {
	Follow(path []string, any func(n int) int) (value.Value, bool)
	Value() value.Value
	// Texts are all texts and numbers in it.
	Texts() []string
}

// strand is one way through the program.
type strand struct {
	at     time.Duration // when what it did last had ended
	key    random.Key    // of what is drawn here
	pc     int32
	parent int32 // none: it is an iteration's first
	member int32 // which of its parent's branches it is
	by     int32 // the row of the step whose failure has ended it; none: of none
	call   *Call // its last one, and what that found
	found  []value.Value

	values   []Held
	frames   []frame
	args     []value.Value
	branches *branches // nil: it waits for none

	Start
	phase          phase
	fresh          bool // it has done nothing yet
	active         bool // it is under way
	rest           rest
	service        time.Duration // of its last call
	looks          int           // so many times it has polled
	class, example string        // of the failure that has ended it
}

// Start is how an iteration begins: its number, whose it is, when it was due,
// since when nothing but the generator kept it back, and when it began.
type Start struct {
	Iteration              uint64
	Place                  uint64 // how many were started before it
	User                   uint32
	Intended, Ready, Began time.Duration
}

// phase is what a strand is for.
type phase uint8

const (
	iterating phase = iota
	entering        // its user does, before the iteration
	leaving         // its user is going
)

const none = -1

// NewCrew makes the strands of a loop.
func NewCrew(p *Program, w World) *Crew {
	for len(w.Given) < len(p.Names) {
		w.Given = append(w.Given, Held{})
	}
	c := &Crew{Program: p, World: w, users: map[uint32]*user{}, pcg: &rand.PCG{}}
	c.rng = rand.New(c.pcg)
	return c
}

// Begin begins an iteration.
func (c *Crew) Begin(start Start) (id uint32) {
	id = c.strand()
	s := &c.strands[id]
	s.Start, s.at, s.key, s.fresh = start, start.Intended, c.World.Draws.Sub(start.Iteration), true
	s.pc, s.phase = int32(c.Program.main), iterating
	s.values = append(s.values, c.World.Given...)
	if c.Program.Visits() {
		c.enter(s)
	}
	c.ready = append(c.ready, id)
	return id
}

// strand makes one that has nothing.
func (c *Crew) strand() (id uint32) {
	if last := len(c.spare) - 1; last >= 0 {
		id, c.spare = c.spare[last], c.spare[:last]
	} else {
		id = uint32(len(c.strands))
		c.strands = append(c.strands, strand{})
	}
	s := &c.strands[id]
	*s = strand{parent: none, active: true, values: s.values[:0], frames: s.frames[:0], args: s.args[:0]}
	return id
}

// free takes a strand back.
func (c *Crew) free(id uint32) {
	s := &c.strands[id]
	clear(s.values)
	s.found, s.call, s.branches, s.active = nil, nil, nil, false
	c.spare = append(c.spare, id)
}

// Ready is a strand that can go on; there may be none.
func (c *Crew) Ready() (id uint32, ok bool) {
	if c.head == len(c.ready) {
		c.ready, c.head = c.ready[:0], 0
		return 0, false
	}
	c.head++
	return c.ready[c.head-1], true
}

// Do is what a strand waits for.
type Do uint8

// The ways of Do.
const (
	Send  Do = iota // its call shall be made
	Think           // a pause shall pass: then Resume
	Take            // rows of data: Give, and then Next
	Lack            // its call cannot be made: Lacks says which value there is not
	Join            // others shall go on, that Ready tells of
	Over            // its iteration has ended, as Whole says
	Gone            // the user has gone
)

// Move is what the loop shall do for a strand.
type Move struct {
	Do   Do
	Call *Call
	Args []value.Value
	// Intended and Ready are when a call was due, and since when nothing but the
	// generator keeps it back.
	Intended, Ready time.Duration
	// For is how long a pause is.
	For time.Duration
	// Sources are those of Take.
	Sources []int
	// Whole is the iteration that is over, without a row; Start is how
	// it began.
	Whole Span
	Start Start
	Kept  []Held // what it has set, at the variables' numbers, where the World keeps that
	Lacks string
}

// Span is the time that a block of steps took, or an iteration.
type Span struct {
	Row            int
	Iteration      uint64        // that it is a part of, or is
	Due            time.Duration // of that
	Began, Ended   time.Duration
	Paused         time.Duration // of that time
	Class, Example string        // how it failed
	By             int           // the row of the step that did; below 0: none did
}

// Next goes on with a strand as far as it can.
func (c *Crew) Next(id uint32) Move {
	for {
		s := &c.strands[id]
		o := &c.Program.ops[s.pc]
		if c.World.Watch != nil {
			c.tell(id, o)
		}
		switch o.do {
		case doCall:
			return c.send(id, o.call)
		case doPause:
			if m, waits := c.think(id, o); waits {
				return m
			}
		case doUnless:
			s.pc++
			if !c.all(s, o.if_) {
				s.pc = int32(o.to)
			}
		case doOpen, doLoop:
			s.open(int32(o.row), o.do == doLoop)
			if o.do == doLoop {
				s.pass(0)
			}
			s.pc++
		case doClose:
			c.close(s, none, "", "")
			s.pc++
		case doPass:
			c.endPass(s, o)
		case doFork:
			if c.fork(id, o) {
				return Move{Do: Join}
			}
		case doChoose:
			s.pc = int32(o.mix.branches[o.mix.draw(c.draws(s).Float(0))])
		case doJump:
			s.pc = int32(o.to)
		case doSet:
			c.assign(s, o.set)
			if c.World.Watch != nil {
				c.tellSet(id, o.set)
			}
		case doTake:
			s.pc++
			return Move{Do: Take, Sources: o.sources, Ready: s.since(), Start: s.Start}
		case doEnd:
			if m, over := c.end(id); over {
				return m
			}
		}
	}
}

// send has a strand make its call.
func (c *Crew) send(id uint32, call *Call) Move {
	s := &c.strands[id]
	s.call, s.found, s.looks, s.args = call, nil, 0, s.args[:0]
	for i := range call.Args {
		v, ok := c.value(s, &call.Args[i], i)
		if !ok {
			// The call is one that failed before it was sent.
			return Move{Do: Lack, Call: call, Intended: s.at, Ready: max(s.at, s.Ready), Start: s.Start, Lacks: c.named(call, lacks(&call.Args[i]))}
		}
		s.args = append(s.args, v)
	}
	m := Move{Do: Send, Call: call, Args: s.args, Intended: s.at, Ready: max(s.at, s.Ready), Start: s.Start}
	s.fresh = false
	return m
}

// Call is the last one that a strand made.
func (c *Crew) Call(id uint32) *Call { return c.strands[id].call }

// Give puts rows of data into a strand's variables, those of the sources that
// Take named, in their order, which could be had since the given time; it can go
// on. What it waited for them counts as if it had done so before it began, also
// where its user had entered first.
func (c *Crew) Give(id uint32, rows []Held, since, now time.Duration) {
	s := &c.strands[id]
	switch wait := since - s.since(); {
	case wait <= 0:
	case !s.fresh:
		s.Ready, s.Began, s.at = s.Ready+wait, s.Began+wait, since
	default:
		s.Ready = since
		if since > s.Began {
			s.Began = max(now, since)
		}
	}
	for i, source := range c.Program.ops[s.pc-1].sources {
		s.values[c.Program.Sources[source].Variable] = rows[i]
	}
	if c.World.Watch != nil {
		c.tellRows(id, c.Program.ops[s.pc-1].sources)
	}
	c.ready = append(c.ready, id)
}

// since is when a strand that takes rows came to that.
func (s *strand) since() time.Duration {
	if s.fresh {
		return s.Ready
	}
	return s.at
}

// Leaving tells whether a strand is a user's who goes.
func (c *Crew) Leaving(id uint32) bool { return c.strands[id].phase == leaving }

// Held is what a strand's variables hold, each at its number: a copy.
func (c *Crew) Held(id uint32) []Held { return slices.Clone(c.strands[id].values) }

// UnderWay are the first strands of all iterations that have not ended.
func (c *Crew) UnderWay() (ids []uint32) {
	for id := range c.strands {
		if s := &c.strands[id]; s.active && s.parent == none && s.phase != leaving {
			ids = append(ids, uint32(id))
		}
	}
	return ids
}

// Begun is how the iteration of a strand began, and for how long the strand has
// paused: its first one for as long as the iteration.
func (c *Crew) Begun(id uint32) (start Start, paused time.Duration) {
	return c.strands[id].Start, c.strands[id].rest.paused
}

// Iteration is the number of a strand's iteration.
func (c *Crew) Iteration(id uint32) uint64 { return c.strands[id].Iteration }

// Found is what was found in the last answer to a strand.
func (c *Crew) Found(id uint32) []value.Value { return c.strands[id].found }
