package wire

import (
	"slices"

	"plimsoll/target"
)

// line holds the calls that wait for a connection, first come first served.
// The zero line is empty.
type line struct {
	calls []*Exchange
	head  int // those before it are gone
}

func (l *line) len() int { return len(l.calls) - l.head }

func (l *line) push(x *Exchange) {
	if l.head > 0 && len(l.calls) == cap(l.calls) && 2*l.head >= len(l.calls) {
		l.calls, l.head = l.calls[:copy(l.calls, l.calls[l.head:])], 0
	}
	l.calls = append(l.calls, x)
}

// first is the first call; there must be one.
func (l *line) first() *Exchange { return l.calls[l.head] }

// pop takes out the first call; there must be one.
func (l *line) pop() *Exchange {
	x := l.calls[l.head]
	l.calls[l.head] = nil
	if l.head++; l.head == len(l.calls) {
		l.calls, l.head = l.calls[:0], 0
	}
	return x
}

// take takes out the call of that ID, wherever it stands; nil if it does not.
func (l *line) take(id target.ID) *Exchange {
	for i := l.head; i < len(l.calls); i++ {
		if x := l.calls[i]; x.ID == id {
			l.calls = slices.Delete(l.calls, i, i+1)
			return x
		}
	}
	return nil
}
