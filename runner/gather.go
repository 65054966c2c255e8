package runner

import (
	"time"

	"plimsoll/runner/drive"
)

// Sample is how far a trial has come.
type Sample struct {
	Ended, Failed int64
	At            time.Duration // when the last call ended, on the trial's clock
	// P99 is that of all successes' response time so far.
	P99 time.Duration
}

// gathering takes a trial's intervals from its loops while it goes on. Loops
// hand theirs over and go on; all else happens elsewhere.
type gathering struct {
	full, empty chan *drive.Interval
	sofar       *drive.Interval // nil: nothing was handed over
}

func gather(loops int) *gathering {
	return &gathering{full: make(chan *drive.Interval, loops), empty: make(chan *drive.Interval, loops)}
}

// Take never waits: where no empty interval is at hand, the loop keeps its own.
func (g *gathering) Take(full *drive.Interval) *drive.Interval {
	select {
	case next := <-g.empty:
		g.full <- full // there is room: of those made below, and no others
		return next
	default:
		return full
	}
}

// merge adds what was handed over.
func (g *gathering) merge() {
	for {
		select {
		case i := <-g.full:
			if g.sofar == nil {
				g.sofar = drive.NewInterval()
			}
			g.sofar.Merge(i)
			i.Reset()
			g.empty <- i
		default:
			return
		}
	}
}

// whole is the trial's interval, with what was left in the loops' recorders, when
// all of them are over.
func (g *gathering) whole(left *drive.Interval) *drive.Interval {
	g.merge()
	if g.sofar == nil {
		return left
	}
	g.sofar.Merge(left)
	return g.sofar
}

func (g *gathering) sample() Sample {
	i := g.sofar
	if i == nil {
		return Sample{}
	}
	return Sample{Ended: i.Started(), Failed: i.Failures(), At: i.LastEnd, P99: i.Response.Quantile(99)}
}

// watch passes on how far the trial has come until the returned function is
// called.
func (r *underWay) watch(shards []drive.Loop, g *gathering) (stop func()) {
	if r.Watch == nil {
		return func() {}
	}
	for range shards {
		g.empty <- drive.NewInterval()
	}
	const every = 125 * time.Millisecond
	began, over, gone := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
				g.merge()
				r.Watch.Sample(g.sample(), time.Since(began))
				for _, s := range shards {
					s.Recorder.Ask()
				}
			}
		}
	}()
	return func() { close(over); <-gone }
}
