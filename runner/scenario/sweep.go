package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll/runner/mode"
	"plimsoll/runner/result"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// list is a setting that was written as a list, and so sweeps.
type list struct {
	axis   string
	pos    setting.Pos
	points []result.Point // nil when not all values could be read
}

// addSweep finds the one list of values that the scenario goes through.
func (d draft) addSweep(r *setting.Reader, s *Scenario) {
	lists := d.lists(r)
	s.Sweep = []result.Point{{}}
	if d.requests.Valid {
		s.Sweep = []result.Point{{Requests: s.Requests[0]}}
	}
	if len(lists) == 0 {
		return
	}
	first := lists[0]
	if first.points != nil {
		s.Sweep = first.points
	}
	if d.vary.Valid && first.axis == "vary" {
		s.Vary = d.vary.Value.values
	}
	for _, l := range lists[1:] {
		switch {
		case l.axis != first.axis:
			r.Problem(l.pos, "%s is a list, and so is %s: a scenario sweeps one setting, so write one of them as one value", l.axis, first.axis)
		case l.points != nil && first.points != nil && !slices.Equal(l.points, first.points):
			r.Problem(l.pos, "two modes sweep %s over different values: give them the same list, or a scenario each", l.axis)
		}
	}
}

// lists are the settings that were written as lists.
func (d draft) lists(r *setting.Reader) []list {
	var all []list
	if d.requests.Value.Listed {
		var counts []setting.At[int] // where all could be read
		if d.requests.Valid {
			counts = d.requests.Value.Items
		}
		all = append(all, listOf(r, "requests", d.requests.Pos, counts, func(n int) result.Point { return result.Point{Requests: n} }))
	}
	for _, m := range d.modes.Value {
		for _, s := range m.Value.Sweeps() {
			all = append(all, listOf(r, s.Word, s.Pos, placesOf(s), func(p result.Point) result.Point { return p }))
		}
	}
	return append(all, d.listOfVaried()...)
}

// placesOf are those of a mode that is swept.
func placesOf(s mode.Sweep) (all []setting.At[result.Point]) {
	for i, m := range s.Modes {
		load := m.Value.Traits()
		p := result.Point{Concurrency: load.Concurrency, RatePerS: load.RatePerS}
		if s.Parts != nil {
			p = result.Point{Vary: s.Word + "=" + s.Parts[i]}
		}
		all = append(all, setting.At[result.Point]{Value: p, Pos: m.Pos})
	}
	return all
}

// listOf reports a value that comes twice.
func listOf[T any](r *setting.Reader, axis string, pos setting.Pos, values []setting.At[T], point func(T) result.Point) list {
	l := list{axis: axis, pos: pos}
	seen := map[result.Point]bool{}
	for _, v := range values {
		p := point(v.Value)
		if seen[p] {
			r.Problem(v.Pos, "this value comes twice in the sweep, leave it out here")
		}
		seen[p] = true
		l.points = append(l.points, p)
	}
	return l
}

// place finds the sweep value that a row of published figures stands for.
func (s *Scenario) place(key string) (result.Point, error) {
	var at result.Point
	var err error
	n, failed := quantity.ParseCount(key)
	switch first := s.Sweep[0]; {
	case first.Requests > 0:
		at.Requests, err = int(n), failed
	case first.Concurrency > 0:
		at.Concurrency, err = int(n), failed
	case first.RatePerS > 0:
		var rate quantity.Rate
		rate, err = quantity.ParseRate(key)
		at.RatePerS = rate.PerSecond()
	case first.Vary != "":
		name, _, _ := first.Varied()
		at.Vary = name + "=" + key
	default:
		return at, errors.New("a row stands for a value of the sweep, and there is none: give `requests`, or list the values of concurrent or rate-limited")
	}
	if err == nil && !slices.Contains(s.Sweep, at) {
		err = fmt.Errorf("%s is no value of the sweep, which has %s", key, listed(s.Sweep))
	}
	return at, err
}

// listed names the values of a sweep, the first of them if there are many.
func listed(sweep []result.Point) string {
	var values []string
	for i, p := range sweep {
		switch {
		case i == 10:
			return strings.Join(values, ", ") + " …"
		case p.RatePerS > 0:
			values = append(values, fmt.Sprintf("%g/s", p.RatePerS))
		case p.Vary != "":
			_, value, _ := p.Varied()
			values = append(values, value)
		default:
			values = append(values, strconv.Itoa(p.Requests+p.Concurrency))
		}
	}
	return strings.Join(values, ", ")
}
