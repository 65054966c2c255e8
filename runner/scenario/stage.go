package scenario

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// stageDraft is a stage as it was written; its target is a count or a rate.
type stageDraft struct {
	target   setting.At[string]
	duration setting.At[time.Duration]
}

func stageShape() setting.Shape[stageDraft] {
	return setting.Object("a stage",
		setting.Key("target", "Where it goes to: a whole number of virtual users, or a rate.", setting.Located(stageTarget()), func(s *stageDraft) *setting.At[string] { return &s.target }).Required(),
		setting.Key("duration", "How long it takes; 0s jumps.", setting.Located(setting.Duration()), func(s *stageDraft) *setting.At[time.Duration] { return &s.duration }).Required(),
	)
}

func stageTarget() setting.Shape[string] {
	shape := setting.Text("a whole number of virtual users, or a rate such as 100/s")
	shape.Schema = func() *jsonschema.Schema {
		s := setting.Spelled(quantity.CountPattern+"|"+quantity.RatePattern, "integer")
		s.Minimum = new(0.0)
		return s
	}
	return shape
}

// addStages gives the mode its stages and looks whether they lead anywhere.
func (m modeDraft) addStages(r *setting.Reader, mode *Mode) {
	if m.concurrent.Given || m.rate.Given {
		r.Problem(m.stages.Pos, "stages take the place of the one value: write `mode: %s` beside them", mode.Kind)
		return
	}
	length, zero, ok := time.Duration(0), true, m.stages.Valid
	target := func(at setting.At[string]) (int, quantity.Rate) {
		if !at.Valid {
			return 0, quantity.Rate{} // reported already
		}
		users, rate, err := stageValue(at.Value, mode.Kind)
		if err != nil {
			r.Problem(at.Pos, "%v", err)
			ok = false
		}
		zero = zero && users == 0 && rate.IsZero()
		return users, rate
	}
	if m.start.Valid {
		mode.StartUsers, mode.StartRate = target(m.start)
	}
	for _, s := range m.stages.Value {
		users, rate := target(s.target)
		if mode.Kind == Concurrent {
			mode.UserStages = append(mode.UserStages, UserStage{users, s.duration.Value})
		} else {
			mode.RateStages = append(mode.RateStages, RateStage{rate, s.duration.Value})
		}
		length = min(length, quantity.Longest) + s.duration.Value
	}
	switch {
	case length > quantity.Longest:
		r.Problem(m.stages.Pos, "the stages together are longer than 100 years")
	case ok && length == 0:
		r.Problem(m.stages.Pos, "the stages have no length: give one of them a duration above zero")
	case ok && zero:
		r.Problem(m.stages.Pos, "no stage ever leaves zero, so no call would start: give one of them a target above zero")
	}
}

// stageValue reads a stage's target: users for concurrent modes, a rate for
// rate-limited ones, where 0 is the rate of none.
func stageValue(text, kind string) (users int, rate quantity.Rate, err error) {
	if kind == Concurrent {
		n, err := quantity.ParseCount(text)
		if err != nil || n > mostInFlight {
			return 0, rate, fmt.Errorf("%q is no number of virtual users: write a whole number from 0 to 10M", text)
		}
		return int(n), rate, nil
	}
	count, _, _ := strings.Cut(text, "/")
	if n, err := quantity.ParseCount(count); err == nil && n == 0 {
		return 0, rate, nil
	}
	rate, err = setting.ParseRate(text)
	return 0, rate, err
}
