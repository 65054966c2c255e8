package result

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"plimsoll/runner/latency"
)

// Check tells which law of results the run breaks: every trial's own, each
// trial there once, and every number finite and not below zero. What passes
// can be encoded, because JSON knows neither NaN nor infinity. It is asked
// before a run is written and after one is read.
func (r *Run) Check() error {
	type place struct {
		scenario, mode string
		sweep          Point
		repeat         int
	}
	seen := map[place]bool{}
	for i := range r.Trials {
		t := &r.Trials[i]
		if err := t.Check(); err != nil {
			return fmt.Errorf("trial %d: %s: %w", i+1, t.name(), err)
		}
		at := place{t.Scenario, t.Mode, t.Sweep, t.Repeat}
		if seen[at] {
			return fmt.Errorf("trial %d: %s: is there twice", i+1, t.name())
		}
		seen[at] = true
	}
	if err := r.checkUnderWay(); err != nil {
		return err
	}
	for i := range r.Speedups {
		if err := r.Speedups[i].check(); err != nil {
			return fmt.Errorf("speedup %d: %w", i+1, err)
		}
	}
	for i := range r.Verdicts {
		if err := r.Verdicts[i].check(); err != nil {
			return fmt.Errorf("verdict %d: %w", i+1, err)
		}
	}
	for i := range r.Scaling {
		if err := r.Scaling[i].check(); err != nil {
			return fmt.Errorf("scaling %d: %w", i+1, err)
		}
	}
	for i := range r.Capacities {
		if err := r.Capacities[i].check(); err != nil {
			return fmt.Errorf("capacity %d: %w", i+1, err)
		}
	}
	for i, t := range r.Tolerances {
		if wrong := impossible(reflect.ValueOf(t)); wrong != "" {
			return fmt.Errorf("tolerance %d: %s", i+1, wrong)
		}
	}
	return r.Calibration.check()
}

// checkUnderWay makes sure that only a run without an end is at a trial.
func (r *Run) checkUnderWay() error {
	if r.UnderWay == nil {
		return nil
	}
	begun := *r.UnderWay
	begun.Ended = Interrupted // as it would be now
	err := begun.Check()
	switch {
	case r.UnderWay.Ended != "" || r.Exit != UnderWay:
		err = errors.New("only the last of a run that has not ended may be without an end")
	case err == nil && begun.Scheduled > 0:
		err = errors.New("has calls but no end")
	}
	if err != nil {
		return fmt.Errorf("trial %d: %s: %w", len(r.Trials)+1, r.UnderWay.name(), err)
	}
	return nil
}

// Check tells which law the trial breaks:
//
//	scheduled = started + dropped
//	started = ok + Σ errors + cancelled
//	every distribution has as many values as there were calls of its kind
//	a timeline's windows add up to the trial, their failures by class, too
//	the slowest calls are in order, and none was slower than the first
//	of each class no more failures are told of than there were
//	no mean length of a queue is above its longest
//	every page of a crawl is a call, every link skipped, or a page that is due
//	when a batch's calls ended rises, and in order nothing is earlier
//	a fleet's agents have a share each, in order, and their calls add up to the trial's
//	a monitor has each series once, of no more points than may be
//	what was watched was seen at whole seconds of the trial, and what ended it, too
//	all of that holds for each step, and for what went on beside it
//	every number is finite and not below zero
func (t *Trial) Check() error {
	if err := t.checkNames(); err != nil {
		return err
	}
	if wrong := impossible(reflect.ValueOf(t)); wrong != "" {
		return errors.New(wrong)
	}
	if err := t.Measure.check(t.dists()); err != nil {
		return err
	}
	if err := t.checkSlowest(); err != nil {
		return err
	}
	if q := t.Queue; q != nil && (q.LengthMean > float64(q.LengthMax)*(1+1e-9) || q.ConsumersBusy > 1) {
		return fmt.Errorf("the queue's mean length is %v and its longest %d, its consumers are busy for %v of the time", q.LengthMean, q.LengthMax, q.ConsumersBusy)
	}
	if s := t.TLS; s != nil && (s.Handshakes <= 0 || s.Resumed < 0 || s.Resumed > s.Handshakes) {
		return fmt.Errorf("of %d handshakes %d went on with a session", s.Handshakes, s.Resumed)
	}
	for protocol, n := range t.Connections {
		if protocol == "" || n <= 0 {
			return fmt.Errorf("%d connections were set up for %q", n, protocol)
		}
	}
	if err := t.checkCrawl(); err != nil {
		return err
	}
	if err := t.checkCompletions(); err != nil {
		return err
	}
	if err := t.checkAgents(); err != nil {
		return err
	}
	if err := t.checkMonitor(); err != nil {
		return err
	}
	if err := t.checkWatched(); err != nil {
		return err
	}
	if err := t.checkBeside(); err != nil {
		return err
	}
	return t.checkSteps()
}

