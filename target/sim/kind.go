package sim

import (
	"context"
	"time"

	"plimsoll/target"
	"plimsoll/target/delay"
	"plimsoll/target/kind"
)

// Traits of a simulated target.
func (s *Settings) Traits() kind.Traits {
	return kind.Traits{Virtual: true, CallTime: s.Delay.Mean(), Known: true, Timeout: s.Timeout}
}

// Open makes the target ready: no server is there before it is called.
func (s *Settings) Open(_ context.Context, site kind.Site) (*kind.Opened, error) {
	engine := "sim"
	if site.Virtual {
		engine = "virtual"
	}
	return &kind.Opened{
		Engine:  engine,
		Carrier: func(target.Clock) (target.Carrier, error) { return NewCarrier(*s, site.Streams), nil },
		Timeout: s.Timeout, Retry: s.Retry,
		Err: kind.Never, Close: func() {},
	}, nil
}

// AtOnce tells why calls of so many users may take no time at all; "" where
// they do.
func (s *Settings) AtOnce(users int) string {
	shortest := time.Duration(0)
	if s.Delay.Kind == delay.Constant {
		shortest = s.Delay.A
	}
	if after := s.Errors.After; s.Errors.Rate > 0 && after != nil {
		shortest = min(shortest, *after)
	}
	switch {
	case s.Delay.Mean() == 0:
		return "the target answers at once"
	case s.Errors.Rate == 1 && s.Errors.After != nil && *s.Errors.After == 0:
		return "every call fails at once"
	case s.Queue != nil && users > s.Servers+*s.Queue:
		return "a call that finds the queue full fails at once"
	case s.Quota.N > 0 && (shortest == 0 || float64(users)*float64(s.Quota.Per/shortest+1) > float64(s.Quota.N)):
		return "a call over the quota fails at once"
	}
	return ""
}
