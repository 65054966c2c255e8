package runner_test

import (
	"fmt"
	"math"
	"testing"

	"plimsoll/runner/result"
)

// Calls that wait, and are given up when their trial ends, were due when they were:
// in those seconds they are watched, and they were held from then until they were
// given up.
func TestWaitingCallsAreDroppedWhereTheyWereDue(t *testing.T) {
	for _, c := range []struct {
		name, lasts, stop string
		ended             result.Ending
		until             float64
	}{
		{"stopped", "60s", "{rule: rate > 0.5/s, after: 5s, stop: true}, ", result.Stopped, 5},
		{"drained", "5s, drain: 2s", "", result.Complete, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Due at 0, 0.1 s …: of 50 calls the first 5 are started, and the others wait.
			trial := &carryOut(t, fmt.Sprintf(`
targets:
  model: {sim: {delay: 10s}}
scenarios:
  - {name: held, target: model, clock: virtual, duration: %s, modes: [{rate-limited: 10/s, max_in_flight: 5}],
     thresholds: [%s{rule: dropped < 1%%, over: 1s}, {rule: dropped < 1%%, over: 3s, after: 1s}]}
`, c.lasts, c.stop)).Trials[0]
			if trial.Ended != c.ended || trial.Scheduled != 50 || trial.Dropped != 45 {
				t.Fatalf("%s (%s): %d of %d dropped", trial.Ended, trial.Reason, trial.Dropped, trial.Scheduled)
			}
			for _, w := range trial.Watched[len(trial.Watched)-2:] {
				if w.Measured != 1 || w.WorstAtS != 1 {
					t.Errorf("over %v s: %+v", w.OverS, w)
				}
			}
			held, last := 0.0, int64(0)
			for _, w := range trial.Timeline {
				held += w.HeldMean * w.WidthS
				if w.AtS >= 4.45 { // windows are narrower than that
					last += w.Scheduled
				}
			}
			want := 45*c.until - (4.9+0.5)/2*45
			if math.Abs(held-want) > 1e-6 || last != 5 {
				t.Errorf("held for %v s, want %v; %d were due in the last half second", held, want, last)
			}
		})
	}
}

// A queue's figures end at the second at which its trial was stopped, and what
// would be put in at that is no part of it.
func TestStoppedQueues(t *testing.T) {
	trial := &carryOut(t, `
targets:
  model: {sim: {delay: 10s}}
scenarios:
  - {name: queue, target: model, clock: virtual, duration: 60s, modes: [{producer-consumer: {producers: 1, consumers: 1, queue: 9, produce: 1s}}],
     thresholds: [{rule: rate > 0.5/s, after: 5s, stop: true}]}
`).Trials[0]
	if q := trial.Queue; trial.Ended != result.Stopped || trial.Dropped != 3 || q.LengthMean != 6./5 || q.LengthMax != 3 || q.ConsumersBusy != 4./5 {
		t.Errorf("%s (%s): %d dropped, %+v", trial.Ended, trial.Reason, trial.Dropped, trial.Queue)
	}
}

// Behind the end of a drain, when calls are given up and users leave, nobody looks
// any more: what comes then stops nothing.
func TestNobodyLooksBehindTheDrain(t *testing.T) {
	trial := &carryOut(t, `
targets:
  model: {sim: {delay: 100s, routes: {/bye: {delay: 200ms, answer: {status: 500}}, /off: {delay: 2500ms}}}}
scenarios:
  - name: visits
    target: model
    clock: virtual
    at_least: 3s
    drain: 4s
    modes: [{concurrent: 1}]
    steps: [{name: look, get: /}]
    leave: [{name: bye, get: /bye, on_error: continue}, {name: off, get: /off}]
    thresholds: [bye: {rule: errors < 10%, over: 1s, stop: true}]
`).Trials[0]
	if bye, off := rowOf(t, trial, "bye"), rowOf(t, trial, "off"); trial.Ended != result.Complete || trial.Cancelled != 1 || len(bye.Errors) != 1 || off.OK != 1 {
		t.Errorf("%s (%s): %d cancelled; %+v, %d off", trial.Ended, trial.Reason, trial.Cancelled, bye.Errors, off.OK)
	}
}

