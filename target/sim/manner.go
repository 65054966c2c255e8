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
	Stream *Stream      `json:",omitempty"` // instead of Delay and Answer
	Errors *Errors      `json:",omitempty"`
	Answer *Answer      `json:",omitempty"`
}

// exceptions are all manners but the target's own.
func (s *Settings) exceptions() iter.Seq[*Manner] {
	return func(yield func(*Manner) bool) {
		for i := range s.Turns {
			if !yield(&s.Turns[i]) {
				return
			}
		}
		for i := range s.Routes {
			r := &s.Routes[i]
			if !yield(&r.Manner) {
				return
			}
			for j := range r.Turns {
				if !yield(&r.Turns[j]) {
					return
				}
			}
		}
	}
}

// manner is a Manner made ready.
type manner struct {
	delay  *delay.Delay
	stream *Stream // nil: it answers at once, after the delay
	errors *Errors
	answer *answer // nil, of the target's own: the line that says OK
}

func (m *Manner) ready() manner { return manner{m.Delay, m.Stream, m.Errors, m.Answer.ready()} }

// over is a manner with another one laid over it. Whatever says how to answer at
// once takes the place of a stream.
func (m manner) over(by *manner) manner {
	if by.delay != nil || by.answer != nil || by.stream != nil {
		m.stream = by.stream
	}
	if by.delay != nil {
		m.delay = by.delay
	}
	if by.errors != nil {
		m.errors = by.errors
	}
	if by.answer != nil {
		m.answer = by.answer
	}
	return m
}

// turns are manners taken in turn.
type turns struct {
	list  []manner
	calls uint64 // that have come
}

func takenBy(list []Manner) turns {
	var t turns
	for i := range list {
		t.list = append(t.list, list[i].ready())
	}
	return t
}

// next is the manner of the next call, laid over what it would be otherwise.
func (t *turns) next(m manner) manner {
	if len(t.list) == 0 {
		return m
	}
	m = m.over(&t.list[t.calls%uint64(len(t.list))])
	t.calls++
	return m
}

// manners are those of a server that does not carry out all calls alike, or
// gives answers. What is said more narrowly holds: the target's own manner, then
// its turn's, its route's, and the route's turn's.
type manners struct {
	own    manner
	lost   *answer // where the site has no such page
	turns  turns
	router router
	routes []routed
	calls  uint64 // that have arrived
}

// routed is the manner of a route, and its turns.
type routed struct {
	manner manner
	turns  turns
}

// manners are nil where all calls are carried out alike.
func (s *Settings) manners() *manners {
	if s.Answer == nil && s.Stream == nil && len(s.Turns) == 0 && len(s.Routes) == 0 && s.Site == nil {
		return nil
	}
	m := &manners{own: s.own(), turns: takenBy(s.Turns), router: s.router()}
	if pages, missing := s.Site.ready(); pages != nil {
		m.own.answer, m.lost = pages, missing
	}
	for i := range s.Routes {
		r := &s.Routes[i]
		m.routes = append(m.routes, routed{r.Manner.ready(), takenBy(r.Turns)})
	}
	return m
}

// own is the manner of the target's own settings.
func (s *Settings) own() manner { return manner{&s.Delay, s.Stream, &s.Errors, s.Answer.ready()} }

// next is the manner of the call that arrives, and the call's number, from 0.
func (m *manners) next(way Way) (manner, uint64) {
	number := m.calls
	m.calls++
	next := m.turns.next(m.own)
	switch {
	case way == noPage:
		next.answer = m.lost
	case way != noWay:
		r := &m.routes[way]
		next = r.turns.next(next.over(&r.manner))
	}
	return next, number
}

// cycle are the manners of calls that all ask for one path, until they repeat.
func (s *Settings) cycle(path string) iter.Seq[manner] {
	return func(yield func(manner) bool) {
		m := s.manners()
		if m == nil {
			yield(s.own())
			return
		}
		way := m.router.find(path)
		length := max(1, len(s.Turns))
		if way >= 0 {
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
		sum += float64(manner.mean(mean))
		n++
	}
	return time.Duration(sum / float64(n))
}

// mean is about how long a call takes.
func (m *manner) mean(known means) time.Duration {
	if m.stream != nil {
		return m.stream.mean(known)
	}
	return known.of(m.delay)
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
