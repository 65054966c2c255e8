package step

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"plimsoll/runner/condition"
	"plimsoll/runner/journey"
	"plimsoll/target/delay"
	"plimsoll/target/httpcall"
	"plimsoll/target/kind"
	"plimsoll/target/kinds"
	"plimsoll/target/look"
	"plimsoll/target/setting"
	"plimsoll/target/template"
)

// call is a call, and what is looked at in its answer: operands that `if` looks
// at somewhere, under the numbers that they have in all calls, and its own.
type call struct {
	out   *journey.Call
	needs []bool
	own   []look.Operand
}

// finder numbers operands.
type finder interface{ number(look.Operand) int }

// demand is an `if` that looks at the last call.
type demand struct {
	at   setting.Pos
	text string
	when *moment
	need int // of operands; -1: only that there is one
}

// position is where an operand is among others.
func position(all []look.Operand, o look.Operand) int {
	return slices.IndexFunc(all, func(other look.Operand) bool { return other.String() == o.String() })
}

// survey finds what steps set anywhere, and what their `if`s look at.
func (c *compiler) survey() {
	c.set = map[string]setting.Pos{}
	visit := func(s *Step) {
		for _, a := range s.assigns() {
			if at, there := c.set[a.Key]; !there || setting.Later(at, a.Pos) == at {
				c.set[a.Key] = a.Pos
			}
		}
		if m := s.each.Value.name; s.each.Valid && c.set[m.Key].Line == 0 {
			c.set[m.Key] = m.Pos
		}
		conditions := s.onlyIf.Value
		if s.repeat.Given {
			conditions = slices.Concat(conditions, s.until.Value)
		}
		for i := range conditions {
			if o, looks := conditions[i].Operand(); looks && position(c.operands, o) < 0 {
				c.operands = append(c.operands, o)
			}
		}
	}
	seen := map[string]bool{}
	for _, steps := range [][]Step{c.Setup, c.Enter, c.Main, c.Leave, c.Teardown} {
		c.walk(steps, seen, visit)
	}
}

// walk visits steps and all that is in them, those of each journey once.
func (c *compiler) walk(steps []Step, seen map[string]bool, visit func(*Step)) {
	named := func(name string) {
		for _, e := range c.Journeys {
			if e.Key == name && !seen[name] {
				seen[name] = true
				c.walk(e.Value, seen, visit)
			}
		}
	}
	for i := range steps {
		s := &steps[i]
		visit(s)
		c.walk(s.steps.Value, seen, visit)
		c.walk(s.parallel.Value, seen, visit)
		if s.journey.Given {
			named(s.journey.Value)
		}
		for _, share := range s.mix.Value {
			named(share.Name)
		}
	}
}

// assigns are the variables that the step itself sets.
func (s *Step) assigns() (all []setting.Entry[struct{}]) {
	for _, e := range s.set.Value {
		all = append(all, setting.Entry[struct{}]{Key: e.Key, Pos: e.Pos})
	}
	for _, e := range s.extract.Value {
		all = append(all, setting.Entry[struct{}]{Key: e.Key, Pos: e.Pos})
	}
	return all
}

// judged are conditions between steps.
func (c *compiler) judged(conditions setting.At[[]condition.Condition], f *flow) []*condition.Condition {
	if !conditions.Valid {
		return nil
	}
	for i := range conditions.Value {
		one := &conditions.Value[i]
		if o, looks := one.Operand(); looks {
			c.demands = append(c.demands, demand{one.Pos, one.String(), f.last, position(c.operands, o)})
		} else if one.OfCall() {
			c.demands = append(c.demands, demand{one.Pos, one.String(), f.last, -1})
		}
	}
	return c.bind(conditions.Value, f, between(c.operands))
}

// between numbers operands between calls.
type between []look.Operand

func (b between) number(o look.Operand) int { return position(b, o) }

// number is that of an operand of the call.
func (k *call) number(o look.Operand, shared []look.Operand) int {
	if i := position(shared, o); i >= 0 {
		k.needs[i] = true
		return i
	}
	if i := position(k.own, o); i >= 0 {
		return len(shared) + i
	}
	k.own = append(k.own, o)
	return len(shared) + len(k.own) - 1
}

// inCall numbers operands of a call.
type inCall struct {
	*call
	shared []look.Operand
}

func (n inCall) number(o look.Operand) int { return n.call.number(o, n.shared) }

