package schedule

import (
	"math/rand/v2"
	"slices"
	"sort"
	"time"
)

// started is one call that a player started.
type started struct {
	at, ready, when, end time.Duration
	user                 uint32
}

// player is a small interpreter of schedules: it starts calls up to `late`
// after the schedule asks, and each takes `service`.
type player struct {
	late, service func() time.Duration
	begins        func() time.Duration // how long after it was started a call begins; nil: at once
	failing       func(n int) bool
	backwards     bool // of ends that are heard together, the last comes first

	starts  []started
	dropped []time.Duration
	most    int // in flight
	ends    []started
	now     time.Duration
	over    Action
	untold  []time.Duration // starts that a paced schedule has yet to hear of
}

// play follows the schedule until it is done, or `limit` calls have started.
func (p *player) play(s *Schedule, limit int) *player {
	for len(p.starts) < limit {
		p.endUpTo(s, p.now)
		p.tell(s)
		next := s.Next(p.now, len(p.ends))
		switch next.Do {
		case Start:
			c := started{at: next.At, ready: next.Ready, when: p.now, user: next.User}
			if p.begins != nil {
				c.when += p.begins()
			}
			p.untold = append(p.untold, c.when)
			c.end = c.when + p.service()
			p.starts = append(p.starts, c)
			p.ends = append(p.ends, c)
			sort.SliceStable(p.ends, func(i, j int) bool { return p.ends[i].end < p.ends[j].end })
			p.most = max(p.most, len(p.ends))
		case Drop:
			p.dropped = append(p.dropped, next.At)
		case Wait:
			p.now = max(p.now, min(next.At, p.event())) + p.late()
		case Idle:
			if len(p.ends) == 0 {
				panic("idle with nothing in flight: nobody would ever wake the loop")
			}
			p.now = max(p.now, p.event()) + p.late()
		case Cancel, Done:
			p.over = next.Do
			return p
		}
	}
	return p
}

// event is when something comes back by itself: an end or, where the schedule
// hears of them, a beginning.
func (p *player) event() time.Duration {
	earliest := Never
	if len(p.ends) > 0 {
		earliest = p.ends[0].end
	}
	for _, at := range p.untold {
		earliest = min(earliest, at)
	}
	return earliest
}

// tell lets a paced schedule hear of the calls that have begun by now.
func (p *player) tell(s *Schedule) {
	if !s.Paced() {
		p.untold = p.untold[:0]
	}
	later := p.untold[:0]
	for _, at := range p.untold {
		if at <= p.now {
			s.Began(at)
		} else {
			later = append(later, at)
		}
	}
	p.untold = later
}

func (p *player) endUpTo(s *Schedule, now time.Duration) {
	heard := sort.Search(len(p.ends), func(i int) bool { return p.ends[i].end > now })
	if p.backwards {
		slices.Reverse(p.ends[:heard])
	}
	for range heard {
		c := p.ends[0]
		p.ends = p.ends[1:]
		s.Ended(c.end, c.at, c.user, p.failing != nil && p.failing(len(p.starts)-len(p.ends)))
	}
}

func always(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

func upTo(rng *rand.Rand, most time.Duration) func() time.Duration {
	return func() time.Duration { return time.Duration(rng.Int64N(int64(most) + 1)) }
}

func punctual(service time.Duration) *player {
	return &player{late: always(0), service: always(service)}
}

func (p *player) whens() []time.Duration {
	var all []time.Duration
	for _, s := range p.starts {
		all = append(all, s.when)
	}
	return all
}

func (p *player) dues() []time.Duration {
	var all []time.Duration
	for _, s := range p.starts {
		all = append(all, s.at)
	}
	return all
}

// overdue are when the calls were due that are taken out at a time.
func overdue(s *Schedule, now, until time.Duration) (dues []time.Duration) {
	s.Overdue(now, until, func(due time.Duration) { dues = append(dues, due) })
	return dues
}
