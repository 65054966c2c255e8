package scenario

import (
	"slices"

	"plimsoll/target/setting"
)

// behind finds the scenarios that others name in their background: they go on
// beside those, and not by themselves.
func (f *file) behind() map[string]bool {
	names := map[string]bool{}
	for _, d := range f.scenarios {
		for _, name := range d.Value.background.Value.Values() {
			names[name] = names[name] || name != d.Value.name.Value
		}
	}
	return names
}

// checkBehind reports what a scenario in the background leaves no room for: it
// goes on for as long as the trial that it is beside.
func (d *draft) checkBehind(r *setting.Reader, s *Scenario) {
	const goesOn = "goes on in the background, beside each trial of another scenario and for as long as that: leave %s out"
	for _, key := range []string{"requests", "duration", "at_least", "crawl", "warmup", "repeat", "capacity", "thresholds", "expect", "compare", "stop_when", "on_error", "before", "after", "pause", "order", "baseline", "background", "monitor"} {
		if d.words.Of(key) != "" {
			r.Problem(r.Find(d.name.Pos, key+":"), "%s "+goesOn, d.name.Value, key)
		}
	}
	if len(d.modes.Value) != 1 && d.modes.Given {
		r.Problem(d.modes.Pos, "%s goes on in the background, and has one mode there: name that one only", d.name.Value)
	}
	for _, m := range d.modes.Value {
		switch stages, why := m.Value.Stages(), m.Value.Untimed(); {
		case stages.Given:
			r.Problem(stages.Pos, "%s "+goesOn, d.name.Value, "stages")
		case why != "":
			r.Problem(m.Pos, "%s", why)
		}
	}
	if len(s.Sweep) > 1 {
		r.Problem(d.modes.Pos, "%s goes on in the background, and sweeps nothing there: write one value", d.name.Value)
	}
}

// addBackground finds the scenarios that go on beside each trial, among those of
// the file.
func (d *draft) addBackground(r *setting.Reader, s *Scenario, all []*Scenario) {
	for _, item := range d.background.Value.Items {
		i := slices.IndexFunc(all, func(o *Scenario) bool { return o.Name == item.Value })
		switch {
		case !item.Valid:
		case i < 0:
			var names []string
			for _, o := range all {
				names = append(names, o.Name)
			}
			r.Problem(item.Pos, "there is no scenario %q%s", item.Value, setting.Suggest(item.Value, names))
		case all[i] == s:
			r.Problem(item.Pos, "%s cannot go on beside itself: make a second scenario of it", s.Name)
		case all[i].Clock != s.Clock:
			r.Problem(item.Pos, "%s has the clock %s and this scenario the clock %s: beside each other they need the same", item.Value, all[i].Clock, s.Clock)
		case slices.Contains(s.Beside, all[i]):
			r.Problem(item.Pos, "%s goes on beside it already, leave it out here", item.Value)
		default:
			s.Beside = append(s.Beside, all[i])
		}
	}
}

// Beside are the trials that go on beside this one.
func (t Trial) Beside() (all []Trial) {
	for _, s := range t.Scenario.Beside {
		all = append(all, s.trial(s.Modes[0], 0, t.Repeat))
	}
	return all
}

// Called are the targets that a trial calls, and those beside it, each once; the
// trial's own come first, by the number of their carrier.
func (t Trial) Called() []Target {
	all := slices.Clone(t.Scenario.Called())
	for _, b := range t.Scenario.Beside {
		for _, c := range b.Called() {
			if !slices.ContainsFunc(all, func(o Target) bool { return o.Name == c.Name }) {
				all = append(all, c)
			}
		}
	}
	return all
}