// What a stopped trial did per second is of the time for which load was offered, and
// not of the drain besides; repetitions count by how long each was.
func TestStoppedTrialsAreAsLongAsTheirLoad(t *testing.T) {
	run := carryOut(t, `
targets:
  model: {sim: {delay: 800ms, errors: {rate: 30%, kind: timeout}}}
scenarios:
  - {name: stopped, target: model, clock: virtual, duration: 60s, repeat: 6, modes: [{rate-limited: 10/s}],
     thresholds: [{rule: errors < 40%, over: 1s, stop: true}, "goodput(service < 1s) > 0/s", rate > 0/s]}
`)
	inTime, stopped, length := 0.0, 0, 0.0
	for i := range run.Trials {
		trial := &run.Trials[i]
		at := trial.Watched[0].WorstAtS
		if trial.Ended != result.Stopped || trial.StoppedAtS != at || trial.MakespanS < at+0.7 {
			t.Fatalf("%s (%s) at %v s, until %v s: %+v", trial.Ended, trial.Reason, trial.StoppedAtS, trial.MakespanS, trial.Watched[0])
		}
		ended := int64(0)
		for _, w := range trial.Timeline {
			if w.AtS+w.WidthS <= at+0.1 { // what ends then is due 0.8 s before
				ended += w.OK
			}
		}
		perS := trial.Goodput["service < 1s"].PerS
		if got := trial.ThroughputPerS * at; math.Abs(got-float64(ended)) > 1.001 || ended == trial.OK || perS != trial.ThroughputPerS {
			t.Errorf("%v/s until %v s, in which %d of %d successes ended; goodput %v/s", trial.ThroughputPerS, at, ended, trial.OK, perS)
		}
		inTime, length, stopped = inTime+trial.ThroughputPerS*at, length+at, stopped+1
	}
	if v := run.Verdicts[2]; stopped < 2 || math.Abs(v.Measured-inTime/length) > 1e-9 {
		t.Errorf("the verdict on all %d is %+v, want %v/s", stopped, v, inTime/length)
	}
}

// What goes on beside a trial sends nothing more either when that is stopped, though
// its calls in flight have the drain to end.
func TestNothingGoesOnBesideADrain(t *testing.T) {
	trial := &carryOut(t, `
targets:
  slow: {sim: {delay: 8s}}
  shop: {sim: {delay: 20ms}}
scenarios:
  - name: main
    target: slow
    clock: virtual
    duration: 60s
    modes: [{rate-limited: 1/s}]
    background: [crowd, visits]
    thresholds: [{rule: rate > 1/s, after: 3s, stop: true}]
  - {name: crowd, target: shop, clock: virtual, modes: [{rate-limited: 50/s}]}
  - {name: visits, target: shop, clock: virtual, modes: [{concurrent: 2}], steps: [{name: look, get: /, on_error: continue}, {think_time: 180ms}, {name: buy, get: /}]}
`).Trials[0]
	if trial.Ended != result.Stopped || trial.StoppedAtS != 3 || trial.OK != 3 || trial.MakespanS != 10 {
		t.Fatalf("%s (%s) at %v s, until %v s", trial.Ended, trial.Reason, trial.StoppedAtS, trial.MakespanS)
	}
	for i, want := range []float64{50, 2 / 0.22} { // those that end at 3 s count, too
		b := &trial.Beside[i]
		if b.Ended != result.Stopped || b.StoppedAtS != 3 || b.MakespanS > 3.02 || b.LengthS() != 3 || math.Abs(b.ThroughputPerS-want) > 2 || b.Dropped != 0 {
			t.Errorf("%s: %s (%s) at %v s, until %v s; %v/s, %d dropped", b.Scenario, b.Ended, b.Reason, b.StoppedAtS, b.MakespanS, b.ThroughputPerS, b.Dropped)
		}
	}
}
