package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"plimsoll/report/progress"
	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

// watcher shows a run's progress.
type watcher struct {
	bars   *progress.Progress
	output io.Writer                       // for what commands print
	stop   func()                          // ends output
	side   string                          // whose trials it shows, where there are two
	air    *onAir                          // where the run is shown live; nil: nowhere
	name   string                          // of the trial that is under way
	ended  func(*result.Trial) (told bool) // hears of every trial's end, and tells of it or not; nil: nobody does
}

func newWatcher(stderr io.Writer, quiet bool, trials int) (*watcher, error) {
	shown, bars := stderr, terminal(stderr)
	if bars {
		shown = beneath(stderr) // they are drawn with orders of their own
	}
	// What commands print is the user's own, as if they were run by hand.
	w := &watcher{bars: progress.New(shown, bars, quiet, trials), output: beneath(stderr), stop: func() {}}
	if quiet || !bars {
		return w, nil
	}
	if err := w.above(); err != nil {
		w.bars.Close()
		return nil, err
	}
	return w, nil
}

// close takes the bars off the screen.
func (w *watcher) close() {
	w.stop()
	w.bars.Close()
}

// of shows trials of one side, in the same place.
func (w *watcher) of(side string) *watcher {
	one := *w
	one.side = side + ": "
	return &one
}

func (w *watcher) Begin(t scenario.Trial, calls int64, length time.Duration) {
	name := w.side + t.Scenario.Name + " " + t.Mode.Name
	if at := t.Sweep.String(); at != "" {
		name += " " + at
	}
	if t.Scenario.Repeat > 1 {
		name += fmt.Sprintf(" (%d of %d)", t.Repeat+1, t.Scenario.Repeat)
	}
	if t.Number > 0 {
		name += fmt.Sprintf(" (step %d of at most %d)", t.Number, t.Most)
	}
	if length > 0 {
		length += t.Scenario.Warmup
	}
	w.name = name
	w.air.begins(t.Scenario.Name, name, calls, length)
	w.bars.Trial(name, calls, length)
}

func (w *watcher) Sample(s runner.Sample, elapsed time.Duration) {
	sample := progress.Sample{Done: s.Ended, Errors: s.Failed, P99: s.P99, Elapsed: elapsed}
	if s.At > 0 {
		sample.RatePerS = float64(s.Ended) / s.At.Seconds()
	}
	w.bars.Sample(sample)
}

func (w *watcher) Note(text string) { w.bars.Note(text) }

func (w *watcher) Fewer(trials int) {
	w.air.fewer(trials)
	w.bars.Fewer(trials)
}

func (w *watcher) End(t *result.Trial) {
	w.air.ends(w.name, t)
	if w.ended != nil && w.ended(t) {
		w.bars.EndTrial("")
		return
	}
	note := ""
	switch {
	case strings.HasPrefix(t.Reason, string(t.Ended)):
		note = t.Reason // "interrupted by the user"
	case t.Ended != result.Complete:
		note = string(t.Ended) + ": " + t.Reason
	case t.Lacking() > 0:
		note = "the generator was at its limit: " + t.Health.Why
	case !t.Health.KeptPace:
		note = "the generator fell behind: " + t.Health.Why
	}
	w.bars.EndTrial(note)
}

// above has what commands print appear above the bars, which it would tear
// apart if it went to the terminal directly. The pipe is the system's, because
// a command may leave a process behind that goes on writing.
func (w *watcher) above() error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		lines := bufio.NewScanner(read)
		for lines.Scan() {
			w.bars.Note(lines.Text())
		}
		_, _ = io.Copy(io.Discard, read) // after a line too long to show
	}()
	w.output, w.stop = write, func() {
		_ = write.Close()
		select {
		case <-shown:
		case <-time.After(time.Second): // somebody still has the other end
		}
		_ = read.Close()
	}
	return nil
}
