package runner

import (
	"cmp"
	"slices"
	"sync"

	"plimsoll/runner/drive"
	"plimsoll/runner/goodput"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/runner/schedule"
	"plimsoll/runner/verdict"
	"plimsoll/runner/watch"
)

// watching has the thresholds of a trial looked at while it goes on: on the loop
// itself in virtual time, so that nothing happens before the look is over; and
// beside the loops in real time, which do not wait for it.
type watching struct {
	trial scenario.Trial
	judge *watch.Judge
	parts []drive.Part
	stop  *drive.Stop

	mutex sync.Mutex
	told  []drive.Look  // by the loops, and not looked at
	rouse chan struct{} // nil: on the loop itself
	gone  chan struct{}
}

// looksAt makes ready what is looked at of a trial that so many loops share; nil:
// nothing is.
func (l *load) looksAt(loops int) *watching {
	w := &watching{trial: l.trial, stop: l.stop}
	var promises []watch.Promise
	for _, t := range l.trial.Scenario.Thresholds {
		if t.Watch == (verdict.Watch{}) || t.Mode != "" && t.Mode != l.trial.Mode.Name {
			continue
		}
		part := w.part(t.Rule)
		if !slices.Contains(w.parts, part) {
			w.parts = append(w.parts, part)
		}
		promises = append(promises, watch.Promise{Rule: t.Rule, Watch: t.Watch, Part: int(part)})
	}
	if promises == nil {
		return nil
	}
	w.judge = watch.New(loops, promises)
	if l.trial.Scenario.Clock == scenario.Real || loops > 1 {
		w.rouse, w.gone = make(chan struct{}, 1), make(chan struct{})
	}
	return w
}

// part is what a rule is about.
func (w *watching) part(r verdict.Rule) drive.Part {
	switch {
	case r.Family == "calls.errors" || r.Family == "calls.rate":
		return drive.Calls
	case r.Step == "":
		return drive.Whole
	}
	found := -1 // one of setup or enter may have the path of one of iterations
	for n, row := range w.trial.Scenario.Steps.Main.Rows {
		if row.Path == r.Step && (found < 0 || !row.Outside) {
			found = n
		}
	}
	return drive.OfRow(found)
}

// follow has the loops tell of their seconds, until calls cease to become due or,
// where all of them are waited for, until the last has ended.
func (w *watching) follow(loops []drive.Loop) {
	if w == nil {
		return
	}
	for k := range loops {
		until := loops[k].Until
		if w.trial.Scenario.Whole {
			until = schedule.Never
		}
		loops[k].Recorder.Seconds = drive.NewSeconds(w, until, k, w.parts)
	}
	if w.rouse != nil {
		go func() {
			defer close(w.gone)
			for range w.rouse {
				w.catchUp()
			}
		}()
	}
}

// Look takes in how far a loop is.
func (w *watching) Look(l drive.Look) (next int64) {
	if w.rouse == nil {
		w.look(l)
		return w.judge.Next()
	}
	w.mutex.Lock()
	w.told = append(w.told, l)
	w.mutex.Unlock()
	select {
	case w.rouse <- struct{}{}:
	default: // it will see this one, too
	}
	return l.At + 1
}

// catchUp looks at all that was told.
func (w *watching) catchUp() {
	w.mutex.Lock()
	told := w.told
	w.told = nil
	w.mutex.Unlock()
	for _, l := range told {
		w.look(l)
	}
}

// look judges what a loop has told, and ends the trial where that is asked for.
func (w *watching) look(l drive.Look) {
	for _, s := range l.Seconds {
		for part, i := range s.Parts {
			if i != nil {
				w.judge.Take(part, s.Number, w.stretch(drive.Part(part), i))
			}
		}
	}
	broken := w.judge.Look(l.Loop, l.At, l.UnderWay)
	if l.Last {
		broken = cmp.Or(broken, w.judge.Over(l.Loop))
	}
	if broken != nil {
		w.stop.Halt(broken.At, broken.Reason())
	}
}

// over is what was seen, when all loops are over.
func (w *watching) over() []result.Watched {
	if w == nil {
		return nil
	}
	if w.rouse != nil {
		close(w.rouse)
		<-w.gone
		w.catchUp()
	}
	return w.judge.Watched()
}

// stretch is what was recorded of a part, as rules see it.
func (w *watching) stretch(p drive.Part, i *drive.Interval) *verdict.Stretch {
	s := verdict.NewStretch()
	s.OK, s.Cancelled, s.Dropped, s.HeldCalls = i.OK, i.Cancelled, i.Dropped, i.HeldCalls
	s.Failed, s.Lacking, s.Started = i.Failures(), i.Lacking(), i.Started()
	s.Scheduled, s.InTime = s.Started+s.Dropped, i.InTime
	for class, e := range i.Errors {
		s.Errors[class] = result.Error{Count: e.Count}
	}
	s.Response, s.Service, s.ErrorResponse, s.CancelledResponse = i.Response, i.Service, i.ErrorResponse, i.CancelledResponse
	s.Held, s.Lateness, s.Elapsed, s.Memory = i.Held, i.Lateness, i.Elapsed, i.Memory
	called, promises, records := w.known(p)
	for n, kept := range i.Kept {
		s.Kept[promises[n].String()] = kept.InTime
	}
	for n, h := range i.Records {
		s.Records[records[n]] = h
	}
	for n, h := range i.Phases[:min(len(called), len(i.Phases))] {
		s.AddPhase(called[n], h)
	}
	if of := i.Streams; of != nil {
		s.AddPhase(result.FirstEvent, of.FirstEvent)
		s.AddPhase(result.ServiceFirstEvent, of.ServiceFirstEvent)
		s.AddPhase(result.Gap, of.Gap)
		s.Stream = &result.StreamSum{Events: of.Events.All, Tokens: of.Tokens.All, Told: of.Told}
	}
	return s
}

// known are the names of what is numbered in a part: its phases, its promises, and
// what it records.
func (w *watching) known(p drive.Part) (phases []string, promises []goodput.Limits, records []string) {
	s, promised := w.trial.Scenario, promised(w.trial)
	called, promises := s.Target.Settings, promised.Whole
	switch n := p.Row(); {
	case p == drive.Calls: // counted, not timed
		return nil, nil, nil
	case n >= 0:
		row := s.Steps.Main.Rows[n]
		called, promises, records = calledBy(s, row.Target), promised.Of(n), row.Records
	}
	if called != nil {
		phases = called.Traits().Phases
	}
	return phases, promises, records
}
