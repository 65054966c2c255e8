package scenario

import (
	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/runner/verdict"
	"plimsoll/target/setting"
)

// promise is a threshold as it was written; mode is empty for all modes.
type promise struct {
	mode    string
	modePos setting.Pos
	rule    setting.At[verdict.Rule]
}

// promisesShape is one threshold, a list of them, or a map from modes to one
// or several.
func promisesShape() setting.Shape[[]promise] {
	all := setting.Complete(setting.OneOrMore(ruleShape()), func(_ *setting.Reader, _ setting.Pos, rules setting.Several[verdict.Rule]) ([]promise, bool) {
		return promised("", setting.Pos{}, rules), true
	})
	byMode := setting.Complete(setting.Map("thresholds by mode", setting.OneOrMore(ruleShape())), func(_ *setting.Reader, _ setting.Pos, entries []setting.Entry[setting.Several[verdict.Rule]]) ([]promise, bool) {
		var promises []promise
		for _, e := range entries {
			promises = append(promises, promised(e.Key, e.Pos, e.Value)...)
		}
		return promises, true
	})
	return setting.Either("a threshold such as p99 < 200ms, a list of them, or a map from modes to them", setting.Forms[[]promise]{
		Scalar: all,
		List:   setting.Shape[[]promise]{Read: all.Read}, // its schema is in that of all
		Map:    byMode,
	})
}

func promised(mode string, at setting.Pos, rules setting.Several[verdict.Rule]) []promise {
	var promises []promise
	for _, rule := range rules.Items {
		promises = append(promises, promise{mode, at, rule})
	}
	return promises
}

func ruleShape() setting.Shape[verdict.Rule] {
	return setting.Parsed("a threshold such as p99 < 200ms", verdict.ParseRule, func() *jsonschema.Schema {
		return setting.Spelled(`[^<>=!]+(<|<=|>|>=|==)[^<>=!]+`)
	})
}

// addPromises takes the thresholds over into the plan and reports those that can
// never be judged.
func (d draft) addPromises(r *setting.Reader, s *Scenario) {
	for _, p := range d.promises {
		if p.mode != "" && s.mode(p.mode) == nil && d.modesNamed() {
			r.Problem(p.modePos, "there is no mode %q%s", p.mode, setting.Suggest(p.mode, s.modeNames()))
		}
		switch {
		case p.rule.Value.Family == "goodput" && d.requests.Given:
			r.Problem(p.rule.Pos, "goodput is calls in time per second, which needs `duration` or stages: use rate for a number of requests")
		case p.rule.Value.Family == "speedup" && len(d.modes.Value) == 1:
			r.Problem(p.rule.Pos, "a speedup compares two modes, and there is only one")
		case p.rule.Value.Family == "speedup" && s.Baseline != nil && p.mode == s.Baseline.Name:
			r.Problem(p.rule.Pos, "%s is the baseline itself, whose speedup is always 1: promise it of another mode", p.mode)
		}
		s.Thresholds = append(s.Thresholds, Threshold{Mode: p.mode, Rule: p.rule.Value})
	}
}
