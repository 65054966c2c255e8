package wire

import "plimsoll/target"

// line holds the calls that wait for a connection, first come first served.
// The zero line is empty.
type line struct {
	calls []*Exchange // those before head are gone; nil: was taken out
	head  int         // where the first one is, if there is one
	count int
	known seated[Exchange]
}

func (l *line) len() int { return l.count }

func (l *line) push(x *Exchange) {
	if len(l.calls) == cap(l.calls) && 2*l.count <= len(l.calls) {
		l.closeUp()
	}
	x.waits, x.place = true, len(l.calls)
	l.calls = append(l.calls, x)
	l.known.sit(x, x)
	l.count++
}

// closeUp has those who wait stand without gaps.
func (l *line) closeUp() {
	all := l.calls[:0]
	for _, x := range l.calls[l.head:] {
		if x != nil {
			x.place = len(all)
			all = append(all, x)
		}
	}
	clear(l.calls[len(all):])
	l.calls, l.head = all, 0
}

// first is the first call; there must be one.
func (l *line) first() *Exchange { return l.calls[l.head] }

// pop takes out the first call; there must be one.
func (l *line) pop() *Exchange {
	x := l.first()
	l.remove(x)
	return x
}

// take takes out the call of that ID, wherever it stands; nil if it does not.
func (l *line) take(id target.ID) *Exchange {
	x := l.known.of(id)
	if x == nil || !x.waits || x.ID != id {
		return nil
	}
	l.remove(x)
	return x
}

func (l *line) remove(x *Exchange) {
	x.waits, l.calls[x.place] = false, nil
	if l.count--; l.count == 0 {
		l.calls, l.head = l.calls[:0], 0
		return
	}
	for l.calls[l.head] == nil {
		l.head++
	}
}
