// Package result holds what was measured, as run.json keeps it: everything,
// and all that a report needs. Durations are seconds as numbers and names end
// in their unit. Every file is written whole or not at all.
package result

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// Format is the version of run.json that this package writes.
const Format = 1

// Run is one run of a scenario file.
type Run struct {
	Format  int       `json:"format"`
	Tool    Tool      `json:"tool"`
	Started time.Time `json:"started"`
	Seed    uint64    `json:"seed"`
	Exit    Exit      `json:"exit"`
	// Planned is how many trials were to be carried out; 0 where an older
	// file does not tell.
	Planned int `json:"trials_planned"`
	// Scenarios are the names of those that were to be carried out, in their
	// order; none where an older file does not tell.
	Scenarios []string `json:"scenarios,omitempty"`
	// Only are those that were asked for by name; none where all were.
	Only     []string  `json:"only,omitempty"`
	Machine  Machine   `json:"machine"`
	File     File      `json:"file"`
	Trials   []Trial   `json:"trials"` // that have ended
	Speedups []Speedup `json:"speedups"`
	Verdicts []Verdict `json:"verdicts"`
	Scaling  []Scaling `json:"scaling,omitempty"`
	// Capacities are the searches; their steps are Trials.
	Capacities []Capacity `json:"capacities,omitempty"`
	// Pair is the same in two runs that were carried out in turns, trial by
	// trial: repetitions of the same number are a pair.
	Pair string `json:"pair,omitempty"`
	// Tolerances are what the scenarios say of comparisons with other runs.
	Tolerances []Tolerance `json:"tolerances,omitempty"`
	// Calibration is what this machine can resolve, where that was found out
	// before; only of runs in real time.
	Calibration *Calibration `json:"calibration,omitempty"`

	// UnderWay is the trial that a run without an end was at: nothing of it was
	// measured. In run.json it is the last of the trials, its ending null.
	UnderWay *Trial `json:"-"`
}

// Exit is the code that a run ended with; in JSON null as long as it has not.
type Exit int

// UnderWay is Exit of a run that has not ended, or was killed.
const UnderWay Exit = -1

// MarshalJSON writes the code, or null.
func (e Exit) MarshalJSON() ([]byte, error) {
	if e == UnderWay {
		return []byte("null"), nil
	}
	return json.Marshal(int(e))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Exit) UnmarshalJSON(text []byte) error {
	if bytes.Equal(text, []byte("null")) {
		*e = UnderWay
		return nil
	}
	return json.Unmarshal(text, (*int)(e))
}

// Tool is what made the result.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Machine is where it was made.
type Machine struct {
	OS          string `json:"os"`
	Arch        string `json:"arch"`
	CPUs        int    `json:"cpus"`
	CPUModel    string `json:"cpu_model"`
	MemoryBytes int64  `json:"memory_bytes"`
	Go          string `json:"go"`
}

// File is the scenario file. Text has secrets as ${NAME}.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Text   string `json:"text"`
}

// Axes of a sweep.
const (
	AxisRequests    = "requests"
	AxisConcurrency = "concurrency"
	AxisRate        = "rate_per_s"
	AxisVary        = "vary" // of laws: what the scenario varies
)

// Point is where on a sweep's axis something stands: exactly one field is set
// when a scenario counts requests, sweeps or varies, none otherwise.
type Point struct {
	Requests    int     `json:"requests,omitempty"`
	Concurrency int     `json:"concurrency,omitempty"`
	RatePerS    float64 `json:"rate_per_s,omitempty"`
	// Vary is NAME=VALUE, of the variable that the scenario varies, or of the
	// setting of a mode that is a list.
	Vary string `json:"vary,omitempty"`
}

// Varied is the variable that the scenario varies, and its value here.
func (p Point) Varied() (name, value string, varies bool) { return strings.Cut(p.Vary, "=") }

