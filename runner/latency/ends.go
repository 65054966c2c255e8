package latency

import (
	"slices"
	"time"
)

// Ends are when the calls of a batch ended, each by its place: so many calls were
// started before it. Eight bytes a call, for each that there may be, so that what is
// told of them is exact, whoever recorded which of them, and in whatever order: ends
// come in other orders than those of time and of places.
type Ends struct {
	at   []time.Duration // by place
	line int             // places from here on stand behind a call that was never started
}

// unended is the end of a call that has none.
const unended = time.Duration(-1)

// NewEnds are those of a batch of so many calls, of which none has ended.
func NewEnds(calls int) *Ends {
	e := &Ends{at: make([]time.Duration, calls), line: calls}
	for i := range e.at {
		e.at[i] = unended
	}
	return e
}

// Calls is how many the batch has.
func (e *Ends) Calls() int { return len(e.at) }

// Record takes in that the call of a place has ended.
func (e *Ends) Record(place uint64, at time.Duration) {
	if place < uint64(len(e.at)) {
		e.at[place] = at
	}
}

// Lack takes in that a call was due and left out, behind so many that were started.
func (e *Ends) Lack(started uint64) { e.line = int(min(uint64(e.line), started)) }

// Merge adds what another loop has recorded of the same batch.
func (e *Ends) Merge(o *Ends) {
	for place, at := range o.at {
		if at != unended {
			e.at[place] = at
		}
	}
	e.line = min(e.line, o.line)
}

// AsCompleted are the ends that there were, one after the other.
func (e *Ends) AsCompleted() []time.Duration {
	ends := slices.DeleteFunc(slices.Clone(e.at), func(at time.Duration) bool { return at == unended })
	slices.Sort(ends)
	return ends
}

// InOrder are when calls had ended and all before them, too, as far as there are
// such: the first, the first two …
func (e *Ends) InOrder() []time.Duration {
	ends, last := make([]time.Duration, 0, e.line), time.Duration(0)
	for _, at := range e.at[:e.line] {
		if at == unended {
			break
		}
		last = max(last, at)
		ends = append(ends, last)
	}
	return ends
}
