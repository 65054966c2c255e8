package result

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Seen is a call that is told of by itself; of failed iterations, and blocks, one
// of those.
type Seen struct {
	AtS       float64 `json:"at_s,omitempty"` // when it was due, on the trial's clock
	ResponseS float64 `json:"response_s,omitempty"`
	ServiceS  float64 `json:"service_s,omitempty"`
	HeldS     float64 `json:"held_s,omitempty"`
	Number    uint64  `json:"number,omitempty"`
	// Step is the path of the step that it was, or that failed it, and Iteration
	// the number of its iteration; in trials without steps there are none.
	Step      string `json:"step,omitempty"`
	Iteration uint64 `json:"iteration,omitempty"`
	Class     string `json:"class,omitempty"` // how it failed; "": it did not
	Example   string `json:"example,omitempty"`
	Trace     string `json:"trace,omitempty"` // that it has begun
}

// MostSlowest is how many of a trial's slowest calls are kept, and MostFirst how
// many of the first failures of a class.
const (
	MostSlowest = 10
	MostFirst   = 3
)

// Error counts one class of failures.
type Error struct {
	Count   int64  `json:"count"`
	Example string `json:"example"`
	// FirstS and LastS are when the first and the last of them ended, on the
	// trial's clock, and Calls the first few; none where an older file does not tell.
	FirstS float64 `json:"first_s,omitempty"`
	LastS  float64 `json:"last_s,omitempty"`
	Calls  []Seen  `json:"calls,omitempty"`
}

// and is what both have counted, this one's first; of trials of their own each by
// its own clock.
func (e Error) and(o Error) Error {
	sum := Error{
		Count: e.Count + o.Count, Example: cmp.Or(e.Example, o.Example), FirstS: e.FirstS, LastS: max(e.LastS, o.LastS),
		Calls: slices.Concat(e.Calls, o.Calls),
	}
	if len(e.Calls) == 0 || len(o.Calls) > 0 && o.FirstS < e.FirstS {
		sum.FirstS = o.FirstS
	}
	slices.SortStableFunc(sum.Calls, func(a, b Seen) int { return cmp.Compare(a.AtS+a.ResponseS, b.AtS+b.ResponseS) })
	if len(sum.Calls) > MostFirst {
		sum.Calls = sum.Calls[:MostFirst]
	}
	return sum
}

// Slowest are the slowest calls of the group's trials, the slowest first; each is
// placed in its own trial.
func (g *Group) Slowest() (all []Seen) {
	for _, t := range g.Trials {
		all = append(all, t.Slowest...)
	}
	slices.SortStableFunc(all, slower)
	return all[:min(len(all), MostSlowest)]
}

func slower(a, b Seen) int { return cmp.Compare(b.ResponseS, a.ResponseS) }

// checkSlowest tells which law the slowest calls break: they are few, in order,
// and, where calls were counted by themselves, the slowest is the slowest there was.
func (t *Trial) checkSlowest() error {
	n := len(t.Slowest)
	if n > MostSlowest {
		return fmt.Errorf("slowest has %d calls, more than %d", n, MostSlowest)
	}
	if !slices.IsSortedFunc(t.Slowest, slower) {
		return errors.New("slowest is not in order")
	}
	if n == 0 || t.Unit != "" {
		return nil
	}
	if most := max(t.Response.MaxS, t.ErrorResponse.MaxS); t.Slowest[0].ResponseS != most {
		return fmt.Errorf("the slowest call took %v s, and the longest response time is %v s", t.Slowest[0].ResponseS, most)
	}
	if ended := t.OK + t.Failed(); int64(n) != min(ended, MostSlowest) {
		return fmt.Errorf("slowest has %d calls, of %d that ended", n, ended)
	}
	return nil
}

// check tells which law a class of failures breaks.
func (e Error) check(class string) error {
	switch {
	case class == "" || e.Count < 1:
		return fmt.Errorf("errors has %d of class %q", e.Count, class)
	case len(e.Calls) > MostFirst || int64(len(e.Calls)) > e.Count:
		return fmt.Errorf("errors: %s: tells of %d calls, of %d", class, len(e.Calls), e.Count)
	case e.LastS < e.FirstS:
		return fmt.Errorf("errors: %s: the last ended at %v s and the first at %v s", class, e.LastS, e.FirstS)
	}
	for _, c := range e.Calls {
		if c.Class != class {
			return fmt.Errorf("errors: %s: tells of a call of class %q", class, c.Class)
		}
	}
	return nil
}

// checkClasses tells whether the windows' failures by class are those of the
// window and those of the whole; an older file has none.
func (m *Measure) checkClasses() error {
	sum, told := map[string]int64{}, false
	for i, w := range m.Timeline {
		n := int64(0)
		for class, count := range w.ErrorsByClass {
			if class == "" || count < 1 {
				return fmt.Errorf("timeline[%d]: errors_by_class has %d of class %q", i, count, class)
			}
			sum[class] += count
			n, told = n+count, true
		}
		if n != w.Errors && n > 0 {
			return fmt.Errorf("timeline[%d]: errors_by_class adds up to %d, and errors is %d", i, n, w.Errors)
		}
	}
	for class, e := range m.Errors {
		if told && class != Generator && sum[class] != e.Count {
			return fmt.Errorf("timeline: errors_by_class adds up to %d of class %s; the whole says %d", sum[class], class, e.Count)
		}
	}
	return nil
}
