package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"plimsoll/runner/journey"
	"plimsoll/runner/verdict"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// watchDraft says how a threshold is watched, as it was written.
type watchDraft struct {
	over, after setting.At[time.Duration]
	stop        setting.At[bool]
}

// longestWindow bounds what is kept of a trial while it goes on.
const longestWindow = time.Hour

// watchedShape is a threshold with how it is watched.
func watchedShape() setting.Shape[promise] {
	over := setting.Where(setting.LongerThanZero(), func(d time.Duration) error {
		if d%time.Second != 0 || d > longestWindow {
			return fmt.Errorf("windows are whole seconds long, from 1s to %s: %s is not", quantity.Duration(longestWindow), quantity.Duration(d))
		}
		return nil
	})
	return setting.Object("a threshold that is watched",
		setting.Key("rule", "The threshold, METRIC OP VALUE, such as errors < 5%.", setting.Located(ruleShape()), func(p *promise) *setting.At[verdict.Rule] { return &p.rule }).Required(),
		setting.Key("over", "Every window of this length that ends at a whole second of the trial must hold.", setting.Located(over), func(p *promise) *setting.At[time.Duration] { return &p.watch.over }),
		setting.Key("after", "No look is taken before this much of the trial has passed. Default: `over`.", setting.Located(setting.LongerThanZero()), func(p *promise) *setting.At[time.Duration] { return &p.watch.after }),
		setting.Key("stop", "Ends a trial at the first look at which the rule is broken.", setting.Located(setting.Bool()), func(p *promise) *setting.At[bool] { return &p.watch.stop }),
	)
}

// watches tells whether a map is such a threshold, and none of names: modes and
// steps may be called as its keys are, but then thresholds stand under them.
func watches(n *yaml.Node) bool {
	ruled, slips, names := false, 0, 0
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i].Value, n.Content[i+1]
		single := value.Kind == yaml.ScalarNode
		setting := single && !strings.ContainsAny(value.Value, "<>=")
		switch {
		case setting && slices.Contains([]string{"over", "after", "stop"}, key):
			return true
		case single && key == "rule":
			ruled = true
		case setting:
			slips++
		default:
			names++
		}
	}
	return ruled && slips > 0 && names == 0
}

func (w *watchDraft) given() bool { return w.over.Given || w.after.Given || w.stop.Given }

func (w *watchDraft) valid() bool {
	return w.over.Given == w.over.Valid && w.after.Given == w.after.Valid && w.stop.Given == w.stop.Valid
}

func (w *watchDraft) watch() verdict.Watch {
	return verdict.Watch{Over: w.over.Value, After: w.after.Value, Stop: w.stop.Value}
}

// check reports settings by which nothing is watched.
func (w *watchDraft) check(r *setting.Reader, at setting.Pos) bool {
	if w.over.Given || w.stop.Value || !w.valid() {
		return true
	}
	r.Problem(at, "this is watched by nothing: give it over, how long its windows are, or stop: true; or write the rule by itself, such as p99 < 200ms")
	return false
}

// pos is where a setting stands that is there.
func (w *watchDraft) pos() setting.Pos {
	for _, at := range []setting.At[time.Duration]{w.over, w.after} {
		if at.Given {
			return at.Pos
		}
	}
	return w.stop.Pos
}

// checkWatched reports what no look could judge, or what nobody would ever look at.
func (d draft) checkWatched(r *setting.Reader, s *Scenario, mode string, rule *verdict.Rule, p promise) (problem bool) {
	if !rule.Windowed() {
		r.Problem(p.rule.Pos, "%s is of a whole trial, which cannot be looked at piece by piece: write the rule by itself, without over, after and stop", metricOf(rule))
		return true
	}
	if onceOnly(s.Rows, rule.Step) {
		r.Problem(p.rule.Pos, "%s is a step of setup or teardown, which are carried out before and after the trial, and there is nothing to look at while it goes on: write the rule by itself, without over, after and stop", rule.Step)
		return true
	}
	first := time.Duration(p.watch.watch().First()) * time.Second
	if shortest := d.shortest(s, mode); 0 < shortest && shortest < first && p.watch.valid() {
		r.Problem(p.watch.pos(), "the first look is after %s, and the trial takes %s: shorten over, or write an earlier after", quantity.Duration(first), quantity.Duration(shortest))
		return true
	}
	return false
}

// onceOnly tells whether only setup or teardown come to the step of a path.
func onceOnly(rows []journey.Row, path string) (once bool) {
	for _, row := range rows {
		if row.Path == path && !row.Once {
			return false
		}
		once = once || row.Path == path
	}
	return once
}

// shortest is the length of the shortest trial of a mode, or of all; 0 where it is
// not known beforehand.
func (d draft) shortest(s *Scenario, mode string) (shortest time.Duration) {
	if d.requests.Given || d.atLeast.Given || d.crawl.Given {
		return 0
	}
	for _, column := range s.Modes {
		if mode != "" && mode != column.Name {
			continue
		}
		for _, m := range column.Modes {
			if length := s.Duration + m.Traits().Length; shortest == 0 || length < shortest {
				shortest = length
			}
		}
	}
	return shortest
}

// Watched tells in words how the threshold is looked at while trials go on; "": it
// is not.
func (t Threshold) Watched() string {
	if t.Watch == (verdict.Watch{}) {
		return ""
	}
	seen := t.Watch.Watched(t.Rule, verdict.Seen{}, 0)
	text := fmt.Sprintf("%s, from %s on", seen.Promise(), quantity.Duration(time.Duration(t.Watch.First())*time.Second))
	if t.Watch.Stop {
		text += ", ends the trial when it is broken"
	}
	return text
}
