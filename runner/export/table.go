package export

import (
	"maps"
	"slices"
	"sync"

	"plimsoll/runner/drive"
)

// Of says what an interval is of.
type Of struct {
	Scenario, Mode string
	Steps          []string // the paths of its rows, by number
	// Real tells that its clock is the real one: only then is there a now.
	Real bool
	// Asks tells that calls become due by themselves, now so many a second.
	Asks bool
	PerS float64
}

// Labels are bounded: so many series of calls' times there are, in so many classes;
// what is more is counted under the word for the rest.
const (
	mostSubjects = 300
	mostClasses  = 50
	theRest      = "other"
)

// succeeded is the class of calls that did.
const succeeded = "ok"

// place is whose figures they are: the calls, or iterations, of a scenario in a
// mode, or one of its steps.
type place struct{ scenario, mode, step string }

func (p place) labels(more ...label) []label {
	all := []label{{"mode", p.mode}, {"scenario", p.scenario}, {"step", p.step}}
	return labels(append(all, more...)...)
}

// subject is what is told of a place.
type subject struct {
	place
	calls              map[string]uint64 // by class
	response, lateness *distribution
	inFlight           int
	perS               float64
	real, asks         bool
}

// table is all that is told.
type table struct {
	tell func(string) // says something once

	mu       sync.Mutex
	subjects map[place]*subject
	order    []*subject
	classes  map[string]bool
	full     bool // the rest has been met
}

func newTable(tell func(string)) *table {
	return &table{tell: tell, subjects: map[place]*subject{}, classes: map[string]bool{}}
}

// take adds what was recorded since the last time.
func (t *table) take(of Of, i *drive.Interval) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.subject(place{of.Scenario, of.Mode, ""})
	t.count(s, i)
	s.lateness.add(i.Lateness)
	s.inFlight += i.InFlight
	s.real = of.Real && s.scenario == of.Scenario // nobody can tell what is under way now of the rest
	s.asks, s.perS = s.real && of.Asks, of.PerS
	for n, row := range i.Rows {
		if row != nil && n < len(of.Steps) {
			t.count(t.subject(place{of.Scenario, of.Mode, of.Steps[n]}), row)
		}
	}
}

// over tells that nothing is asked of a scenario in a mode, nor in flight.
func (t *table) over(scenario, mode string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.subjects[place{scenario, mode, ""}]; s != nil {
		s.inFlight, s.perS = 0, 0
	}
}

// count adds calls and their times.
func (t *table) count(s *subject, i *drive.Interval) {
	s.add(succeeded, i.OK)
	s.add(cancelled, i.Cancelled)
	for _, class := range slices.Sorted(maps.Keys(i.Errors)) {
		s.add(t.class(class), i.Errors[class].Count)
	}
	s.response.add(i.Response)
}

func (s *subject) add(class string, n int64) {
	if n > 0 {
		s.calls[class] += uint64(n)
	}
}

// class is one of those that are told.
func (t *table) class(class string) string {
	if t.classes[class] {
		return class
	}
	if len(t.classes) >= mostClasses {
		t.overflow()
		return theRest
	}
	t.classes[class] = true
	return class
}

// subject is that of a place, or of the rest.
func (t *table) subject(p place) *subject {
	if s := t.subjects[p]; s != nil {
		return s
	}
	if len(t.subjects) >= mostSubjects {
		t.overflow()
		if t.subjects[place{p.scenario, p.mode, ""}] == nil {
			p.scenario, p.mode = theRest, theRest
		}
		if p.step != "" {
			p.step = theRest
		}
		if s := t.subjects[p]; s != nil {
			return s
		}
	}
	s := &subject{place: p, calls: map[string]uint64{succeeded: 0}, response: newDistribution(), lateness: newDistribution()}
	t.subjects[p] = s
	t.order = append(t.order, s)
	return s
}

// overflow says that there is a rest, the first time.
func (t *table) overflow() {
	if !t.full {
		t.full = true
		t.tell(`more scenarios, modes, steps or classes than are told apart: the rest is exported as "` + theRest + `"`)
	}
}
