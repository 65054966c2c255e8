package scenario

import (
	"errors"
	"fmt"
	"slices"

	"plimsoll/target/setting"
)

// Retarget is the same plan with one target of the file, whose name is given,
// called by every scenario.
func (p *Plan) Retarget(name string) (*Plan, error) {
	target, err := p.target(name)
	if err != nil {
		return nil, err
	}
	out := *p
	out.Scenarios = nil
	for _, s := range p.Scenarios {
		s := *s // its modes are never written to
		err := s.retarget(target)
		s.targets = nil
		for i := range s.Beside {
			if i == 0 {
				s.Beside = slices.Clone(s.Beside)
			}
			beside := *s.Beside[i]
			err = errors.Join(err, beside.retarget(target))
			s.Beside[i] = &beside
		}
		if err == nil {
			err = s.suits()
		}
		if err != nil {
			return nil, fmt.Errorf("scenario %q cannot call the target %q: %w", s.Name, name, err)
		}
		out.Scenarios = append(out.Scenarios, &s)
	}
	return &out, nil
}

// retarget calls another target where the scenario's own was.
func (s *Scenario) retarget(to Target) error {
	was := s.Target
	s.Target = to
	if s.Steps == nil {
		return nil
	}
	i := slices.IndexFunc(s.Steps.Called, func(t Target) bool { return t.Name == was.Name })
	switch {
	case i < 0:
		return errors.New("each of its steps names its target itself")
	case was.Settings.Traits().Asks && !to.Settings.Traits().Asks:
		return errors.New("its steps ask for paths, which that one does not have")
	}
	steps := *s.Steps
	steps.Called = slices.Clone(steps.Called)
	steps.Called[i] = to
	steps.Compiled = steps.Compiled.Renamed(was.Name, to.Name, to.Settings.Traits().Kind)
	s.Steps = &steps
	return nil
}

func (p *Plan) target(name string) (Target, error) {
	var names []string
	for _, t := range p.Targets {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return Target{}, fmt.Errorf("there is no target %q in %s%s", name, p.File.Name, setting.Suggest(name, names))
}

// keepsClock tells whether the target can keep the scenario's clock.
func (s *Scenario) keepsClock() bool {
	if s.Clock != Virtual {
		return true
	}
	for _, t := range s.Called() {
		if !t.virtual() {
			return false
		}
	}
	return true
}

// suits tells what speaks against the scenario's target, as reading the file
// would.
func (s *Scenario) suits() error {
	if !s.keepsClock() {
		return fmt.Errorf("only sim targets can keep a virtual clock")
	}
	if len(s.Requests) > 0 {
		return nil
	}
	for _, m := range s.Modes {
		if why := s.standstill(m.Modes...); why != "" {
			return fmt.Errorf("mode %s: %s", m.Name, why)
		}
	}
	return nil
}