// checkBeside tells which law is broken by what went on beside a trial: each is a
// whole trial, of another scenario, by the same clock and in the same repetition.
func (t *Trial) checkBeside() error {
	met := map[string]bool{t.Scenario: true}
	for i := range t.Beside {
		b := &t.Beside[i]
		switch {
		case len(b.Beside) > 0: // before its own laws, or these would be asked for ever
			return fmt.Errorf("beside: %s: has something beside itself", b.name())
		case b.Clock != t.Clock:
			return fmt.Errorf("beside: %s: has the clock %q and the trial %q", b.name(), b.Clock, t.Clock)
		case b.Repeat != t.Repeat:
			return fmt.Errorf("beside: %s: is beside repeat %d", b.name(), t.Repeat)
		case met[b.Scenario]:
			return fmt.Errorf("beside: %s: is there twice", b.name())
		}
		met[b.Scenario] = true
		if err := b.Check(); err != nil {
			return fmt.Errorf("beside: %s: %w", b.name(), err)
		}
	}
	return nil
}

// check tells which law the counts and times break, whose distributions are
// given.
func (m *Measure) check(dists []namedDist) error {
	for class, e := range m.Errors {
		if err := e.check(class); err != nil {
			return err
		}
	}
	if m.Scheduled != m.Started+m.Dropped {
		return fmt.Errorf("scheduled %d is not started %d + dropped %d", m.Scheduled, m.Started, m.Dropped)
	}
	if failed := m.Failed() + m.Lacking(); m.Started != m.OK+failed+m.Cancelled {
		return fmt.Errorf("started %d is not ok %d + errors %d + cancelled %d", m.Started, m.OK, failed, m.Cancelled)
	}
	if m.HeldCalls > m.Started {
		return fmt.Errorf("held_calls %d is more than started %d", m.HeldCalls, m.Started)
	}
	if m.Resent > m.Attempts {
		return fmt.Errorf("resent %d is more than attempts %d", m.Resent, m.Attempts)
	}
	for _, d := range dists {
		if err := d.dist.check(d.calls); err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
	}
	for promise, kept := range m.Goodput {
		if promise == "" || kept.Calls > m.OK {
			return fmt.Errorf("goodput: %d calls kept %q, of %d successes", kept.Calls, promise, m.OK)
		}
	}
	return m.checkTimeline(latency.MaxWindows)
}

func (t *Trial) checkNames() error {
	switch {
	case t.Scenario == "":
		return errors.New("has no scenario")
	case t.Mode == "":
		return errors.New("has no mode")
	case t.Ended != Complete && t.Ended != Stopped && t.Ended != Interrupted && t.Ended != Failed:
		return fmt.Errorf("ended is %q: it must be %s, %s, %s or %s", t.Ended, Complete, Stopped, Interrupted, Failed)
	}
	return t.Sweep.check()
}

func (m *Measure) checkTimeline(windows int) error {
	if len(m.Timeline) == 0 {
		return nil
	}
	if len(m.Timeline) > windows {
		return fmt.Errorf("timeline has %d windows, more than %d", len(m.Timeline), windows)
	}
	type counts struct{ Scheduled, Started, Dropped, OK, Errors int64 }
	var sum counts
	until := 0.0
	for i, w := range m.Timeline {
		if w.WidthS <= 0 || w.AtS < until*(1-1e-9) {
			return fmt.Errorf("timeline[%d] from %v s, %v s wide, does not follow the one before it", i, w.AtS, w.WidthS)
		}
		until = w.AtS + w.WidthS
		sum.Scheduled += w.Scheduled
		sum.Started += w.Started
		sum.Dropped += w.Dropped
		sum.OK += w.OK
		sum.Errors += w.Errors
	}
	want := counts{m.Scheduled, m.Started, m.Dropped, m.OK, m.Failed()}
	if sum != want {
		return fmt.Errorf("timeline adds up to scheduled %d, started %d, dropped %d, ok %d, errors %d; the whole says %d, %d, %d, %d, %d",
			sum.Scheduled, sum.Started, sum.Dropped, sum.OK, sum.Errors,
			want.Scheduled, want.Started, want.Dropped, want.OK, want.Errors)
	}
	return m.checkClasses()
}

