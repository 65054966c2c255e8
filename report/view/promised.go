package view

import (
	"slices"

	"plimsoll/runner/result"
	"plimsoll/runner/verdict"
)

// Promise is a threshold on a figure that a chart shows, to be drawn as a
// line beside it.
type Promise struct {
	Text  string // the rule as written, and the mode where it is not for all
	Limit float64
}

// beside are the families of a rule that belong beside a figure.
var beside = map[string][]string{
	Response:   {"response", "all"},
	Service:    {"service"},
	Rate:       {"rate", "goodput"},
	Makespan:   {"makespan"},
	Speedup:    {"speedup"},
	FirstEvent: {"first_event"},
	Gap:        {"gap"},
	Queue:      {"queue.length_mean", "queue.length_max"},
	Completion: {"first", "half", "last", "in_order.first", "in_order.half", "in_order.last"},
}

// Figures of charts, besides the metrics of an expectation.
const (
	Response   = "response"
	Service    = "service"
	FirstEvent = "first event"
	Gap        = "gap"
	Queue      = "queue"
	Completion = "completion"
)

// Promises are the thresholds on some figures of the scenario, each once.
func (s *Scenario) Promises(figures ...string) (all []Promise) {
	var rules []*result.Verdict // the first on each
	modes := map[string][]string{}
	for _, v := range s.verdicts {
		if v.Kind != result.KindThreshold || v.Step != "" { // the charts are of whole iterations, or of calls
			continue
		}
		promise := v.Promise()
		if modes[promise] == nil {
			rules = append(rules, v)
		}
		if !slices.Contains(modes[promise], v.Mode) {
			modes[promise] = append(modes[promise], v.Mode)
		}
	}
	for _, v := range rules {
		text := v.Promise()
		rule, err := verdict.ParseRule(v.Rule)
		if err != nil || !concerns(rule, figures) {
			continue
		}
		p := Promise{Text: Clean(text), Limit: rule.Value}
		if of := modes[text]; len(of) == 1 && len(s.Modes) > 1 {
			p.Text = Clean(of[0]) + ": " + p.Text
		}
		all = append(all, p)
	}
	return all
}

func concerns(rule verdict.Rule, figures []string) bool {
	return slices.ContainsFunc(figures, func(figure string) bool { return slices.Contains(beside[figure], rule.Family) })
}
