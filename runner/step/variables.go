package step

import (
	"maps"
	"slices"

	"plimsoll/runner/condition"
	"plimsoll/runner/data"
	"plimsoll/runner/journey"
	"plimsoll/target/look"
	"plimsoll/target/setting"
	"plimsoll/target/template"
)

// variables are numbered as they come.
type variables struct {
	names   []string
	numbers map[string]int
	sources []journey.Source
	refs    []journey.Ref
	// set are all that some step sets, and where the first does.
	set map[string]setting.Pos
}

// taken is a source that steps name, and where they do first.
type taken struct {
	number int
	source *data.Source
	at     setting.Pos
}

func numbers(all []taken) []int {
	var list []int
	for _, t := range all {
		list = append(list, t.number)
	}
	return list
}

// number is that of a variable.
func (v *variables) number(name string) int {
	n, known := v.numbers[name]
	if !known {
		n = len(v.names)
		if v.numbers == nil {
			v.numbers = map[string]int{}
		}
		v.names, v.numbers[name] = append(v.names, name), n
	}
	return n
}

// builtIn are those that are drawn, counted, or read from the clock.
var builtIn = map[string]journey.RefKind{
	template.Iteration: journey.Iteration, template.Place: journey.Place, template.UUID: journey.UUID,
	template.Random: journey.Random, template.Now: journey.Now, template.Unix: journey.Unix,
}

// declare has a step set a variable.
func (c *compiler) declare(name string, at setting.Pos, f *flow) int {
	c.checkName(name, at, "variable")
	if i := slices.IndexFunc(c.Data, func(s *data.Source) bool { return s.Name == name }); i >= 0 {
		c.problem(at, "%s is the name of data, in line %d: choose another one", name, c.Data[i].Pos.Line)
	}
	n := c.number(name)
	f.note(assigned{name, n, at})
	return n
}

// checkName reports what cannot be the name of a variable, or of data.
func (c *compiler) checkName(name string, at setting.Pos, what string) {
	switch {
	case !template.IsName(name):
		c.problem(at, "%q cannot be the name of a %s: begin with a small letter and go on with letters, digits and _", name, what)
	case name == condition.Time || slices.Contains(look.Words(), name):
		c.problem(at, "%s is what conditions call a part of the answer: choose another name for the %s", name, what)
	case slices.Contains(template.BuiltIns(), name) || slices.Contains(c.Values, name):
		c.problem(at, "${%s} is there by itself: choose another name for the %s", name, what)
	}
}

// resolve is what a reference stands for at a point of the steps.
func (c *compiler) resolve(ref template.Ref, f *flow) journey.Ref {
	out := journey.Ref{Path: ref.Path, Text: ref.Text}
	if kind, known := builtIn[ref.Name]; known {
		out.Kind, out.Low, out.High = kind, ref.Low, ref.High
		return out
	}
	out.Variable = c.number(ref.Name)
	if slices.Contains(c.Values, ref.Name) {
		return out
	}
	c.names.reads(ref.Name)
	if i := slices.IndexFunc(c.Data, func(s *data.Source) bool { return s.Name == ref.Name }); i >= 0 {
		c.take(c.Data[i], ref, f)
		return out
	}
	if !f.known[ref.Name] {
		c.unknown(ref, f)
	}
	return out
}

// unknown reports a variable that nothing can have set.
func (c *compiler) unknown(ref template.Ref, f *flow) {
	if at, set := c.set[ref.Name]; set {
		c.problem(ref.Pos, "${%s} has no value here: nothing that comes before sets %s, line %d does", ref.Text, ref.Name, at.Line)
		return
	}
	if ref.Name == template.Requests {
		c.problem(ref.Pos, "${requests} is there only where the scenario has requests")
		return
	}
	known := slices.Sorted(maps.Keys(f.known))
	for _, s := range c.Data {
		known = append(known, s.Name)
	}
	known = append(known, c.Values...)
	known = append(known, slices.Sorted(maps.Keys(builtIn))...)
	c.problem(ref.Pos, "there is no variable %s%s", ref.Name, setting.Suggest(ref.Name, known))
}

// take has the steps of a phase take rows of a source.
func (c *compiler) take(s *data.Source, ref template.Ref, f *flow) {
	if err := s.Check(ref.Path); err != nil {
		c.problem(ref.Pos, "%v", err)
	}
	p := f.phase
	switch {
	case p.name == "setup" || p.name == "teardown":
		c.problem(ref.Pos, "%s runs once a trial, and only iterations take rows of data such as ${%s}", p.name, ref.Name)
		return
	case p.name == "leave" && !slices.ContainsFunc(c.entering.takes, func(t taken) bool { return t.source == s }):
		c.problem(ref.Pos, "leave has the rows that enter took, and enter does not name ${%s}", ref.Name)
		return
	case p.name == "enter" && !s.Pick.Divisible():
		c.problem(ref.Pos, "enter needs a row that the user keeps: write pick: per-user in %s, whose pick is %s, or do in the steps what enter does with it", s.Name, s.Pick)
		return
	}
	n := slices.IndexFunc(c.sources, func(o journey.Source) bool { return o.Name == s.Name })
	if n < 0 {
		n = len(c.sources)
		c.sources = append(c.sources, journey.Source{Name: s.Name, Variable: c.number(s.Name), Secret: s.Secret})
	}
	if p.name != "leave" && !slices.ContainsFunc(p.takes, func(t taken) bool { return t.number == n }) {
		p.takes = append(p.takes, taken{n, s, ref.Pos})
	}
}

// sameRows reports data of which a user would enter with one row and go on with
// others.
func (c *compiler) sameRows(iteration *phase) {
	for _, t := range c.entering.takes {
		again := slices.ContainsFunc(iteration.takes, func(o taken) bool { return o.number == t.number })
		if again && t.source.Pick.Way != data.PerUser {
			c.problem(t.at, "a user would enter with one row of %s, and go on with another in each iteration: write pick: per-user in it", t.source.Name)
		}
	}
}

// Names are what the scenarios of a file set, and what they read; its journeys,
// and which of them are done.
type Names struct {
	read map[string]bool
	idle []idle
}

// aJourney is what a journey is called among the names of variables.
func aJourney(name string) string { return "journey " + name }

// idle is what may turn out to be of no use.
type idle struct {
	at         setting.Pos
	name, text string
}

func (n *Names) reads(name string) {
	if n.read == nil {
		n.read = map[string]bool{}
	}
	n.read[name] = true
}

// offer notes what should be read somewhere; text says what it is.
func (n *Names) offer(at setting.Pos, name, text string) {
	n.idle = append(n.idle, idle{at, name, text})
}

// Warn tells of what is extracted, taken from data, or a journey, and used nowhere.
func (n *Names) Warn(r *setting.Reader) {
	for _, i := range n.idle {
		if !n.read[i.name] {
			r.Warn(i.at, "%s", i.text)
		}
	}
}
