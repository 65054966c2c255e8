package sample

import (
	"math/rand/v2"
	"time"

	"plimsoll/runner/result"
)

// found is a page of a tree that waits to be visited.
type found struct {
	due   time.Duration
	depth int
}

// visitTree visits a tree of pages, each with so many links to the next level and one back
// to where it began: at most `places` at a time, the one that was found first before
// others. Every page takes its time, and some fail and lead nowhere. With `most` above 0 it is
// stopped behind so many.
func visitTree(branch, depth, places, most int, took func() time.Duration, fails func(n int) bool) (calls []call, c *result.Crawl, waiting []found) {
	c = &result.Crawl{Skipped: map[string]int64{}}
	free := make([]time.Duration, places)
	waiting = []found{{}}
	for len(waiting) > 0 && (most == 0 || len(calls) < most) {
		next, place := 0, 0
		for i := range waiting {
			if waiting[i].due < waiting[next].due {
				next = i
			}
		}
		for i := range free {
			if free[i] < free[place] {
				place = i
			}
		}
		page := waiting[next]
		waiting = append(waiting[:next], waiting[next+1:]...)
		start := max(page.due, free[place])
		visited := call{due: page.due, start: start, end: start + took(), held: start - page.due}
		free[place] = visited.end
		if c.Pages, c.Depth = c.Pages+1, max(c.Depth, page.depth); fails(len(calls)) {
			visited.class = "status-503"
		} else {
			c.Found += int64(branch + 1)
			c.Skipped["seen"]++
			for range branch {
				if page.depth == depth {
					c.Skipped["depth"]++
				} else {
					waiting = append(waiting, found{visited.end, page.depth + 1})
				}
			}
		}
		calls = append(calls, visited)
	}
	return calls, c, waiting
}

// Crawl is a site that is visited twice in each of three ways, and of which, five at a
// time, some pages fail; and a visit that was stopped at the first failure.
func Crawl() *result.Run {
	r := run()
	add := func(t result.Trial, calls []call, c *result.Crawl) result.Trial {
		t.Target, t.Clock, t.Engine, t.Crawl, t.Health.KeptPace = "shop", "virtual", "virtual", c, true
		t = timed(t, calls)
		r.Trials = append(r.Trials, t)
		return t
	}
	var first, last result.Trial
	for repeat := range 2 {
		for _, mode := range []struct {
			name          string
			places, fails int
		}{{"sequential", 1, 0}, {"concurrent-5", 5, 20}, {"concurrent", 200, 0}} {
			rng := rand.New(rand.NewPCG(51, uint64(repeat)))
			calls, c, _ := visitTree(3, 4, mode.places, 0,
				func() time.Duration { return time.Duration((50 + 50*rng.ExpFloat64()) * 1e6) },
				func(n int) bool { return mode.fails > 0 && n%mode.fails == mode.fails-1 })
			last = add(result.Trial{Scenario: "site", Mode: mode.name, Repeat: repeat, Concurrency: mode.places % 200}, calls, c)
			if len(r.Trials) == 1 {
				first = last
			}
		}
	}
	r.Speedups = []result.Speedup{{Scenario: "site", Mode: "concurrent", Baseline: "sequential", Ratio: first.MakespanS / last.MakespanS, Note: "2 repetitions: no interval (needs 3)"}}
	r.Verdicts = []result.Verdict{{Scenario: "site", Mode: "concurrent-5", Kind: result.KindThreshold, Rule: "crawl.pages >= 121", Limit: 121,
		Measured: float64(r.Trials[1].Crawl.Pages+r.Trials[4].Crawl.Pages) / 2}}
	calls, c, waiting := visitTree(3, 4, 1, 7, func() time.Duration { return 100 * time.Millisecond }, func(n int) bool { return n == 6 })
	stopped := result.Trial{Scenario: "stopped", Mode: "sequential", Concurrency: 1, Ended: result.Stopped, Reason: "on_error: stop"}
	stopped.Dropped = int64(len(waiting))
	add(stopped, calls, c)
	return r
}
