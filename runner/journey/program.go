// Package journey is what users do, step by step: a program of flat operations,
// and strands that go through it. Like package schedule it is pure: it has no
// clock, no I/O and no goroutine; the loop (package drive) carries its calls,
// waits for its pauses, and tells it of every end.
//
// An iteration is one pass through the program. It begins as one strand, which
// is a program counter and the values set so far; `parallel` and `each` fork it
// into strands that read what their parent had and write their own.
package journey

import (
	"regexp"
	"slices"
	"time"

	"plimsoll/runner/condition"
	"plimsoll/target/delay"
	"plimsoll/target/look"
	"plimsoll/target/retry"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Program is what every iteration of a scenario does. It is shared by all loops
// and never changes.
type Program struct {
	Rows  []Row    // what has a row of its own in results, in the order of the file
	Names []string // of the variables, each at its number
	// Sources are the data of which an iteration takes a row, by the variable
	// that it is put into.
	Sources []Source
	// Secrets are the variables whose values nobody is to see.
	Secrets []int
	// Refs are those that conditions read, by the numbers that they are bound to.
	Refs []Ref
	// EnterEvery is how old the entering of a user may be before it enters anew;
	// 0: as old as it gets.
	EnterEvery time.Duration

	ops   []op
	main  int // where an iteration begins
	enter int // where a user does; 0: nowhere
	leave int // what a user who goes does; 0: nothing
}

// Row is a step, or a named block.
type Row struct {
	Name, Path string // Path is that of the blocks around it, "buy/pay"
	Kind       string // of the step's target; "" of a block
	Target     string
	Outside    bool     // of setup, teardown, enter or leave
	Once       bool     // of setup or teardown only, when there is no trial
	Records    []string // names of the numbers that `record` keeps
}

// Source is where rows come from.
type Source struct {
	Name     string
	Variable int
	Secret   bool // nobody is to see its values
}

// OnError is what the failure of a call, or of a block, does.
type OnError uint8

// The ways of OnError.
const (
	End      OnError = iota // ends the iteration
	Continue                // nothing more: of a block, it ends the block
	Stop                    // ends the trial
)

// Call is a call that a step makes.
type Call struct {
	Row      int
	Carrier  int // which of the loop's
	Prepared any // what the target's kind made of the step's keys; nil: its own call
	Args     []Ref
	Want     []look.Operand
	Timeout  time.Duration
	Retry    retry.Settings
	Tries    int // the number of its Timeout and Retry among the program's calls

	Check   []*condition.Condition
	Extract []Extract
	Record  []Record
	Until   []*condition.Condition // a poll, if there are any
	FailIf  []*condition.Condition
	Every   delay.Delay
	Within  time.Duration // 0: no bound
	OnError OnError
	// AnyStatus tells that conditions judge the status, and nobody else.
	AnyStatus bool
}

// Ref is a value that a step needs.
type Ref struct {
	Kind     RefKind
	Variable int      // its number
	Path     []string // what is reached for in it
	Low      int64    // of Random, both included
	High     int64
	Constant value.Value
	Text     string // as written, for people
}

// RefKind is where a value comes from.
type RefKind uint8

// The kinds of Ref.
const (
	Variable RefKind = iota
	Constant
	Iteration
	Place // the user's number
	UUID
	Random
	Now
	Unix
)

// Extract puts something found into a variable.
type Extract struct {
	Variable int
	Found    int            // of Want
	Matches  *regexp.Regexp // its first group is what is kept; nil: all is
	Default  *value.Value   // where nothing is found; nil: the call fails
	Text     string         // of the operand
}

// Record keeps a number found, under its place among the row's Records.
type Record struct{ Number, Found int }

// Ready is the program with its calls made ready for a trial: each is a copy,
// which ready may change.
func (p *Program) Ready(ready func(*Call) error) (*Program, error) {
	if p == nil {
		return nil, nil
	}
	out := *p
	out.ops = slices.Clone(p.ops)
	for i := range out.ops {
		o := &out.ops[i]
		if o.call == nil {
			continue
		}
		call := *o.call
		o.call = &call
		if err := ready(&call); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// Leaves tells whether users do something when they go.
func (p *Program) Leaves() bool { return p.leave > 0 }

// Visits tells whether they do something when they come or go.
func (p *Program) Visits() bool { return p.enter > 0 || p.leave > 0 }

// Set gives a variable a value: that of a template of JSON.
type Set struct {
	Variable int
	JSON     template.Template
	Args     []Ref
}
