package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/mode"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
)

// turns carries the shares of simulated trials out in this process, one after the other.
type turns struct {
	plan   *scenario.Plan
	shares int
}

// inTurns is a scenario file carried out so.
func inTurns(t *testing.T, text string, shares int) *result.Run {
	t.Helper()
	plan, problems := scenario.Parse("s.yaml", []byte(text), func(string) (string, bool) { return "", false }, t.TempDir())
	if len(problems) > 0 {
		t.Fatal(problems.Error())
	}
	dir := t.TempDir()
	_, err := runner.Run(t.Context(), t.Context(), runner.Options{
		Plan: plan, Output: t.Output(), Version: version(), Fleet: turns{plan, shares},
		Save: func(r *result.Run) error { return result.Save(dir, r) },
	})
	if err != nil {
		t.Fatal(err)
	}
	run, err := result.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func (f turns) Size() int { return f.shares }

func (f turns) Carry(ctx, atOnce context.Context, o runner.Order, to runner.Gatherer) (all []runner.Carried, err error) {
	to.Begins(time.Now())
	for k := range f.shares {
		turn := &turn{share: k, to: to}
		end, err := runner.CarryShare(ctx, atOnce, runner.Options{Plan: f.plan, Version: version()}, o, mode.Share{K: k, N: f.shares}, turn)
		if err != nil || turn.wrong != nil {
			return nil, fmt.Errorf("%w, %w", err, turn.wrong)
		}
		all = append(all, runner.Carried{Agent: result.Agent{Name: fmt.Sprint(k)}, End: &end})
	}
	return all, nil
}

// turn is one share's.
type turn struct {
	share int
	to    runner.Gatherer
	wrong error
}

func (s *turn) Ready(context.Context, []byte) (runner.Start, error) { return runner.Start{}, nil }

func (s *turn) Take(piece []byte) {
	if err := s.to.Take(s.share, piece); err != nil {
		s.wrong = err
	}
}

func (s *turn) Over(context.Context) error { return nil }
