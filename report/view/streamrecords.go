package view

import (
	"slices"
	"strconv"

	"plimsoll/runner/result"
)

// Columns of streams, which runs have where any call was one.

func (v *View) streams() bool {
	has := func(t *result.Trial) bool {
		return t.Stream != nil || slices.ContainsFunc(t.Steps, func(s result.Step) bool { return s.Stream != nil })
	}
	return slices.ContainsFunc(v.Sections, func(sec Section) bool {
		return slices.ContainsFunc(sec.Scenario.trials, has) || slices.ContainsFunc(sec.Scenario.behind(), func(t result.Trial) bool { return has(&t) })
	})
}

// streamed are the times of streams, by the names of their columns.
var streamed = [...]struct {
	name string
	family
}{{"first_event", firstEvent}, {"service_first_event", streamTime("", result.ServiceFirstEvent, "")}, {"gap", gap}}

// streamNames are the columns behind those of other times.
func (v *View) streamNames() []string {
	names := []string{"events", "events_per_s", "tokens", "tokens_per_s"}
	for _, s := range streamed {
		names = append(names, v.distNames(s.name)...)
	}
	return names
}

// streamFields are those of a group, whose distributions are found by times.
func (v *View) streamFields(g *Group, times func(family) ([]string, error)) ([]string, error) {
	row := make([]string, 4)
	if s := g.Stream; s != nil {
		row[0], row[1] = strconv.FormatInt(s.Events, 10), exact(g.EventsPerS())
		if s.Told {
			row[2], row[3] = strconv.FormatInt(s.Tokens, 10), exact(g.TokensPerS())
		}
	}
	for _, s := range streamed {
		fields, err := times(s.family)
		if err != nil {
			return nil, err
		}
		row = append(row, fields...)
	}
	return row, nil
}
