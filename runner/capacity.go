package runner

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"plimsoll/runner/capacity"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/agenda"
)

// search carries out a capacity search, of which t is the trial to begin with:
// each step is a trial at a level that follows from those before it. What was
// found is saved after every step.
func (r *underWay) search(ctx, atOnce context.Context, t scenario.Trial, rest []step) error {
	search := newSearch(t)
	most := search.Bound()
	r.run.Capacities = append(r.run.Capacities, asked(t, most))
	found := &r.run.Capacities[len(r.run.Capacities)-1]
	taken := 0
	for ctx.Err() == nil {
		level, repeat, more := search.Next()
		if !more {
			break
		}
		taken++
		next := t.Step(level, repeat)
		next.Number, next.Most = taken, most
		done, err := r.one(ctx, atOnce, next)
		if err != nil {
			return err
		}
		more, err = takeIn(search, found, level, t.Scenario.Warmup, done)
		if err != nil {
			return err
		}
		if err := r.save(next, append([]step{{r, next}}, rest...)); err != nil {
			return err
		}
		if r.Watch != nil {
			r.Watch.End(done)
		}
		if !more {
			break
		}
		if t.Scenario.Clock == scenario.Real && !r.Recovering {
			pause(ctx, rests(next, found))
		}
	}
	if r.Watch != nil {
		r.Watch.Fewer(most - taken)
	}
	r.run.Planned -= most - taken
	return nil
}

func newSearch(t scenario.Trial) *capacity.Search {
	c := t.Scenario.Capacity
	return capacity.New(capacity.Settings{
		From: c.From, To: c.To, Precision: c.Precision, Whole: c.Find == result.FindConcurrency,
	})
}

// asked is what is to be found.
func asked(t scenario.Trial, most int) result.Capacity {
	c := t.Scenario.Capacity
	return result.Capacity{
		Scenario: t.Scenario.Name, Mode: t.Mode.Name, Target: t.Scenario.Target.Name, Find: c.Find,
		SLO: c.SLO, From: c.From, To: c.To, PeakLoad: c.PeakLoad, Precision: c.Precision,
		HoldS: length(t).Seconds(), Most: most, Steps: []result.CapacityStep{},
	}
}

// takeIn judges a step and brings the answer up to date. More is false where
// the step did not come to its end, and so ends the search; one for which this
// machine lacks something is void, like one in which the generator was late.
func takeIn(search *capacity.Search, found *result.Capacity, level float64, warmup time.Duration, done *result.Trial) (more bool, err error) {
	lacking := done.Ended == result.Failed && !done.Health.KeptPace
	if done.Ended != result.Complete && !lacking {
		found.Reason = "the search was not finished: " + done.Reason
		return false, nil
	}
	seen, step, err := capacity.Judge(done, found.SLO)
	if err != nil {
		return false, fmt.Errorf("%s: %w", found.Scenario, err)
	}
	seen.Level, step.Level = level, level
	found.Steps = append(found.Steps, seen)
	search.Saw(step)
	state(found, search.Answer(), warmup)
	return true, nil
}

// state puts an answer into words and numbers; each step warmed up for so long.
func state(found *result.Capacity, a capacity.Answer, warmup time.Duration) {
	found.Bound, found.Value, found.Low, found.High = a.Bound, a.Value, a.Low, a.High
	found.Precise, found.LimitedBy, found.Reason = a.Precise, a.Limit, ""
	if found.PeakLoad > 0 {
		found.Headroom = a.Value / found.PeakLoad
	}
	found.ThroughputPerS = found.Served()
	switch {
	case a.Voided > 0:
		found.LimitedBy = result.LimitGenerator
		found.Reason = voided(found, a.Voided)
	case a.Bound == result.Found && !a.Precise:
		found.Reason = fmt.Sprintf("not as precise as %.3g%%: the steps vary too much, hold them longer", found.Precision*100)
	case a.Bound == result.Found:
		found.Reason = cmp.Or(hasty(found, warmup), unsettled(found), short(found))
	case a.Bound == result.AtLeast:
		found.Reason = hasty(found, warmup)
	case a.Bound == result.Below:
		found.Reason = unreached(found)
	}
}

// unreached is why the lowest load broke a promise whose step nobody came to: ""
// where what broke was measured.
func unreached(found *result.Capacity) string {
	for _, step := range found.Steps {
		if strings.HasPrefix(step.Reason, found.LimitedBy+": ") {
			return step.Reason
		}
	}
	return ""
}

