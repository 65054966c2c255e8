package compare

import (
	"testing"

	"plimsoll/runner/result"
)

// completing has every batch of a run first, half and last at some times, a thousandth
// apart from one repetition to the next.
func completing(run *result.Run, first, half float64, last func(*result.Trial) float64) {
	for i := range run.Trials {
		t := &run.Trials[i]
		first, half, last := first*(1+0.001*float64(i%3)), half*(1+0.001*float64(i%3)), last(t)
		t.Completions = &result.Completions{Curve: result.Curve{FirstS: &first, HalfS: &half, LastS: &last}}
	}
}

func makespan(t *result.Trial) float64 { return t.MakespanS }

// When so much of a batch was over is compared where both runs know it, besides all
// else: what was found of that stays as it is.
func TestCompletionsOfBatches(t *testing.T) {
	was, is := runs(t, 1.3)
	others := verdicts(mustCompare(t, was, is, Options{}))
	also := func(more map[string]Verdict) map[string]Verdict {
		for metric, v := range others {
			more[metric] = v
		}
		return more
	}
	completing(was, 0.1, 0.5, makespan)
	same(t, verdicts(mustCompare(t, was, is, Options{})), others) // the current run does not know
	completing(is, 0.2, 0.5, makespan)
	c := mustCompare(t, was, is, Options{})
	same(t, verdicts(c), also(map[string]Verdict{First: Worse, Half: NoChange}))
	for _, ch := range c.Changes {
		if ch.Metric == First && (*ch.Change < 1.99 || *ch.Change > 2.01 || ch.Baseline > 0.1002 || ch.Current < 0.2) {
			t.Errorf("%+v", ch)
		}
	}
	completing(is, 0.05, 0.5, func(t *result.Trial) float64 { return t.MakespanS / 2 })
	same(t, verdicts(mustCompare(t, was, is, Options{})), also(map[string]Verdict{First: Better, Half: NoChange, Last: Better}))
	is.Trials[1].Completions.HalfS, is.Trials[1].Completions.LastS = nil, nil // never: calls were given up
	same(t, verdicts(mustCompare(t, was, is, Options{})), also(map[string]Verdict{First: Better}))
	for i := range is.Trials { // by chance one way or the other: there is no row
		*is.Trials[i].Completions.FirstS *= []float64{0.3, 3}[i%2]
	}
	same(t, verdicts(mustCompare(t, was, is, Options{})), others)
	for i := range was.Trials {
		was.Trials[i].Requests, is.Trials[i].Requests = 1, 1
	}
	same(t, verdicts(mustCompare(t, was, is, Options{})), others) // of one call there is nothing to tell
}
