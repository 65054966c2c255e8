package data

import (
	"time"

	"plimsoll/target/random"
)

// Pick is how rows are dealt out.
type Pick struct {
	Way      Way
	Exponent float64 // of Zipf
}

// steepest is the greatest exponent of Zipf: the second row then comes once in
// 2¹⁰⁰ times.
const steepest = 100

// Way is one of the ways to pick. Next, Shuffle, Random, Zipf and PerUser are
// functions of who asks: whatever the clock, the engine and the number of loops,
// an iteration gets the same row. Leased and Once go by what others have taken.
type Way uint8

const (
	Next    Way = iota // row n mod rows for iteration n
	Shuffle            // every row once a round, in another order each round
	Random             // any row
	Zipf               // by popularity: row k, from 0, in proportion to 1/(k+1)^s
	PerUser            // a row that a user keeps
	Leased             // a row that nobody else has meanwhile
	Once               // each row once
)

// Divisible tells whether several loops may deal side by side, each for its own
// iterations.
func (p Pick) Divisible() bool { return p.Way != Leased && p.Way != Once }

// Turn is an iteration that takes a row.
type Turn struct {
	Iteration, User uint64
	Due             time.Duration
}

// Dealer deals the rows of one source out, in one trial.
type Dealer interface {
	// Deal takes a row, and says since when it could be had: from the turn's time
	// on, or later where it had to be waited for. It is false where there is none:
	// for now, or for ever where all are spent.
	Deal(Turn) (row uint64, ready time.Duration, ok bool)
	// Return gives back a row that was dealt.
	Return(row uint64, at time.Duration)
	// Spent tells that no row will ever be dealt again.
	Spent() bool
}

// dealer is how so many rows, at least one, are dealt; the key is the source's
// own.
func (p Pick) dealer(rows uint64, key random.Key) Dealer {
	switch p.Way {
	case Shuffle:
		return &free[shuffle, *shuffle]{by: newShuffle(key, rows)}
	case Random:
		return &free[uniform, *uniform]{by: uniform{key, rows}}
	case Zipf:
		return &free[zipf, *zipf]{by: newZipf(key, rows, p.Exponent)}
	case PerUser:
		return &perUser{rows}
	case Leased:
		return &leased{fresh: once{rows: rows}}
	case Once:
		return &once{rows: rows}
	}
	return &free[next, *next]{by: next{rows}}
}

// free deals rows that any number of iterations may have at once.
type free[T any, P interface {
	*T
	row(n uint64) uint64
}] struct{ by T }

func (f *free[T, P]) Deal(t Turn) (uint64, time.Duration, bool) {
	return P(&f.by).row(t.Iteration), t.Due, true
}
func (*free[T, P]) Return(uint64, time.Duration) {}
func (*free[T, P]) Spent() bool                  { return false }

type next struct{ rows uint64 }

func (n *next) row(iteration uint64) uint64 { return iteration % n.rows }

type uniform struct {
	key  random.Key
	rows uint64
}

func (u *uniform) row(iteration uint64) uint64 { return u.key.Below(iteration, u.rows) }

// perUser has no row for a user beyond the last: Suffice tells before anything
// is sent.
type perUser struct{ rows uint64 }

func (p *perUser) Deal(t Turn) (uint64, time.Duration, bool) {
	return t.User, t.Due, t.User < p.rows
}
func (*perUser) Return(uint64, time.Duration) {}
func (*perUser) Spent() bool                  { return false }

// once goes through the rows.
type once struct{ taken, rows uint64 }

func (o *once) Deal(t Turn) (uint64, time.Duration, bool) {
	if o.Spent() {
		return 0, 0, false
	}
	o.taken++
	return o.taken - 1, t.Due, true
}
func (*once) Return(uint64, time.Duration) {}
func (o *once) Spent() bool                { return o.taken == o.rows }

// leased deals the row that has been free for longest, so that all have their
// turn and one that came back is left alone for as long as there are others.
// Rows that nobody has had yet have been free for ever.
type leased struct {
	fresh once
	back  queue
}

func (l *leased) Deal(t Turn) (uint64, time.Duration, bool) {
	if row, ready, ok := l.fresh.Deal(t); ok {
		return row, ready, true
	}
	if l.back.length == 0 {
		return 0, 0, false
	}
	r := l.back.take()
	return r.row, max(t.Due, r.at), true
}
func (l *leased) Return(row uint64, at time.Duration) { l.back.put(returned{row, at}) }
func (*leased) Spent() bool                           { return false }

type returned struct {
	row uint64
	at  time.Duration
}

// queue is first in, first out; it grows with what is in it.
type queue struct {
	ring          []returned // of a length that is a power of 2
	first, length int
}

func (q *queue) put(r returned) {
	if q.length == len(q.ring) {
		ring := make([]returned, max(8, 2*len(q.ring)))
		n := copy(ring, q.ring[q.first:])
		copy(ring[n:], q.ring[:q.first])
		q.ring, q.first = ring, 0
	}
	q.ring[(q.first+q.length)&(len(q.ring)-1)] = r
	q.length++
}

func (q *queue) take() returned {
	r := q.ring[q.first]
	q.first = (q.first + 1) & (len(q.ring) - 1)
	q.length--
	return r
}
