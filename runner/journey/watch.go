package journey

import (
	"slices"
	"time"

	"plimsoll/runner/condition"
	"plimsoll/target"
	"plimsoll/target/value"
)

// Watcher is told what iterations do, step by step: where somebody carries one
// out to look at it, and in no load.
type Watcher interface{ Saw(*Event) }

// Event is what a strand has come to.
type Event struct {
	What   What
	Strand uint32
	Depth  int    // how many blocks and branches are around it
	Phase  string // Enter or Leave; "": an iteration
	// Name is that of a step or a block, of what an `if` is about, or of the member
	// of each; Call is that of a step, and Number that of its requests.
	Name   string
	Call   *Call
	Number uint64
	Args   []value.Value
	Judged []Judged
	Values []Assigned
	// Secrets are values that nobody is to see, those too that were there and have
	// not been kept.
	Secrets []Assigned
	// For is how long a pause is, or was what has ended; Paused, how much of that
	// were think times.
	For, Paused time.Duration
	Nth, Of     int     // pass, branch, or try
	Share       float64 // of a journey in a mix
	Class       string  // how a try, a call or the iteration failed
	Example     string
}

// Phases of an iteration besides its steps.
const (
	Enter = "enter"
	Leave = "leave"
)

// What is the kind of an Event.
type What uint8

// The kinds of Event.
const (
	Opens    What = iota // a block with a Name begins
	Chooses              // Name has been drawn, whose Share it is
	Tests                // an `if`: Judged; Class is "" where all hold
	Thinks               // a pause: For
	Forks                // branches begin: Of so many; Name is the member of each
	Branch               // the Nth branch begins
	Passes               // the Nth pass of a repeat has ended; Judged by its until
	Sets                 // Values
	Rows                 // of data: Values
	Sends                // a call is made: Call, Number, Args
	Retries              // a try has failed, as Class says, after For; the next comes after a pause: Paused
	Answers              // a call is judged: Judged, Values; with Nth, a poll goes on, after a pause: Paused
	Ends                 // a call has ended, after For
	Shown                // a call has been shown, and not made
	Finishes             // the iteration is over, after For
)

// Judged is a condition and what it saw.
type Judged struct {
	Word string // check, until, fail_if; "": an if
	Text string // "json.total is 0, want > 0"
	Holds
}

// Holds is how a condition turned out.
type Holds uint8

// The ways of Holds.
const (
	Fails Holds = iota
	Holding
	Unknown // nobody knows before there are answers
)

// Assigned is a variable and its value, or the number of a `record`.
type Assigned struct {
	Name   string
	Value  value.Value
	Secret bool
	Record bool
	Texts  []string // of a secret row
}

// Watched tells whether somebody watches.
func (c *Crew) Watched() bool { return c.World.Watch != nil }

// Tell tells whoever watches what a strand has come to.
func (c *Crew) Tell(id uint32, e Event) {
	s := &c.strands[id]
	e.Strand, e.Phase, e.Depth = id, [...]string{"", Enter, Leave}[s.phase], c.depth(s)
	c.World.Watch.Saw(&e)
}

func (c *Crew) depth(s *strand) (n int) {
	for {
		for _, f := range s.frames {
			if f.row != none {
				n++
			}
		}
		if s.parent == none {
			return n
		}
		n++
		s = &c.strands[s.parent]
	}
}

// tell tells what a strand is about to do.
func (c *Crew) tell(id uint32, o *op) {
	s, p := &c.strands[id], c.Program
	switch o.do {
	case doPause:
		if pause := c.pause(s, o); pause > 0 {
			c.Tell(id, Event{What: Thinks, For: pause})
		}
	case doUnless:
		judged, class := c.judged(s, "", o.if_), ""
		if !c.all(s, o.if_) {
			class = target.Check
		}
		c.Tell(id, Event{What: Tests, Name: p.title(int(s.pc) + 1), Judged: judged, Class: class})
	case doOpen:
		if o.row >= 0 {
			c.Tell(id, Event{What: Opens, Name: p.Rows[o.row].Name})
		}
	case doPass:
		f := &s.frames[len(s.frames)-1]
		c.Tell(id, Event{What: Passes, Nth: int(f.passes) + 1, Of: p.ops[f.pc].times, Judged: c.judged(s, "until", o.if_)})
	case doFork:
		e := Event{What: Forks, Of: len(o.fork.members)}
		if o.fork.each {
			list, _ := c.value(s, &o.fork.list, 0)
			e.Name, e.Of = p.Names[o.fork.member], len(list.Members())
		}
		c.Tell(id, e)
	case doChoose:
		n := o.mix.draw(c.draws(s).Float(0))
		c.Tell(id, Event{What: Chooses, Name: p.title(o.mix.branches[n]), Share: o.mix.share(n)})
	}
}

// share is that of a branch.
func (m *mix) share(n int) float64 {
	if n == 0 {
		return m.upTo[0]
	}
	return m.upTo[n] - m.upTo[n-1]
}

