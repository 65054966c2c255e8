package drive

import (
	"cmp"
	"math"
	"slices"
	"time"

	"plimsoll/target"
)

// Seen is a call that is told of by itself, or an iteration or block that failed.
type Seen struct {
	Due, Ended              time.Duration // on the trial's clock
	Response, Service, Held time.Duration
	Number                  uint64
	// Row is that of the step that it was, or that failed it, where there are steps;
	// below 0: it was none.
	Row       int
	Iteration uint64
	Class     string // "": it succeeded
	Example   string
	Trace     string // that it has begun; "": none
}

// seen is what is told of a call.
func (c *Call) seen() Seen {
	return Seen{
		Due: c.Intended, Ended: c.End, Response: max(0, c.response()), Service: max(0, c.service()), Held: c.held(),
		Number: c.Number, Row: c.Row, Iteration: c.Iteration, Class: c.Class, Example: c.Example, Trace: c.Trace,
	}
}

// tie decides between calls that are alike otherwise, so that the order in which
// they are met decides nothing.
func (s *Seen) tie(o *Seen) int {
	return cmp.Or(cmp.Compare(s.Number, o.Number), cmp.Compare(s.Iteration, o.Iteration), cmp.Compare(s.Row, o.Row))
}

// slower puts the slowest first.
func (s *Seen) slower(o *Seen) int {
	if c := cmp.Compare(o.Response, s.Response); c != 0 {
		return c
	}
	return s.tie(o)
}

// earlier puts the one that ended first before others.
func (s *Seen) earlier(o *Seen) int { return cmp.Or(cmp.Compare(s.Ended, o.Ended), s.tie(o)) }

// MostSlowest is how many of the slowest calls are kept, and MostFirst how many
// of the first failures of each class.
const (
	MostSlowest = 10
	MostFirst   = 3
)

// Slowest are the calls that took longest from when they were due, of those that
// ended by themselves. They are in no order: where calls end the slower the later, as
// those of a batch may, each takes another one's place.
type Slowest struct {
	floor time.Duration // whoever's response is below it is none of them
	least int           // the fastest of them, when they are as many as are kept
	calls []Seen
}

// newSlowest are none yet.
func newSlowest() Slowest {
	return Slowest{floor: math.MinInt64, calls: make([]Seen, 0, MostSlowest)}
}

// Calls are they, the slowest first.
func (s *Slowest) Calls() []Seen {
	calls := slices.Clone(s.calls)
	slices.SortFunc(calls, func(a, b Seen) int { return a.slower(&b) })
	return calls
}

// note takes in a call that is not below the floor.
func (s *Slowest) note(c *Call) {
	switch {
	case c.Class == target.Cancelled || c.Class == target.Generator:
	case len(s.calls) == MostSlowest && c.response() == s.floor && c.Number > s.calls[s.least].Number: // a tie, and lost
	default:
		one := c.seen()
		s.add(&one)
	}
}

func (s *Slowest) add(one *Seen) {
	switch {
	case len(s.calls) < MostSlowest:
		s.calls = append(s.calls, *one)
	case one.slower(&s.calls[s.least]) < 0:
		s.calls[s.least] = *one
	default:
		return
	}
	if len(s.calls) < MostSlowest {
		return
	}
	s.least = 0
	for i := range s.calls {
		if s.calls[i].slower(&s.calls[s.least]) > 0 {
			s.least = i
		}
	}
	s.floor = s.calls[s.least].Response
}

func (s *Slowest) merge(o *Slowest) {
	for i := range o.calls {
		s.add(&o.calls[i])
	}
}

func (s *Slowest) reset() { s.floor, s.calls = math.MinInt64, s.calls[:0] }

// ErrorCount counts one class of failures, and keeps when the last of them ended
// and those that ended first.
type ErrorCount struct {
	Count int64
	Last  time.Duration
	Calls []Seen // the first first
}

// First is when the first of them ended, and Example its message.
func (e *ErrorCount) First() time.Duration { return e.Calls[0].Ended }
func (e *ErrorCount) Example() string      { return e.Calls[0].Example }

// keeps tells whether a failure that ended then may be told of by itself.
func (e *ErrorCount) keeps(ended time.Duration) bool {
	return e == nil || len(e.Calls) < MostFirst || ended <= e.Calls[MostFirst-1].Ended
}

// note takes in a failure.
func (e *ErrorCount) note(c *Call) {
	e.Count++
	e.Last = max(e.Last, c.End)
	if e.keeps(c.End) {
		e.add(c.seen())
	}
}

// add puts a call among the first ones, if it is one of them.
func (e *ErrorCount) add(one Seen) {
	at := len(e.Calls)
	for at > 0 && one.earlier(&e.Calls[at-1]) < 0 {
		at--
	}
	if at == MostFirst {
		return
	}
	e.Calls = slices.Insert(e.Calls[:min(len(e.Calls), MostFirst-1)], at, one)
}

func (e *ErrorCount) merge(o *ErrorCount) {
	e.Count += o.Count
	e.Last = max(e.Last, o.Last)
	for _, one := range o.Calls {
		e.add(one)
	}
}

// tells tells whether a call of a row may be told of by itself, which has ended in
// a class; whole, that its iteration fails with it. It is asked before anything is
// made ready that only then is of use.
func (r *Recorder) tells(c *Call, class string, whole bool) bool {
	switch {
	case c.Intended < 0:
		return false
	case c.response() >= r.Slowest.floor, class != "" && whole && r.Errors[class].keeps(c.End):
		return true
	case class == "" || class == target.Cancelled:
		return false
	}
	return c.Row >= len(r.Rows) || r.Rows[c.Row] == nil || r.Rows[c.Row].Errors[class].keeps(c.End)
}

// Scrub has all texts of calls be what scrub makes of them.
func (i *Interval) Scrub(scrub func(string) string) {
	texts := func(calls []Seen) {
		for k := range calls {
			calls[k].Example = scrub(calls[k].Example)
		}
	}
	texts(i.Slowest.calls)
	for _, e := range i.Errors {
		texts(e.Calls)
	}
	for _, row := range i.Rows {
		if row != nil {
			row.Scrub(scrub)
		}
	}
}