// Trial is one scenario × sweep value × mode × repetition.
type Trial struct {
	Scenario string `json:"scenario"`
	Mode     string `json:"mode"`
	Target   string `json:"target"`
	Clock    string `json:"clock"`  // "real" | "virtual"
	Engine   string `json:"engine"` // "virtual" | "sim" | "std" | "wire-epoll" | "wire-uring" | "wire-net"
	// Loops is how many event loops shared the trial, where it was not one.
	Loops  int `json:"loops,omitempty"`
	Repeat int `json:"repeat"`

	// As asked, where the mode has them.
	Requests  int     `json:"requests,omitempty"`
	DurationS float64 `json:"duration_s,omitempty"`
	// Whole says that DurationS is how long calls began at least: all of them
	// were waited for, and count, and throughput is over the makespan.
	Whole       bool    `json:"whole,omitempty"`
	Concurrency int     `json:"concurrency,omitempty"`
	RatePerS    float64 `json:"rate_per_s,omitempty"`
	// StoppedAtS is when a promise that was watched ended the trial: until then calls
	// became due. 0: none did.
	StoppedAtS float64 `json:"stopped_at_s,omitempty"`
	// Sweep is the trial's place in its scenario's sweep or count of
	// requests; modes of one place are compared with each other.
	Sweep Point `json:"sweep,omitzero"`
	// Workload is the rest of what was asked, as `name: value, name: value`
	// with the scenario file's names: equal texts are equal loads.
	Workload string `json:"workload,omitempty"`

	MakespanS      float64 `json:"makespan_s"`
	ThroughputPerS float64 `json:"throughput_per_s"`
	InFlightMean   float64 `json:"in_flight_mean"`
	// Queue is what the mode's queue was like, where it has one: for as long as
	// items came, of a batch until its last one was done.
	Queue *Queue `json:"queue,omitempty"`
	// Crawl is what was visited, where pages were.
	Crawl *Crawl `json:"crawl,omitempty"`
	// Connections are how many were set up, warm-up included, by the protocol that was
	// spoken on them (HTTP/1.1, HTTP/2), as far as kinds of target tell; nil: none.
	Connections map[string]int64 `json:"connections,omitempty"`
	// TLS is how often hands were shaken, warm-up included; nil where nobody did.
	TLS *TLS `json:"tls,omitempty"`
	// Completions are when the calls of a batch ended; nil: it is none.
	Completions *Completions `json:"completions,omitempty"`

	Measure
	// Slowest are the calls that took longest from when they were due, the slowest
	// first; of iterations those of their steps, but for setup, teardown, enter and leave.
	Slowest []Seen `json:"slowest,omitempty"`

	// Unit is what was counted: UnitIteration where the scenario has steps, and
	// nothing, which means single calls, where it has none.
	Unit string `json:"unit,omitempty"`
	// Elapsed and ErrorElapsed are how long iterations took with their pauses,
	// those that succeeded and those that failed; the other times are without.
	Elapsed      *Dist `json:"elapsed,omitempty"`
	ErrorElapsed *Dist `json:"error_elapsed,omitempty"`
	// Steps are the calls and named blocks of iterations, in the file's order.
	Steps []Step `json:"steps,omitempty"`

	// Watched are the thresholds that were looked at while the trial went on.
	Watched []Watched `json:"watched,omitempty"`
	// Monitor is what was seen of the other side meanwhile.
	Monitor []Series `json:"monitor,omitempty"`

	// Agents are the machines that carried the trial out, by their share; none: this
	// process did. LostShare is how much of the schedule, as a share of 1, was never
	// carried out, or not told, because some were lost.
	Agents    []Agent `json:"agents,omitempty"`
	LostShare float64 `json:"lost_share,omitempty"`

	// Beside are what the scenarios in the background measured meanwhile.
	Beside []Trial `json:"beside,omitempty"`

	Ended      Ending      `json:"ended"`
	Reason     string      `json:"reason"`
	Health     Health      `json:"health"`
	MachineUse *MachineUse `json:"machine_use,omitempty"` // real clock only
	// Warnings are what the measurement contradicts itself in.
	Warnings []string `json:"warnings,omitempty"`
}

// TLS counts handshakes, those which the server's certificate was accepted in; Resumed
// went on with the session of one before.
type TLS struct {
	Handshakes int64 `json:"handshakes"`
	Resumed    int64 `json:"resumed"`
}

