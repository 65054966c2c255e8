// Package progress shows how far a run is: bars on a terminal, a plain line
// every few seconds elsewhere, nothing when it is to be quiet. Results do not
// go through it, and it never slows a trial down: whoever carries one out
// hands over a Sample five to ten times a second, and everything else happens
// at this package's own pace.
package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"plimsoll/target/plain"
)

// Progress shows one run. Its methods may be called from any goroutine; a
// trial ends before the next begins.
type Progress struct {
	mu    sync.Mutex
	state state
	show  display
}

// Sample is where a trial stands.
type Sample struct {
	Done, Errors int64 // calls that have ended; of those, the failed ones
	InFlight     int
	RatePerS     float64       // calls that end in a second, lately
	P99          time.Duration // of the successes' response times; 0 without any
	Elapsed      time.Duration // on the trial's clock
}

// state is all that there is to show.
type state struct {
	total, ended int // trials
	name         string
	calls        int64         // of the trial; 0 when unknown
	length       time.Duration // of the trial; 0 when unknown
	sample       Sample
	samples      int  // taken of this trial
	over         bool // the trial has ended and the next not begun
}

// display is one way to show progress. It reads the state by itself; its
// methods are called with the state unlocked.
type display interface {
	visible()         // the current trial lasts long enough to be shown
	ended(shown bool) // a trial has ended, which was shown or not
	note(line string)
	close()
}

// New shows the progress of a run of totalTrials trials on w. Terminal says
// that w is one, which gets bars; quiet shows nothing at all. Close must be
// called.
func New(w io.Writer, terminal, quiet bool, totalTrials int) *Progress {
	p := &Progress{state: state{total: totalTrials}}
	switch {
	case quiet:
		p.show = nothing{}
	case terminal:
		p.show = newBars(w, p.read)
	default:
		ticker := time.NewTicker(linePause)
		p.show = newLines(w, p.read, ticker.C, ticker.Stop)
	}
	return p
}

func (p *Progress) read() state {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// Trial begins a trial. Calls or length bound it; 0 is for unknown.
func (p *Progress) Trial(name string, calls int64, length time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = state{total: p.state.total, ended: p.state.ended, name: oneLine(name), calls: calls, length: length}
}

// enoughSamples is how many samples a trial must live for before it is shown:
// many trials a second, as under the virtual clock, only move the run's bar.
const enoughSamples = 2

// Sample tells where the current trial stands, five to ten times a second.
func (p *Progress) Sample(s Sample) {
	p.mu.Lock()
	p.state.sample = s
	p.state.samples++
	appears := p.state.samples == enoughSamples
	p.mu.Unlock()
	if appears {
		p.show.visible()
	}
}

// EndTrial ends the current trial. A note, such as why it failed, is printed
// with its name; there need not be one.
func (p *Progress) EndTrial(note string) {
	p.mu.Lock()
	p.state.ended++
	p.state.over = true
	name, shown := p.state.name, p.state.samples >= enoughSamples
	p.mu.Unlock()
	p.show.ended(shown)
	if note != "" {
		p.show.note(oneLine(name + ": " + note))
	}
}

// Fewer tells that so many trials fewer than was said will come.
func (p *Progress) Fewer(trials int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.total -= trials
}

// Note prints a line that stays.
func (p *Progress) Note(line string) { p.show.note(oneLine(line)) }

// oneLine is a text that neither orders the terminal about nor leaves its line.
func oneLine(text string) string {
	return strings.ReplaceAll(plain.Text(text), "\n", " ")
}

// Close takes everything off the screen that was not a note, and waits until
// it is done.
func (p *Progress) Close() { p.show.close() }

// nothing is what --quiet shows.
type nothing struct{}

func (nothing) visible()    {}
func (nothing) ended(bool)  {}
func (nothing) note(string) {}
func (nothing) close()      {}

// share is how much of the trial is done, from 0 to 1; ok is false when there
// is no telling.
func (s state) share() (share float64, ok bool) {
	switch {
	case s.length > 0:
		share = float64(s.sample.Elapsed) / float64(s.length)
	case s.calls > 0:
		share = float64(s.sample.Done) / float64(s.calls)
	default:
		return 0, false
	}
	return min(1, max(0, share)), true
}

// overall is how much of the run is done, from 0 to 1, counting trials alike.
func (s state) overall() (share float64, ok bool) {
	done := float64(s.ended)
	if part, ok := s.share(); ok && !s.over {
		done += part
	}
	return min(1, done/float64(max(1, s.total))), true
}

// aFew is how many calls of a batch, or half of it, must have ended before
// their rate tells anything about the others.
const aFew = 10

// left is how long the trial may still take; ok is false when there is no
// telling.
func (s state) left() (left time.Duration, ok bool) {
	switch {
	case s.length > 0:
		return max(0, s.length-s.sample.Elapsed), true
	case s.calls > 0 && s.sample.RatePerS > 0 && s.sample.Done >= min(aFew, (s.calls+1)/2):
		seconds := float64(max(0, s.calls-s.sample.Done)) / s.sample.RatePerS
		return time.Duration(min(seconds, 1e6) * 1e9), true
	}
	return 0, false
}

// figures are the trial's numbers: done, rate, p99, errors, time left.
func (s state) figures() string {
	done := fmt.Sprintf("%d done", s.sample.Done)
	if s.calls > 0 {
		done = fmt.Sprintf("%d/%d", s.sample.Done, s.calls)
	}
	parts := []string{done, rate(s.sample.RatePerS)}
	if s.sample.P99 > 0 {
		parts = append(parts, "p99 "+short(s.sample.P99))
	}
	if s.sample.Errors > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", s.sample.Errors))
	}
	if left, ok := s.left(); ok {
		parts = append(parts, whole(left)+" left")
	}
	return strings.Join(parts, "  ")
}

func rate(perS float64) string {
	switch {
	case perS >= 100:
		return fmt.Sprintf("%.0f/s", perS)
	case perS >= 10:
		return fmt.Sprintf("%.1f/s", perS)
	}
	return fmt.Sprintf("%.2f/s", perS)
}

// short prints a duration with three digits.
func short(d time.Duration) string {
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= unit {
			return d.Round(unit / 1000 * precision(d/unit)).String()
		}
	}
	return d.String()
}

// precision is how many thousandths of a unit to round to, for three digits.
func precision(units time.Duration) time.Duration {
	switch {
	case units >= 100:
		return 1000
	case units >= 10:
		return 100
	}
	return 10
}

// whole prints a duration in whole seconds, rounded up: nothing is left only
// at the very end.
func whole(d time.Duration) string {
	return ((d + time.Second - 1) / time.Second * time.Second).String()
}
