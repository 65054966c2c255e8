package verdict

import "plimsoll/runner/result"

// completionOf is when the first, half or the last of a batch's calls were there.
func completionOf(g *result.Group, family string) figure {
	c := g.Completions()
	switch {
	case c == nil && g.Requests == 0:
		return missing("its calls are no batch")
	case c == nil:
		return missing("this run does not tell when the calls of a batch ended: run it again")
	case c.Why != "":
		return missing(c.Why)
	}
	var at *float64
	var never string
	switch family {
	case "first":
		at, never = c.FirstS, "no call ended"
	case "half":
		at, never = c.HalfS, "half of the calls never ended"
	case "last":
		at, never = c.LastS, "not all of the calls ended"
	case "in_order.first":
		at, never = c.InOrder.FirstS, "the first call never ended"
	case "in_order.half":
		at, never = c.InOrder.HalfS, "one of the first half of the calls never ended"
	default:
		at, never = c.InOrder.LastS, "not all of the calls ended"
	}
	if at == nil {
		return missing(never)
	}
	return exactly(*at)
}
