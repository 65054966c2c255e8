package hpack

// overhead is what an entry counts for besides its bytes (RFC 7541, 4.1).
const overhead = 32

// table is a dynamic table. Its bytes lie in one piece, the oldest entry's first,
// so that entries can be handed out as they lie there.
type table struct {
	bytes   []byte
	gone    uint64  // bytes that lay before them
	entries []entry // a ring; its length is a power of two
	first   int     // the oldest one's place in it
	count   int
	size    int // as RFC 7541, 4.1 counts
	most    int // that size may be
}

// entry is where a field lies: its name, then its value.
type entry struct {
	at          uint64 // counted from the first byte that ever was
	name, value uint32
}

// reset empties the table, which may grow to that size from now on.
func (t *table) reset(most int) {
	*t = table{bytes: t.bytes[:0], entries: t.entries, most: most}
}

// resize changes the size that it may have.
func (t *table) resize(most int) {
	t.most = most
	t.evict(most)
}

// evict takes the oldest entries out until the others have that size.
func (t *table) evict(size int) {
	for t.size > size {
		e := t.entries[t.first]
		t.size -= int(e.name) + int(e.value) + overhead
		t.first = (t.first + 1) & (len(t.entries) - 1)
		t.count--
	}
}

// place is where the entry of an index lies in the ring.
func (t *table) place(index int) int { return (t.first + t.count - 1 - index) & (len(t.entries) - 1) }

// at is the field of that index, 0 being the newest one's; there must be one.
func (t *table) at(index int) (name, value []byte) {
	e := t.entries[t.place(index)]
	from := int(e.at - t.gone)
	middle := from + int(e.name)
	end := middle + int(e.value)
	return t.bytes[from:middle:middle], t.bytes[middle:end:end]
}

// add puts a field in, which does not lie in the table itself. One that is larger
// than the table empties it (RFC 7541, 4.4).
func (t *table) add(name, value []byte) {
	need := len(name) + len(value) + overhead
	if need > t.most {
		t.evict(0)
		return
	}
	t.evict(t.most - need)
	t.room(len(name) + len(value))
	at := t.gone + uint64(len(t.bytes))
	t.bytes = append(append(t.bytes, name...), value...)
	t.append(entry{at, uint32(len(name)), uint32(len(value))})
}

// append puts an entry in whose bytes are there, and for which the size lets.
func (t *table) append(e entry) {
	if t.count == len(t.entries) {
		t.grow()
	}
	t.entries[(t.first+t.count)&(len(t.entries)-1)] = e
	t.count++
	t.size += int(e.name) + int(e.value) + overhead
}

// repeat puts n fields in once more that were put in last, and tells whether it
// could: not where they have pushed each other out.
func (t *table) repeat(n int) bool {
	if n == 0 || n > t.count {
		return n == 0
	}
	from := t.entries[t.place(n-1)].at
	bytes := int(t.gone) + len(t.bytes) - int(from)
	if len(t.bytes)+bytes > cap(t.bytes) {
		t.room(bytes)
	}
	at := int(from - t.gone)
	t.bytes = append(t.bytes, t.bytes[at:at+bytes]...)
	for range n {
		e := t.entries[t.place(n-1)]
		need := int(e.name) + int(e.value) + overhead
		t.evict(t.most - need)
		e.at += uint64(bytes)
		t.append(e)
	}
	return true
}

// fewest is how many entries a table has room for at least.
const fewest = 16

func (t *table) grow() {
	larger := make([]entry, max(fewest, 2*t.count))
	for i := range t.count {
		larger[i] = t.entries[(t.first+i)&(t.count-1)]
	}
	t.entries, t.first = larger, 0
}

// room makes room for so many bytes.
func (t *table) room(bytes int) {
	if len(t.bytes)+bytes <= cap(t.bytes) {
		return
	}
	live := len(t.bytes)
	if t.count > 0 {
		live = int(t.entries[t.first].at - t.gone)
	}
	kept := t.bytes[live:]
	t.gone += uint64(live)
	if 2*(len(kept)+bytes) > cap(t.bytes) { // else what is copied is less than what came
		larger := make([]byte, 0, max(256, 2*cap(t.bytes), 2*(len(kept)+bytes)))
		t.bytes = larger
	}
	t.bytes = append(t.bytes[:0], kept...)
}
