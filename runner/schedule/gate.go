package schedule

import "time"

// gate keeps the starts themselves within a limit that an open loop promises
// to whom it calls, also when some of them were late or held: due times that
// keep it are not enough. What counts is when a call began, which the gate is
// told after it let the call pass: at once, or later where another thread
// carries it out. Calls that passed may begin in any order.
type gate interface {
	// Opens is when the next call may start, seen from now, or Never as long as
	// that depends on a call that has passed and not begun; and when it might
	// have, had the generator itself never been late: the difference is its
	// lateness.
	Opens(now time.Duration) (actual, ideal time.Duration)
	// Pass lets a call start, which would have at that time but for lateness.
	Pass(ideal time.Duration)
	// Began tells when one of the calls that passed has begun.
	Began(at time.Duration)
}

// Limit is the gate of so many calls in any window: it lets one pass when the
// n-th before it began a whole window ago. If n+1 calls began within a window all the same, the one that passed
// last of them found at most n−1 that had not begun a window ago.
type Limit struct {
	n              int64
	per            time.Duration
	passed, begun  int64           // so many calls
	ideals, starts []time.Duration // of the last n each, in turn
}

// NewLimit makes the gate of n starts in any time of that length.
func NewLimit(n int64, per time.Duration) *Limit { return &Limit{n: n, per: per} }

// Opens, Pass and Began are those of every gate: when the next call may start,
// seen from now, and when it might have, had nothing been late; that one passes
// now; that one has begun.
func (g *Limit) Opens(time.Duration) (actual, ideal time.Duration) {
	oldest := g.passed - g.n
	switch {
	case oldest < 0:
		return -Never, -Never
	case oldest >= g.begun:
		actual = Never
	default:
		actual = later(g.starts[oldest%g.n], g.per)
	}
	return actual, later(g.ideals[oldest%g.n], g.per)
}

func (g *Limit) Pass(ideal time.Duration) {
	g.ideals = put(g.ideals, g.passed, g.n, ideal)
	g.passed++
}

func (g *Limit) Began(at time.Duration) {
	g.starts = put(g.starts, g.begun, g.n, at)
	g.begun++
}

// put keeps the k-th of a sequence in a ring of the last n.
func put(ring []time.Duration, k, n int64, at time.Duration) []time.Duration {
	if k < n {
		return append(ring, at)
	}
	ring[k%n] = at
	return ring
}

// bucketGate lets a call pass when there is a token.
type bucketGate struct {
	bucket
	actual, ideal level
	pending       int64 // calls that have passed and not begun
}

// level is what is in a token bucket, told by how many tokens have been taken
// since it was last full: whole numbers, so that rounding to the nanosecond
// never adds up.
type level struct {
	full  time.Duration
	taken int64
}

// Opens leaves a token for each call that has yet to begin: the bucket is no
// fuller now than when it will take it.
func (g *bucketGate) Opens(now time.Duration) (actual, ideal time.Duration) {
	left := g.actual
	g.take(&left, now, g.pending)
	return g.free(left), g.free(g.ideal)
}

func (g *bucketGate) free(l level) time.Duration {
	if l.taken < g.burst {
		return -Never
	}
	return later(l.full, mulDivUp(l.taken-g.burst+1, int64(g.per), g.n))
}

func (g *bucketGate) Pass(ideal time.Duration) {
	g.take(&g.ideal, ideal, 1)
	g.pending++
}

func (g *bucketGate) Began(at time.Duration) {
	g.take(&g.actual, at, 1)
	g.pending--
}

func (g *bucketGate) take(l *level, at time.Duration, tokens int64) {
	if tokens > 0 && (l.taken == 0 || at > later(l.full, mulDivUp(l.taken, int64(g.per), g.n))) {
		*l = level{full: at}
	}
	l.taken += tokens
}
