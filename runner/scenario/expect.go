package scenario

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/runner/mode"
	"plimsoll/runner/result"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// expectDraft are published figures as they were written: rows by sweep value
// of cells by mode.
type expectDraft struct {
	source    string
	tolerance setting.At[float64]
	rows      []setting.Entry[[]setting.Entry[setting.At[cell]]]
}

// cell is one published figure, or the speedups of a row by mode.
type cell struct {
	figure   string
	speedups []setting.Entry[setting.At[float64]]
}

// defaultTolerance is how far a measured figure may be from a published one.
const defaultTolerance = 0.05

func expectShape() setting.Shape[expectDraft] {
	speedups := setting.Map("speedups by mode", setting.Located(setting.Number(0, 1e9, true)))
	figure := setting.Either("a duration (the makespan), a rate (the throughput), or the speedups", setting.Forms[cell]{
		Scalar: setting.Convert(figureText(), func(_ *setting.Reader, _ setting.Pos, text string) (cell, bool) {
			return cell{figure: text}, true
		}),
		Map: setting.Complete(speedups, func(_ *setting.Reader, _ setting.Pos, entries []setting.Entry[setting.At[float64]]) (cell, bool) {
			return cell{speedups: entries}, true
		}),
	})
	rows := setting.Map("rows by sweep value", setting.Map("figures by mode", setting.Located(figure)))
	return setting.Object("expect",
		setting.Key("source", "Where the figures were published.", setting.Text("a text"), func(e *expectDraft) *string { return &e.source }),
		setting.Key("tolerance", "How far a measured figure may be off. Default 5%.", setting.Located(setting.Percent()), func(e *expectDraft) *setting.At[float64] { return &e.tolerance }),
		setting.Key("rows", "The figures: by sweep value, then by mode a duration (the makespan) or a rate (the throughput); `speedup` holds ratios by mode.", rows, func(e *expectDraft) *[]setting.Entry[[]setting.Entry[setting.At[cell]]] { return &e.rows }).Required(),
	)
}

func figureText() setting.Shape[string] {
	shape := setting.Text("a figure")
	shape.Schema = func() *jsonschema.Schema {
		s := setting.Spelled(`\+?[0-9.]+([eE][+-]?[0-9]+)?(\s*/.*)?|`+quantity.DurationPattern, "number")
		s.Minimum = new(0.0)
		return s
	}
	return shape
}

// addExpect takes the published figures over into the plan.
func (d draft) addExpect(r *setting.Reader, s *Scenario) {
	e := d.expect.Value
	tolerance := defaultTolerance
	if e.tolerance.Given {
		tolerance = e.tolerance.Value
	}
	seen := map[result.Point]bool{}
	for _, row := range e.rows {
		at, err := s.place(row.Key)
		if err == nil && seen[at] {
			err = errors.New("there is a row for this value already, leave one of them out")
		}
		seen[at] = true
		if err != nil && d.sweepRead() {
			r.Problem(row.Pos, "%v", err)
		}
		for _, c := range row.Value {
			for _, expect := range d.figures(r, s, c) {
				expect.At, expect.Tolerance, expect.Source = at, tolerance, e.source
				s.Expect = append(s.Expect, expect)
			}
		}
	}
}

// sweepRead tells whether all that may make the sweep could be read.
func (d draft) sweepRead() bool {
	return d.requests.Given == d.requests.Valid && d.modes.Valid && d.modesNamed()
}

// figures are what one cell promises.
func (d draft) figures(r *setting.Reader, s *Scenario, c setting.Entry[setting.At[cell]]) []Expect {
	if c.Key == "speedup" {
		return d.speedups(r, s, c)
	}
	if s.mode(c.Key) == nil && d.modesNamed() {
		r.Problem(c.Pos, "there is no mode %q%s", c.Key, setting.Suggest(c.Key, append(s.modeNames(), "speedup")))
	}
	if c.Value.Value.speedups != nil {
		r.Problem(c.Value.Pos, "expected a duration (the makespan) or a rate (the throughput) of %s, found a map: speedups stand under `speedup`", c.Key)
		return nil
	}
	if !c.Value.Valid {
		return nil
	}
	expect, err := figure(c.Value.Value.figure)
	if err == nil && expect.Metric == "makespan" && !d.requests.Given {
		err = errors.New("without `requests` the makespan is the duration of the trial: write a throughput such as 480/s")
	}
	if err != nil {
		r.Problem(c.Value.Pos, "%v", err)
		return nil
	}
	expect.Mode = c.Key
	return []Expect{expect}
}

// figure reads a duration as a makespan and a rate as a throughput.
func figure(text string) (Expect, error) {
	if strings.Contains(text, "/") {
		perSecond, err := quantity.ParsePerSecond(text)
		if err == nil && perSecond == 0 {
			err = errNothing
		}
		return Expect{Metric: "rate", Value: perSecond}, err
	}
	makespan, err := quantity.ParseDuration(text)
	if err == nil && makespan == 0 {
		err = errNothing
	}
	return Expect{Metric: "makespan", Value: makespan.Seconds()}, err
}

var errNothing = errors.New("a deviation from zero cannot be told: write a figure above zero")

// speedups reads the cell `speedup`: ratios by mode, or one number where only
// one mode stands beside the baseline.
func (d draft) speedups(r *setting.Reader, s *Scenario, c setting.Entry[setting.At[cell]]) []Expect {
	if c.Value.Value.speedups == nil {
		if !c.Value.Valid {
			return nil
		}
		return d.onlySpeedup(r, s, c.Value.Pos, c.Value.Value.figure)
	}
	var all []Expect
	for _, e := range c.Value.Value.speedups {
		switch {
		case s.mode(e.Key) == nil:
			if d.modesNamed() {
				r.Problem(e.Pos, "there is no mode %q%s", e.Key, setting.Suggest(e.Key, s.modeNames()))
			}
		case s.Baseline != nil && e.Key == s.Baseline.Name:
			r.Problem(e.Pos, "%s is the baseline itself, whose speedup is always 1: leave it out", e.Key)
		default:
			all = append(all, Expect{Mode: e.Key, Metric: "speedup", Value: e.Value.Value})
		}
	}
	return all
}

// onlySpeedup reads one number as the speedup of the only other mode.
func (d draft) onlySpeedup(r *setting.Reader, s *Scenario, at setting.Pos, text string) []Expect {
	ratio, err := strconv.ParseFloat(text, 64)
	if err != nil || !(ratio > 0 && ratio <= 1e9) {
		r.Problem(at, "%q is no speedup: write a number above zero such as 4.7", text)
		return nil
	}
	if others := len(d.modes.Value) - 1; others != 1 {
		if others >= 0 {
			r.Problem(at, "one number needs exactly one mode beside the baseline, and there are %d: write {MODE: %g}", others, ratio)
		}
		return nil
	}
	other := slices.IndexFunc(s.Modes, func(m *mode.Column) bool { return m != s.Baseline })
	if other < 0 {
		return nil // it could not be read
	}
	return []Expect{{Mode: s.Modes[other].Name, Metric: "speedup", Value: ratio}}
}