// call is a call.
func (c *compiler) call(s *Step, a action, f *flow) *journey.Call {
	out := &journey.Call{OnError: ways[s.onError.Value], Timeout: c.Timeout, Within: s.within.Value, Every: s.every.Value, AnyStatus: s.judgesStatus()}
	k := &call{out: out, needs: make([]bool, len(c.operands))}
	find := inCall{k, c.operands}
	t, name := c.targetOf(s, a), "call "+s.call.Value
	switch {
	case a.sort == asking:
		name = c.ask(s, t, out, f)
	case a.word != "call":
		name = c.askKind(s, a.word, t, out, f)
	case t.Bare != "":
		c.problem(s.call.Pos, "%s", t.Bare)
	}
	if s.timeout.Valid {
		out.Timeout = s.timeout.Value
	}
	switch {
	case s.retry.Valid:
		out.Retry = s.retry.Value
	case c.Retry != nil:
		out.Retry = *c.Retry
	}
	if s.until.Given && !s.every.Given {
		out.Every = delay.Of(time.Second)
	}
	out.Carrier = c.carrier(t.Name)
	out.FailIf, out.Until, out.Check = c.bind(s.failIf.Value, f, find), c.bind(s.until.Value, f, find), c.bind(s.check.Value, f, find)
	row := journey.Row{Name: cmp.Or(s.name.Value, name), Kind: t.Kind, Target: t.Name}
	for _, e := range s.record.Value {
		row.Records = append(row.Records, e.Key)
	}
	out.Row = c.row(row, s.name.Pos, s.name.Given, f)
	c.fits(s, t)
	c.keep(s, out, find, f)
	c.calls = append(c.calls, k)
	f.last = &moment{call: k}
	return out
}

// judges are the words of what conditions of the step's look at.
func (s *Step) judges() (words []string) {
	for _, one := range slices.Concat(s.check.Value, s.until.Value, s.failIf.Value) {
		if o, looks := one.Operand(); looks {
			words = append(words, o.Word())
		}
	}
	return words
}

// judgesStatus tells whether conditions of the step's do, so that nobody else
// shall.
func (s *Step) judgesStatus() bool { return slices.Contains(s.judges(), "status") }

// ask makes a request of the step's keys, and says what it is called.
func (c *compiler) ask(s *Step, t Target, out *journey.Call, f *flow) (name string) {
	if t.Kind != "" && !t.Asks { // else it could not be read
		c.problem(s.pos, "%s is of the kind %s, which cannot be asked for a path: write call: %[1]s for its own call, or name another target", t.Name, t.Kind)
	}
	request, ok := s.http.Call(c.r, c.Common)
	c.ok, request.AnyStatus = c.ok && ok, out.AnyStatus
	for _, ref := range request.Holes.Refs() {
		out.Args = append(out.Args, c.resolve(ref, f))
	}
	out.Prepared = request
	c.files = append(c.files, request.Body.Files()...)
	c.hide(request)
	return request.Action
}

// askKind makes what a target is asked that is none of HTTP, and says what it is
// called.
func (c *compiler) askKind(s *Step, word string, t Target, out *journey.Call, f *flow) (name string) {
	i := slices.IndexFunc(kinds.Actions(), func(a kind.Action) bool { return a.Word == word })
	a := kinds.Actions()[i]
	if t.Kind != "" && t.Action != word {
		c.problem(s.asked.At(word).Pos, "%s is of the kind %s, which cannot be asked by %s: name another target", t.Name, t.Kind, word)
	}
	for _, key := range s.asked.Given() {
		if !s.asked.At(key).Valid {
			c.ok = false
			return ""
		}
	}
	s.asked.Pos = s.pos
	call, ok := a.Call(c.r, &s.asked)
	if !ok || call == nil {
		c.ok = false
		return ""
	}
	for _, ref := range call.Refs() {
		out.Args = append(out.Args, c.resolve(ref, f))
	}
	if judged, hears := call.(interface{ JudgedBy(words []string) }); hears {
		judged.JudgedBy(s.judges())
	}
	if files, has := call.(interface{ Files() [][]byte }); has {
		c.files = append(c.files, files.Files()...)
	}
	out.Prepared = call
	return call.Name()
}