// Measure is what was counted and how long it took. Counts add up: Scheduled =
// Started + Dropped, Started = OK + ΣErrors + Cancelled, where the errors of
// class Generator are none of the target's.
type Measure struct {
	Scheduled int64            `json:"scheduled"`
	Started   int64            `json:"started"`
	Dropped   int64            `json:"dropped"`
	HeldCalls int64            `json:"held_calls"`
	OK        int64            `json:"ok"`
	Cancelled int64            `json:"cancelled"`
	Attempts  int64            `json:"attempts"`
	Resent    int64            `json:"resent"` // of Attempts, those sent again because the protocol called them unprocessed
	Errors    map[string]Error `json:"errors"`
	BytesIn   int64            `json:"bytes_in"`
	BytesOut  int64            `json:"bytes_out"`

	Response      Dist `json:"response"`       // end − intended, of successes
	Service       Dist `json:"service"`        // end − start, of successes
	ErrorResponse Dist `json:"error_response"` // end − intended, of errors
	// CancelledResponse is giving up − intended, of the calls that were given
	// up at the end of the drain: they took at least that long.
	CancelledResponse Dist `json:"cancelled_response"`
	Held              Dist `json:"held"`     // of all started
	Lateness          Dist `json:"lateness"` // of all started

	// Phases are how long the parts of successes took that their kind knows, by
	// name: a success need not have each. Memory is what programs had at the most,
	// as if a byte were a nanosecond.
	// Of streams it is FirstEvent, ServiceFirstEvent and Gap, which has a value for
	// each event but a call's first.
	Phases map[string]Dist `json:"phases,omitempty"`
	Memory *Dist           `json:"memory_gb,omitempty"`

	// Stream is what came of successes that were streams; nil: there were none.
	Stream *Stream `json:"stream,omitempty"`
	// Goodput are the successes that kept all that was promised of each, by the
	// promise's text; 0 where none did.
	Goodput map[string]Kept `json:"goodput,omitempty"`

	Timeline []Window `json:"timeline"`
}

// UnitIteration is the Unit of trials of journeys.
const UnitIteration = "iteration"

// Noun is what is counted in a Unit, in a word for people.
func Noun(unit string) string {
	if unit == "" {
		return "call"
	}
	return unit
}

// Step is what was measured of a step of a journey, or of a named block.
type Step struct {
	Name    string `json:"name"`
	Path    string `json:"path"` // with the blocks around it: "buy/pay"
	Kind    string `json:"kind,omitempty"`
	Target  string `json:"target,omitempty"`
	Outside bool   `json:"outside,omitempty"` // of setup, teardown, enter or leave
	Hops    int64  `json:"hops"`
	// ThroughputPerS is of its successes, as the trial's is of iterations.
	ThroughputPerS float64 `json:"throughput_per_s"`
	// Begin is how long after its iteration was due a success of the step was,
	// pauses included.
	Begin Dist `json:"begin"`
	// Elapsed is how long a block took with its pauses; nil of a call.
	Elapsed *Dist `json:"elapsed,omitempty"`
	Measure
	// Records are the numbers that `record` kept, by name, as if they were seconds.
	Records map[string]Dist `json:"record,omitempty"`
}

// Ending is how a trial ended; null in JSON where it has not.
type Ending string

// MarshalJSON writes the word, or null.
func (e Ending) MarshalJSON() ([]byte, error) {
	if e == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(e))
}

// How a trial may end.
const (
	Complete    = "complete"
	Stopped     = "stopped" // by stop_when, on_error, or a threshold with stop
	Interrupted = "interrupted"
	Failed      = "failed" // it could not be carried out
)

// Dist sums a distribution up and keeps all of it in HDR: the HdrHistogram V2
// compressed encoding, base64, in nanoseconds, three significant digits.
// With Count 0 the other fields are 0 and HDR is empty.
type Dist struct {
	Count   int64   `json:"count"`
	MinS    float64 `json:"min_s"`
	MeanS   float64 `json:"mean_s"`
	StddevS float64 `json:"stddev_s"`
	MaxS    float64 `json:"max_s"`
	P50S    float64 `json:"p50_s"`
	P90S    float64 `json:"p90_s"`
	P95S    float64 `json:"p95_s"`
	P99S    float64 `json:"p99_s"`
	P999S   float64 `json:"p99.9_s"`
	HDR     string  `json:"hdr"`
}

