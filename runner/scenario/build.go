package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll/runner/journey"
	"plimsoll/runner/mode"
	"plimsoll/runner/result"
	"plimsoll/runner/step"
	"plimsoll/target/agenda"
	"plimsoll/target/kind"
	"plimsoll/target/setting"
)

// plan checks the whole file and makes the plan of it, as far as it is good.
func (f file) plan(r *setting.Reader) *Plan {
	p := &Plan{Seed: 1, Spin: adaptiveSpin}
	if f.seed.Given {
		p.Seed = f.seed.Value
	}
	if f.spin.Given {
		p.Spin = f.spin.Value
	}
	p.Loops, p.Export = f.loops.Value, f.export
	for _, t := range f.targets {
		if !isName(t.Key) {
			r.Problem(t.Pos, "%q cannot be the name of a target: write up to 100 letters, digits and . _ - and begin with a letter or digit", t.Key)
		}
		p.Targets = append(p.Targets, Target{t.Key, t.Value})
	}
	w := &whole{file: &f, targets: p.Targets, names: &step.Names{}, behind: f.behind()}
	lines, trials, verdicts := map[string]int{}, 0, 0
	for _, j := range f.journeys {
		p.Journeys = append(p.Journeys, j.Key)
	}
	for _, d := range f.scenarios {
		d.Value = f.alone.only(d.Value)
		s := d.Value.scenario(r, d.Pos, w)
		d.Value.checkName(r, lines)
		if s.Capacity != nil {
			trials += mostSteps
		}
		trials += s.Repeat * len(s.Sweep) * len(s.Modes)
		verdicts += (len(s.Thresholds) + len(s.Expect)) * max(1, len(s.Sweep)*len(s.Modes))
		if verdicts > result.MostVerdicts {
			r.Problem(d.Pos, "with this scenario the file comes to %d verdicts, and %d are the limit: write fewer thresholds, or shorten the sweep", verdicts, result.MostVerdicts)
			break
		}
		if trials > mostTrials {
			r.Problem(d.Pos, "with this scenario the file comes to %d trials, and 100,000 are the limit: lower repeat, or shorten the sweep", trials)
			break
		}
		p.Scenarios = append(p.Scenarios, s)
	}
	for i, s := range p.Scenarios {
		f.scenarios[i].Value.addBackground(r, s, p.Scenarios)
	}
	p.Scenarios = slices.DeleteFunc(p.Scenarios, func(s *Scenario) bool { return w.behind[s.Name] })
	w.names.Warn(r)
	return p
}

// whole is what all scenarios of a file share.
type whole struct {
	*file
	targets []Target
	names   *step.Names // that are set, and read, in any of them
	behind  map[string]bool
}

// callable are the targets as steps see them.
func (w *whole) callable(swept []string) (all []step.Target) {
	for _, t := range w.targets {
		one := step.Target{Name: t.Name}
		if t.Settings != nil {
			traits := t.Settings.Traits()
			one.Kind, one.Asks, one.Action, one.Operands, one.Bare = traits.Kind, traits.Asks, traits.Action, traits.Operands, t.bare(swept)
		}
		all = append(all, one)
	}
	return all
}

// bare tells why a target cannot be called by itself in trials that have such
// values; "": it can.
func (t Target) bare(swept []string) string {
	if t.Settings == nil {
		return ""
	}
	traits := t.Settings.Traits()
	if traits.Action != "" && traits.Own == nil {
		return fmt.Sprintf("%s has no call of its own: write %s among its settings, or in a step", t.Name, traits.Action)
	}
	if traits.Own == nil {
		return ""
	}
	for _, ref := range traits.Own.Refs() {
		if err := kind.Knows(ref, swept); err != nil {
			return fmt.Sprintf("in the call of %s, %v", t.Name, err)
		}
	}
	return ""
}

// checkName reports a name that an earlier scenario has. Some file systems
// take capitals and small letters for the same, so names must differ in more.
func (d draft) checkName(r *setting.Reader, lines map[string]int) {
	if !d.name.Valid {
		return
	}
	key := strings.ToLower(d.name.Value)
	if line, taken := lines[key]; taken {
		r.Problem(d.name.Pos, "there is a scenario %q in line %d already, give this one another name", d.name.Value, line)
		return
	}
	lines[key] = d.name.Pos.Line
}