// hide notes the variables that say who asks.
func (c *compiler) hide(request *httpcall.Call) {
	note := func(t template.Template) {
		for _, ref := range t.Refs() {
			if c.set[ref.Name].Line > 0 {
				c.secrets[ref.Name] = true
			}
		}
	}
	for _, l := range request.Headers {
		if strings.EqualFold(l.Name, "Authorization") || strings.EqualFold(l.Name, "Cookie") {
			note(l.Value)
		}
	}
	for _, p := range request.Cookies {
		note(p.Value)
	}
	if request.Auth != nil {
		note(request.Auth.Text)
	}
}

// keep is what is kept of an answer.
func (c *compiler) keep(s *Step, out *journey.Call, find finder, f *flow) {
	for _, e := range s.extract.Value {
		o := e.Value.operand
		n := c.declare(e.Key, e.Pos, f)
		c.names.offer(e.Pos, e.Key, "nothing uses "+e.Key+": leave it out, or write ${"+e.Key+"} where it is needed")
		out.Extract = append(out.Extract, journey.Extract{
			Variable: n, Found: find.number(o.Value), Matches: e.Value.matches, Default: e.Value.fallback, Text: o.Value.String(),
		})
	}
	for _, e := range s.record.Value {
		number := slices.Index(c.rows[out.Row].Records, e.Key)
		out.Record = append(out.Record, journey.Record{Number: number, Found: find.number(e.Value.operand.Value)})
	}
}

// fits reports what a step looks at that answers of its target do not have.
func (c *compiler) fits(s *Step, t Target) {
	fit := func(o look.Operand, at setting.Pos) {
		switch {
		case t.Kind == "" || o.Word() == "" || slices.Contains(t.Operands, o.Word()):
		case len(t.Operands) == 0:
			c.problem(at, "answers of %s, which is of the kind %s, have nothing to look at", t.Name, t.Kind)
		default:
			last := len(t.Operands) - 1
			words := strings.TrimPrefix(strings.Join(t.Operands[:last], ", ")+" or ", " or ") + t.Operands[last]
			c.problem(at, "answers of %s, which is of the kind %s, have no %s: look at %s", t.Name, t.Kind, o.Word(), words)
		}
	}
	for _, one := range slices.Concat(s.check.Value, s.until.Value, s.failIf.Value) {
		if o, looks := one.Operand(); looks {
			fit(o, one.Pos)
		}
	}
	for _, e := range slices.Concat(s.extract.Value, s.record.Value) {
		fit(e.Value.operand.Value, e.Value.operand.Pos)
	}
}

// targetOf is the target that a step calls.
func (c *compiler) targetOf(s *Step, a action) Target {
	name, at := c.Target, s.pos
	switch {
	case a.word == "call":
		name, at = s.call.Value, s.call.Pos
	case s.target.Given:
		name, at = s.target.Value, s.target.Pos
	case name == "":
		c.problem(at, "nothing says whom to ask: write target beside %s, or in the scenario for all its steps", a.word)
		return Target{}
	}
	i := slices.IndexFunc(c.Targets, func(t Target) bool { return t.Name == name })
	if i >= 0 {
		return c.Targets[i]
	}
	var known []string
	for _, t := range c.Targets {
		known = append(known, t.Name)
	}
	c.problem(at, "there is no target %q%s", name, setting.Suggest(name, known))
	return Target{}
}

// carrier is the number of a target's carrier.
func (c *compiler) carrier(target string) int {
	i := slices.Index(c.targets, target)
	if i < 0 {
		i = len(c.targets)
		c.targets = append(c.targets, target)
	}
	return i
}

// look tells every call what to look at in its answer.
func (c *compiler) look() {
	for _, d := range c.demands {
		lasts := d.when.lasts()
		if len(lasts) == 0 {
			c.problem(d.at, "%q looks at the answer to the last call, and nothing has been called here yet", d.text)
		}
		for _, k := range lasts {
			if d.need >= 0 {
				k.needs[d.need] = true
			}
		}
	}
	filler, _ := look.Parse("status") // costs nothing
	for _, k := range c.calls {
		count := len(c.operands)
		if len(k.own) == 0 {
			count = 1 + lastOf(k.needs)
		}
		for i := range count {
			if k.needs[i] {
				k.out.Want = append(k.out.Want, c.operands[i])
			} else {
				k.out.Want = append(k.out.Want, filler)
			}
		}
		k.out.Want = append(k.out.Want, k.own...)
	}
}

// lastOf is the place of the last true; -1: there is none.
func lastOf(all []bool) int {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i] {
			return i
		}
	}
	return -1
}