// Window is one piece of a trial's timeline. Starts are counted by start,
// ends by end; the latencies are response times of the successes that ended
// in it, and HDR keeps them to two significant digits.
type Window struct {
	AtS       float64 `json:"at_s"`
	WidthS    float64 `json:"width_s"`
	Scheduled int64   `json:"scheduled"`
	Started   int64   `json:"started"`
	Dropped   int64   `json:"dropped"`
	OK        int64   `json:"ok"`
	Errors    int64   `json:"errors"`
	// ErrorsByClass are Errors by class; nil where there are none, or an older file
	// does not tell.
	ErrorsByClass map[string]int64 `json:"errors_by_class,omitempty"`
	InFlightMean  float64          `json:"in_flight_mean"`
	HeldMean      float64          `json:"held_mean,omitempty"`      // how many were due and not yet started, in the mean
	LatenessMaxS  float64          `json:"lateness_max_s,omitempty"` // of those that started in it
	QueueLength   float64          `json:"queue_length,omitempty"`   // the mean, of Trial.Queue
	MeanS         float64          `json:"mean_s"`
	P50S          float64          `json:"p50_s"`
	P99S          float64          `json:"p99_s"`
	MaxS          float64          `json:"max_s"`
	HDR           string           `json:"hdr"`
}

// Health judges the generator, not the target.
type Health struct {
	KeptPace bool `json:"kept_pace"`
	// Why says what fell behind, when KeptPace is false.
	Why string `json:"why"`
	// LimitedBy names what held calls, or iterations, back by the user's own wish:
	// "max_in_flight", "connections" or "data". A note, never a fault.
	LimitedBy string `json:"limited_by"`
}

// MachineUse is what the harness itself took during a trial, its warm-up
// included. What the system does not tell is 0.
type MachineUse struct {
	CPUS        float64 `json:"cpu_s"`
	WallS       float64 `json:"wall_s"`         // the time that CPUS was taken in
	CPUWaitS    float64 `json:"cpu_wait_s"`     // its threads were ready and no processor was free, added up (Linux)
	GCPauseS    float64 `json:"gc_pause_s"`     // all pauses
	GCPauseMaxS float64 `json:"gc_pause_max_s"` // the longest, of the last 256
	GCs         int64   `json:"gcs"`
	SpinS       float64 `json:"spin_s"`
	// StoodStillS is the longest time for which it did not go on, though it had
	// something to do, and StoodStillAtS when that began; ThrottledS how long
	// the quota of its control group kept it from running (Linux).
	StoodStillS   float64 `json:"stood_still_s"`
	StoodStillAtS float64 `json:"stood_still_at_s"`
	ThrottledS    float64 `json:"throttled_s"`
	RSSBytes      int64   `json:"rss_bytes,omitempty"`
	// PeakRSSBytes is the most that it had so far: what a program that it began
	// is told to have had is never less (Linux).
	PeakRSSBytes int64 `json:"peak_rss_bytes,omitempty"`
}

// Speedup compares a mode with its scenario's baseline: how many times faster
// it is. Low and High bound it with 95 % confidence; both are 0 where there
// is no interval, and Note says why.
type Speedup struct {
	Scenario string `json:"scenario"`
	Mode     string `json:"mode"`
	Baseline string `json:"baseline"`
	Point
	Ratio float64 `json:"ratio"`
	Low   float64 `json:"low,omitempty"`
	High  float64 `json:"high,omitempty"`
	Note  string  `json:"note,omitempty"`
}

// Tolerance is how much of a metric may change from run to run and still
// count as none. Metric is "makespan", "rate", "p50", "p99" (Value is a share
// of what it was, 0.05 for 5 %), "errors" (in percentage points, 0.001 for one
// call in a thousand), or "" for all of the first kind that are not named.
type Tolerance struct {
	Scenario string  `json:"scenario"`
	Metric   string  `json:"metric"`
	Value    float64 `json:"value"`
}
