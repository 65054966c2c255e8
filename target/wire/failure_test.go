package wire

import (
	"errors"
	"testing"
	"time"

	"plimsoll/target"
)

// Failures are told in plain words, and that a connection had rested where it broke.
func TestFailuresInWords(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		f            Failure
		reason, rest string
	}{
		{Failure{Class: target.Timeout}, "no connection within 3s", ""},
		{Failure{Class: target.Timeout, Connected: true, Kept: true}, "no whole answer within 3s", ""},
		{Failure{Class: target.Cancelled, Connected: true, Err: broken}, "given up", ""},
		{Failure{Class: "redis-ERR", Connected: true}, "redis-ERR", ""},
		{Failure{Class: target.Reset, Connected: true, Err: broken}, "broken", ""},
		{Failure{Class: target.Reset, Connected: true, Kept: true, Idle: time.Minute, Err: broken}, "broken", ", on a connection that had rested for 1m0s"},
	} {
		if got := c.f.Reason(3 * time.Second); got != c.reason || c.f.Rested() != c.rest {
			t.Errorf("%+v: %q and %q, want %q and %q", c.f, got, c.f.Rested(), c.reason, c.rest)
		}
	}
}
