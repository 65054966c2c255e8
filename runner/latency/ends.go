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
	not  []time.Duration // ^end, by place; 0 where there is none: memory comes so, and is not touched before
	line int             // places from here on stand behind a call that was never started
}

// NewEnds are those of a batch of so many calls, of which none has ended.
func NewEnds(calls int) *Ends {
	return &Ends{not: make([]time.Duration, calls), line: calls}
}

// Calls is how many the batch has.
func (e *Ends) Calls() int { return len(e.not) }

// Record takes in that the call of a place has ended.
func (e *Ends) Record(place uint64, at time.Duration) {
	if place < uint64(len(e.not)) {
		e.not[place] = ^at
	}
}

// Lack takes in that a call was due and left out, behind so many that were started.
func (e *Ends) Lack(started uint64) { e.line = int(min(uint64(e.line), started)) }

// Merge adds what another loop has recorded of the same batch.
func (e *Ends) Merge(o *Ends) {
	for place, not := range o.not {
		if not != 0 {
			e.not[place] = not
		}
	}
	e.line = min(e.line, o.line)
}

// AsCompleted are the ends that there were, one after the other.
func (e *Ends) AsCompleted() []time.Duration {
	var ends []time.Duration
	for _, not := range e.not {
		if not != 0 {
			ends = append(ends, ^not)
		}
	}
	slices.Sort(ends)
	return ends
}

// InOrder are when calls had ended and all before them, too, as far as there are
// such: the first, the first two …
func (e *Ends) InOrder() []time.Duration {
	ends, last := []time.Duration(nil), time.Duration(0)
	for _, not := range e.not[:e.line] {
		if not == 0 {
			break
		}
		last = max(last, ^not)
		ends = append(ends, last)
	}
	return ends
}
