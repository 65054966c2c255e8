package step

import (
	"maps"
	"slices"

	"plimsoll/target/setting"
)

// flow is how far the steps have come: what has happened where the next one
// stands.
type flow struct {
	phase *phase
	path  string          // of the named blocks around
	known map[string]bool // the variables that may have been set
	sets  []assigned      // by the steps of this branch
	last  *moment
}

// assigned is a variable that a step sets.
type assigned struct {
	name   string
	number int
	at     setting.Pos
}

// moment is a place between steps: its last call is one, or that of one of the
// moments from which it is reached.
type moment struct {
	call *call
	from []*moment
}

// begin is the beginning of a phase, where what an earlier one has set is known.
func begin(p *phase, known map[string]bool) *flow {
	f := &flow{phase: p, known: map[string]bool{}, last: &moment{}}
	maps.Copy(f.known, known)
	return f
}

// branch is the beginning of one branch.
func (f *flow) branch() *flow {
	return &flow{phase: f.phase, path: f.path, known: maps.Clone(f.known), last: f.last}
}

// join goes on behind a branch: what it may have set is known.
func (f *flow) join(b *flow) {
	for _, a := range b.sets {
		f.note(a)
	}
}

// note takes down that a variable may have been set.
func (f *flow) note(a assigned) {
	f.known[a.name] = true
	if !slices.ContainsFunc(f.sets, func(o assigned) bool { return o.name == a.name }) {
		f.sets = append(f.sets, a)
	}
}

// numbered are the numbers of what is set.
func numbered(sets []assigned) []int {
	var all []int
	for _, a := range sets {
		all = append(all, a.number)
	}
	return all
}

// lasts are the calls that may have been the last one at a moment.
func (m *moment) lasts() []*call {
	var all []*call
	seen := map[*moment]bool{}
	var visit func(*moment)
	visit = func(m *moment) {
		if seen[m] {
			return
		}
		seen[m] = true
		if m.call != nil {
			all = append(all, m.call)
			return
		}
		for _, from := range m.from {
			visit(from)
		}
	}
	visit(m)
	return all
}
