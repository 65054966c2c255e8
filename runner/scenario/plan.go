package scenario

import (
	"time"

	"plimsoll/runner/result"
	"plimsoll/runner/verdict"
	"plimsoll/target/delay"
	"plimsoll/target/kind"
	"plimsoll/target/quantity"
)

// Plan is a whole, checked scenario file: every default filled in, every name
// resolved, nothing contradictory. It is what the runner carries out.
type Plan struct {
	File result.File
	Seed uint64
	// Spin bounds the share of one core that waiting may burn; 0 is off.
	Spin float64
	// Loops is how many event loops carry a trial out that may be shared among
	// them; 0 leaves it to the runner.
	Loops int
	// Targets are all of the file, also those that no scenario calls.
	Targets   []Target
	Scenarios []*Scenario
	// Warnings are about what can be done as it stands, but hardly be meant.
	Warnings Problems
	// Scrub replaces the values that came from the environment by their
	// ${NAME} in a text that is about to be shown.
	Scrub func(string) string
}

// Clocks.
const (
	Real    = "real"
	Virtual = "virtual"
)

// Scenario is one entry of `scenarios:`.
type Scenario struct {
	Name   string
	Target Target
	Clock  string
	// Sweep are the values that the scenario goes through, in its order: of
	// its requests (also when there is one count only), or of the concurrency
	// or rate that a mode lists. Without any it holds one zero Point.
	Sweep []result.Point
	// Requests are the calls of each trial: several make a sweep; none means
	// that Duration or the modes' stages bound a trial.
	Requests []int
	Duration time.Duration
	Warmup   time.Duration
	Drain    time.Duration
	Pause    time.Duration
	Repeat   int
	// KeepOrder runs all repetitions of a mode before the next mode
	// (`order: sequential`); otherwise repetitions are outermost.
	KeepOrder     bool
	StopWhen      string // "", FirstCompleted or FirstError
	StopOnError   bool   // on_error: stop
	Before, After []string
	Modes         []*Mode
	Baseline      *Mode
	Thresholds    []Threshold
	Expect        []Expect
	// Capacity makes the scenario a search; nil for a sweep.
	Capacity *Capacity
	// Tolerances are what the scenario says of comparisons with other runs.
	Tolerances []result.Tolerance
}

// Values of stop_when.
const (
	FirstCompleted = "first-completed"
	FirstError     = "first-error"
)

// Target is a named target with its kind's own settings.
type Target struct {
	Name     string
	Settings kind.Settings
}

// virtual tells whether the target can be called under the virtual clock.
func (t Target) virtual() bool { return t.Settings != nil && t.Settings.Traits().Virtual }

// Mode kinds.
const (
	Sequential  = "sequential"
	Concurrent  = "concurrent"
	RateLimited = "rate-limited"
)

// Mode is one column: how calls are started.
type Mode struct {
	Name string
	Kind string
	// Concurrency are the limits in flight of `concurrent`: several make a
	// sweep; none means all at once, or stages.
	Concurrency []int
	// Rates are those of `rate-limited`: several make a sweep.
	Rates []quantity.Rate
	// Think is a virtual user's pause between its calls.
	Think delay.Delay
	// UserStages are those of `concurrent`, RateStages those of
	// `rate-limited`; at most one is given. The first stage goes from
	// StartUsers or StartRate to its target.
	UserStages  []UserStage
	RateStages  []RateStage
	StartUsers  int
	StartRate   quantity.Rate
	Arrivals    string // Constant, Poisson, Window or Bucket
	Burst       int    // of Bucket; 0 means the rate's count, see Trial.Burst
	MaxInFlight int
	Drop        bool // overflow: drop
}

// AllAtOnce tells whether the mode starts all calls together.
func (m *Mode) AllAtOnce() bool {
	return m.Kind == Concurrent && m.Concurrency == nil && m.UserStages == nil
}

// Values of arrivals.
const (
	Constant = "constant"
	Poisson  = "poisson"
	Window   = "window"
	Bucket   = "bucket"
)

// UserStage ramps the number of virtual users linearly to Target.
type UserStage struct {
	Target   int
	Duration time.Duration
}

// RateStage ramps the rate linearly to Target; a zero Target is 0/s.
type RateStage struct {
	Target   quantity.Rate
	Duration time.Duration
}

// Threshold is a promise; Mode "" makes it for every mode.
type Threshold struct {
	Mode string
	Rule verdict.Rule
}

// Expect is one published figure to reproduce.
type Expect struct {
	Mode      string
	At        result.Point
	Metric    string // "makespan" (seconds), "rate" (per second) or "speedup"
	Value     float64
	Tolerance float64 // a share of 1
	Source    string
}