// voided says at which load the generator was the limit, why, and what it
// managed instead.
func voided(found *result.Capacity, level float64) string {
	load := strconv.FormatFloat(level, 'f', -1, 64)
	text := "the generator could not keep its schedule at " + load + "/s"
	if found.Find == result.FindConcurrency {
		text = "the generator could not keep " + load + " calls in flight"
	}
	why, managed := "", 0.0
	for _, step := range found.Steps {
		if step.Level == level && step.Verdict == result.Void {
			why, managed = cmp.Or(why, ": "+step.Reason), max(managed, step.StartedPerS)
		}
	}
	switch {
	case managed == 0 || found.Find == result.FindConcurrency:
		return text + why
	case managed >= 0.995*level: // as many, but late
		return text + ": its calls were late, though it started all of them" + why
	}
	return text + fmt.Sprintf(": it managed %s/s", strconv.FormatFloat(significant(managed), 'f', -1, 64)) + why
}

// significant is a number to three digits.
func significant(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64) // its own print can be read
	return v
}

// settling is how many of the longest response times promised a step should
// last: four exponential workers at nine tenths of their capacity, judged by
// their p99, take some tens to forget an empty beginning.
const settling = 100

// short warns of steps that cannot have settled, whether it shows or not.
func short(found *result.Capacity) string {
	longest := 0.0
	for _, p := range found.SLO {
		if p.OfTimes() {
			longest = max(longest, p.Limit)
		}
	}
	if found.HoldS >= settling*longest {
		return ""
	}
	return fmt.Sprintf("steps of %v are short for promises of %v: loads that last longer may bear less, hold each %v or longer",
		seconds(found.HoldS), seconds(longest), seconds(settling*longest))
}

// hasty warns of steps, or of their warm-ups, that are shorter than iterations
// with their pauses: then the load was hardly ever that of users of whom some are
// at each of their steps. It goes by the steps that kept the promises; in others
// everything takes long.
func hasty(found *result.Capacity, warmup time.Duration) string {
	longest := time.Duration(0)
	for _, step := range found.Steps {
		if step.Verdict == result.Pass {
			longest = max(longest, seconds(step.ElapsedP95S))
		}
	}
	var what, keys []string
	if hold := seconds(found.HoldS); hold < longest {
		what, keys = append(what, fmt.Sprintf("steps of %v", hold)), append(keys, "hold")
	}
	if 0 < warmup && warmup < longest {
		what, keys = append(what, fmt.Sprintf("warm-ups of %v", warmup)), append(keys, "warmup")
	}
	if what == nil {
		return ""
	}
	return fmt.Sprintf("%s are shorter than iterations, of which 95 %% elapsed within %v: make %s longer than that",
		strings.Join(what, " and "), longest.Round(time.Millisecond), strings.Join(keys, " and "))
}

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * 1e9)) }

// unsettled warns of steps around the edge that were over before the target
// had settled: then the capacity is that of so short a load, and of a longer
// one it may be less.
func unsettled(found *result.Capacity) string {
	around, drifting := 0, 0
	for _, step := range found.Steps {
		if found.Low <= step.Level && step.Level <= found.High {
			around++
			if step.Drifting {
				drifting++
			}
		}
	}
	if 3*drifting <= around {
		return ""
	}
	return fmt.Sprintf("in %d of %d steps around it response times drifted to the end: hold them longer", drifting, around)
}

// rests is how long the target may rest before the next step: after one that
// broke a promise it may still be busy with what it was left with.
func rests(t scenario.Trial, found *result.Capacity) time.Duration {
	last := found.Steps[len(found.Steps)-1]
	if last.Verdict == result.Pass {
		return t.Scenario.Pause
	}
	return max(t.Scenario.Pause, recovery(t))
}

// recovery is the rest after a step that broke a promise.
func recovery(t scenario.Trial) time.Duration { return min(length(t)/5, 10*time.Second) }

// Trials is the most trials that a plan's come to: a search may take many.
func Trials(trials []scenario.Trial) (most int) {
	for _, t := range trials {
		if t.Scenario.Capacity == nil {
			most++
		} else {
			most += newSearch(t).Bound()
		}
	}
	return most
}

// Most is how many steps a search takes at the most, and how long they take
// on the wall; besides that, what is in flight after a step gets the
// scenario's drain.
func Most(t scenario.Trial) (steps int, took time.Duration) {
	steps = newSearch(t).Bound()
	if t.Scenario.Clock == scenario.Virtual {
		return steps, 0
	}
	each := t.Scenario.Warmup + length(t) + max(t.Scenario.Pause, recovery(t))
	for range steps {
		took = agenda.Later(took, each)
	}
	return steps, took
}
