package view

import (
	"math"
	"slices"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// Streamed is a group, or one of its steps, of which some calls were streams.
type Streamed struct {
	*Group
	Step string // "" where it is the group itself
}

// addStreams finds what there is of streams. It fails only on a histogram that
// cannot be decoded.
func (s *Scenario) addStreams() error {
	for _, g := range s.Groups {
		if g.Stream != nil {
			s.Streams = append(s.Streams, Streamed{Group: g})
		}
	}
	for _, of := range s.Stepped {
		for i := range of.Steps {
			step := &of.Steps[i]
			if step.Stream == nil || step.Outside {
				continue
			}
			part, err := of.OfStep(step.Path)
			if err != nil {
				return err
			}
			s.Streams = append(s.Streams, Streamed{&Group{Group: *part}, step.Path})
		}
	}
	return nil
}

// streamTime is one of the times of streams.
func streamTime(name, phase, none string) family {
	return family{name, func(string) string { return none },
		func(g *Group) *latency.Histogram {
			if h := g.Phase(phase); h != nil {
				return h
			}
			return latency.New(latency.Fine)
		},
		func(t *result.Trial) *result.Dist { d := t.Phases[phase]; return &d }, nil}
}

var (
	firstEvent = streamTime("first event", result.FirstEvent, "no stream had an event")
	gap        = streamTime("gap", result.Gap, "no stream had two events")
)

// streamTable has a row for all that had streams: when they began, how they went on,
// and how much came of them; nil without any.
func (s *Scenario) streamTable() *Table {
	if len(s.Streams) == 0 {
		return nil
	}
	rows := &Scenario{Modes: s.Modes, Axis: s.Axis, confidence: s.confidence} // whose groups they are
	var steps []string
	stepped := false
	for _, of := range s.Streams {
		rows.Groups = append(rows.Groups, of.Group)
		steps = append(steps, Clean(of.Step))
		stepped = stepped || of.Step != ""
	}
	columns := rows.keyColumns(rows.Groups)
	columns[len(columns)-1].flag(rows.Groups)
	if stepped {
		columns = append(columns, texts("step", steps))
	}
	keys := len(columns)
	var few []string
	for _, f := range []family{firstEvent, gap} {
		var all []float64
		for _, g := range rows.Groups {
			all = append(all, quantile(f.of(g), 50), quantile(f.of(g), 99))
		}
		times, lacking := supported(rows.percentiles(f, timeScale(all...), 50, 99))
		columns = append(columns, times...)
		for _, name := range lacking {
			few = append(few, f.name+" "+name)
		}
	}
	columns = append(columns, rows.streamRates()...)
	columns = append(columns, rows.goodputs()...)
	t := finish("Streams", keys, columns)
	t.Remarks = []string{"first event: from when a call was due; gap: from one event to the next"}
	t.leftOut(few, "value")
	return t
}

// streamRates are the tokens that came a second, and the events where nobody
// counted those.
func (s *Scenario) streamRates() (columns []column) {
	for _, kind := range []struct {
		name string
		told bool
		perS func(*Group) float64
	}{{"tokens", true, func(g *Group) float64 { return g.TokensPerS() }}, {"events", false, func(g *Group) float64 { return g.EventsPerS() }}} {
		if !slices.ContainsFunc(s.Groups, func(g *Group) bool { return g.Stream.Told == kind.told }) {
			continue
		}
		var values []float64
		for _, g := range s.Groups {
			v := math.NaN()
			if g.Stream.Told == kind.told {
				v = kind.perS(g)
			}
			values = append(values, v)
		}
		columns = append(columns, figures(Column{Name: kind.name}, plainScale("/s", values...), values))
	}
	return columns
}

// goodputs are the calls a second that kept all of a promise, for each there is.
func (s *Scenario) goodputs() (columns []column) {
	var promises []string
	for _, g := range s.Groups {
		for _, p := range g.Promises() {
			if !slices.Contains(promises, p) {
				promises = append(promises, p)
			}
		}
	}
	for _, p := range promises {
		var values []float64
		for _, g := range s.Groups {
			v, counted := g.GoodputPerS(p)
			if !counted {
				v = math.NaN()
			}
			values = append(values, v)
		}
		c := figures(Column{Name: "goodput"}, plainScale("/s", values...), values)
		c.notes = []string{"calls with " + Clean(p)}
		columns = append(columns, c)
	}
	return columns
}
