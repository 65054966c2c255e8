package scenario

import (
	"slices"

	"plimsoll/runner/mode"
	"plimsoll/target/setting"
)

// addTargets finds the targets that modes name for themselves: their trials are
// those of the same scenario, but for what is called.
func (d *draft) addTargets(r *setting.Reader, s *Scenario, w *whole) {
	for i, m := range d.modes.Value {
		named := m.Value.Target()
		if !named.Valid || i >= len(s.Modes) {
			continue
		}
		at := slices.IndexFunc(w.targets, func(t Target) bool { return t.Name == named.Value })
		if at < 0 {
			var names []string
			for _, t := range w.targets {
				names = append(names, t.Name)
			}
			r.Problem(named.Pos, "there is no target %q%s", named.Value, setting.Suggest(named.Value, names))
			continue
		}
		variant := *s
		if err := variant.retarget(w.targets[at]); err != nil {
			r.Problem(named.Pos, "mode %s cannot call the target %s: %v", s.Modes[i].Name, named.Value, err)
			continue
		}
		if s.targets == nil {
			s.targets = map[string]Target{}
		}
		s.targets[s.Modes[i].Name] = w.targets[at]
	}
}

// modesTargeted tells whether every mode names a target of its own.
func (d *draft) modesTargeted() bool {
	untargeted := func(m setting.At[mode.Draft]) bool { return !m.Value.Target().Given }
	return d.modes.Given && !slices.ContainsFunc(d.modes.Value, untargeted)
}

// as is the scenario as a mode has it.
func (s *Scenario) as(column *mode.Column) *Scenario {
	own, has := s.targets[column.Name]
	if !has {
		return s
	}
	variant := *s
	if err := variant.retarget(own); err != nil {
		return s // cannot be: it has been tried
	}
	return &variant
}

// variations are the scenario as its modes have it.
func (s *Scenario) variations() (all []*Scenario) {
	for _, column := range s.Modes {
		all = append(all, s.as(column))
	}
	if len(all) == 0 {
		return []*Scenario{s}
	}
	return all
}

// checkOwn reports targets that cannot be called by themselves, where nothing
// but their own call is made.
func (d *draft) checkOwn(r *setting.Reader, s *Scenario) {
	if d.stepped() {
		return
	}
	swept := s.swept(d.capacity.Value.find.Value)
	reported := map[string]bool{}
	for i, one := range s.variations() {
		why := one.Target.bare(swept)
		if why == "" || reported[one.Target.Name] {
			continue
		}
		reported[one.Target.Name] = true
		at := d.target.Pos
		if i < len(d.modes.Value) && d.modes.Value[i].Value.Target().Given {
			at = d.modes.Value[i].Value.Target().Pos
		}
		r.Problem(at, "%s", why)
	}
}
