package view

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"plimsoll/runner/statistics"
)

// answers are which program is the fastest, and by how much.
func (c *contest) answers() (notes []Note) {
	var measured []*program
	for _, p := range c.rows {
		if p.measured() {
			measured = append(measured, p)
		}
	}
	switch {
	case len(measured) == 0:
		return []Note{{Bad, "no run of any program succeeded"}}
	case len(c.Places) > 1:
		return few(c.sweepTold(measured))
	case len(measured) == 1:
		return []Note{{Plain, c.name(measured[0]) + " takes " + timeTold(measured[0].mean())}}
	}
	return few(c.contestTold(measured))
}

// timeTold is "101.3 ms (101.1–101.5)".
func timeTold(e statistics.Estimate) string {
	text := alone(e.Value)
	if e.High > 0 {
		unit := timeScaleFrom(1, []float64{e.Low})
		unit.decimals = max(unit.decimals, decimalsFor((e.High-e.Low)/unit.per)-1)
		if of := timeScaleFrom(1, []float64{e.Value}); of.unit == unit.unit {
			text += fmt.Sprintf(" (%s–%s)", unit.text(e.Low), unit.text(e.High))
		} else {
			text += fmt.Sprintf(" (%s–%s)", alone(e.Low), alone(e.High))
		}
	}
	return text
}

// contestTold sets the fastest program beside each of the others, the fastest of
// those first.
func (c *contest) contestTold(all []*program) (notes []Note) {
	slices.SortStableFunc(all, func(a, b *program) int { return cmp.Compare(a.mean().Value, b.mean().Value) })
	for _, other := range all[1:] {
		notes = append(notes, c.told(all[0], other))
	}
	return notes
}

// told is how many times as fast a program is as another, or that nobody can tell.
func (c *contest) told(p, than *program) Note {
	e := faster(p, than)
	name, other := c.name(p), c.name(than)
	if len(c.Places) > 1 { // of one program
		other = "with " + Clean(than.Sweep.Vary)
	}
	switch unit := plainScale("", e.Low); {
	case !(e.Value > 0):
		return Note{Warn, "cannot tell how much faster " + name + " is than " + other + ": it takes no longer than the shell's own start"}
	case !(e.High > 0):
		return Note{Warn, fmt.Sprintf("%s was %s times as fast as %s: too few rounds to tell how sure that is", name, fourDigits(e.Value, 1), other)}
	case e.Low <= 1:
		return Note{Warn, fmt.Sprintf("cannot tell whether %s is faster than %s: %s times as fast (%s–%s)", name, other, unit.text(e.Value), unit.text(e.Low), unit.text(e.High))}
	default:
		return Note{Good, fmt.Sprintf("%s is %s times as fast as %s (%s–%s)", name, unit.text(e.Value), other, unit.text(e.Low), unit.text(e.High))}
	}
}

// sweepTold is where each command is the fastest, beside the first value; and the
// law that it follows.
func (c *contest) sweepTold(all []*program) (notes []Note) {
	for _, mode := range c.Modes {
		var best, first *program
		for _, p := range all {
			if p.Mode != mode {
				continue
			}
			if first == nil {
				first = p
			}
			if best == nil || p.mean().Value < best.mean().Value {
				best = p
			}
		}
		switch {
		case best == nil:
			continue
		case best == first:
			notes = append(notes, Note{Plain, c.name(best) + " is the fastest: " + timeTold(best.mean())})
		default:
			notes = append(notes, c.told(best, first))
		}
		if law := c.Fitting(mode); law != nil {
			notes = append(notes, Note{Plain, "'" + Clean(mode) + "': " + c.verdictOf(law)})
		}
	}
	return notes
}

// failures are what went wrong in runs that were not counted.
func (c *contest) failures() (notes []Note) {
	for _, p := range c.rows {
		if p.Failed == 0 {
			continue
		}
		class := byCount(p.Errors)[0]
		notes = append(notes, Note{Bad, fmt.Sprintf("%d of %s of %s failed and are in no time: %s",
			p.Failed, plural(p.OK+p.Failed, "run"), c.name(p), cmp.Or(inFull(p.Errors[class].Example), Clean(class)))})
	}
	return few(notes)
}

// farOff is how far from the median a run is no more one like the others, in
// standard deviations as the median absolute deviation tells them.
const farOff, likeNormal = 10, 1.4826

// outliers are runs that took much longer than the others. The median, and how far
// half of all lie from it, do not depend on them.
func (c *contest) outliers() (notes []Note) {
	for _, p := range c.rows {
		around := spread(p.Service)
		if p.OK < 5 || around == 0 {
			continue
		}
		limit := p.Service.Quantile(50).Seconds() + farOff*likeNormal*around
		far, begin := int64(0), int64(0)
		for _, t := range p.Trials {
			h, err := t.Service.Histogram()
			if err != nil {
				continue // it has been decoded before
			}
			n := h.Count() - h.CountAtMost(time.Duration(limit*1e9))
			if far += n; t.Repeat == 0 {
				begin += n
			}
		}
		if far == 0 {
			continue
		}
		why := "something else ran on this machine?"
		if begin == far {
			why = "all in the first round: something was cold, --warmup-runs 3 would warm it"
		}
		notes = append(notes, Note{Warn, fmt.Sprintf("%d of %s of %s took more than %s, where half are within %s of the median: %s",
			far, plural(p.OK, "run"), c.name(p), alone(limit), alone(around), why)})
	}
	return few(notes)
}

// tooShort is where what starts a shell takes is most of what is measured, in seconds.
const tooShort = 5e-3

// hints are how to measure better.
func (c *contest) hints() (notes []Note) {
	for _, p := range c.rows {
		if p.shell != nil && p.measured() && p.mean().Value < tooShort {
			return []Note{{Plain, c.name(p) + " takes less than 5 ms, and what the shell's start takes varies by as much: without --shell there is none to take off"}}
		}
	}
	return nil
}
