package scenario

import (
	"time"

	"plimsoll/runner/export"
	"plimsoll/runner/journey"
	"plimsoll/runner/mode"
	"plimsoll/runner/monitor"
	"plimsoll/runner/result"
	"plimsoll/runner/verdict"
	"plimsoll/target/kind"
	"plimsoll/target/value"
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
	Targets []Target
	// Journeys are the names of all.
	Journeys  []string
	Scenarios []*Scenario
	// Export is who is told how trials go on; nil: nobody.
	Export *export.Settings
	// Warnings are about what can be done as it stands, but hardly be meant.
	Warnings Problems
	// Names are the files and folders that the file names, as it spells them.
	Names []string
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
	Name string
	// Target is what is called, and where steps ask that name no other; without
	// settings where each of them names one.
	Target Target
	// Steps are what iterations do; nil: there are single calls.
	Steps *Steps
	Clock string
	// Sweep are the values that the scenario goes through, in its order: of
	// its requests (also when there is one count only), or of the concurrency
	// or rate that a mode lists. Without any it holds one zero Point.
	Sweep []result.Point
	// Vary are the values of the variable that the scenario varies, one for each
	// place of its sweep; none: it varies none.
	Vary []value.Value
	// Requests are the calls of each trial: several make a sweep; none means
	// that Duration or the modes' stages bound a trial.
	Requests []int
	Duration time.Duration
	// Crawl is what is visited instead; nil: nothing is.
	Crawl *Crawl
	// Whole says that Duration is how long calls begin at least: all of them are
	// waited for, and what the trial got done is over all of its time.
	Whole  bool
	Warmup time.Duration
	Drain  time.Duration
	Pause  time.Duration
	Repeat int
	// KeepOrder runs all repetitions of a mode before the next mode
	// (`order: sequential`); otherwise repetitions are outermost.
	KeepOrder     bool
	StopWhen      string // "", FirstCompleted or FirstError
	StopOnError   bool   // on_error: stop
	Before, After []string
	Modes         []*mode.Column
	Baseline      *mode.Column
	// Rows are the steps, and the named blocks, that promises may be about; nil
	// where the scenario makes single calls. None, but not nil: its steps could not
	// be read, or have no rows.
	Rows       []journey.Row
	Thresholds []Threshold
	Expect     []Expect
	// Beside are the scenarios that go on in the background of each trial.
	Beside []*Scenario
	// Monitors watch the other side meanwhile, if its clock is the real one.
	Monitors []*monitor.Settings
	// Capacity makes the scenario a search; nil for a sweep.
	Capacity *Capacity
	// Tolerances are what the scenario says of comparisons with other runs.
	Tolerances []result.Tolerance
	// targets are those that modes name for themselves, by the mode's name.
	targets map[string]Target
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

// Called are the targets that are, by the number of their carrier.
func (s *Scenario) Called() []Target {
	if s.Steps == nil {
		return []Target{s.Target}
	}
	return s.Steps.Called
}

// virtual tells whether the target can be called under the virtual clock.
func (t Target) virtual() bool { return t.Settings != nil && t.Settings.Traits().Virtual }

// modeByMode is the order that keeps a mode's repetitions together.
const modeByMode = "sequential"

// Threshold is a promise; Mode "" makes it for every mode. The rule has the step
// that it is about.
type Threshold struct {
	Mode  string
	Rule  verdict.Rule
	Watch verdict.Watch
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
