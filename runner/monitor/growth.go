package monitor

// growth adds up by how much the series of a counter grow, each by itself, as
// Prometheus does: one that begins anew, at less than it had, has grown by what it has,
// whatever the others did meanwhile; what one has when it is first met was there before.
type growth struct {
	before map[string]float64 // what each had when it was last met
	total  float64
}

// mostAway is how many series are remembered of those that are away.
const mostAway = 10000

// take takes in what the series have now, by their labels, and tells by how much they
// have grown so far.
func (g *growth) take(now map[string]float64) (total float64) {
	if g.before == nil || len(g.before) > len(now)+mostAway {
		known := make(map[string]float64, len(now))
		for labels := range now {
			if had, met := g.before[labels]; met {
				known[labels] = had
			}
		}
		g.before = known
	}
	for labels, has := range now {
		if had, met := g.before[labels]; met && has >= had {
			g.total += has - had
		} else if met {
			g.total += has
		}
		g.before[labels] = has
	}
	return g.total
}
