package result

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// MostPoints is how many points of a series are kept at the most.
const MostPoints = 240

// Series is what a monitor saw of the other side while a trial went on.
type Series struct {
	Name   string `json:"name"`             // the monitor's
	Series string `json:"series,omitempty"` // "" where it is about the monitor itself
	Unit   string `json:"unit,omitempty"`
	// Mean is over the time that the trial measured, Max the highest in it.
	Mean float64 `json:"mean"`
	Max  float64 `json:"max"`
	// Points are [when, on the trial's clock, value]; a value is the mean of the time
	// since the point before.
	Points [][2]float64 `json:"points,omitempty"`
	// Problem says why there is nothing, or not all.
	Problem string `json:"problem,omitempty"`
}

// NoOtherSide is the Problem of monitors under the virtual clock.
const NoOtherSide = "left out: under the virtual clock there is no other side"

// Seen tells whether there is a figure.
func (s *Series) Seen() bool { return s.Points != nil }

// Since is the mean from a time on: of the points whose time began later. Where
// there are none it is that of the whole.
func (s *Series) Since(from float64) float64 {
	sum, width := 0.0, 0.0
	for i, p := range s.Points {
		if i > 0 && s.Points[i-1][0] >= from*(1-1e-9) {
			sum, width = sum+p[1]*(p[0]-s.Points[i-1][0]), width+p[0]-s.Points[i-1][0]
		}
	}
	if from <= 0 || width <= 0 {
		return s.Mean
	}
	return sum / width
}

// Monitored finds a series of a monitor; nil: the trial has none.
func (t *Trial) Monitored(name, series string) *Series {
	for i := range t.Monitor {
		if s := &t.Monitor[i]; s.Name == name && s.Series == series {
			return s
		}
	}
	return nil
}

// Monitored are the series of all repetitions as one, in the order of the first that
// has them: their means over the whole of their time, the highest of all. Points
// there are none; a problem is the first.
func (g *Group) Monitored() (all []Series) {
	for _, t := range g.Trials {
		for _, s := range t.Monitor {
			if !slices.ContainsFunc(all, func(o Series) bool { return o.Name == s.Name && o.Series == s.Series }) {
				all = append(all, g.series(s))
			}
		}
	}
	return all
}

// series is one of them.
func (g *Group) series(of Series) Series {
	sum := Series{Name: of.Name, Series: of.Series, Unit: of.Unit}
	var seen []*Trial
	for _, t := range g.Trials {
		s := t.Monitored(of.Name, of.Series)
		if s == nil {
			continue
		}
		sum.Problem = cmp.Or(sum.Problem, s.Problem)
		if s.Seen() {
			seen, sum.Max = append(seen, t), max(sum.Max, s.Max)
		}
	}
	if len(seen) > 0 {
		sum.Mean = weightedMean(seen, func(t *Trial) float64 { return t.Monitored(of.Name, of.Series).Mean }, (*Trial).LengthS)
		sum.Points = [][2]float64{} // seen, but at no time
	}
	return sum
}

// checkMonitor tells which law of series is broken: each is there once, its points
// come one after the other, and are no more than may be.
func (t *Trial) checkMonitor() error {
	for i, s := range t.Monitor {
		where := fmt.Sprintf("monitor[%d], %s %s", i, s.Name, s.Series)
		switch first := t.Monitored(s.Name, s.Series); {
		case s.Name == "":
			return fmt.Errorf("%s: has no name", where)
		case first != &t.Monitor[i]:
			return fmt.Errorf("%s: is there twice", where)
		case len(s.Points) > MostPoints:
			return fmt.Errorf("%s: has %d points, more than %d", where, len(s.Points), MostPoints)
		case s.Mean > s.Max*(1+1e-4) && !math.IsInf(s.Max, 0):
			return fmt.Errorf("%s: its mean %v is above its highest %v", where, s.Mean, s.Max)
		}
		for k := 1; k < len(s.Points); k++ {
			if s.Points[k][0] < s.Points[k-1][0] {
				return fmt.Errorf("%s: points[%d] comes before the one in front of it", where, k)
			}
		}
	}
	return nil
}
