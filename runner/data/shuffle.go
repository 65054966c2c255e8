package data

import (
	"math"

	"plimsoll/target/random"
)

// shuffle is another order of the rows each round. The row for iteration n is
// computed from n, so that nobody needs to have walked there, and no order needs
// to be kept: of a few rows every order is equally likely, more go through a
// Feistel network.
type shuffle struct {
	key  random.Key
	rows uint64
	// A row is high·b + low, with high below a and low below b: a·b is the least
	// rectangle around the rows that is about square.
	a, b uint64
}

// few rows have their whole order in one word, four bits a row.
const few = 16

// shufflings are so many because fewer leave traces of the order in the file
// (see the tests); each mixes one half of a row's number into the other.
const shufflings = 8

func newShuffle(key random.Key, rows uint64) shuffle {
	a := uint64(math.Ceil(math.Sqrt(float64(rows))))
	return shuffle{key, rows, a, (rows + a - 1) / a}
}

func (s *shuffle) row(n uint64) uint64 {
	round, row := n/s.rows, n%s.rows
	key := s.key.Sub(round)
	if s.rows <= few {
		return drawn(key, s.rows, row)
	}
	for {
		row = s.mixed(key, row)
		if row < s.rows { // else it only fills the rectangle up: what comes after it on its cycle?
			return row
		}
	}
}

// drawn is the row at a place of an order that is drawn card by card (Fisher and
// Yates), no further than to that place.
func drawn(key random.Key, rows, place uint64) uint64 {
	order := uint64(0xfedcba9876543210)
	for i := range place + 1 {
		j := i + key.Below(i, rows-i)
		swap := (order>>(4*i) ^ order>>(4*j)) & 15
		order ^= swap<<(4*i) | swap<<(4*j)
	}
	return order >> (4 * place) & 15
}

// mixed is a permutation of the numbers below a·b.
func (s *shuffle) mixed(key random.Key, row uint64) uint64 {
	high, low := row/s.b, row%s.b
	for i := uint64(0); i < shufflings; i += 2 {
		high = around(high+key.Below(low*shufflings+i, s.a), s.a)
		low = around(low+key.Below(high*shufflings+i+1, s.b), s.b)
	}
	return high*s.b + low
}

// around brings a number below 2·n back below n.
func around(x, n uint64) uint64 {
	if x >= n {
		return x - n
	}
	return x
}
