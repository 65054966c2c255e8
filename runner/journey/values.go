package journey

import (
	"fmt"
	"strconv"
	"time"

	"plimsoll/target"
	"plimsoll/target/random"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// variable is the class of calls that lack one's value.
const variable = target.Variable

// draws is where the operation that a strand is at draws from: what it draws
// depends on the trial, the iteration, the place in the program, and the passes
// and branches around it; on nobody else.
func (c *Crew) draws(s *strand) random.Key { return s.key.Sub(uint64(s.pc)) }

// value is what a reference stands for, which may draw as the n-th of its
// operation; false: there is nothing.
func (c *Crew) value(s *strand, r *Ref, n int) (value.Value, bool) {
	switch r.Kind {
	case Constant:
		return r.Constant, true
	case Iteration:
		return number(int64(s.Iteration)), true
	case Place:
		return number(int64(s.User)), true
	case Now:
		return value.Of(c.World.Date(s.at).UTC().Format(time.RFC3339Nano)), true
	case Unix:
		return number(c.World.Date(s.at).Unix()), true
	case Random:
		return number(r.Low + int64(c.draws(s).UpTo(uint64(n), uint64(r.High-r.Low)))), true
	case UUID:
		return value.Of(random.UUID(random.Key(uint64(c.draws(s).Sub(uint64(n))) ^ uint64(c.World.UUIDs)))), true
	}
	any := func(count int) int { return int(c.draws(s).Below(uint64(n), uint64(count))) }
	switch held := s.values[r.Variable]; {
	case held.Row != nil && len(r.Path) > 0:
		return held.Row.Follow(r.Path, any)
	case held.Row != nil:
		return held.Row.Value(), true
	case held.Value.Kind == value.None || len(r.Path) == 0:
		return held.Value, held.Value.Kind != value.None
	default:
		return held.Value.Follow(r.Path, any)
	}
}

func number(n int64) value.Value {
	return value.Value{Kind: value.Number, Text: strconv.FormatInt(n, 10)}
}

// assign sets variables, one after another.
func (c *Crew) assign(s *strand, sets []Set) {
	n := 0
	for _, set := range sets {
		args := make([]value.Value, len(set.Args))
		for i := range set.Args {
			args[i], _ = c.value(s, &set.Args[i], n)
			n++
		}
		s.values[set.Variable] = Held{Value: set.value(args)}
	}
	s.pc++
}

// value is that of the template, which keeps its type where it is nothing but
// one reference.
func (s *Set) value(args []value.Value) value.Value {
	if hole, whole := s.JSON.Whole(); whole {
		return args[hole]
	}
	return value.JSON(string(s.JSON.Append(nil, args, template.AsIs)))
}

// noList says why a list is none.
func (c *Crew) noList(r *Ref, v value.Value, there bool) string {
	if !there {
		return lacks(r)
	}
	return fmt.Sprintf("${%s} is %s, and `each` needs a list", r.Text, v.Kind)
}

// lacks says that a reference stands for nothing.
func lacks(r *Ref) string { return fmt.Sprintf("${%s} has no value", r.Text) }

// draw is which of a mix a number from [0, 1) falls on.
func (m *mix) draw(x float64) int {
	for i, upTo := range m.upTo {
		if x < upTo {
			return i
		}
	}
	return len(m.upTo) - 1
}
