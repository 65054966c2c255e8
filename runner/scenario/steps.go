package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/runner/data"
	"plimsoll/runner/result"
	"plimsoll/runner/step"
	"plimsoll/target/httpcall"
	"plimsoll/target/quantity"
	"plimsoll/target/retry"
	"plimsoll/target/setting"
)

// Steps are what the iterations of a scenario do, instead of single calls.
type Steps struct {
	*step.Compiled
	// Called are the targets that they call, by the number of the carrier.
	Called []Target
	// Sources are those that they take rows of, by number.
	Sources []*data.Source
	// Limit is how many requests may start in any window of its length; zero: it is
	// no matter.
	Limit quantity.Rate
	// Sum is the same for the same steps, journeys and files of bodies.
	Sum string
}

// stepsDraft is what a scenario says of steps, as it was written.
type stepsDraft struct {
	steps, setup, teardown, leave setting.At[[]step.Step]
	enter                         setting.At[entering]
	mix                           setting.At[step.Mix]
	data                          []*data.Source
	common                        httpcall.Common
	timeout                       setting.At[time.Duration]
	retry                         setting.At[retry.Settings]
	limit                         setting.At[quantity.Rate]
	words                         setting.Words
}

// entering is what users do once, or again when it is so old.
type entering struct {
	steps []step.Step
	every time.Duration
}

// ofSteps are the keys that what is done is made of, but for the targets': where
// they are written alike, and so are their journeys and data, the same is done.
var ofSteps = []string{"steps", "mix", "enter", "leave", "setup", "teardown", "headers", "auth", "redirects", "cookies", "timeout", "retry", "limit"}

func stepsFields() []setting.Field[draft] {
	steps := func() setting.Shape[setting.At[[]step.Step]] { return setting.Located(step.Shape()) }
	return append([]setting.Field[draft]{
		setting.Key("steps", "What an iteration does, step by step, instead of one call.", steps(), func(d *draft) *setting.At[[]step.Step] { return &d.steps }),
		setting.Key("mix", "The journeys of which each iteration does one, by their shares, instead of steps.", setting.Located(step.MixShape()), func(d *draft) *setting.At[step.Mix] { return &d.mix }),
		setting.Key("data", "Sources of rows, by name, for this scenario alone.", data.Shape(), func(d *draft) *[]*data.Source { return &d.data }),
		setting.Key("setup", "Steps that run once before each trial; what they set is there for all.", steps(), func(d *draft) *setting.At[[]step.Step] { return &d.setup }),
		setting.Key("teardown", "Steps that run once after each trial, whatever became of it.", steps(), func(d *draft) *setting.At[[]step.Step] { return &d.teardown }),
		setting.Key("enter", "What each user does once, before its first iteration.", setting.Located(enteringShape()), func(d *draft) *setting.At[entering] { return &d.enter }),
		setting.Key("leave", "What each user does when it goes.", steps(), func(d *draft) *setting.At[[]step.Step] { return &d.leave }),
		setting.Key("timeout", "How long each try of its steps' calls may take. Default: as the target says.", setting.Located(setting.LongerThanZero()), func(d *draft) *setting.At[time.Duration] { return &d.timeout }),
		setting.Key("limit", "How many requests of its steps may start in any window of a length, such as 5/2s.", setting.Located(limitShape()), func(d *draft) *setting.At[quantity.Rate] { return &d.limit }),
		setting.Key("retry", "What of its steps' calls is tried again, and how. Default: as the target says.", setting.Located(retry.Shape()), func(d *draft) *setting.At[retry.Settings] { return &d.retry }),
	}, httpcall.CommonFields(func(d *draft) *httpcall.Common { return &d.common })...)
}

func enteringShape() setting.Shape[entering] {
	bare := setting.Complete(step.Shape(), func(_ *setting.Reader, _ setting.Pos, steps []step.Step) (entering, bool) {
		return entering{steps: steps}, true
	})
	aged := setting.Object("enter",
		setting.Key("steps", "What each user does before its first iteration.", step.Shape(), func(e *entering) *[]step.Step { return &e.steps }).Required(),
		setting.Key("every", "How old that may be: before an iteration that begins later the user does it again.", setting.LongerThanZero(), func(e *entering) *time.Duration { return &e.every }),
	)
	return setting.Either("a list of steps, or {steps: […], every: 10m}", setting.Forms[entering]{List: bare, Map: aged})
}

func limitShape() setting.Shape[quantity.Rate] {
	return setting.Parsed("so many in a time, such as 5/2s", quantity.ParseRate, func() *jsonschema.Schema {
		return setting.Spelled(quantity.RatePattern)
	})
}

// stepped tells whether the scenario's iterations have steps.
func (d *draft) stepped() bool { return d.steps.Given || d.mix.Given }

