package sample

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"plimsoll/runner/result"
)

// line is a bounded queue between producers and consumers.
type line struct {
	producers, consumers, room int
	make, take                 func() time.Duration
}

// item is a call, and when its item was made.
type item struct {
	call
	made time.Duration
}

// carry has n items go through the line: each is put in when it is made and there is
// room, and taken when a consumer is free.
func (l line) carry(n int) (items []item) {
	made, free := make([]time.Duration, l.producers), make([]time.Duration, l.consumers)
	for p := range made {
		made[p] = l.make()
	}
	for i := range n {
		p := slices.Index(made, slices.Min(made))
		put := made[p]
		if i >= l.room {
			put = max(put, items[i-l.room].start)
		}
		c := slices.Index(free, slices.Min(free))
		start := max(put, free[c])
		free[c] = start + l.take()
		items = append(items, item{call{due: put, start: start, end: free[c], held: start - put}, made[p]})
		made[p] = put + l.make()
	}
	return items
}

// until are the calls that had started by a time, what the queue was like up to it, and
// how many items were waiting then.
func (l line) until(at time.Duration, items []item) (calls []call, q *result.Queue, waiting int64) {
	var blocked, waited, busy time.Duration
	within := func(from, to time.Duration) time.Duration { return max(0, min(to, at)-min(from, at)) }
	q = &result.Queue{}
	for _, i := range items {
		blocked, waited, busy = blocked+within(i.made, i.due), waited+within(i.due, i.start), busy+within(i.start, i.end)
		switch {
		case i.start < at:
			calls = append(calls, i.call)
		case i.due < at:
			waiting++
		}
		length := 0 // just after it came, if it waits
		for _, other := range items {
			if other.due <= i.due && i.due < other.start {
				length++
			}
		}
		if i.held > 0 && i.due < at {
			q.LengthMax = max(q.LengthMax, length)
		}
	}
	q.LengthMean, q.BlockedS = waited.Seconds()/at.Seconds(), blocked.Seconds()
	q.ConsumersBusy = busy.Seconds() / at.Seconds() / float64(l.consumers)
	return calls, q, waiting
}

// Queue is an import, three times over: two producers and three consumers, with hardly
// any room between them, and with much, of which something was promised. And one that
// was stopped while items waited.
func Queue() *result.Run {
	r := run()
	const items = 200
	at := result.Point{Requests: items}
	for repeat := range 3 {
		for _, room := range []int{2, 20} {
			rng := rand.New(rand.NewPCG(41, uint64(repeat)))
			l := line{2, 3, room,
				func() time.Duration { return time.Duration((100 + 400*rng.Float64()) * 1e6) },
				func() time.Duration { return time.Duration((200 + 600*rng.Float64()) * 1e6) }}
			all := l.carry(items)
			last := slices.MaxFunc(all, func(a, b item) int { return cmp.Compare(a.end, b.end) })
			calls, q, _ := l.until(last.end, all)
			t := timed(result.Trial{Scenario: "import", Mode: fmt.Sprintf("room-%d", room), Target: "database", Clock: "virtual", Engine: "virtual",
				Repeat: repeat, Requests: items, Sweep: at, Queue: q, Health: result.Health{KeptPace: true}}, calls)
			r.Trials = append(r.Trials, t)
			if repeat == 2 {
				r.Verdicts = append(r.Verdicts, result.Verdict{Scenario: "import", Mode: t.Mode, Point: at, Kind: result.KindThreshold,
					Rule: "queue.length_max <= 8", Measured: float64(q.LengthMax), Limit: 8, Pass: q.LengthMax <= 8})
			}
		}
	}
	l := line{1, 1, 5, func() time.Duration { return 100 * time.Millisecond }, func() time.Duration { return time.Second }}
	all := l.carry(20)
	calls, q, waiting := l.until(all[2].end, all)
	calls[2].class = "reset"
	stopped := result.Trial{Scenario: "stopped", Mode: "producer-consumer", Target: "database", Clock: "virtual", Engine: "virtual",
		Requests: 20, Sweep: result.Point{Requests: 20}, Queue: q, Health: result.Health{KeptPace: true}, Ended: result.Stopped, Reason: "on_error: stop"}
	stopped.Dropped = waiting
	r.Trials = append(r.Trials, timed(stopped, calls))
	return r
}
