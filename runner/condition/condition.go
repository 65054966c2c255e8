// Package condition judges OPERAND OP VALUE, as check, if, until and fail_if of a
// step have it. It is read once, judged for every call, and tells on demand what
// both sides were.
package condition

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"plimsoll/target/look"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Condition is one condition.
type Condition struct {
	Pos  setting.Pos // where it stands in the file, if it stands in one
	text string
	left side
	op   operator
	want []wanted       // what op compares with: several for `in`, none for `exists`
	like *regexp.Regexp // of matches
}

// Facts are what conditions are judged by. The numbers are those that Bind was
// given.
type Facts interface {
	// Found is what was found in the answer.
	Found(number int) value.Value
	// Time is the call's service time.
	Time() time.Duration
	// Variable is the value that a reference stands for, of the kind None where
	// it has none.
	Variable(number int) value.Value
}

// Time is the operand of the call's service time.
const Time = "time"

// side is the left one.
type side struct {
	of      source
	operand look.Operand
	ref     template.Ref
	number  int
}

type source uint8

const (
	answer source = iota
	clock
	variable
)

// wanted is a value on the right.
type wanted struct {
	constant value.Value
	text     template.Template // where it is none
	numbers  []int             // of its references
}

// String is the condition as it was written.
func (c *Condition) String() string { return c.text }

// Operand is what the condition looks at in the answer, if it does.
func (c *Condition) Operand() (look.Operand, bool) { return c.left.operand, c.left.of == answer }

// OfCall tells whether it judges a call, by its answer or its time.
func (c *Condition) OfCall() bool { return c.left.of != variable }

// Refs are the variables that it reads.
func (c *Condition) Refs() []template.Ref {
	var refs []template.Ref
	if c.left.of == variable {
		refs = append(refs, c.left.ref)
	}
	for _, w := range c.want {
		refs = append(refs, w.text.Refs()...)
	}
	return refs
}

// Bind numbers what the condition looks at, for Facts. Copies of a condition are
// bound each by itself.
func (c *Condition) Bind(found func(look.Operand) int, variables func(template.Ref) int) {
	switch c.left.of {
	case answer:
		c.left.number = found(c.left.operand)
	case variable:
		c.left.number = variables(c.left.ref)
	}
	c.want = slices.Clone(c.want)
	for i := range c.want {
		refs := c.want[i].text.Refs()
		c.want[i].numbers = make([]int, len(refs))
		for k, ref := range refs {
			c.want[i].numbers[k] = variables(ref)
		}
	}
}

// Holds judges. What looks at nothing holds only as `missing`.
func (c *Condition) Holds(f Facts) bool {
	left := c.left.value(f)
	switch {
	case left.Kind == value.None:
		return c.op.word == missing
	case c.op.word == missing:
		return false
	case c.op.word == exists:
		return true
	case c.like != nil:
		return c.like.MatchString(left.String())
	}
	for i := range c.want {
		want := c.want[i].value(f)
		if want.Kind != value.None && c.op.holds(left, want) {
			return true
		}
	}
	return false
}

// Explain says what both sides are: "json.total is 0, want > 0".
func (c *Condition) Explain(f Facts) string {
	var b strings.Builder
	b.WriteString(c.left.String())
	if left := c.left.value(f); left.Kind == value.None {
		b.WriteString(" is missing, want ")
	} else {
		b.WriteString(" is " + shown(left) + ", want ")
	}
	if c.op.word == missing {
		b.WriteString("it missing")
		return b.String()
	}
	if c.op.word == exists {
		b.WriteString("it there")
		return b.String()
	}
	b.WriteString(c.op.word + " ")
	if c.like != nil {
		b.WriteString(c.like.String())
		return b.String()
	}
	var all []string
	for i := range c.want {
		if want := c.want[i].value(f); want.Kind != value.None {
			all = append(all, shown(want))
		} else {
			all = append(all, c.want[i].text.String()+" (which has no value)")
		}
	}
	if c.op.word == in {
		b.WriteString("[" + strings.Join(all, ", ") + "]")
	} else {
		b.WriteString(strings.Join(all, ", "))
	}
	return b.String()
}

func (s *side) String() string {
	switch s.of {
	case answer:
		return s.operand.String()
	case clock:
		return Time
	}
	return s.ref.Text
}

func (s *side) value(f Facts) value.Value {
	switch s.of {
	case answer:
		return f.Found(s.number)
	case clock:
		return value.Of(quantity.Duration(f.Time()))
	}
	return f.Variable(s.number)
}

func (w *wanted) value(f Facts) value.Value {
	if w.constant.Kind != value.None {
		return w.constant
	}
	args := make([]value.Value, len(w.numbers))
	for i, n := range w.numbers {
		if args[i] = f.Variable(n); args[i].Kind == value.None {
			return value.Value{}
		}
	}
	if hole, whole := w.text.Whole(); whole {
		return args[hole]
	}
	return value.Of(string(w.text.Append(nil, args, template.AsIs)))
}

// shown is a value for people: in quotes where its end could not be told.
func shown(v value.Value) string {
	const longest = 100
	text := v.String()
	if runes := []rune(text[:min(len(text), 4*longest+1)]); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	if v.Kind == value.Text && (text == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == ',' || r == '"' })) {
		return `"` + strings.NewReplacer("\r", `\r`, "\n", `\n`, "\t", `\t`).Replace(text) + `"`
	}
	return text
}
