package scenario

import (
	"fmt"
	"slices"
	"time"

	"plimsoll/runner/step"
	"plimsoll/target/setting"
)

// Alone says what is left of a file where one journey is tried: in the scenario
// of that name, whose promises are none then, it is all that an iteration does.
type Alone struct{ Scenario, Journey string }

// only has the one scenario do nothing but the one journey.
func (a *Alone) only(d draft) draft {
	if a == nil || d.name.Value != a.Scenario {
		return d
	}
	pos := setting.Later(d.steps.Pos, d.mix.Pos)
	d.steps = setting.At[[]step.Step]{Value: step.Only(a.Journey, pos), Pos: pos, Given: true, Valid: true}
	d.mix = setting.At[step.Mix]{}
	d.promises, d.expect, d.compare = nil, setting.At[expectDraft]{}, setting.At[compareDraft]{}
	if d.capacity.Given {
		d.capacity = setting.At[capacityDraft]{}
		d.requests = setting.At[setting.Several[int]]{}
		d.duration = setting.At[time.Duration]{Value: time.Second, Pos: d.capacity.Pos, Given: true, Valid: true}
	}
	return d
}

// Doing is the scenario that does a journey, or could: for one who wants to see
// just that.
func (p *Plan) Doing(journey string) (*Scenario, error) {
	if !slices.Contains(p.Journeys, journey) {
		return nil, fmt.Errorf("there is no journey %q in %s%s", journey, p.File.Name, setting.Suggest(journey, p.Journeys))
	}
	var could *Scenario
	for _, s := range p.Scenarios {
		switch {
		case s.Steps != nil && slices.Contains(s.Steps.Journeys, journey):
			return s, nil
		case could == nil || could.Steps == nil && s.Steps != nil:
			could = s
		}
	}
	return could, nil
}
