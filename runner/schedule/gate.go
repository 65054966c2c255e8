package schedule

import "time"

// gate keeps the starts themselves within a limit that an open loop promises
// to whom it calls, also when some of them were late or held: due times that
// keep it are not enough.
type gate interface {
	// opens is when the next call may start; and when it might have, had the
	// generator itself never been late: the difference is its lateness.
	opens() (actual, ideal time.Duration)
	// pass notes a start, and when it would have been but for lateness.
	pass(actual, ideal time.Duration)
}

// windowGate lets a call pass when the n-th before it passed a whole window
// ago.
type windowGate struct {
	n      int
	per    time.Duration
	passes []struct{ actual, ideal time.Duration } // the last n, in turn
	next   int
}

func (g *windowGate) opens() (actual, ideal time.Duration) {
	if len(g.passes) < g.n {
		return -Never, -Never
	}
	oldest := g.passes[g.next]
	return later(oldest.actual, g.per), later(oldest.ideal, g.per)
}

func (g *windowGate) pass(actual, ideal time.Duration) {
	passed := struct{ actual, ideal time.Duration }{actual, ideal}
	if len(g.passes) < g.n {
		g.passes = append(g.passes, passed)
		return
	}
	g.passes[g.next] = passed
	g.next = (g.next + 1) % g.n
}

// bucketGate lets a call pass when there is a token.
type bucketGate struct {
	bucket
	actual, ideal level
}

// level is what is in a token bucket, told by how many tokens have been taken
// since it was last full: whole numbers, so that rounding to the nanosecond
// never adds up.
type level struct {
	full  time.Duration
	taken int64
}

func (g *bucketGate) opens() (actual, ideal time.Duration) {
	return g.free(g.actual), g.free(g.ideal)
}

func (g *bucketGate) free(l level) time.Duration {
	if l.taken < g.burst {
		return -Never
	}
	return later(l.full, mulDivUp(l.taken-g.burst+1, int64(g.per), g.n))
}

func (g *bucketGate) pass(actual, ideal time.Duration) {
	g.take(&g.actual, actual)
	g.take(&g.ideal, ideal)
}

func (g *bucketGate) take(l *level, at time.Duration) {
	if l.taken == 0 || at > later(l.full, mulDivUp(l.taken, int64(g.per), g.n)) {
		*l = level{full: at}
	}
	l.taken++
}
