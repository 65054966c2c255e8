//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"plimsoll/runner/statistics"
)

// virtualAt are the numbers of calls in flight, and of calls, that simulation
// is measured with: about a second each.
var virtualAt = []struct{ inFlight, calls int }{{1, 8_000_000}, {1000, 6_000_000}, {100_000, 3_000_000}}

// work is something that both builds do.
type work struct {
	name string
	do   func(program string) (done float64, r ran, err error) // how much was done, and what it took
}

// compared is what both builds made of a work: each per second of processor
// time, and the memory they had, round by round.
type compared struct {
	before, after   []float64
	memory0, memory []float64
}

// before compares this build of plimsoll with an earlier one, in turns: what a
// second of processor time buys, start and report of the process included, in
// virtual time and on the wire.
func before(ctx context.Context, l *lab) (table, error) {
	if l.earlier == "" {
		return table{}, errors.New("say which build to compare with: -before PROGRAM")
	}
	server, err := l.startNginx(ctx)
	if err != nil {
		return table{}, err
	}
	defer server.stop()
	works := slices.Concat(l.simulations(ctx), l.calls(ctx, server))
	figures := make([]compared, len(works))
	round := 0
	err = l.rounded(func() error {
		round++
		for i, w := range works {
			if err := figures[i].take(w, l.earlier, l.plimsoll, round%2 == 0); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
		}
		return nil
	})
	if err != nil {
		return table{}, err
	}
	return l.beforeTable(works, figures)
}

// take measures both builds; who goes first changes with every round.
func (c *compared) take(w work, earlier, now string, turned bool) error {
	sides := []struct {
		program      string
		each, memory *[]float64
	}{{earlier, &c.before, &c.memory0}, {now, &c.after, &c.memory}}
	if turned {
		slices.Reverse(sides)
	}
	for _, side := range sides {
		done, r, err := w.do(side.program)
		if err != nil {
			return err
		}
		*side.each = append(*side.each, done/r.cpu().Seconds())
		*side.memory = append(*side.memory, float64(r.resident))
	}
	return nil
}

// simulations are closed loops over exponential delays in virtual time.
func (l *lab) simulations(ctx context.Context) (works []work) {
	for _, at := range virtualAt {
		c := client{engine: virtual}
		mode := fmt.Sprintf("    requests: %d\n    modes: [concurrent: %d]\n", at.calls, at.inFlight)
		text := c.scenario("simulated", "{sim: {delay: {exponential: 10ms}}}", mode)
		works = append(works, work{fmt.Sprintf("virtual, %d in flight", at.inFlight), func(program string) (float64, ran, error) {
			here := *l
			here.plimsoll = program
			trial, r, err := here.perform(ctx, fmt.Sprintf("virtual-%d", at.inFlight), text)
			if err != nil {
				return 0, r, err
			}
			return float64(trial.OK), r, nil
		}})
	}
	return works
}

// calls are closed loops against nginx, over both engines of package wire.
func (l *lab) calls(ctx context.Context, server *nginx) (works []work) {
	for _, c := range []client{plimsoll("", ""), plimsoll("wire-net", "")} {
		for _, n := range costAt {
			works = append(works, work{fmt.Sprintf("%s, %d connections", c.name, n), func(program string) (float64, ran, error) {
				here := *l
				here.plimsoll = program
				s, err := here.spend(ctx, server, c, n)
				return s.requests, s.ran, err
			}})
		}
	}
	return works
}

func (l *lab) beforeTable(works []work, figures []compared) (table, error) {
	t := table{
		about: l.about(fmt.Sprintf("What a second of processor time buys this build and the one before, in turns; %v each on the wire, counted by nginx", time.Duration(l.seconds)*time.Second), "nginx", nil),
		heads: []string{"work", "before", "after", "ratio", "95 % interval", "MB before", "MB after"},
	}
	for i, w := range works {
		c := figures[i]
		row := []string{w.name, fmt.Sprintf("%.0fk/s", median(c.before, itself)/1000), fmt.Sprintf("%.0fk/s", median(c.after, itself)/1000)}
		ratio, interval := "–", "–"
		if l.rounds > 1 {
			e, err := statistics.Ratio(len(c.after), c.ratio)
			if err != nil {
				return t, err
			}
			ratio, interval = fmt.Sprintf("%.3f", e.Value), fmt.Sprintf("%.3f … %.3f", e.Low, e.High)
		}
		t.rows = append(t.rows, append(row, ratio, interval,
			fmt.Sprintf("%.0f", median(c.memory0, itself)/(1<<20)), fmt.Sprintf("%.0f", median(c.memory, itself)/(1<<20))))
	}
	return t, nil
}

// ratio is the geometric mean of the rounds' ratios, without one of them.
func (c *compared) ratio(without int) float64 {
	sum, n := 0.0, 0
	for i := range c.after {
		if i != without {
			sum, n = sum+math.Log(c.after[i]/c.before[i]), n+1
		}
	}
	return math.Exp(sum / float64(n))
}

func itself(v float64) float64 { return v }
