package verdict

import (
	"fmt"
	"time"

	"plimsoll/runner/result"
)

// Watch says how a threshold is looked at while its trials go on: whenever a whole
// second of their time has passed. The zero Watch is not at all.
type Watch struct {
	// Over is how long the windows are, in whole seconds; 0: all so far.
	Over time.Duration
	// After is how much of the trial has passed at the first look, where windows are
	// as long as that allows; 0: the first whole one, or second.
	After time.Duration
	// Stop ends a trial in which the rule is broken.
	Stop bool
}

// First is the whole second of the first look.
func (w Watch) First() int64 {
	first := w.After
	if first == 0 {
		first = w.Over
	}
	return max(1, int64((first+time.Second-1)/time.Second))
}

// Windowed tells whether a rule has a figure of a stretch of a trial, and not only
// of all of it.
func (r Rule) Windowed() bool {
	switch r.Family {
	case "makespan", "speedup":
		return false
	}
	return !r.OfBatches() && !r.OfQueues() && !r.OfCrawls()
}

// Watched is what a trial keeps of a threshold: the worst that was seen, and when;
// at 0 nothing was.
func (w Watch) Watched(r Rule, worst Seen, at int64) result.Watched {
	out := result.Watched{Step: r.Step, Rule: r.Text, Looks: w.looks()}
	if at > 0 {
		out.Measured, out.AtLeast = Shown(worst.Figure, r.Value), worst.Missing == "" && atLeast(worst.Figure)
		out.Reason, out.Note, out.Broken, out.WorstAtS = worst.Missing, worst.Note, worst.Broken, float64(at)
	}
	return out
}

// looks are the Watch as results have it.
func (w Watch) looks() result.Looks {
	return result.Looks{OverS: w.Over.Seconds(), AfterS: w.After.Seconds(), Stop: w.Stop}
}

// worst is what the group's trials have seen of a threshold at the worst, and in
// which of them; nil: none has seen anything. None told says that none was looked
// at by it.
func (t Threshold) worst(g *result.Group) (worst *result.Watched, of *result.Trial, told bool) {
	for _, trial := range g.Trials {
		for i := range trial.Watched {
			w := &trial.Watched[i]
			if w.Rule != t.Rule.Text || w.Step != t.Rule.Step || w.Looks != t.Watch.looks() {
				continue
			}
			told = true
			if w.WorstAtS > 0 && (worst == nil || t.Rule.Worse(seen(w), seen(worst))) {
				worst, of = w, trial
			}
		}
	}
	return worst, of, told
}

// seen is what is known of a stretch from the file.
func seen(w *result.Watched) Seen {
	return Seen{Figure: result.Exactly(w.Measured), Missing: w.Reason, Broken: w.Broken}
}

// watched is the figure of a group by which a watched threshold is judged: that of
// the worst window of any repetition; or that with which a repetition was stopped,
// and else that of the whole. At is when that was, where it was a window.
func (j judge) watched(g *result.Group, t Threshold) (f figure, at float64, err error) {
	worst, of, told := t.worst(g)
	switch {
	case worst != nil:
		f = figure{Figure: result.Exactly(worst.Measured), missing: worst.Reason, note: worst.Note, atLeast: worst.AtLeast, broken: worst.Broken}
		if n := len(g.Trials); n > 1 && worst.Broken {
			f.note = joined(fmt.Sprintf("in repetition %d of %d", of.Repeat+1, n+len(g.LeftOut)), f.note)
		}
		return j.valid(g, f), worst.WorstAtS, nil
	case t.Watch.Over == 0:
		f, err = j.measure(g, t.Rule)
		return f, 0, err
	case !told:
		return j.valid(g, missing("nobody looked at it while the trial went on: run it again with the threshold")), 0, nil
	}
	return j.valid(g, missing(unseen(g))), 0, nil
}

// unseen says why no look at any of the group's trials had anything to judge: the
// first that ended early tells best.
func unseen(g *result.Group) string {
	for _, t := range g.Trials {
		if t.Ended == result.Stopped {
			return "the trial ended before a window was over that had calls: " + t.Reason
		}
	}
	return "there were no calls, or no window was over before the trial was"
}
