package sim

import (
	"math/bits"
	"time"

	"plimsoll/target/agenda"
)

// calendar knows when the server is frozen: in [At, At+For) and every Every
// after.
type calendar Stall

// thaw is the first time from t on at which the server is not frozen.
func (c calendar) thaw(t time.Duration) time.Duration {
	if c.For == 0 || t < c.At {
		return t
	}
	since := t - c.At
	if c.Every > 0 {
		since %= c.Every
	}
	if since < c.For {
		return agenda.Later(t-since, c.For)
	}
	return t
}

// after is when work that begins at start, which is no frozen time, is done:
// every freeze that begins before it is done holds it up by the freeze's whole
// length, and work that is done exactly when a freeze begins is done.
func (c calendar) after(start, work time.Duration) time.Duration {
	end := agenda.Later(start, work)
	if c.For == 0 || work == 0 || end <= c.At {
		return end
	}
	next := c.At
	if start >= c.At {
		if c.Every == 0 {
			return end
		}
		next = agenda.Later(start-(start-c.At)%c.Every, c.Every)
	}
	if end <= next {
		return end
	}
	if c.Every == 0 {
		return agenda.Later(end, c.For)
	}
	// The work left at `next` fills the thawed stretches of Every−For each.
	left, stretch := end-next, c.Every-c.For
	if stretch == 0 {
		return agenda.Never
	}
	return agenda.Later(end, times64((left-1)/stretch+1, c.For))
}

// times64 is n·d for n, d ≥ 0; Never where that is beyond the end of time.
func times64(n, d time.Duration) time.Duration {
	if high, low := bits.Mul64(uint64(n), uint64(d)); high == 0 && low < uint64(agenda.Never) {
		return time.Duration(low)
	}
	return agenda.Never
}
