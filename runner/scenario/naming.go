package scenario

import (
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
// and reports names that nobody has and figures that there are none of.
func (n naming) place(p promise) (mode string, rule verdict.Rule) {
	rule = p.rule.Value
	var of *journey.Row
	for i, u := range p.under {
		rows := called(n.s.Rows, u.name)
		switch isMode := n.s.mode(u.name) != nil; {
		case isMode && len(rows) > 0:
			n.r.Problem(u.pos, "%s is the name of a mode and of a step: give one of them another `name`", u.name)
			return mode, rule
		case isMode && mode != "":
			n.r.Problem(u.pos, "a promise is of one mode, and this one stands under %s already: write it by itself", mode)
			return mode, rule
		case isMode:
			mode = u.name
		case rule.Step != "":
			n.r.Problem(u.pos, "a promise is of one step, and this one stands under %s already: write the path of the one that is meant, such as %s/%s", p.under[i-1].name, rule.Step, u.name)
			return mode, rule
		case len(rows) == 1:
			of, rule.Step = &rows[0], rows[0].Path
		case len(rows) > 1:
			n.r.Problem(u.pos, "%s", ambiguous(rows, u.name))
			return mode, rule
		default:
			rule.Step = n.unknown(u)
			return mode, rule
		}
	}
	if p.rule.Valid {
		n.judgeable(p.rule.Pos, &rule, of)
	}
	return mode, rule
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

// unknown reports a name that neither a mode nor a step has, unless one that could
// not be read may have it; then it may be a step's.
func (n naming) unknown(u named) (step string) {
	switch {
	case n.s.Rows != nil && len(n.s.Rows) == 0:
		return u.name
	case !n.modes:
	case n.s.Rows == nil:
		n.r.Problem(u.pos, "there is no mode %q%s", u.name, setting.Suggest(u.name, n.s.modeNames()))
	default:
		known := n.s.modeNames()
		for _, row := range n.s.Rows {
			name := row.Name
			if len(called(n.s.Rows, name)) > 1 {
				name = row.Path
			}
			if !slices.Contains(known, name) {
				known = append(known, name)
			}
		}
		n.r.Problem(u.pos, "there is no mode and no step %q%s", u.name, setting.Suggest(u.name, known))
	}
	return ""
}

// judgeable reports a rule on a figure that there is none of, where it stands at
// at; of is its step. Of numbers that only one step records it finds the step.
func (n naming) judgeable(at setting.Pos, rule *verdict.Rule, of *journey.Row) {
	switch {
	case n.s.Rows == nil && rule.OfJourneys():
		n.r.Problem(at, "%s is of iterations of several steps, and this scenario makes single calls%s", metricOf(rule), instead[rule.Family])
	case of != nil && !rule.OfSteps():
		n.r.Problem(at, "%s is of whole iterations: promise of a step its response times, such as p99 < 300ms, its errors, its rate, or the numbers that it records", metricOf(rule))
	case rule.Family == "record" && of != nil && !slices.Contains(of.Records, rule.Record):
		n.r.Problem(at, "%s records no %s%s", of.Name, rule.Record, setting.Suggest(rule.Record, of.Records))
	case rule.Family == "record" && of == nil && len(n.s.Rows) > 0:
		rule.Step = n.recording(at, rule.Record)
	}
}

// instead is what to promise of single calls.
var instead = map[string]string{
	"elapsed": ": promise their response times, such as p95 < 1s", "calls.errors": ": write errors", "calls.rate": ": write rate",
}

// metricOf is a rule's metric as it is written.
func metricOf(rule *verdict.Rule) string {
	return strings.TrimSpace(rule.Text[:strings.IndexAny(rule.Text, "<>=")])
}

// recording is the path of the only step that records a number of some name.
func (n naming) recording(at setting.Pos, name string) (path string) {
	var names []string
	var rows []journey.Row
	for _, row := range n.s.Rows {
		if slices.Contains(row.Records, name) {
			rows = append(rows, row)
		}
		names = append(names, row.Records...)
	}
	switch len(rows) {
	case 0:
		slices.Sort(names)
		n.r.Problem(at, "no step records %s%s", name, setting.Suggest(name, slices.Compact(names)))
	case 1:
		return rows[0].Path
	default:
		n.r.Problem(at, "several steps record %s: write the promise under the name of one, `%s: …`", name, rows[0].Path)
	}
	return ""
}