// checkSteps reports keys of which one needs, or excludes, another.
func (d *draft) checkSteps(r *setting.Reader, at setting.Pos) {
	switch {
	case d.steps.Given && d.mix.Given:
		r.Problem(setting.Later(d.steps.Pos, d.mix.Pos), "steps and mix exclude each other: write mix as the only step, or put the steps into a journey")
	case d.stepped():
	default:
		for _, key := range ofSteps {
			if d.words.Of(key) == "" {
				continue
			}
			pos := r.Find(at, key+":")
			if slices.Contains([]string{"headers", "timeout", "retry"}, key) {
				r.Problem(pos, "%s belongs to the target where there are no steps: move it into its `http` under `targets`", key)
			} else {
				r.Problem(pos, "%s is for scenarios with steps: write what an iteration does under steps, such as steps: [{call: %s}]", key, d.target.Value)
			}
		}
		if !d.target.Given && !d.modesTargeted() {
			r.Problem(at, "a scenario needs the key target: the name of the target to call; or steps, that say whom they call")
		}
	}
}

// addSteps compiles what iterations do.
func (d *draft) addSteps(r *setting.Reader, s *Scenario, f *whole) {
	if !d.stepped() {
		return
	}
	main := d.steps.Value
	if d.mix.Given {
		main = step.Mixed(d.mix)
	}
	plan := &step.Scenario{
		Main: main, Enter: d.enter.Value.steps, EnterEvery: d.enter.Value.every, Leave: d.leave.Value,
		Setup: d.setup.Value, Teardown: d.teardown.Value, Journeys: f.journeys, Data: d.sources(f.data),
		Values: s.swept(d.capacity.Value.find.Value), Target: d.target.Value, Targets: f.callable(s.swept(d.capacity.Value.find.Value)), Common: d.common, Timeout: d.timeout.Value,
	}
	if d.retry.Valid {
		plan.Retry = &d.retry.Value
	}
	compiled, ok := step.Compile(r, plan, f.names)
	if !ok || d.mix.Given && !d.mix.Valid {
		return
	}
	s.Steps = &Steps{Compiled: compiled, Sum: d.sum(compiled, f)}
	s.Rows = append(s.Rows, compiled.Main.Rows...)
	if d.limit.Valid {
		s.Steps.Limit = d.limit.Value
	}
	for _, name := range compiled.Targets {
		i := slices.IndexFunc(f.targets, func(t Target) bool { return t.Name == name })
		s.Steps.Called = append(s.Steps.Called, f.targets[i])
	}
	for _, taken := range compiled.Main.Sources {
		i := slices.IndexFunc(plan.Data, func(o *data.Source) bool { return o.Name == taken.Name })
		s.Steps.Sources = append(s.Steps.Sources, plan.Data[i])
	}
	if s.Target.Name == "" {
		s.Target.Name = strings.Join(compiled.Targets, ", ")
	}
}

// sources are the scenario's own, and those of the file that it does not name
// anew.
func (d *draft) sources(all []*data.Source) []*data.Source {
	list := slices.Clone(d.data)
	for _, s := range all {
		if !slices.ContainsFunc(d.data, func(o *data.Source) bool { return o.Name == s.Name }) {
			list = append(list, s)
		}
	}
	return list
}

// sum is the same for what is written alike.
func (d *draft) sum(c *step.Compiled, f *whole) string {
	h := sha256.New()
	for _, key := range ofSteps {
		io.WriteString(h, key+d.words.Of(key))
	}
	for _, name := range c.Journeys {
		io.WriteString(h, name+f.words.Of("journeys", name))
	}
	for _, content := range c.Files {
		fmt.Fprint(h, len(content), " ")
		h.Write(content)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Names of the values of a sweep, as steps have them.
const (
	sweptRequests    = "requests"
	sweptConcurrency = "concurrency"
	sweptRate        = "rate"
)

// swept are the names of those that a trial has one of; find is what a search is
// for.
func (s *Scenario) swept(find string) (names []string) {
	place := s.Sweep[0]
	if find != "" { // a search gives each trial its value
		place = result.Point{RatePerS: 1}
		if find == result.FindConcurrency {
			place = result.Point{Concurrency: 1}
		}
	}
	for name := range (Trial{Scenario: s, Sweep: place, Requests: at(s.Requests, 0)}).Values() {
		names = append(names, name)
	}
	return names
}

// checkUsers reports data that cannot go round: of which each user keeps a row.
func (d *draft) checkUsers(r *setting.Reader, s *Scenario) {
	if s.Steps == nil {
		return
	}
	for _, source := range s.Steps.Sources {
		if err := s.suffice(source); err != nil {
			r.Problem(source.Pos, "%v", err)
		}
	}
}

// suffice tells what keeps a source from having a row for each user.
func (s *Scenario) suffice(source *data.Source) error {
	if source.Pick.Way != data.PerUser {
		return nil
	}
	for _, column := range s.Modes {
		for i, m := range column.Modes {
			users := m.Traits().Users
			if users == 0 && len(s.Requests) == 0 {
				return errors.New("in mode " + column.Name + " every iteration is a new user, of whom time alone limits the number, and each would keep a row (pick: per-user): choose another pick, which enter cannot have, and log in in the steps; or give the scenario requests")
			}
			if users == 0 {
				users = at(s.Requests, min(i, len(s.Requests)-1))
			}
			if c := s.Capacity; c != nil && c.Find == result.FindConcurrency {
				users = int(c.To)
			}
			if err := source.Suffice(uint64(users)); err != nil {
				return fmt.Errorf("in mode %s, %w", column.Name, err)
			}
		}
	}
	return nil
}
