package step

import (
	"maps"
	"slices"
	"time"

	"plimsoll/runner/data"
	"plimsoll/runner/journey"
	"plimsoll/target/httpcall"
	"plimsoll/target/look"
	"plimsoll/target/retry"
	"plimsoll/target/setting"
)

// Scenario is what a program is made of.
type Scenario struct {
	Main, Enter, Leave, Setup, Teardown []Step
	// EnterEvery is how old the entering of a user may be; 0: as old as it gets.
	EnterEvery time.Duration
	Journeys   []setting.Entry[[]Step]
	Data       []*data.Source
	// Values are the names of those that are the same for all of a trial, such as
	// requests: whoever carries it out gives them.
	Values []string
	// Target is whose calls are made where a step names none; "": nobody's.
	Target string
	// Targets are all there are.
	Targets []Target
	// Common, Timeout and Retry are for all calls that do not say otherwise.
	Common  httpcall.Common
	Timeout time.Duration   // 0: the target's own
	Retry   *retry.Settings // nil: the target's own
}

// Target is what can be called.
type Target struct {
	Name, Kind string
	// Asks tells that it can be asked for paths and URLs, and Action the word of
	// what else it can be asked by; "": nothing.
	Asks   bool
	Action string
	// Operands are the words of what can be looked at in its answers.
	Operands []string
	// Bare tells why it cannot be called by itself; "": it can.
	Bare string
}

// Compiled is a scenario's steps, ready to be carried out.
type Compiled struct {
	// Main has the iterations, Enter and Leave. Setup and Teardown run once a
	// trial; nil: there is none. All number variables, rows, sources and carriers
	// alike. Prepared of their calls is an *httpcall.Call or a kind.Call, or nil.
	Main, Setup, Teardown *journey.Program
	// Targets are the names of those called, by the number of their carrier.
	Targets []string
	// Journeys are the names of those that are done somewhere.
	Journeys []string
	// Files are what bodies were read from files.
	Files [][]byte
	// Secrets are the variables that say who asks, in their order: nobody is to
	// see their values.
	Secrets []string
}

// mostSteps is how many steps a program may have, those of journeys counted each
// time they are done somewhere else.
const mostSteps = 2_000

// compiler makes the programs of one scenario.
type compiler struct {
	*Scenario
	r       *setting.Reader
	names   *Names
	ok      bool
	steps   int
	rows    []journey.Row
	places  map[place]int // where a row is
	targets []string
	files   [][]byte
	done    []string // the journeys that are
	secrets map[string]bool

	variables
	// operands are those that `if` looks at, in whichever call was the last: they
	// have the same numbers in all calls.
	operands []look.Operand
	demands  []demand
	calls    []*call
	inside   []string // the journeys that are being put in
	entering *phase
}

// phase is what steps are for.
type phase struct {
	name    string
	outside bool
	once    bool    // of setup or teardown
	takes   []taken // the sources that its steps name
}

// Compile makes the program of a scenario, and reports what is wrong with it. It
// notes what is set and read in names, which are those of the whole file.
func Compile(r *setting.Reader, s *Scenario, names *Names) (*Compiled, bool) {
	c := &compiler{Scenario: s, r: r, names: names, places: map[place]int{}, secrets: map[string]bool{}, ok: true}
	c.survey()
	for _, d := range s.Data {
		c.checkName(d.Name, d.Pos, "data source")
		names.offer(d.Pos, d.Name, "nothing takes rows of "+d.Name+": leave it out, or write ${"+d.Name+"} where they are needed")
	}
	for _, j := range s.Journeys {
		names.offer(j.Pos, aJourney(j.Key), "no scenario does the journey "+j.Key+": leave it out, or write journey: "+j.Key+" as a step where it is needed")
	}
	once := begin(&phase{name: "setup", outside: true, once: true}, nil)
	setup := c.block(s.Setup, once)
	user := begin(&phase{name: "enter", outside: true}, once.known)
	c.entering = user.phase
	enter := c.block(s.Enter, user)
	iteration := begin(&phase{name: "steps"}, user.known)
	main, sources := c.iteration(s.Main, iteration)
	leave := c.block(s.Leave, begin(&phase{name: "leave", outside: true}, user.known))
	teardown := c.block(s.Teardown, begin(&phase{name: "teardown", outside: true, once: true}, once.known))
	c.sameRows(iteration.phase)
	c.look()
	if !c.ok {
		return nil, false
	}
	secrets := slices.Sorted(maps.Keys(c.secrets))
	program := func(j journey.Journeys) *journey.Program {
		p := journey.New(j, c.rows, c.variables.names, c.variables.sources)
		p.Refs = c.refs
		for _, name := range secrets {
			p.Secrets = append(p.Secrets, c.number(name))
		}
		return p
	}
	out := &Compiled{Targets: c.targets, Journeys: c.done, Files: c.files, Secrets: secrets, Main: program(journey.Journeys{
		Main: main, Enter: enter, Leave: leave, EnterSources: numbers(user.phase.takes), Sources: sources,
	})}
	out.Main.EnterEvery = s.EnterEvery
	if len(setup) > 0 {
		out.Setup = program(journey.Journeys{Main: setup})
	}
	if len(teardown) > 0 {
		out.Teardown = program(journey.Journeys{Main: teardown})
	}
	return out, true
}

// iteration is what an iteration does, and the sources that every one takes a
// row of. Where it is nothing but a mix, those of its branches are their own.
func (c *compiler) iteration(steps []Step, f *flow) (journey.Block, []int) {
	if len(steps) != 1 || !steps[0].mix.Given {
		block := c.block(steps, f)
		return block, numbers(f.phase.takes)
	}
	s := &steps[0]
	conditions := c.judged(s.onlyIf, f)
	all := numbers(f.phase.takes)
	step := c.framed(s, f, func() journey.Action { return c.mix(s, f, true) })
	step.If = conditions
	return journey.Block{step}, all
}

func (c *compiler) problem(at setting.Pos, format string, args ...any) {
	c.r.Problem(at, format, args...)
	c.ok = false
}

// Renamed is the same, with another target called in the place of one.
func (c *Compiled) Renamed(from, to, kind string) *Compiled {
	out := *c
	out.Targets = slices.Clone(c.Targets)
	for i, name := range out.Targets {
		if name == from {
			out.Targets[i] = to
		}
	}
	for _, p := range []**journey.Program{&out.Main, &out.Setup, &out.Teardown} {
		if *p == nil {
			continue
		}
		renamed := **p
		renamed.Rows = slices.Clone(renamed.Rows)
		for i := range renamed.Rows {
			if row := &renamed.Rows[i]; row.Target == from {
				row.Target, row.Kind = to, kind
			}
		}
		*p = &renamed
	}
	return &out
}
