package export

import (
	"cmp"
	"maps"
	"slices"

	"plimsoll/target"
)

// cancelled is the class of calls that were given up.
const cancelled = target.Cancelled

// kind is what a metric's figures are.
type kind int

const (
	counter kind = iota
	gauge
	histogram
)

// label is a name and its value.
type label struct{ name, value string }

// labels are those that have a value, in the order of their names: without one
// there is no label.
func labels(all ...label) []label {
	all = slices.DeleteFunc(all, func(l label) bool { return l.value == "" })
	slices.SortFunc(all, func(a, b label) int { return cmp.Compare(a.name, b.name) })
	return all
}

// family is a metric with all its series.
type family struct {
	name, help, unit string
	kind             kind
	series           []series
}

// series is one line of figures: a number, or a distribution.
type series struct {
	labels []label
	count  uint64 // of a counter
	value  float64
	times  *distribution
}

// The metrics that there are.
const (
	Calls     = "plimsoll_calls_total"
	Response  = "plimsoll_response_seconds"
	InFlight  = "plimsoll_in_flight"
	Lateness  = "plimsoll_lateness_seconds"
	RateAsked = "plimsoll_rate_asked"
)

// families are all metrics as they stand, apart from what goes on being counted.
func (t *table) families() []family {
	calls := family{name: Calls, kind: counter, help: `Calls that have ended, by the class of their failure, or "ok"; without a step: all calls, or iterations.`}
	response := family{name: Response, kind: histogram, unit: "s", help: "How long successful calls took from when they were due."}
	inFlight := family{name: InFlight, kind: gauge, help: "Calls, or iterations, under way."}
	late := family{name: Lateness, kind: histogram, unit: "s", help: "How late the generator itself started calls."}
	asked := family{name: RateAsked, kind: gauge, help: "Calls, or iterations, that become due in a second."}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.order {
		for _, class := range slices.Sorted(maps.Keys(s.calls)) {
			calls.series = append(calls.series, series{labels: s.labels(label{"class", class}), count: s.calls[class]})
		}
		response.series = append(response.series, series{labels: s.labels(), times: s.response.clone()})
		if s.step != "" {
			continue
		}
		late.series = append(late.series, series{labels: s.labels(), times: s.lateness.clone()})
		if s.real {
			inFlight.series = append(inFlight.series, series{labels: s.labels(), value: float64(s.inFlight)})
		}
		if s.asks {
			asked.series = append(asked.series, series{labels: s.labels(), value: s.perS})
		}
	}
	return slices.DeleteFunc([]family{calls, response, inFlight, late, asked}, func(f family) bool { return len(f.series) == 0 })
}
