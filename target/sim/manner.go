package sim

import (
	"iter"
	"time"

	"plimsoll/target/delay"
)

// Manner is how calls are carried out where that is otherwise than the rest;
// nil leaves a thing as it is.
type Manner struct {
	Delay  *delay.Delay `json:",omitempty"`
	Errors *Errors      `json:",omitempty"`
}

// over is a manner with another one laid over it.
func (m Manner) over(by *Manner) Manner {
	if by.Delay != nil {
		m.Delay = by.Delay
	}
	if by.Errors != nil {
		m.Errors = by.Errors
	}
	return m
}

// turns are manners taken in turn.
type turns struct {
	list  []Manner
	calls uint64 // that have come
}

// next is the manner of the next call, laid over what it would be otherwise.
func (t *turns) next(m Manner) Manner {
	if len(t.list) == 0 {
		return m
	}
	m = m.over(&t.list[t.calls%uint64(len(t.list))])
	t.calls++
	return m
}

// manners are those of a server that does not carry out all calls alike. What
// is said more narrowly holds: the target's own manner, then its turn's, its
// route's, and the route's turn's.
type manners struct {
	own    Manner
	router router
	routes []Route
	turns  turns
	routed []turns // those of the routes
	calls  uint64  // that have arrived
}

// manners are nil where all calls are carried out alike.
func (s *Settings) manners() *manners {
	if len(s.Turns) == 0 && len(s.Routes) == 0 {
		return nil
	}
	m := &manners{
		own:    s.own(),
		router: newRouter(s.Routes), routes: s.Routes,
		turns: turns{list: s.Turns}, routed: make([]turns, len(s.Routes)),
	}
	for i := range s.Routes {
		m.routed[i].list = s.Routes[i].Turns
	}
	return m
}

// own is the manner of the target's own settings.
func (s *Settings) own() Manner { return Manner{Delay: &s.Delay, Errors: &s.Errors} }

// next is the manner of the call that arrives, and the call's number, from 0.
func (m *manners) next(way Way) (Manner, uint64) {
	number := m.calls
	m.calls++
	manner := m.turns.next(m.own)
	if way != noWay {
		manner = m.routed[way].next(manner.over(&m.routes[way].Manner))
	}
	return manner, number
}

// cycle are the manners of calls that all ask for one path, until they repeat.
func (s *Settings) cycle(path string) iter.Seq[Manner] {
	return func(yield func(Manner) bool) {
		m := s.manners()
		if m == nil {
			yield(s.own())
			return
		}
		way := m.router.find(path)
		length := max(1, len(s.Turns))
		if way != noWay {
			length = leastCommonMultiple(length, max(1, len(s.Routes[way].Turns)))
		}
		for range length {
			if manner, _ := m.next(way); !yield(manner) {
				return
			}
		}
	}
}

func leastCommonMultiple(a, b int) int {
	x, y := a, b
	for y > 0 {
		x, y = y, x%y
	}
	return a / x * b
}

// CallTime is about how long a call to a path takes: the mean of all turns.
func (s *Settings) CallTime(path string) time.Duration {
	mean, sum, n := means{}, 0.0, 0
	for manner := range s.cycle(path) {
		sum += float64(mean.of(manner.Delay))
		n++
	}
	return time.Duration(sum / float64(n))
}

// means are those of delays that come again and again: one may be a long list.
type means map[*delay.Delay]time.Duration

func (m means) of(d *delay.Delay) time.Duration {
	mean, known := m[d]
	if !known {
		mean = d.Mean()
		m[d] = mean
	}
	return mean
}
