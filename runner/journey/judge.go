package journey

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/runner/condition"
	"plimsoll/target"
	"plimsoll/target/look"
	"plimsoll/target/quantity"
	"plimsoll/target/value"
)

// Verdict is what is to be made of the answer to a call.
type Verdict struct {
	Class, Example string // how the call failed; "": it did not
	// Again tells that a poll is not done: it asks again after a pause of Every.
	Again bool
	Every time.Duration
	// Records are the numbers to keep.
	Records []Recorded
}

// Recorded is a number that a call's `record` has found.
type Recorded struct {
	Number int
	Value  float64
}

// Judge looks at the answer to a strand's call, which took so long, and sets what
// is extracted from it.
func (c *Crew) Judge(id uint32, o *target.Outcome, service time.Duration) (v Verdict) {
	s := &c.strands[id]
	s.found, s.service = o.Found, service
	if c.World.Watch == nil {
		return c.judge(s, o)
	}
	judged := c.looksAt(s)
	if v = c.judge(s, o); v.Class == o.Class && v.Class != "" {
		judged = nil // nobody has looked
	}
	c.tellJudged(id, judged, &v)
	return v
}

func (c *Crew) judge(s *strand, o *target.Outcome) (v Verdict) {
	call := s.call
	if o.Class != "" { // whoever carried it may not be done with what it was given
		s.args = nil
	}
	if o.Class != "" && !(call.AnyStatus && strings.HasPrefix(o.Class, "status-")) {
		v.Class, v.Example = o.Class, o.Example
		return v
	}
	if t := c.first(s, call.FailIf, true); t != nil {
		return c.failed(s, t, ", and that fails it")
	}
	if c.first(s, call.Until, false) != nil {
		return Verdict{Again: true, Every: c.every(s, call)}
	}
	if t := c.first(s, call.Check, false); t != nil {
		return c.failed(s, t, "")
	}
	if lacks := c.extract(s, call, o.Shown); lacks != "" {
		return Verdict{Class: target.Extract, Example: c.named(call, lacks)}
	}
	for _, r := range call.Record {
		if n, err := strconv.ParseFloat(s.found[r.Found].Text, 64); err == nil && n-n == 0 { // finite
			v.Records = append(v.Records, Recorded{r.Number, n})
		}
	}
	return v
}

// first is the first of conditions that holds, or that does not; nil: none.
func (c *Crew) first(s *strand, conditions []*condition.Condition, holds bool) *condition.Condition {
	for i := range conditions {
		if conditions[i].Holds(c.facts(s)) == holds {
			return conditions[i]
		}
	}
	return nil
}

// all tells whether all conditions hold.
func (c *Crew) all(s *strand, conditions []*condition.Condition) bool {
	return c.first(s, conditions, false) == nil
}

// facts are what conditions of a strand are judged by.
type facts struct {
	c *Crew
	s *strand
}

func (c *Crew) facts(s *strand) *facts {
	c.known = facts{c, s}
	return &c.known
}

// Found is what the strand's last call has found.
func (f *facts) Found(n int) value.Value {
	if n >= len(f.s.found) {
		return value.Value{}
	}
	return f.s.found[n]
}

// Time is how long that took.
func (f *facts) Time() time.Duration { return f.s.service }

// Variable is the value of a reference.
func (f *facts) Variable(n int) value.Value {
	v, _ := f.c.value(f.s, &f.c.Program.Refs[n], n)
	return v
}

// failed is the verdict on a call that a condition fails: the class is the
// status where it is about that.
func (c *Crew) failed(s *strand, t *condition.Condition, because string) Verdict {
	class := target.Check
	if o, ofCall := t.Operand(); ofCall && o.String() == "status" {
		if i := slices.IndexFunc(s.call.Want, func(w look.Operand) bool { return w.String() == o.String() }); i >= 0 && i < len(s.found) {
			class = "status-" + s.found[i].Text
		}
	}
	return Verdict{Class: class, Example: c.named(s.call, t.Explain(c.facts(s))+because)}
}

// named is what is told of a call, behind its step's name.
func (c *Crew) named(call *Call, told string) string {
	return c.Program.Rows[call.Row].Name + ": " + told
}

// Unfinished says what a strand's poll waits for in vain.
func (c *Crew) Unfinished(id uint32) string {
	s := &c.strands[id]
	told := "no answer"
	if s.found != nil {
		if t := c.first(s, s.call.Until, false); t != nil {
			told = t.Explain(c.facts(s))
		}
	}
	return c.named(s.call, told+" within "+quantity.Duration(s.call.Within))
}

// every is the pause before a poll's next look.
func (c *Crew) every(s *strand, call *Call) time.Duration {
	draws := c.draws(s).Sub(uint64(s.looks))
	s.looks++
	c.pcg.Seed(draws.At(0), draws.At(1))
	return call.Every.Draw(c.rng)
}

// extract sets what a call extracts from its answer, all of it or nothing; it
// says what is not there.
func (c *Crew) extract(s *strand, call *Call, shown string) (lacks string) {
	c.out = c.out[:0]
	for i := range call.Extract {
		e := &call.Extract[i]
		v, lacks := e.from(s.found[e.Found])
		if lacks != "" && e.Default == nil {
			if shown != "" {
				lacks += ": " + shown
			}
			return lacks
		}
		if lacks != "" {
			v = *e.Default
		}
		c.out = append(c.out, v)
	}
	for i, v := range c.out {
		s.values[call.Extract[i].Variable] = Held{Value: v}
	}
	return ""
}

// from is what is kept of what was found.
func (e *Extract) from(found value.Value) (v value.Value, lacks string) {
	if found.Kind == value.None {
		return found, e.Text + " is not there"
	}
	if e.Matches == nil {
		return found, ""
	}
	groups := e.Matches.FindStringSubmatch(found.String())
	if groups == nil {
		return found, fmt.Sprintf("%s does not match %s", e.Text, e.Matches)
	}
	return value.Of(groups[len(groups)-1]), ""
}
