package runner

import (
	"context"
	"errors"
	"slices"
	"time"

	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

// Pair carries out two plans in turns, as two results of one run: each trial
// of the candidate beside the baseline's of the same scenario, mode, place and
// repetition, with the same random draws, which follow from the candidate's
// seed. A drift of the machine so meets both alike, and repetitions can be
// compared in pairs; which of the two goes first alternates with the
// repetition. Trials that only one of them has are carried out by themselves.
//
// Both runs are complete as far as they go, also with an error; they are nil
// where nothing could be begun.
func Pair(ctx, atOnce context.Context, baseline, candidate Options) (was, is *result.Run, err error) {
	plan := *baseline.Plan
	plan.Seed = candidate.Plan.Seed
	plan.Export = nil // the same series cannot have the figures of both
	baseline.Plan = &plan
	b, old, err := begin(baseline)
	if err != nil {
		return nil, nil, err
	}
	c, now, err := begin(candidate)
	if err != nil {
		return nil, nil, err
	}
	c.run.Pair = c.run.Started.Format(time.RFC3339Nano)
	b.run.Pair = c.run.Pair
	err = carryOut(ctx, atOnce, inTurns(b, old, c, now))
	return b.run, c.run, errors.Join(err, b.finish(ctx, err), c.finish(ctx, err))
}

// inTurns is the order of a pair's trials.
func inTurns(b *underWay, old []scenario.Trial, c *underWay, now []scenario.Trial) []step {
	type place struct {
		scenario, mode string
		at             result.Point
		repeat         int
	}
	placeOf := func(t scenario.Trial) place { return place{t.Scenario.Name, t.Mode.Name, t.Sweep, t.Repeat} }
	partners := map[place]scenario.Trial{}
	for _, t := range old {
		partners[placeOf(t)] = t
	}
	var steps []step
	for _, t := range now {
		turn := []step{{c, t}}
		if partner, there := partners[placeOf(t)]; there {
			turn = []step{{b, partner}, {c, t}}
			delete(partners, placeOf(t))
		}
		if t.Repeat%2 == 1 {
			slices.Reverse(turn)
		}
		steps = append(steps, turn...)
	}
	for _, t := range old {
		if _, left := partners[placeOf(t)]; left {
			steps = append(steps, step{b, t})
		}
	}
	return steps
}
