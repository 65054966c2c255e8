package scenario

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll/runner/journey"
	"plimsoll/runner/verdict"
	"plimsoll/target/setting"
)

// naming finds the modes and steps that promises are about, by their names.
type naming struct {
	r     *setting.Reader
	s     *Scenario
	modes bool // the names of all modes could be read
}

// place finds whose a promise is, the mode ("" for all) and the step of its rule,
// and reports names that nobody has and figures that there are none of; false: it
// has, or the rule could not be read.
func (n naming) place(p promise) (mode string, rule verdict.Rule, ok bool) {
	rule = p.rule.Value
	var of *journey.Row
	for i, u := range p.under {
		rows := called(n.s.Rows, u.name)
		problem := ""
		switch isMode := n.s.mode(u.name) != nil; {
		case isMode && len(rows) > 0:
			problem = u.name + " is the name of a mode and of a step: give one of them another `name`"
		case isMode && mode != "":
			problem = "a promise is of one mode, and this one stands under " + mode + " already: write it by itself"
		case isMode:
			mode = u.name
		case rule.Step != "":
			problem = fmt.Sprintf("a promise is of one step, and this one stands under %s already: write the path of the one that is meant, such as %s/%s", p.under[i-1].name, rule.Step, u.name)
		case len(rows) == 1:
			of, rule.Step = &rows[0], rows[0].Path
		case len(rows) > 1:
			problem = ambiguous(rows, u.name)
		case n.s.Rows != nil && len(n.s.Rows) == 0: // nobody knows
			rule.Step = u.name
		default:
			problem = n.unknown(u.name, mode)
		}
		if problem != "" {
			n.r.Problem(u.pos, "%s", problem)
			return mode, rule, false
		}
	}
	return mode, rule, p.rule.Valid && n.judgeable(p.rule.Pos, &rule, of) && n.queued(p.rule.Pos, &rule, mode) && n.crawling(p.rule.Pos, &rule) && n.monitored(p.rule.Pos, &rule)
}

