package runner_test

import (
	"math"
	"testing"

	"plimsoll/runner/result"
)

// What was due when a trial stopped, and waited, is dropped: scheduled is started and
// dropped, by hand. What would have become due after that never does.
func TestWhatWaitsAtAStopIsDropped(t *testing.T) {
	trials := crawled(t, `
targets:
  second-fails: {sim: {turns: [{delay: 5s}, {delay: 1s, errors: 100%}]}}
  site: {sim: {delay: 1s, site: {pages: {/: [/a, /no, /b, /c], /a: [/d, /e], /b: [/f], /c: [], /d: [], /e: [], /f: []}}}}
scenarios:
  - name: queue # items 1 and 2 are taken, 3 to 7 wait, and the eighth has no room
    target: second-fails
    clock: virtual
    requests: 100
    on_error: stop
    modes: [{producer-consumer: {producers: 1, consumers: 2, queue: 5, produce: 100ms}, name: queue}]
  - name: long-queue # the producer goes at the stop, however long the other call takes
    target: second-fails
    clock: virtual
    duration: 1h
    on_error: stop
    modes: [{producer-consumer: {producers: 1, consumers: 2, queue: 100, produce: 100ms}, name: long-queue}]
  - name: open # one every 100 ms, from 0 to 1 s, of which two can be in flight
    target: second-fails
    clock: virtual
    duration: 1h
    on_error: stop
    modes: [{rate-limited: 10/s, max_in_flight: 2, name: open}]
  - name: closed # who has failed makes no more calls, so none is due
    target: second-fails
    clock: virtual
    requests: 100
    on_error: stop
    modes: [{concurrent: 2, name: closed}, {mode: sequential, name: sequential}]
  - name: crawl # /b, /c, /d and /e wait when /no is a 404
    target: site
    clock: virtual
    crawl: {}
    on_error: stop
    modes: [{mode: sequential, name: one}, {concurrent: 2, name: two}, {mode: concurrent, name: all}]
  - name: cancelled
    target: site
    clock: virtual
    crawl: {}
    stop_when: first-error
    modes: [{concurrent: 2, name: cancelled}]
`)
	type counts struct{ started, dropped, ok, cancelled int64 }
	for mode, want := range map[string]counts{
		"queue":      {2, 5, 1, 0},
		"long-queue": {2, 10, 1, 0}, // 3 to 12: the stop is at 1.2 s, when the twelfth is put in
		"open":       {2, 10, 1, 0}, // due at 0.2, 0.3 … 1.1 s, when the call of 0.1 s has failed
		"closed":     {2, 0, 1, 0},
		"sequential": {2, 0, 1, 0},
		"one":        {3, 4, 2, 0},
		"two":        {3, 4, 2, 0}, // /a and /no end together: what is on /a is due at the stop
		"all":        {5, 3, 4, 0},
		"cancelled":  {3, 4, 2, 0},
	} {
		trial := trials[mode]
		if got := (counts{trial.Started, trial.Dropped, trial.OK, trial.Cancelled}); got != want || trial.Ended != result.Stopped {
			t.Errorf("%s: %+v, and %s; want %+v", mode, got, trial.Ended, want)
		}
	}
	second := func(a ...float64) (sum float64) {
		for _, v := range a {
			sum += v
		}
		return sum / 1.2
	}
	q, want := trials["queue"].Queue, result.Queue{LengthMean: second(0.9, 0.8, 0.7, 0.6, 0.5), LengthMax: 5, BlockedS: 0.4, ConsumersBusy: second(1.1, 1) / 2}
	if math.Abs(q.LengthMean-want.LengthMean)+math.Abs(q.BlockedS-want.BlockedS)+math.Abs(q.ConsumersBusy-want.ConsumersBusy) > 1e-9 || q.LengthMax != want.LengthMax {
		t.Errorf("the queue was %+v, want %+v until the stop at 1.2 s", *q, want)
	}
}

// Every link that a crawl found is skipped, or a page that was visited or dropped,
// wherever the crawl stops: on pages that end after it nobody looks for links.
func TestEveryLinkOfAStoppedCrawlIsInACount(t *testing.T) {
	run := carryOut(t, `
targets:
  site: {sim: {delay: {exponential: 100ms}, errors: 5%, site: {tree: {branch: 3, depth: 6}}}}
scenarios:
  - {name: stop, target: site, clock: virtual, crawl: {depth: 5}, repeat: 20, on_error: stop, modes: [concurrent: 8]}
  - {name: cancel, target: site, clock: virtual, crawl: {depth: 5}, repeat: 20, stop_when: first-error, modes: [concurrent: 8]}
`)
	dropped, after := int64(0), 0
	for i := range run.Trials {
		trial := &run.Trials[i]
		if err := trial.Check(); err != nil {
			t.Error(err)
		}
		c := trial.Crawl
		if pages := c.Pages + trial.Dropped; c.Found != c.Skipped["depth"]+pages-1 {
			t.Errorf("%s, repeat %d: %d links found, %v skipped, %d pages visited, %d dropped", trial.Scenario, trial.Repeat, c.Found, c.Skipped, c.Pages, trial.Dropped)
		}
		if dropped += trial.Dropped; trial.Scenario == "stop" && trial.OK*3 > c.Found {
			after++ // some that succeeded were not looked at
		}
	}
	if dropped < 100 || after < 10 {
		t.Errorf("%d pages dropped in all, and in %d crawls pages that ended after the stop", dropped, after)
	}
}
