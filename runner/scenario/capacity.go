package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/runner/capacity"
	"plimsoll/runner/mode"
	"plimsoll/runner/result"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// Capacity is a search for the highest load that keeps its promises, instead
// of a sweep that is known beforehand. The scenario has one mode then, and one
// place, From; its Duration is how long each step is held.
type Capacity struct {
	Find string // result.FindRate or result.FindConcurrency
	SLO  []result.Promise
	// From and To are the first and the highest load, in calls a second or in
	// flight; PeakLoad is the load expected, 0 for unknown.
	From, To, PeakLoad float64
	Precision          float64 // of the answer, a share of 1
}

// Limits of a search.
const (
	finest, coarsest = 0.01, 0.25 // precisions
	defaultPrecision = 0.05
	defaultHold      = 10 * time.Second
)

// capacityDraft is a search as it was written; its loads are counts or rates.
type capacityDraft struct {
	find           setting.At[string]
	slo            setting.At[[]promise]
	from, to, peak setting.At[string]
	hold           setting.At[time.Duration]
	precision      setting.At[float64]
}

func capacityShape() setting.Shape[capacityDraft] {
	load := setting.Located(mode.LoadShape())
	return setting.Object("a capacity search",
		setting.Key("find", "What is searched: the highest rate, or the highest concurrency.", setting.Located(setting.Word("what to find", result.FindRate, result.FindConcurrency)), func(c *capacityDraft) *setting.At[string] { return &c.find }).Required(),
		setting.Key("slo", "What must hold: upper limits of response times and errors, such as p99 < 200ms.", setting.Located(promisesOfSteps()), func(c *capacityDraft) *setting.At[[]promise] { return &c.slo }).Required(),
		setting.Key("from", "The load to begin with, which the target should bear with ease.", load, func(c *capacityDraft) *setting.At[string] { return &c.from }).Required(),
		setting.Key("to", "The highest load that may be tried; it is never exceeded.", load, func(c *capacityDraft) *setting.At[string] { return &c.to }).Required(),
		setting.Key("hold", "How long each step takes. Default 10s.", setting.Located(setting.LongerThanZero()), func(c *capacityDraft) *setting.At[time.Duration] { return &c.hold }),
		setting.Key("precision", "How wide the answer's interval may be to either side, from 1% to 25%. Default 5%.", setting.Located(precision()), func(c *capacityDraft) *setting.At[float64] { return &c.precision }),
		setting.Key("peak_load", "The load expected: the answer then says how much headroom that leaves.", load, func(c *capacityDraft) *setting.At[string] { return &c.peak }),
	)
}

func precision() setting.Shape[float64] {
	read := func(text string) (float64, error) {
		v, err := quantity.ParsePercent(text)
		if negative := strings.HasPrefix(text, "-") && strings.HasSuffix(text, "%"); negative || err == nil && (v < finest || v > coarsest) {
			err = fmt.Errorf("a precision of %s cannot be had: write a percentage from 1%% to 25%%", text)
		}
		return v, err
	}
	return setting.Parsed("a percentage such as 5%", read, func() *jsonschema.Schema {
		return setting.Spelled(quantity.PercentPattern)
	})
}

// needs is the schema's way to say what withSearch and checkSteps check: only a
// search knows its mode by itself, and only steps know whom they call.
func needs(shape setting.Shape[draft]) setting.Shape[draft] {
	schema := shape.Schema
	shape.Schema = func() *jsonschema.Schema {
		s := schema()
		for _, either := range [][]string{{"modes", "capacity"}, {"target", "steps", "mix"}} {
			var some jsonschema.Schema
			for _, key := range either {
				some.AnyOf = append(some.AnyOf, &jsonschema.Schema{Required: []string{key}})
			}
			if either[0] == "target" { // or each mode names one
				targeted := &jsonschema.Schema{Items: &jsonschema.Schema{Required: []string{"target"}}}
				some.AnyOf = append(some.AnyOf, &jsonschema.Schema{Required: []string{"modes"}, Properties: map[string]*jsonschema.Schema{"modes": targeted}})
			}
			s.AllOf = append(s.AllOf, &some)
		}
		return s
	}
	return shape
}

// withSearch is the scenario with the mode that its search goes through: the
// one that is written, or else the plain one, at the load to begin with.
func (d draft) withSearch(r *setting.Reader, at setting.Pos) draft {
	switch {
	case !d.capacity.Given && !d.modes.Given:
		r.Problem(at, "a scenario needs the key modes: how calls are started; each mode is a column of the tables")
		return d
	case !d.capacity.Given:
		return d
	}
	c := d.capacity.Value
	d.duration.Value = cmp.Or(c.hold.Value, defaultHold)
	d.requests.Value.Listed = false // one sweep is enough to complain of
	only := setting.At[mode.Draft]{Pos: d.capacity.Pos, Given: true, Valid: true}
	switch {
	case !d.modes.Given:
	case len(d.modes.Value) != 1:
		r.Problem(d.modes.Pos, "a capacity search goes through one mode: name that one only, or leave modes out")
	case d.modes.Value[0].Value.CheckSearch(r, d.modes.Value[0].Pos, c.find):
		only = d.modes.Value[0]
	}
	only.Value = only.Value.Searched(c.find.Value, only.Pos, c.from.Value)
	d.modes = setting.At[[]setting.At[mode.Draft]]{Value: []setting.At[mode.Draft]{only}, Pos: only.Pos, Given: true, Valid: true}
	return d
}

