package http2

import "plimsoll/target/wire"

// call is what there is to know of a stream.
type call struct {
	stream *wire.Stream
	id     uint32 // 0: it has none at present

	// The answer.
	head     bool  // the request's method is HEAD
	headed   bool  // its final head has come
	bodiless bool  // it has no body, whatever comes
	whole    bool  // the reader knows that its end has come
	interim  int   // interim heads so far
	body     int64 // bytes of its body so far
	owed     int   // bytes of DATA that no WINDOW_UPDATE has told of

	// The request.
	size       int    // of its head, as text
	bodied     bool   // it has a body
	rest       []byte // of its body
	later      []byte // of its body, held back
	said       bool   // to its end
	spent      int64  // bytes of the body that have been said beyond what WINDOW_UPDATEs let
	next, prev *call  // in line to send; nil: it is not
}

// cut is what is wrong with an answer without an end, as far as is known here.
func (c *call) cut() wire.Fault { return nonsense("the body broke off after %d bytes", c.body) }

// calls finds them by the identifiers of their streams, which are one after the
// other and in use for any time. It is a table of twice the calls that there are at
// a time, and more.
type calls struct {
	slots []slot
	shift int // of hashes
	count int
}

type slot struct {
	id   uint32
	call *call
}

// place is where an identifier is looked for first.
func (t *calls) place(id uint32) int { return int(id * 0x9e3779b1 >> t.shift) }

// find is the call of that stream; nil: there is none any more.
func (t *calls) find(id uint32) *call {
	if t.count == 0 {
		return nil
	}
	for i := t.place(id); ; i = (i + 1) & (len(t.slots) - 1) {
		if s := &t.slots[i]; s.id == id {
			return s.call
		} else if s.id == 0 {
			return nil
		}
	}
}

// put puts a call in that is not there.
func (t *calls) put(c *call) {
	if 2*(t.count+1) > len(t.slots) {
		t.grow()
	}
	i := t.place(c.id)
	for t.slots[i].id != 0 {
		i = (i + 1) & (len(t.slots) - 1)
	}
	t.slots[i] = slot{c.id, c}
	t.count++
}

// fewest is how many slots there are at least, as a power of two.
const fewest = 4

func (t *calls) grow() {
	old := t.slots
	if t.shift--; len(old) == 0 {
		t.shift = 32 - fewest
	}
	t.slots = make([]slot, 1<<(32-t.shift))
	t.count = 0
	for _, s := range old {
		if s.id != 0 {
			t.put(s.call)
		}
	}
}

// take takes a call out, and moves those up that it stood in the way of.
func (t *calls) take(c *call) {
	mask := len(t.slots) - 1
	hole := t.place(c.id)
	for t.slots[hole].id != c.id {
		hole = (hole + 1) & mask
	}
	for i := (hole + 1) & mask; t.slots[i].id != 0; i = (i + 1) & mask {
		if (i-t.place(t.slots[i].id))&mask >= (i-hole)&mask {
			t.slots[hole] = t.slots[i]
			hole = i
		}
	}
	t.slots[hole] = slot{}
	t.count--
}
