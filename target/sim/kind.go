package sim

import (
	"context"
	"time"

	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/delay"
	"plimsoll/target/kind"
	"plimsoll/target/look"
)

// Traits of a simulated target.
func (s *Settings) Traits() kind.Traits {
	return kind.Traits{Kind: "sim", Asks: true, Operands: look.OfHTTP(), Virtual: true, CallTime: s.CallTime("/"), Known: true, Timeout: s.Timeout, Modelled: s.Modelled()}
}

// Service is a server that answers as the model does.
func (s *Settings) Service() (kind.Service, bool) {
	return kind.Service{Protocol: "http", Model: s}, true
}

// Open makes the target ready: no server is there before it is called.
func (s *Settings) Open(_ context.Context, site kind.Site) (*kind.Opened, error) {
	engine := "sim"
	if site.Virtual {
		engine = "virtual"
	}
	timeout, patience := s.Timeout, time.Duration(0)
	if timeout > 0 && s.Streams() { // of which it bounds the first event and each gap, and not the whole
		timeout, patience = 0, max(timeout, site.Patience)
	}
	return &kind.Opened{
		Engine: engine,
		Carrier: func(target.Clock) (target.Carrier, error) {
			c := NewCarrier(*s, site.Streams)
			c.patience = patience
			c.observe(site.Observer)
			return c, nil
		},
		Prepare: s.Prepare,
		Timeout: timeout, Retry: s.Retry,
		Err: kind.Never, Close: func() {},
	}, nil
}

// AtOnce tells why calls of so many users may take no time at all; "" where
// they do.
func (s *Settings) AtOnce(users int) string {
	shortest, delayed, slow := agenda.Never, false, false
	mean := means{}
	for manner := range s.cycle("/") {
		takes := manner.mean(mean) > 0
		delayed = delayed || takes
		slow = slow || takes && !manner.failsAtOnce()
		shortest = min(shortest, manner.shortest())
	}
	switch {
	case !delayed:
		return "the target answers at once"
	case !slow:
		return "every call fails at once"
	case s.Queue != nil && users > s.Servers+*s.Queue:
		return "a call that finds the queue full fails at once"
	case s.Quota.N > 0 && (shortest == 0 || float64(users)*float64(s.Quota.Per/shortest+1) > float64(s.Quota.N)):
		return "a call over the quota fails at once"
	}
	return ""
}

// failsAtOnce tells whether every call fails, and at once.
func (m *manner) failsAtOnce() bool {
	switch {
	case m.errors.Rate < 1:
		return false
	case m.errors.After != nil:
		return *m.errors.After == 0
	}
	return m.stream != nil && m.stream.First.IsZero()
}

// shortest is how long a call takes at least.
func (m *manner) shortest() time.Duration {
	shortest, after := least(m.delay), m.errors.After
	if m.stream != nil {
		shortest = m.stream.shortest()
		if after == nil {
			after = new(least(&m.stream.First))
		}
	}
	if m.errors.Rate > 0 && after != nil {
		shortest = min(shortest, *after)
	}
	return shortest
}

// least is how long a delay is at least, where that is known: 0 always is.
func least(d *delay.Delay) time.Duration {
	if d.Kind == delay.Constant {
		return d.A
	}
	return 0
}