// scenario checks one scenario and makes the plan's of it.
func (d draft) scenario(r *setting.Reader, at setting.Pos, w *whole) *Scenario {
	d = d.withSearch(r, at)
	if !d.target.Given && !d.stepped() && d.modesTargeted() {
		d.target = d.modes.Value[0].Value.Target() // the first one's stands for all
	}
	d.checkSteps(r, at)
	s := &Scenario{
		Name:        d.name.Value,
		Target:      d.findTarget(r, w.targets),
		Clock:       cmp.Or(d.clock.Value, Real),
		Requests:    d.requests.Value.Values(),
		Duration:    d.length().Value,
		Crawl:       d.crawl.Value,
		Whole:       d.atLeast.Given,
		Warmup:      d.warmup.Value,
		Drain:       30 * time.Second,
		Pause:       d.pause,
		Repeat:      cmp.Or(d.repeat.Value, 1),
		KeepOrder:   d.order == modeByMode,
		StopWhen:    d.stopWhen,
		StopOnError: d.onError == "stop",
		Before:      d.before.Values(),
		After:       d.after.Values(),
	}
	if d.stepped() {
		s.Steps, s.Rows = &Steps{}, []journey.Row{}
	}
	switch {
	case d.drain.Given:
		s.Drain = d.drain.Value
	case s.Whole:
		s.Drain = agenda.Never
	}
	d.addModes(r, s)
	d.addSweep(r, s)
	d.addSteps(r, s, w)
	d.addTargets(r, s, w)
	d.checkOwn(r, s)
	d.checkCrawl(r, s)
	d.checkClock(r, s)
	s.Monitors = d.watching(w.monitors)
	switch {
	case w.behind[s.Name]:
		d.checkBehind(r, s)
	case d.capacity.Given:
		d.addCapacity(r, s)
	default:
		d.checkEnd(r, at)
		d.addPromises(r, s)
		d.addExpect(r, s)
	}
	d.checkUsers(r, s)
	d.addTolerances(r, s)
	d.checkDrain(r, at, s)
	return s
}

func (d draft) findTarget(r *setting.Reader, targets []Target) Target {
	var names []string
	for _, t := range targets {
		if t.Name == d.target.Value {
			return t
		}
		names = append(names, t.Name)
	}
	if d.target.Valid && len(names) > 0 {
		r.Problem(d.target.Pos, "there is no target %q%s", d.target.Value, setting.Suggest(d.target.Value, names))
	}
	return Target{Name: d.target.Value}
}

func (d draft) checkClock(r *setting.Reader, s *Scenario) {
	for _, one := range s.variations() {
		for _, t := range one.Called() {
			if t.Settings != nil && s.Clock == Virtual && !t.virtual() {
				r.Problem(d.clock.Pos, "only sim targets can keep a virtual clock, and %q is none: leave clock out, or name a sim target", t.Name)
				return
			}
		}
	}
}

// addModes makes the modes whose names could be read, and finds the baseline.
func (d draft) addModes(r *setting.Reader, s *Scenario) {
	for _, m := range d.modes.Value {
		column := m.Value.Column(r, m.Pos)
		if column.Name == "" {
			continue
		}
		if s.mode(column.Name) != nil {
			r.Problem(m.Pos, "there is a mode %q already, give this one another `name`", column.Name)
		}
		s.Modes = append(s.Modes, column)
		if !m.Valid { // these would judge what is not there
			continue
		}
		d.checkStandstill(r, m.Pos, s, column)
		for _, requests := range d.requests.Value.Items {
			m.Value.CheckRequests(r, requests)
		}
	}
	switch {
	case d.baseline.Valid:
		s.Baseline = s.mode(d.baseline.Value)
		if s.Baseline == nil && d.modesNamed() {
			r.Problem(d.baseline.Pos, "there is no mode %q to be the baseline%s", d.baseline.Value, setting.Suggest(d.baseline.Value, s.modeNames()))
		}
	case !d.baseline.Given && d.modesNamed():
		s.Baseline = s.Modes[0]
	}
}

// modesNamed tells whether the names of all modes could be read; unless they
// could, nobody can say that there is no mode of some name.
func (d draft) modesNamed() bool {
	nameless := func(m setting.At[mode.Draft]) bool { return m.Value.Name() == "" }
	return len(d.modes.Value) > 0 && !slices.ContainsFunc(d.modes.Value, nameless)
}

func (s *Scenario) mode(name string) *mode.Column {
	i := slices.IndexFunc(s.Modes, func(m *mode.Column) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	return s.Modes[i]
}

func (s *Scenario) modeNames() []string {
	var names []string
	for _, m := range s.Modes {
		if !slices.Contains(names, m.Name) {
			names = append(names, m.Name)
		}
	}
	return names
}
