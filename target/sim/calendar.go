package sim

import "time"

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
		return t - since + c.For
	}
	return t
}

// after is when work that begins at start, which is no frozen time, is done:
// every freeze that begins before it is done holds it up by the freeze's whole
// length, and work that is done exactly when a freeze begins is done.
func (c calendar) after(start, work time.Duration) time.Duration {
	end := start + work
	if c.For == 0 || work == 0 || end <= c.At {
		return end
	}
	next := c.At
	if start >= c.At {
		if c.Every == 0 {
			return end
		}
		next += ((start-c.At)/c.Every + 1) * c.Every
	}
	if end <= next {
		return end
	}
	if c.Every == 0 {
		return end + c.For
	}
	// The work left at `next` fills the thawed stretches of Every−For each.
	left, stretch := end-next, c.Every-c.For
	if stretch == 0 {
		return never
	}
	freezes := (left + stretch - 1) / stretch
	return end + freezes*c.For
}

// never is later than any trial: what a server does that is always frozen.
const never = time.Duration(1) << 61
