package journey

import (
	"fmt"

	"plimsoll/target/random"
	"plimsoll/target/value"
)

// Rehearsal is one pass through a program in which nothing is called: what only
// an answer could tell stays ${name}, all journeys of a mix are shown, each list
// once, and what an `if` decides is taken to hold.
type Rehearsal struct {
	// Row is one of the data source of that number.
	Row func(source int, iteration uint64) Held

	crew    *Crew
	id      uint32
	depth   int
	unknown []bool       // variables
	number  uint64       // of calls
	keys    []random.Key // outside of loops
}

// Rehearse goes through what users do, in its order.
func (p *Program) Rehearse(w World, r Rehearsal) {
	r.crew, r.unknown = NewCrew(p, w), make([]bool, len(p.Names))
	r.id = r.crew.strand()
	s := &r.crew.strands[r.id]
	s.key = w.Draws.Sub(0)
	s.values = append(s.values, r.crew.World.Given...)
	for n, held := range s.values {
		r.unknown[n] = held.Row == nil && held.Value.Kind == value.None
	}
	for _, part := range []struct {
		from  int
		phase phase
	}{{p.enter, entering}, {p.main, iterating}, {p.leave, leaving}} {
		if s.phase = part.phase; part.from > 0 {
			r.walk(part.from, len(p.ops))
		}
	}
}

func (r *Rehearsal) tell(e Event) {
	e.Strand, e.Depth, e.Phase = r.id, r.depth, [...]string{"", Enter, Leave}[r.crew.strands[r.id].phase]
	r.crew.World.Watch.Saw(&e)
}

// walk goes through operations from one on, as far as another one or to the end.
func (r *Rehearsal) walk(from, to int) {
	p := r.crew.Program
	for pc := from; pc < to; pc++ {
		s, o := &r.crew.strands[r.id], &p.ops[pc]
		s.pc = int32(pc)
		switch o.do {
		case doEnd:
			return
		case doCall:
			r.call(s, o.call)
		case doPause:
			r.tell(Event{What: Thinks, For: r.crew.pause(s, o)})
		case doUnless:
			e := Event{What: Tests}
			for _, c := range o.if_ {
				e.Judged = append(e.Judged, Judged{"if", c.String(), Unknown})
			}
			r.tell(e)
		case doOpen:
			r.open(o)
			r.walk(pc+1, o.to-1)
			r.close(o)
			pc = o.to - 1
		case doLoop:
			r.tell(Event{What: Passes, Of: o.times})
			r.keys = append(r.keys, s.key)
			s.key = s.key.Sub(uint64(pc)).Sub(0)
		case doPass:
			last := len(r.keys) - 1
			s.key, r.keys = r.keys[last], r.keys[:last]
			for _, c := range o.if_ {
				r.tell(Event{What: Tests, Judged: []Judged{{"until", c.String(), Unknown}}})
			}
		case doFork:
			r.fork(s, o)
			pc = o.to - 1
		case doChoose:
			for n, branch := range o.mix.branches {
				r.tell(Event{What: Chooses, Name: p.title(branch), Share: o.mix.share(n)})
				r.branch(branch)
			}
			pc = o.to - 1
		case doJump:
			return
		case doSet:
			r.set(s, o)
		case doTake:
			r.take(s, o)
		}
	}
}

func (r *Rehearsal) open(o *op) {
	if o.row >= 0 {
		r.tell(Event{What: Opens, Name: r.crew.Program.Rows[o.row].Name})
		r.depth++
	}
}

func (r *Rehearsal) close(o *op) {
	if o.row >= 0 {
		r.depth--
	}
}

// branch goes through what draws by itself.
func (r *Rehearsal) branch(from int) {
	key := r.crew.strands[r.id].key
	r.walk(from, len(r.crew.Program.ops))
	r.crew.strands[r.id].key = key
}

// fork goes through every member of parallel, and of each through the first.
func (r *Rehearsal) fork(s *strand, o *op) {
	e := Event{What: Forks, Of: len(o.fork.members)}
	if o.fork.each {
		e.Name, e.Of = r.crew.Program.Names[o.fork.member], 0
		list := r.value(s, &o.fork.list, 0)
		members := list.Members()
		r.unknown[o.fork.member] = len(members) == 0
		if len(members) > 0 {
			e.Of, s.values[o.fork.member] = len(members), Held{Value: members[0]}
		}
	}
	r.tell(e)
	r.depth++
	for n, from := range o.fork.members {
		key := s.key
		s.key = r.crew.draws(s).Sub(uint64(n))
		r.walk(from, len(r.crew.Program.ops))
		s = &r.crew.strands[r.id]
		s.key, s.pc = key, int32(o.to-1)
	}
	r.depth--
	for _, sets := range o.fork.sets {
		for _, v := range sets { // of each: a list
			r.unknown[v] = r.unknown[v] || o.fork.each
		}
	}
}

// value is what a reference stands for, or ${name}.
func (r *Rehearsal) value(s *strand, ref *Ref, n int) value.Value {
	if ref.Kind != Variable || !r.unknown[ref.Variable] {
		if v, ok := r.crew.value(s, ref, n); ok {
			return v
		}
	}
	return value.Of("${" + ref.Text + "}")
}

func (r *Rehearsal) call(s *strand, call *Call) {
	args := make([]value.Value, len(call.Args))
	for i := range call.Args {
		args[i] = r.value(s, &call.Args[i], i)
	}
	p := r.crew.Program
	r.tell(Event{What: Sends, Name: p.Rows[call.Row].Name, Call: call, Number: r.number, Args: args})
	r.number++
	e := Event{What: Answers, Call: call}
	note := func(word, text string) { e.Judged = append(e.Judged, Judged{word, text, Unknown}) }
	for _, c := range call.FailIf {
		note("fail_if", c.String())
	}
	for _, c := range call.Until {
		note("until", c.String())
	}
	for _, c := range call.Check {
		note("check", c.String())
	}
	for i := range call.Extract {
		x := &call.Extract[i]
		text := p.Names[x.Variable] + " from " + x.Text
		if x.Matches != nil {
			text += fmt.Sprintf(", by %s", x.Matches)
		}
		note("extract", text)
		r.unknown[x.Variable] = true
	}
	for _, x := range call.Record {
		note("record", p.Rows[call.Row].Records[x.Number]+" from "+call.Want[x.Found].String())
	}
	r.tell(e)
	r.tell(Event{What: Shown})
}

func (r *Rehearsal) set(s *strand, o *op) {
	n, e := 0, Event{What: Sets}
	for i := range o.set {
		set := &o.set[i]
		args, unknown := make([]value.Value, len(set.Args)), false
		for k := range set.Args {
			ref := &set.Args[k]
			unknown = unknown || ref.Kind == Variable && r.unknown[ref.Variable]
			args[k] = r.value(s, ref, n)
			n++
		}
		r.unknown[set.Variable] = unknown
		s.values[set.Variable] = Held{Value: set.value(args)}
		e.Values = append(e.Values, r.crew.assigned(s, set.Variable))
	}
	r.tell(e)
}

func (r *Rehearsal) take(s *strand, o *op) {
	e := Event{What: Rows}
	for _, n := range o.sources {
		source := r.crew.Program.Sources[n]
		s.values[source.Variable], r.unknown[source.Variable] = r.Row(n, s.Iteration), false
		a := Assigned{Name: source.Name, Value: s.values[source.Variable].whole(), Secret: source.Secret}
		if source.Secret {
			a.Texts = s.values[source.Variable].Row.Texts()
		}
		e.Values = append(e.Values, a)
	}
	r.tell(e)
}
