package step

import (
	"slices"
	"strings"

	"plimsoll/runner/condition"
	"plimsoll/runner/journey"
	"plimsoll/target/setting"
	"plimsoll/target/template"
)

// block is steps one after another.
func (c *compiler) block(steps []Step, f *flow) journey.Block {
	var block journey.Block
	for i := range steps {
		if s, ok := c.step(&steps[i], f); ok {
			block = append(block, s)
		}
	}
	return block
}

// step is one step; false: it is none.
func (c *compiler) step(s *Step, f *flow) (out journey.Step, ok bool) {
	given := s.given()
	if c.steps++; len(given) != 1 || c.steps > mostSteps {
		if c.steps == mostSteps+1 {
			c.problem(s.pos, "with this step the scenario has more than %d, those of journeys counted wherever they are done", mostSteps)
		}
		c.ok = false
		return out, false
	}
	before, conditions := f.last, c.judged(s.onlyIf, f)
	out = c.act(s, given[0], f)
	if out.If = conditions; len(conditions) > 0 && f.last != before {
		f.last = &moment{from: []*moment{before, f.last}}
	}
	return out, true
}

// act is what the step does.
func (c *compiler) act(s *Step, a action, f *flow) journey.Step {
	block := func(do func() journey.Action) journey.Step { return c.framed(s, f, do) }
	switch a.word {
	case "think_time":
		return journey.Step{Row: -1, Do: journey.Pause{Delay: s.think.Value}}
	case "set":
		return journey.Step{Row: -1, Do: c.assign(s, f)}
	case "steps":
		return block(func() journey.Action { return c.block(s.steps.Value, f) })
	case "parallel":
		return block(func() journey.Action { return c.parallel(s, f) })
	case "each":
		return block(func() journey.Action { return c.each(s, f) })
	case "repeat":
		return block(func() journey.Action { return c.repeat(s, f) })
	case "mix":
		return block(func() journey.Action { return c.mix(s, f, false) })
	case "journey":
		return block(func() journey.Action { return c.journey(s.journey.Value, s.journey.Pos, f) })
	}
	return journey.Step{Row: -1, Do: c.call(s, a, f)}
}

// ways are the words of on_error.
var ways = map[string]journey.OnError{"end": journey.End, "continue": journey.Continue, "stop": journey.Stop}

// framed is a block, with a row if it has a name.
func (c *compiler) framed(s *Step, f *flow, do func() journey.Action) journey.Step {
	out := journey.Step{Row: -1, OnError: ways[s.onError.Value]}
	around, before, calls := f.path, f.last, len(c.calls)
	if s.name.Valid {
		out.Row = c.row(journey.Row{Name: s.name.Value}, s.name.Pos, true, f)
		f.path = c.rows[out.Row].Path
	}
	out.Do = do()
	f.path = around
	if out.OnError == journey.Continue {
		// Any of its calls may have been the last one.
		some := &moment{from: []*moment{before, f.last}}
		for _, k := range c.calls[calls:] {
			some.from = append(some.from, &moment{call: k})
		}
		f.last = some
	}
	return out
}

// place is where a row is: steps that are called alike in one place share it.
type place struct {
	path    string
	outside bool
}

// row is the number of a row, which may be there already. One whose name nobody
// has chosen says its target where another one has the same.
func (c *compiler) row(row journey.Row, at setting.Pos, chosen bool, f *flow) int {
	path := func() place {
		if f.path == "" {
			return place{row.Name, f.phase.outside}
		}
		return place{f.path + "/" + row.Name, f.phase.outside}
	}
	alike := func(n int) bool { return c.rows[n].Kind == row.Kind && c.rows[n].Target == row.Target }
	n, there := c.places[path()]
	if there && !alike(n) && !chosen {
		row.Name += " of " + row.Target
		n, there = c.places[path()]
	}
	if !there {
		n = len(c.rows)
		row.Path, row.Outside, row.Once = path().path, f.phase.outside, f.phase.once
		c.places[path()] = n
		c.rows = append(c.rows, row)
		return n
	}
	if !alike(n) {
		c.problem(at, "another step here is called %s, and does something else: give one of them another name", row.Name)
	}
	c.rows[n].Once = c.rows[n].Once && f.phase.once
	for _, name := range row.Records {
		if !slices.Contains(c.rows[n].Records, name) {
			c.rows[n].Records = append(c.rows[n].Records, name)
		}
	}
	return n
}

func (c *compiler) parallel(s *Step, f *flow) journey.Action {
	var p journey.Parallel
	first := map[string]assigned{}
	var branches []*flow
	for i := range s.parallel.Value {
		b := f.branch()
		member, ok := c.step(&s.parallel.Value[i], b)
		if !ok {
			continue
		}
		for _, a := range b.sets {
			if o, twice := first[a.name]; twice {
				c.problem(a.at, "%s is set by two members of parallel, the other one in line %d: choose another name in one of them", a.name, o.at.Line)
			}
			first[a.name] = a
		}
		p.Members, p.Sets, branches = append(p.Members, member), append(p.Sets, numbered(b.sets)), append(branches, b)
	}
	for _, b := range branches {
		f.join(b)
	}
	return p
}

