package wire

import "slices"

// evenly are connections with room by how many calls they have, so that the one with
// the fewest is found at once, however many there are.
type evenly struct {
	rows  [][]*trunk // by number of calls
	least int        // no row below has any
	count int
}

// put has a connection stand where its number of calls says, or moves it there.
func (e *evenly) put(t *trunk) {
	calls := len(t.streams)
	if t.listed {
		if t.row == calls {
			return
		}
		e.remove(t)
	}
	for len(e.rows) <= calls {
		e.rows = append(e.rows, nil)
	}
	t.row, t.spot = calls, len(e.rows[calls])
	e.rows[calls] = append(e.rows[calls], t)
	e.least = min(e.least, calls)
	e.count++
}

// remove takes one out; another one, the one used last, takes its place.
func (e *evenly) remove(t *trunk) {
	row := e.rows[t.row]
	last := row[len(row)-1]
	row[t.spot], last.spot = last, t.spot
	row[len(row)-1] = nil
	e.rows[t.row] = row[:len(row)-1]
	e.count--
}

// first is the one with the fewest calls, and of these the one put last, that is wanted;
// nil: none is.
func (e *evenly) first(wanted func(*trunk) bool) *trunk {
	for e.least < len(e.rows) && len(e.rows[e.least]) == 0 {
		e.least++
	}
	for at := e.least; at < len(e.rows); at++ {
		for _, t := range slices.Backward(e.rows[at]) {
			if wanted(t) {
				return t
			}
		}
	}
	return nil
}
