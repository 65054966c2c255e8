package result

import (
	"errors"
	"fmt"
	"time"

	"plimsoll/runner/latency"
)

// MostMarks is how many marks a curve has at the most. It is a multiple of ten, so
// that each tenth of a batch is among them.
const MostMarks = 240

// MostCompletions is of how many calls a batch may be to have Completions: when each
// ended takes 8 bytes of memory.
const MostCompletions = 1_000_000

// Completions are when the calls of a batch were over: as they completed, and in the
// order in which they were started, where each waits for all before it.
type Completions struct {
	Curve
	InOrder Curve `json:"in_order"`
	// Why says why nothing is known, where nothing is.
	Why string `json:"why,omitempty"`
}

// Curve is when a batch was so far. A time is nil where it never was.
type Curve struct {
	FirstS *float64 `json:"first_s"`
	HalfS  *float64 `json:"half_s"` // the ⌈n/2⌉-th
	LastS  *float64 `json:"last_s"`
	Marks  []Mark   `json:"curve"`
}

// Mark is a share of a batch, and when that was there.
type Mark [2]float64

// Share is the share of 1, AtS when it was there.
func (m Mark) Share() float64 { return m[0] }
func (m Mark) AtS() float64   { return m[1] }

// NewCompletions are those of a batch that was recorded.
func NewCompletions(e *latency.Ends) *Completions {
	return &Completions{Curve: newCurve(e.AsCompleted(), e.Calls()), InOrder: newCurve(e.InOrder(), e.Calls())}
}

// NoCompletions are those of a batch that is too large for them.
func NoCompletions(calls int) *Completions {
	return &Completions{Curve: Curve{Marks: []Mark{}}, InOrder: Curve{Marks: []Mark{}},
		Why: fmt.Sprintf("when calls ended is kept of batches of up to %d, and this one has %d", MostCompletions, calls)}
}

// newCurve is that of the ends of so many calls, which rise. Its marks are at each
// call or, where these are too many, at each 240th of them.
func newCurve(ends []time.Duration, calls int) Curve {
	c := Curve{FirstS: nth(ends, 1), HalfS: nth(ends, (calls+1)/2), LastS: nth(ends, calls), Marks: []Mark{}}
	marks := min(calls, MostMarks)
	for i := 1; i <= marks; i++ {
		k := (i*calls + marks - 1) / marks
		if k > len(ends) {
			break
		}
		c.Marks = append(c.Marks, Mark{float64(k) / float64(calls), ends[k-1].Seconds()})
	}
	return c
}

// nth is when so many calls were there.
func nth(ends []time.Duration, k int) *float64 {
	if k < 1 || k > len(ends) {
		return nil
	}
	at := ends[k-1].Seconds()
	return &at
}

// Reached is when a share of a batch was there; false: never.
func (c *Curve) Reached(share float64) (atS float64, there bool) {
	for _, m := range c.Marks {
		if m.Share() >= share-1e-12 {
			return m.AtS(), true
		}
	}
	return 0, false
}

// Completions are those of the group: of each figure the mean over the repetitions, as
// of the makespan, where each repetition has one. Nil: its trials are no batches, or
// of a result that does not tell.
func (g *Group) Completions() *Completions {
	for _, t := range g.Trials {
		if t.Completions == nil || t.Completions.Why != "" {
			return t.Completions
		}
	}
	if len(g.Trials) == 0 {
		return nil
	}
	return &Completions{
		Curve:   g.meanCurve(func(t *Trial) *Curve { return &t.Completions.Curve }),
		InOrder: g.meanCurve(func(t *Trial) *Curve { return &t.Completions.InOrder }),
	}
}

func (g *Group) meanCurve(of func(*Trial) *Curve) Curve {
	mean := func(value func(*Curve) *float64) *float64 {
		for _, t := range g.Trials {
			if value(of(t)) == nil {
				return nil
			}
		}
		m := g.plainMean(func(t *Trial) float64 { return *value(of(t)) })
		return &m
	}
	c := Curve{
		FirstS: mean(func(c *Curve) *float64 { return c.FirstS }),
		HalfS:  mean(func(c *Curve) *float64 { return c.HalfS }),
		LastS:  mean(func(c *Curve) *float64 { return c.LastS }),
		Marks:  []Mark{},
	}
	marks := len(of(g.Trials[0]).Marks)
	for _, t := range g.Trials {
		marks = min(marks, len(of(t).Marks))
	}
	for i := range marks { // of as many calls in each, so at the same shares
		c.Marks = append(c.Marks, Mark{of(g.Trials[0]).Marks[i].Share(), g.plainMean(func(t *Trial) float64 { return of(t).Marks[i].AtS() })})
	}
	return c
}

func (g *Group) plainMean(of func(*Trial) float64) float64 {
	return weightedMean(g.Trials, of, func(*Trial) float64 { return 1 })
}

// checkCompletions tells which law is broken by when a batch's calls ended.
func (t *Trial) checkCompletions() error {
	c := t.Completions
	switch {
	case c == nil:
		return nil
	case t.Requests == 0:
		return errors.New("completions: only batches, which have requests, have them")
	case c.Why != "" && (c.FirstS != nil || c.InOrder.FirstS != nil):
		return fmt.Errorf("completions: are there, and are not: %s", c.Why)
	case c.LastS != nil && t.Started-t.Cancelled < int64(t.Requests):
		return fmt.Errorf("completions: the last of %d calls is there, of which %d ended", t.Requests, t.Started-t.Cancelled)
	}
	if err := c.Curve.check(); err != nil {
		return fmt.Errorf("completions: %w", err)
	}
	if err := c.InOrder.check(); err != nil {
		return fmt.Errorf("completions: in_order: %w", err)
	}
	if !c.Curve.before(&c.InOrder) {
		return errors.New("completions: there are more calls in order than there are at all")
	}
	return nil
}

// check tells which law a curve breaks: it rises in both, within the batch.
func (c *Curve) check() error {
	if len(c.Marks) > MostMarks {
		return fmt.Errorf("curve has %d marks, more than %d", len(c.Marks), MostMarks)
	}
	var before Mark
	for i, m := range c.Marks {
		if m.Share() <= before.Share() || m.Share() > 1 || m.AtS() < before.AtS() {
			return fmt.Errorf("curve[%d], %v, does not follow the one before it", i, m)
		}
		before = m
	}
	reached := Mark{}
	for share, at := range []*float64{c.FirstS, c.HalfS, c.LastS} {
		switch {
		case at != nil && (reached.Share() < float64(share) || *at < reached.AtS()):
			return errors.New("first_s, half_s and last_s do not follow each other")
		case at != nil:
			reached = Mark{float64(share + 1), *at}
		}
	}
	if c.FirstS == nil && len(c.Marks) > 0 {
		return errors.New("has a curve and no first_s")
	}
	return nil
}

// before tells whether nothing in another curve is earlier than in this one.
func (c *Curve) before(o *Curve) bool {
	pairs := [][2]*float64{{c.FirstS, o.FirstS}, {c.HalfS, o.HalfS}, {c.LastS, o.LastS}}
	for _, p := range pairs {
		if p[1] != nil && (p[0] == nil || *p[1] < *p[0]) {
			return false
		}
	}
	if len(o.Marks) > len(c.Marks) {
		return false
	}
	for i, m := range o.Marks {
		if m.AtS() < c.Marks[i].AtS() {
			return false
		}
	}
	return true
}
