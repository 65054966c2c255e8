package scenario

import (
	"slices"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/runner/verdict"
	"plimsoll/target/setting"
)

// promise is a threshold as it was written, under the names of a mode, of a step,
// or of both, from the outside in.
type promise struct {
	under []named
	rule  setting.At[verdict.Rule]
	watch watchDraft
}

// named is a name that promises stand under.
type named struct {
	name string
	pos  setting.Pos
}

const aThreshold = "a threshold such as p99 < 200ms"

// promisesShape is one threshold, a list of them, or a map to one or several from
// modes, from steps, or from modes to maps from steps. A list may have such maps
// in it, too. A threshold is a rule, or a map to a rule and how it is watched.
func promisesShape() setting.Shape[[]promise] {
	return promisesUnder(aThreshold+", a list of them, or a map from modes to them", "thresholds by mode",
		promisesUnder(aThreshold+", or a list of them", "thresholds by step", listedPromises()))
}

// promisesOfSteps is promisesShape where there is but one mode.
func promisesOfSteps() setting.Shape[[]promise] {
	return promisesUnder(aThreshold+", or a list of them", "promises by step", listedPromises())
}

// promisesUnder are promises, and those that stand under a name.
func promisesUnder(want, byName string, inside setting.Shape[[]promise]) setting.Shape[[]promise] {
	under := setting.Complete(setting.Map(byName, inside), func(_ *setting.Reader, _ setting.Pos, entries []setting.Entry[[]promise]) ([]promise, bool) {
		var promises []promise
		for _, e := range entries {
			for _, p := range e.Value {
				p.under = append([]named{{e.Key, e.Pos}}, p.under...)
				promises = append(promises, p)
			}
		}
		return promises, true
	})
	either := setting.Telling(watches, watchedPromise(), under)
	items := setting.Items(setting.Either(aThreshold, setting.Forms[[]promise]{Scalar: onePromise(), Map: either}))
	return setting.Either(want, setting.Forms[[]promise]{Scalar: onePromise(), List: flat(items), Map: either})
}

// listedPromises are one or several, under no name.
func listedPromises() setting.Shape[[]promise] {
	form := func(want string) setting.Forms[[]promise] {
		return setting.Forms[[]promise]{Scalar: onePromise(), Map: setting.Telling(watches, watchedPromise(), setting.Shape[[]promise]{Want: want})}
	}
	all := form(aThreshold + ", or a list of them")
	all.List = flat(setting.Items(setting.Either(aThreshold, form(aThreshold))))
	return setting.Either(aThreshold+", or a list of them", all)
}

func onePromise() setting.Shape[[]promise] {
	return setting.Complete(setting.Located(ruleShape()), func(_ *setting.Reader, _ setting.Pos, rule setting.At[verdict.Rule]) ([]promise, bool) {
		return []promise{{rule: rule}}, true
	})
}

// watchedPromise is one that is watched while trials go on.
func watchedPromise() setting.Shape[[]promise] {
	return setting.Complete(watchedShape(), func(r *setting.Reader, at setting.Pos, p promise) ([]promise, bool) {
		return []promise{p}, p.watch.check(r, at)
	})
}

func flat(lists setting.Shape[[][]promise]) setting.Shape[[]promise] {
	return setting.Complete(lists, func(_ *setting.Reader, _ setting.Pos, all [][]promise) ([]promise, bool) {
		return slices.Concat(all...), true
	})
}

func ruleShape() setting.Shape[verdict.Rule] {
	return setting.Parsed(aThreshold, verdict.ParseRule, func() *jsonschema.Schema {
		return setting.Spelled(`([^<>=!]+|goodput\([^()]*\)\s*|monitor\..+)(<|<=|>|>=|==)[^<>=!]+`)
	})
}

// addPromises takes the thresholds over into the plan and reports those that can
// never be judged. It goes by the scenario's modes and Rows.
func (d draft) addPromises(r *setting.Reader, s *Scenario) {
	in := naming{r, s, d.modesNamed()}
	for _, p := range d.promises {
		mode, rule, ok := in.place(p)
		switch {
		case p.watch.given() && (!ok || d.checkWatched(r, s, mode, &rule, p)):
		case rule.Family == "goodput" && (d.requests.Given || d.atLeast.Given) && !p.watch.over.Given:
			r.Problem(p.rule.Pos, "goodput is calls in time per second, which needs `duration` or stages: use rate for a number of requests")
		case rule.OfBatches() && !d.requests.Given:
			r.Problem(p.rule.Pos, "%s is a time of a batch, which has `requests`: promise response times, such as p99 < 200ms", rule.Family)
		case rule.Step != "":
		case rule.Family == "speedup" && len(d.modes.Value) == 1:
			r.Problem(p.rule.Pos, "a speedup compares two modes, and there is only one")
		case rule.Family == "speedup" && s.Baseline != nil && mode == s.Baseline.Name:
			r.Problem(p.rule.Pos, "%s is the baseline itself, whose speedup is always 1: promise it of another mode", mode)
		}
		s.Thresholds = append(s.Thresholds, Threshold{Mode: mode, Rule: rule, Watch: p.watch.watch()})
	}
}