// addCapacity takes the search over into the plan and reports what it leaves
// no room for.
func (d draft) addCapacity(r *setting.Reader, s *Scenario) {
	for _, other := range []struct {
		name  string
		given bool
		pos   setting.Pos
		why   string
	}{
		{"requests", d.requests.Given, d.requests.Pos, "each step of a search takes its `hold`"},
		{"at_least", d.atLeast.Given, d.atLeast.Pos, "each step of a search takes its `hold`"},
		{"duration", d.duration.Given, d.duration.Pos, "each step of a search takes its `hold`"},
		{"repeat", d.repeat.Given, d.repeat.Pos, "a search repeats its steps by itself"},
		{"baseline", d.baseline.Given, d.baseline.Pos, "a search has one mode"},
		{"expect", d.expect.Given, d.expect.Pos, "where a search goes is not known beforehand"},
		{"stop_when", d.stopWhen != "", d.capacity.Pos, "a step of a search must come to its end"},
		{"on_error", d.onError == "stop", d.capacity.Pos, "a step of a search must come to its end"},
		{"order", d.order != "", d.capacity.Pos, "a search goes its own way"},
	} {
		if other.given {
			r.Problem(other.pos, "%s: leave %s out", other.why, other.name)
		}
	}
	for _, p := range d.promises {
		r.Problem(p.rule.Pos, "the promises of a search stand in its `slo`: leave thresholds out")
	}
	c := d.capacity.Value
	s.Capacity = &Capacity{Find: c.find.Value, Precision: cmp.Or(c.precision.Value, defaultPrecision)}
	if c.find.Valid {
		c.addLoads(r, s)
	}
	c.addPromises(naming{r, s, d.modesNamed()}, s)
}

// addLoads reads the loads, which are rates or numbers of calls in flight.
func (c capacityDraft) addLoads(r *setting.Reader, s *Scenario) {
	for _, load := range []struct {
		at   setting.At[string]
		into *float64
	}{{c.from, &s.Capacity.From}, {c.to, &s.Capacity.To}, {c.peak, &s.Capacity.PeakLoad}} {
		var err error
		*load.into, err = mode.ReadLoad(c.find.Value, load.at.Value)
		switch {
		case !load.at.Valid:
			continue
		case err == nil && *load.into == 0:
			err = errors.New("a load must be above zero")
		}
		if err != nil {
			r.Problem(load.at.Pos, "%v", err)
		}
	}
	from, to := s.Capacity.From, s.Capacity.To
	if from > 0 && to > 0 && from >= to {
		r.Problem(c.to.Pos, "the search goes up from %s and cannot reach %s: write a higher load", c.from.Value, c.to.Value)
	}
	for _, column := range s.Modes {
		if why := s.standstill(mode.At(column.Modes[0], to)); why != "" {
			r.Problem(c.to.Pos, "%s", why)
		}
	}
}

// addPromises takes the promises over, and reports those that no step could be
// judged by.
func (c capacityDraft) addPromises(in naming, s *Scenario) {
	calls := math.Inf(1) // of the shortest step
	if c.find.Value == result.FindRate {
		calls = s.Capacity.From * s.Duration.Seconds()
	}
	for _, promised := range c.slo.Value {
		mode, rule, ok := in.place(promised)
		if !ok {
			continue
		}
		if mode != "" {
			in.r.Problem(promised.under[0].pos, "a search has one mode: leave its name out")
		}
		if promised.watch.given() {
			in.r.Problem(promised.watch.pos(), "a search judges each of its steps as a whole, by how far it was from the limit, and goes where promises break: leave over, after and stop out")
		}
		p, err := capacity.NewPromise(rule)
		// How many calls a step of a journey makes, nobody knows beforehand.
		if needs := 100 / (100 - p.Percentile); err == nil && p.Step == "" && p.Percentile < 100 && p.Percentile > 0 && calls < needs*(1-1e-9) && calls > 0 {
			err = fmt.Errorf("%s needs %.0f calls or more, and a step of %v at %s makes %.0f: raise from, or hold it longer",
				rule.Text, math.Ceil(needs-1e-9), s.Duration, c.from.Value, calls)
		}
		if err != nil {
			in.r.Problem(promised.rule.Pos, "%v", err)
		}
		s.Capacity.SLO = append(s.Capacity.SLO, p)
	}
}

// Step is the trial of a search at a level: a copy of the plan's one trial,
// with the search's value filled in.
func (t Trial) Step(level float64, repeat int) Trial {
	t.Repeat, t.Mode.Mode = repeat, mode.At(t.Mode.Mode, level)
	if t.Scenario.Capacity.Find == result.FindConcurrency {
		t.Sweep = result.Point{Concurrency: int(level)}
	} else {
		t.Sweep = result.Point{RatePerS: level}
	}
	return t
}