// checkSteps tells which law the steps of a trial break: each is whole by
// itself, and what the calls of iterations took adds up to the trial's.
func (t *Trial) checkSteps() error {
	if t.Unit == "" && len(t.Steps) == 0 {
		return nil
	}
	if t.Unit != UnitIteration || t.Elapsed == nil || t.ErrorElapsed == nil {
		return fmt.Errorf("a trial of steps counts iterations and how long they elapsed; its unit is %q", t.Unit)
	}
	var sum Measure
	for i := range t.Steps {
		s := &t.Steps[i]
		if err := s.check(s.dists()); err != nil {
			return fmt.Errorf("step %s: %w", s.Path, err)
		}
		if !s.Outside {
			sum.Attempts += s.Attempts
			sum.BytesIn += s.BytesIn
			sum.BytesOut += s.BytesOut
		}
	}
	if sum.Attempts != t.Attempts || sum.BytesIn != t.BytesIn || sum.BytesOut != t.BytesOut {
		return fmt.Errorf("attempts %d, bytes_in %d, bytes_out %d are not those of its steps: %d, %d, %d",
			t.Attempts, t.BytesIn, t.BytesOut, sum.Attempts, sum.BytesIn, sum.BytesOut)
	}
	return nil
}

// name is the trial's place in words.
func (t *Trial) name() string {
	at := t.Sweep.String()
	if at != "" {
		at += ", "
	}
	return fmt.Sprintf("%s, %s, %srepeat %d", t.Scenario, t.Mode, at, t.Repeat)
}

// String is the place on the sweep's axis, such as "requests 5"; empty where
// there is none. Random streams are derived from it: another spelling is
// another draw.
func (p Point) String() string {
	switch {
	case p.Requests != 0:
		return fmt.Sprintf("%s %d", AxisRequests, p.Requests)
	case p.Concurrency != 0:
		return fmt.Sprintf("%s %d", AxisConcurrency, p.Concurrency)
	case p.RatePerS != 0:
		return fmt.Sprintf("%s %v", AxisRate, p.RatePerS)
	}
	return p.Vary
}

func (p Point) check() error {
	on := 0
	for _, set := range []bool{p.Requests != 0, p.Concurrency != 0, p.RatePerS != 0, p.Vary != ""} {
		if set {
			on++
		}
	}
	if on > 1 {
		return fmt.Errorf("stands on %d axes: requests %d, concurrency %d, rate_per_s %v, vary %q", on, p.Requests, p.Concurrency, p.RatePerS, p.Vary)
	}
	if name, _, varies := p.Varied(); p.Vary != "" && (!varies || name == "") {
		return fmt.Errorf("vary is %q: it must be NAME=VALUE", p.Vary)
	}
	return nil
}

func (s *Speedup) check() error {
	if s.Scenario == "" || s.Mode == "" || s.Baseline == "" {
		return errors.New("needs a scenario, a mode and a baseline")
	}
	if wrong := impossible(reflect.ValueOf(s)); wrong != "" {
		return errors.New(wrong)
	}
	if s.Low > s.Ratio || s.High != 0 && s.High < s.Ratio {
		return fmt.Errorf("ratio %v is outside its interval, %v to %v", s.Ratio, s.Low, s.High)
	}
	return s.Point.check()
}

func (v *Verdict) check() error {
	if v.Scenario == "" || v.Kind != KindThreshold && v.Kind != KindExpect {
		return fmt.Errorf("needs a scenario, and kind %s or %s, not %q", KindThreshold, KindExpect, v.Kind)
	}
	if v.Step != "" && v.Kind != KindThreshold {
		return fmt.Errorf("is on the step %s, and only a %s can be", v.Step, KindThreshold)
	}
	if wrong := impossible(reflect.ValueOf(v)); wrong != "" {
		return errors.New(wrong)
	}
	return v.Point.check()
}

// impossible finds a number that is NaN, infinite or below zero and says
// where it is, by its names in run.json; empty when there is none. It walks
// the fields itself, so that a new one is never forgotten.
func impossible(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Float64:
		if x := v.Float(); math.IsNaN(x) || math.IsInf(x, 0) || x < 0 && v.Type() != reflect.TypeFor[Signed]() {
			return fmt.Sprintf(" is %v", x)
		}
	case reflect.Int, reflect.Int64:
		if n := v.Int(); n < 0 {
			return fmt.Sprintf(" is %d", n)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return impossible(v.Elem())
		}
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[time.Time]() {
			return impossibleField(v)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if wrong := impossible(v.Index(i)); wrong != "" {
				return fmt.Sprintf("[%d]%s", i, dotted(wrong))
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if wrong := impossible(v.MapIndex(key)); wrong != "" {
				return fmt.Sprintf("[%v]%s", key, dotted(wrong))
			}
		}
	}
	return ""
}

func impossibleField(v reflect.Value) string {
	for i := range v.NumField() {
		if wrong := impossible(v.Field(i)); wrong != "" {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if name == "" { // embedded
				return wrong
			}
			return name + dotted(wrong)
		}
	}
	return ""
}

// dotted puts a dot before a name.
func dotted(path string) string {
	if strings.HasPrefix(path, " ") || strings.HasPrefix(path, "[") {
		return path
	}
	return "." + path
}