// called are the rows of a path, or else those of a name.
func called(rows []journey.Row, name string) (found []journey.Row) {
	for _, is := range []func(journey.Row) bool{
		func(row journey.Row) bool { return row.Path == name },
		func(row journey.Row) bool { return row.Name == name },
	} {
		for _, row := range rows {
			if is(row) {
				found = append(found, row)
			}
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// ambiguous says what to write for one of several rows.
func ambiguous(rows []journey.Row, name string) string {
	if rows[0].Path == rows[1].Path {
		return "a step of the iterations is called " + name + ", and so is one outside of them: give one of them another `name`"
	}
	paths := make([]string, len(rows))
	for i, row := range rows {
		paths[i] = row.Path
	}
	last := len(paths) - 1
	return "several steps are called " + name + ": write the path of the one that is meant, " + strings.Join(paths[:last], ", ") + " or " + paths[last]
}

// unknown says that neither a mode nor a step has a name, unless a mode that could
// not be read may have it; in is the mode under which it stands.
func (n naming) unknown(name, in string) string {
	switch {
	case !n.modes:
		return ""
	case name == "rule":
		return "a rule stands by itself, such as p99 < 200ms, unless it is watched while trials go on: then over or stop stand beside it, {rule: errors < 5%, over: 10s}"
	case isMetric(name):
		return name + " is a metric and stands before a comparison, without a colon: write p99 < 200ms, for example"
	case n.s.Rows == nil && (in != "" || n.s.Capacity != nil):
		return "this scenario makes single calls and has no steps: leave the name " + name + " out"
	case n.s.Rows == nil:
		return fmt.Sprintf("there is no mode %q%s", name, setting.Suggest(name, n.s.modeNames()))
	}
	known, what := n.s.modeNames(), "mode and no step"
	if n.s.Capacity != nil {
		known, what = nil, "step"
	}
	for _, row := range n.s.Rows {
		name := row.Name
		if len(called(n.s.Rows, name)) > 1 {
			name = row.Path
		}
		if !slices.Contains(known, name) {
			known = append(known, name)
		}
	}
	return fmt.Sprintf("there is no %s %q%s", what, name, setting.Suggest(name, known))
}

// isMetric tells whether a name is that of a figure.
func isMetric(name string) bool {
	_, ofTime := verdict.ParseRule(name + " < 1s")
	_, ofShare := verdict.ParseRule(name + " < 1%")
	return ofTime == nil || ofShare == nil
}

// judgeable reports a rule on a figure that there is none of, where it stands at
// at; of is its step. Of numbers that only one step records it finds the step.
func (n naming) judgeable(at setting.Pos, rule *verdict.Rule, of *journey.Row) bool {
	problem := ""
	switch {
	case n.s.Rows == nil && rule.OfJourneys():
		problem = metricOf(rule) + " is of iterations of several steps, and this scenario makes single calls" + instead[rule.Family]
	case of != nil && !rule.OfSteps():
		problem = metricOf(rule) + " is no figure of a step: promise its response times, such as p99 < 300ms, its errors, its rate, or the numbers that it records"
	case rule.OfCalls() && of != nil && of.Kind == "":
		problem = metricOf(rule) + " is of single calls, and " + of.Name + " is a block of steps: promise it of one of these"
	case rule.OfCalls() && of == nil && len(n.s.Rows) > 0:
		problem = metricOf(rule) + " is of single calls: promise it of a step, under its name, as `" + n.calling() + ": [ … ]`"
	case rule.Family == "record" && of != nil && !slices.Contains(of.Records, rule.Record):
		problem = of.Name + " records no " + rule.Record + setting.Suggest(rule.Record, of.Records)
	case rule.Family == "record" && of == nil && len(n.s.Rows) > 0:
		rule.Step, problem = n.recording(rule.Record)
	}
	if problem != "" {
		n.r.Problem(at, "%s", problem)
	}
	return problem == ""
}

// queued reports a rule on a queue that the mode has none of, or no mode has.
func (n naming) queued(at setting.Pos, rule *verdict.Rule, name string) bool {
	if !rule.OfQueues() || !n.modes {
		return true
	}
	for _, column := range n.s.Modes {
		for _, m := range column.Modes {
			if m.Traits().Queue > 0 && (name == "" || name == column.Name) {
				return true
			}
		}
	}
	whose := "no mode here has a queue"
	if name != "" {
		whose = name + " has no queue"
	}
	n.r.Problem(at, "%s is of producers and consumers, and %s: leave it out", metricOf(rule), whose)
	return false
}

// crawling reports a rule on a crawl that is none.
func (n naming) crawling(at setting.Pos, rule *verdict.Rule) bool {
	if !rule.OfCrawls() || n.s.Crawl != nil {
		return true
	}
	n.r.Problem(at, "%s is of crawls, and this scenario is none: leave it out", metricOf(rule))
	return false
}

// calling is the path of a step that makes calls.
func (n naming) calling() string {
	for _, row := range n.s.Rows {
		if row.Kind != "" && !row.Outside {
			return row.Path
		}
	}
	return "STEP"
}

// instead is what to promise of single calls.
var instead = map[string]string{
	"elapsed": ": promise their response times, such as p95 < 1s", "calls.errors": ": write errors", "calls.rate": ": write rate",
}

// metricOf is a rule's metric as it is written.
func metricOf(rule *verdict.Rule) string {
	metric, _, _, _ := verdict.Cut(rule.Text)
	return metric
}

// recording is the path of the only step that records a number of some name.
func (n naming) recording(name string) (path, problem string) {
	var names []string
	var paths []string
	for _, row := range n.s.Rows {
		if slices.Contains(row.Records, name) {
			paths = append(paths, row.Path)
		}
		names = append(names, row.Records...)
	}
	switch len(paths) {
	case 0:
		slices.Sort(names)
		return "", "no step records " + name + setting.Suggest(name, slices.Compact(names))
	case 1:
		return paths[0], ""
	}
	return "", fmt.Sprintf("several steps record %s: write the promise under the name of one, `%s: …`", name, paths[0])
}