func (c *compiler) each(s *Step, f *flow) journey.Action {
	if !s.each.Valid {
		c.ok = false
		return journey.Block(nil)
	}
	m := s.each.Value.name
	e := journey.Each{Limit: 1, Member: c.number(m.Key)}
	if s.concurrent.Valid {
		e.Limit = s.concurrent.Value
	}
	if m.Value.list != nil {
		e.List = journey.Ref{Kind: journey.Constant, Constant: *m.Value.list, Text: m.Key}
	} else {
		e.List = c.resolve(c.placed(m.Value.ref, m.Value.pos), f)
	}
	b := f.branch()
	c.declare(m.Key, m.Pos, b)
	b.sets = nil // it is no more when the steps have ended
	e.Steps = c.block(s.steps.Value, b)
	b.sets = slices.DeleteFunc(b.sets, func(a assigned) bool { return a.name == m.Key })
	e.Sets = numbered(b.sets)
	f.join(b)
	return e
}

// repeat is a loop, of which a pass knows what the one before has set.
func (c *compiler) repeat(s *Step, f *flow) journey.Action {
	c.walk(s.steps.Value, map[string]bool{}, func(s *Step) {
		for _, a := range s.assigns() {
			f.known[a.Key] = true
		}
	})
	begins := &moment{from: []*moment{f.last}}
	f.last = begins
	r := journey.Repeat{Times: s.repeat.Value, Steps: c.block(s.steps.Value, f)}
	begins.from = append(begins.from, f.last)
	r.Until = c.judged(s.until, f)
	return r
}

// mix is one of several journeys, each with a row of its own. Where it is all
// that an iteration does, each takes rows of its own sources.
func (c *compiler) mix(s *Step, f *flow, all bool) journey.Action {
	var m journey.Mix
	var branches []*flow
	ends := &moment{}
	for _, share := range s.mix.Value {
		b := f.branch()
		if all {
			b.phase = &phase{name: f.phase.name, outside: f.phase.outside, once: f.phase.once}
		}
		row := c.row(journey.Row{Name: share.Name}, share.Pos, true, b)
		b.path = c.rows[row].Path
		block := journey.Block{{Row: row, Do: c.journey(share.Name, share.Pos, b)}}
		m.Branches, m.Weights = append(m.Branches, block), append(m.Weights, share.Weight)
		if all {
			m.Sources = append(m.Sources, numbers(b.phase.takes))
			f.phase.takes = append(f.phase.takes, b.phase.takes...)
		}
		branches, ends.from = append(branches, b), append(ends.from, b.last)
	}
	for _, b := range branches {
		f.join(b)
	}
	f.last = ends
	return m
}

// journey is the steps of that name.
func (c *compiler) journey(name string, at setting.Pos, f *flow) journey.Block {
	i := slices.IndexFunc(c.Journeys, func(e setting.Entry[[]Step]) bool { return e.Key == name })
	if i < 0 {
		var known []string
		for _, e := range c.Journeys {
			known = append(known, e.Key)
		}
		c.problem(at, "there is no journey %q%s", name, setting.Suggest(name, known))
		return nil
	}
	c.names.reads(aJourney(name))
	if k := slices.Index(c.inside, name); k >= 0 {
		c.problem(at, "the journey %s has no end, since it does itself: %s", name, strings.Join(append(slices.Clone(c.inside[k:]), name), " → "))
		return nil
	}
	if !slices.Contains(c.done, name) {
		c.done = append(c.done, name)
	}
	c.inside = append(c.inside, name)
	defer func() { c.inside = c.inside[:len(c.inside)-1] }()
	return c.block(c.Journeys[i].Value, f)
}

func (c *compiler) assign(s *Step, f *flow) journey.Assign {
	var all journey.Assign
	for _, e := range s.set.Value {
		var set journey.Set
		set.JSON = e.Value
		for _, ref := range e.Value.Refs() {
			set.Args = append(set.Args, c.resolve(ref, f))
		}
		set.Variable = c.declare(e.Key, e.Pos, f)
		all = append(all, set)
	}
	return all
}

// placed is a reference that knows where it stands.
func (c *compiler) placed(ref template.Ref, at setting.Pos) template.Ref {
	if ref.Pos.Line == 0 {
		ref.Pos = c.r.Find(at, ref.Name)
	}
	return ref
}

// bind binds copies of conditions: what they look at is found by find.
func (c *compiler) bind(conditions []condition.Condition, f *flow, find finder) []*condition.Condition {
	var bound []*condition.Condition
	for _, one := range conditions {
		one.Bind(find.number, func(ref template.Ref) int {
			c.refs = append(c.refs, c.resolve(c.placed(ref, one.Pos), f))
			return len(c.refs) - 1
		})
		bound = append(bound, &one)
	}
	return bound
}
