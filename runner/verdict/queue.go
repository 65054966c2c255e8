package verdict

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"plimsoll/runner/result"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// queueFigures are the metrics of a mode's queue, and what each is of one.
func queueFigures() []queueFigure {
	return []queueFigure{
		{"queue.length_max", func(q *result.Queue) float64 { return float64(q.LengthMax) }, parseLength},
		{"queue.length_mean", func(q *result.Queue) float64 { return q.LengthMean }, parseLength},
		{"queue.blocked", func(q *result.Queue) float64 { return q.BlockedS }, parseBlocked},
		{"queue.consumers_busy", func(q *result.Queue) float64 { return q.ConsumersBusy }, parseShare},
	}
}

type queueFigure struct {
	name  string
	of    func(*result.Queue) float64
	parse func(text string) (float64, error)
}

func queueFigureOf(name string) *queueFigure {
	for _, f := range queueFigures() {
		if f.name == name {
			return &f
		}
	}
	return nil
}

// OfQueues tells whether only modes with a queue have such a figure.
func (r Rule) OfQueues() bool { return queueFigureOf(r.Family) != nil }

// queued reads which figure of the queue is meant.
func (rule *Rule) queued(name string) error {
	rule.Family = name
	if rule.OfQueues() {
		return nil
	}
	var known []string
	for _, f := range queueFigures() {
		known = append(known, f.name)
	}
	return fmt.Errorf("unknown metric %q%s", name, setting.Suggest(name, known))
}

func parseLength(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%q is no length of a queue: write a number of items, such as 8", text)
	}
	return v, nil
}

func parseBlocked(text string) (float64, error) {
	if isNumber(text) && strings.Trim(text, "0.") != "" {
		return 0, fmt.Errorf("%q has no unit: write %ss", text, text)
	}
	d, err := quantity.ParseDuration(text)
	return d.Seconds(), err
}

func parseShare(text string) (float64, error) {
	v, err := quantity.ParsePercent(text)
	if err == nil && v > 1 {
		err = fmt.Errorf("%s is more than 100%%, which is all there is", text)
	}
	return v, err
}

// queueOf is a figure of the queue of the group's mode.
func queueOf(g *result.Group, f *queueFigure) figure {
	if g.Queue == nil {
		return missing("there is no queue that it could be of")
	}
	return exactly(f.of(g.Queue))
}
