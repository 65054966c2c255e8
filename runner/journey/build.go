package journey

import (
	"slices"

	"plimsoll/runner/condition"
	"plimsoll/target/delay"
)

// Step is one element of a journey, which may hold others. Package step makes
// them out of a file.
type Step struct {
	If      []*condition.Condition // all must hold, or the step is left out
	Do      Action
	OnError OnError // of a block
	Row     int     // of a named block; -1: none
}

// Action is what a step does: *Call, Pause, Block, Parallel, Each, Repeat, Mix or
// Assign.
type Action interface{ emit(b *builder, s Step) }

// Pause is a think time, drawn anew each time.
type Pause struct{ Delay delay.Delay }

// Block is steps one after another.
type Block []Step

// Parallel is steps all at once; it ends when all have ended.
type Parallel struct {
	Members []Step
	Sets    [][]int // the variables that each member sets
}

// Each is steps for every member of a list, at most Limit of them at a time (0:
// all).
type Each struct {
	List   Ref
	Member int // the variable that holds it
	Limit  int
	Steps  Block
	Sets   []int // the variables that the steps set
}

// Repeat is steps so many times, or until conditions hold that are judged after
// each pass.
type Repeat struct {
	Times int
	Steps Block
	Until []*condition.Condition
}

// Mix is one of several, drawn by its share.
type Mix struct {
	Branches []Block
	Weights  []float64
	Sources  [][]int // that each branch takes a row of, where it is all that an iteration does
}

// Assign sets variables.
type Assign []Set

// op is one operation of the flat program.
type op struct {
	do      code
	to      int // where to go on: behind a block, in front of a loop …
	row     int
	onError OnError
	if_     []*condition.Condition
	call    *Call
	pause   delay.Delay
	fork    *fork
	times   int
	mix     *mix
	set     []Set
	sources []int
}

// fork is what parallel and each have strands for.
type fork struct {
	members []int // where each begins; of each, one
	sets    [][]int
	each    bool
	list    Ref
	member  int
	limit   int
}

type mix struct {
	branches []int
	upTo     []float64 // the sum of the shares up to each, the last one 1
}

// code is what an operation does.
type code uint8

const (
	doEnd    code = iota
	doCall        // make a call
	doPause       // think
	doUnless      // go to `to` unless the conditions hold
	doOpen        // a block begins; it ends before `to`
	doClose       // it ends
	doFork        // strands begin; they are joined in front of `to`
	doLoop        // passes begin
	doPass        // a pass has ended: to `to`, unless it was the last
	doChoose      // one of several
	doJump        // to `to`
	doSet         // variables
	doTake        // rows of data
)

type builder struct {
	ops   []op
	calls int // so far
}

// Journeys are what a scenario's users do.
type Journeys struct {
	Main, Enter, Leave Block
	Sources            []int // that every iteration takes a row of
	EnterSources       []int // that every user takes one of
}

// New makes the program of journeys; rows, names and sources are those that
// their steps speak of by number.
func New(j Journeys, rows []Row, names []string, sources []Source) *Program {
	b := &builder{}
	b.add(op{do: doEnd}) // so that 0 is nowhere
	begin := func(block Block, sources []int) int {
		if len(block) == 0 && len(sources) == 0 {
			return 0
		}
		at := len(b.ops)
		if len(sources) > 0 {
			b.take(sources)
		}
		b.block(block)
		b.add(op{do: doEnd})
		return at
	}
	p := &Program{Rows: rows, Names: names, Sources: sources}
	p.enter, p.leave = begin(j.Enter, j.EnterSources), begin(j.Leave, nil)
	p.main = begin(j.Main, j.Sources)
	p.ops = b.ops
	return p
}

// Calls are the program's calls, each at the number of its Tries; nil has none.
func (p *Program) Calls() (calls []*Call) {
	if p == nil {
		return nil
	}
	for i := range p.ops {
		if c := p.ops[i].call; c != nil {
			calls = append(calls, c)
		}
	}
	return calls
}

func (b *builder) add(o op) (at int) {
	b.ops = append(b.ops, o)
	return len(b.ops) - 1
}

// take takes rows of sources in the order of their numbers, so that of two who
// wait for each other's rows there are none.
func (b *builder) take(sources []int) {
	b.add(op{do: doTake, sources: slices.Sorted(slices.Values(sources))})
}

func (b *builder) block(steps Block) {
	for _, s := range steps {
		b.step(s)
	}
}

func (b *builder) step(s Step) {
	if len(s.If) == 0 {
		s.Do.emit(b, s)
		return
	}
	at := b.add(op{do: doUnless, if_: s.If})
	s.Do.emit(b, s)
	b.ops[at].to = len(b.ops)
}

// framed puts what has a row, or outlives the failure of what is in it, into a
// block.
func (b *builder) framed(s Step, inside func()) {
	if s.Row < 0 && s.OnError == End {
		inside()
		return
	}
	at := b.add(op{do: doOpen, row: s.Row, onError: s.OnError})
	inside()
	b.add(op{do: doClose})
	b.ops[at].to = len(b.ops)
}

func (c *Call) emit(b *builder, _ Step) {
	c.Tries = b.calls
	b.calls++
	b.add(op{do: doCall, call: c, row: c.Row, onError: c.OnError})
}

func (p Pause) emit(b *builder, _ Step) { b.add(op{do: doPause, pause: p.Delay}) }

func (steps Block) emit(b *builder, s Step) { b.framed(s, func() { b.block(steps) }) }

func (a Assign) emit(b *builder, _ Step) { b.add(op{do: doSet, set: a}) }

func (p Parallel) emit(b *builder, s Step) {
	b.framed(s, func() {
		f := &fork{sets: p.Sets}
		at := b.add(op{do: doFork, fork: f})
		for _, m := range p.Members {
			f.members = append(f.members, len(b.ops))
			b.step(m)
			b.add(op{do: doEnd})
		}
		b.ops[at].to = len(b.ops)
	})
}

func (e Each) emit(b *builder, s Step) {
	b.framed(s, func() {
		f := &fork{each: true, list: e.List, member: e.Member, limit: e.Limit, sets: [][]int{e.Sets}}
		at := b.add(op{do: doFork, fork: f})
		f.members = []int{len(b.ops)}
		b.block(e.Steps)
		b.add(op{do: doEnd})
		b.ops[at].to = len(b.ops)
	})
}

func (r Repeat) emit(b *builder, s Step) {
	b.framed(s, func() {
		at := b.add(op{do: doLoop, times: r.Times})
		b.block(r.Steps)
		b.add(op{do: doPass, to: at + 1, if_: r.Until})
		b.ops[at].to = len(b.ops)
	})
}

func (m Mix) emit(b *builder, s Step) {
	b.framed(s, func() {
		x, sum, total := &mix{}, 0.0, 0.0
		for _, w := range m.Weights {
			total += w
		}
		at := b.add(op{do: doChoose, mix: x})
		var ends []int
		for i, branch := range m.Branches {
			sum += m.Weights[i] / total
			x.upTo, x.branches = append(x.upTo, sum), append(x.branches, len(b.ops))
			if m.Sources != nil && len(m.Sources[i]) > 0 {
				b.take(m.Sources[i])
			}
			b.block(branch)
			ends = append(ends, b.add(op{do: doJump}))
		}
		for _, end := range ends {
			b.ops[end].to = len(b.ops)
		}
		b.ops[at].to = len(b.ops)
	})
}