// title is what people call what an operation does.
func (p *Program) title(pc int) string {
	for ; ; pc++ {
		switch o := &p.ops[pc]; o.do {
		case doCall:
			return p.Rows[o.call.Row].Name
		case doOpen:
			if o.row >= 0 {
				return p.Rows[o.row].Name
			}
		case doPause:
			return "think_time"
		case doSet:
			return "set"
		case doLoop:
			return "repeat"
		case doChoose:
			return "mix"
		case doFork:
			if o.fork.each {
				return "each"
			}
			return "parallel"
		case doTake, doUnless:
		default:
			return "nothing"
		}
	}
}

// judged are conditions and what they see.
func (c *Crew) judged(s *strand, word string, conditions []*condition.Condition) (all []Judged) {
	for _, one := range conditions {
		j := Judged{Word: word, Text: one.Explain(c.facts(s))}
		if one.Holds(c.facts(s)) {
			j.Holds = Holding
		}
		all = append(all, j)
	}
	return all
}

// looksAt is what an answer will be judged by, before anything is set.
func (c *Crew) looksAt(s *strand) []Judged {
	return slices.Concat(c.judged(s, "fail_if", s.call.FailIf), c.judged(s, "until", s.call.Until), c.judged(s, "check", s.call.Check))
}

// tellJudged tells how an answer was judged, by all that was looked at until that
// was clear.
func (c *Crew) tellJudged(id uint32, judged []Judged, v *Verdict) {
	s := &c.strands[id]
	e := Event{What: Answers, Call: s.call, Paused: v.Every, Class: v.Class, Secrets: c.secretly(s.call, s.found)}
	if v.Again {
		e.Nth = s.looks
	}
	for _, j := range judged {
		e.Judged = append(e.Judged, j)
		if j.Word == "fail_if" && j.Holds == Holding || j.Word == "until" && j.Holds == Fails {
			break
		}
	}
	if v.Class == "" && !v.Again {
		e.Values = c.extracted(s)
		for _, r := range s.call.Record {
			e.Values = append(e.Values, Assigned{Name: c.Program.Rows[s.call.Row].Records[r.Number], Value: s.found[r.Found], Record: true})
		}
	}
	c.Tell(id, e)
}

// extracted are the variables that the strand's call has set.
func (c *Crew) extracted(s *strand) (all []Assigned) {
	for i := range s.call.Extract {
		all = append(all, c.assigned(s, s.call.Extract[i].Variable))
	}
	return all
}

// assigned is what a variable holds.
func (c *Crew) assigned(s *strand, n int) Assigned {
	return Assigned{Name: c.Program.Names[n], Value: s.values[n].whole(), Secret: c.Program.secret(n)}
}

// secretly are the values that an answer holds and nobody is to see.
func (c *Crew) secretly(call *Call, found []value.Value) (all []Assigned) {
	for i := range call.Extract {
		e := &call.Extract[i]
		if !c.Program.secret(e.Variable) || e.Found >= len(found) {
			continue
		}
		if v, lacks := e.from(found[e.Found]); lacks == "" {
			all = append(all, Assigned{Name: c.Program.Names[e.Variable], Value: v, Secret: true})
		}
	}
	return all
}

// TellRetry tells that a try of a strand's call has failed, and that there will
// be another one after a pause.
func (c *Crew) TellRetry(id uint32, o *target.Outcome, took, pause time.Duration, failures int) {
	call := c.strands[id].call
	c.Tell(id, Event{
		What: Retries, Call: call, Name: c.Program.Rows[call.Row].Name, Class: o.Class, Example: c.Scrub(id, o.Example),
		For: took, Paused: pause, Nth: failures, Secrets: c.secretly(call, o.Found),
	})
}

// tellSet tells what variables hold that have just been set.
func (c *Crew) tellSet(id uint32, sets []Set) {
	e := Event{What: Sets}
	for _, set := range sets {
		e.Values = append(e.Values, c.assigned(&c.strands[id], set.Variable))
	}
	c.Tell(id, e)
}

// tellRows tells which rows of data a strand has taken.
func (c *Crew) tellRows(id uint32, sources []int) {
	s, e := &c.strands[id], Event{What: Rows}
	for _, n := range sources {
		source := c.Program.Sources[n]
		a := Assigned{Name: source.Name, Value: s.values[source.Variable].whole(), Secret: source.Secret}
		if row := s.values[source.Variable].Row; row != nil && source.Secret {
			a.Texts = row.Texts()
		}
		e.Values = append(e.Values, a)
	}
	c.Tell(id, e)
}

// tellBranch tells that a branch of each or parallel begins.
func (c *Crew) tellBranch(id uint32, b *branches, member int) {
	e := Event{What: Branch, Nth: member + 1, Of: b.count}
	if b.fork.each {
		e.Name, e.Values = c.Program.Names[b.fork.member], []Assigned{c.assigned(&c.strands[id], b.fork.member)}
	}
	c.Tell(id, e)
}
