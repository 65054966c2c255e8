//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"plimsoll/runner/result"
)

// The server that freezes, and what is asked of it.
const (
	takes       = 5 * time.Millisecond
	freezeEvery = 5 * time.Second
	freezeFor   = time.Second
	freezeAt    = 2 * time.Second
	freezeRate  = 200
	// settle is when the first call comes after the server has begun.
	settle = 200 * time.Millisecond
)

// inFlight is how many calls a client may have outstanding.
var inFlight = []int{8, 50, 400}

// freezing describes the server whose first freeze comes so late.
func freezing(at time.Duration) string {
	return fmt.Sprintf("{delay: %v, stall: {every: %v, for: %v, at: %v}}", takes, freezeEvery, freezeFor, at)
}

// omission compares what clients say of a server that freezes for a second in
// every five: one in five calls ought to have been answered during a freeze.
func omission(ctx context.Context, l *lab) (table, error) {
	clients := l.present(ctx, slices.Concat([]client{plimsoll(virtual, ""), plimsoll("", ""), plimsoll("wire-net", ""), plimsoll("std", "")}, rated()))
	all := map[string][]kept{}
	err := l.rounded(func() error {
		for _, c := range clients {
			measured, err := l.freezes(ctx, c)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			for i, n := range inFlight {
				all[key(c.name, n)] = append(all[key(c.name, n)], measured[i])
			}
		}
		return nil
	})
	if err != nil {
		return table{}, err
	}
	return l.omissionTable(clients, all), l.drawFreezes(all)
}

// freezes measures one client with all numbers in flight, side by side: they
// are next to nothing for the machine, and a part of the period apart, so that
// no two of them have a server that thaws at the same time.
func (l *lab) freezes(ctx context.Context, c client) ([]kept, error) {
	measured, problems := make([]kept, len(inFlight)), make([]error, len(inFlight))
	var group sync.WaitGroup
	for i, n := range inFlight {
		group.Go(func() {
			select {
			case <-time.After(time.Duration(i) * freezeEvery / time.Duration(len(inFlight))):
				measured[i], problems[i] = l.freeze(ctx, c, n)
			case <-ctx.Done():
			}
		})
	}
	group.Wait()
	return measured, errors.Join(problems...)
}

// freeze measures a client against a server that has just begun.
func (l *lab) freeze(ctx context.Context, c client, n int) (kept, error) {
	o := load{connections: n, rate: freezeRate, seconds: l.seconds}
	limit := fmt.Sprintf(", max_in_flight: %d", n)
	if c.engine == virtual {
		target := fmt.Sprintf("{sim: %s}", freezing(freezeAt-settle))
		text := c.scenario(l.part, target, fmt.Sprintf("    duration: %ds\n    modes:\n      - {rate-limited: %d/s%s}\n", o.seconds, o.rate, limit))
		trial, r, err := l.perform(ctx, fmt.Sprintf("%s-%d", c.name, n), text)
		if err != nil {
			return kept{}, err
		}
		return kept{trial: trial, ran: r, saying: sayingOf(trial)}, nil
	}
	server, err := l.serve(ctx, freezing(freezeAt))
	if err != nil {
		return kept{}, err
	}
	defer server.stop()
	o.url = server.url
	time.Sleep(time.Until(server.ready.Add(settle)))
	return l.pace(ctx, c, o, limit)
}

// truth are the response times of calls that are due evenly from the time
// settle of the server's, of which at most so many are in flight: a call
// starts when it is due and one of the places is free; the server takes its
// time, and stands still in every freeze.
func truth(places, rate int, length time.Duration) []int64 {
	free := make([]time.Duration, places) // when each place is, a ring: the first to be taken is the first to be free
	var times []int64
	for k := 0; ; k++ {
		due := time.Duration(k) * time.Second / time.Duration(rate)
		if due >= length {
			return times
		}
		start := max(due+settle, free[k%places])
		free[k%places] = served(start)
		times = append(times, int64(free[k%places]-settle-due))
	}
}

// served is when a call that comes at a time of the server's leaves it.
func served(at time.Duration) time.Duration {
	frozen := freezeAt + (at-freezeAt)/freezeEvery*freezeEvery // the freeze before, or the first
	if at >= frozen && at < frozen+freezeFor {
		at = frozen + freezeFor
	}
	next := frozen
	for next <= at {
		next += freezeEvery
	}
	if end := at + takes; end <= next { // one that ends just then has ended
		return end
	}
	return at + takes + freezeFor
}

func (l *lab) omissionTable(clients []client, all map[string][]kept) table {
	length := time.Duration(l.seconds) * time.Second
	asked := freezeRate * l.seconds
	t := table{
		about: l.about(fmt.Sprintf("A server that takes %v and freezes for %v in every %v, %d calls a second for %v, by calls in flight (the peers: connections); p90 / p99 in ms",
			takes, freezeFor, freezeEvery, freezeRate, length), "", clients),
		heads: []string{"client"},
	}
	exact := []string{"**the truth**"}
	for _, n := range inFlight {
		t.heads = append(t.heads, fmt.Sprint(n))
		times := truth(n, freezeRate, length)
		exact = append(exact, fmt.Sprintf("**%s**", pair(time.Duration(percentile(times, 90)), time.Duration(percentile(times, 99)))))
	}
	t.heads = append(t.heads, fmt.Sprintf("calls of %d at %d", asked, inFlight[0]))
	t.rows = append(t.rows, append(exact, fmt.Sprint(asked)))
	for _, c := range clients {
		row := []string{c.name}
		for _, n := range inFlight {
			rounds := all[key(c.name, n)]
			row = append(row, pair(median(rounds, func(k kept) time.Duration { return k.p90 }), median(rounds, func(k kept) time.Duration { return k.p99 })))
		}
		calls := median(all[key(c.name, inFlight[0])], func(k kept) int64 { return k.calls })
		t.rows = append(t.rows, append(row, fmt.Sprint(calls)))
	}
	return t
}

func pair(p90, p99 time.Duration) string {
	milli := func(d time.Duration) string { return fmt.Sprintf("%.4g", d.Seconds()*1000) }
	return milli(p90.Round(100*time.Microsecond)) + " / " + milli(p99.Round(100*time.Microsecond))
}

// drawFreezes draws plimsoll's response times for all numbers in flight.
func (l *lab) drawFreezes(all map[string][]kept) error {
	var trials []result.Trial
	var labels []string
	for _, n := range inFlight {
		if measured := all[key("plimsoll", n)]; measured != nil {
			trials, labels = append(trials, *measured[0].trial), append(labels, fmt.Sprintf("%d in flight", n))
		}
	}
	return l.draw(trials, labels)
}
