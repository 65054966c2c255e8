package runner

import (
	"time"

	"plimsoll/runner/drive"
	"plimsoll/runner/scenario"
)

// Sample is how far a trial has come.
type Sample struct {
	Ended, Failed int64
	At            time.Duration // when the last call ended, on the trial's clock
	// P99 is that of all successes' response time so far.
	P99 time.Duration
}

// Taker is given all that trials record, while they go on: whoever shows it
// elsewhere. It is called from one goroutine at a time, which no call waits for.
type Taker interface {
	// Take is given what was recorded since the last time. It may keep nothing of
	// the interval, which is used again.
	Take(Piece)
	// Over tells that nothing more comes of a trial, and of those beside it.
	Over(scenario.Trial)
}

// Piece is a part of what a trial recorded, or one that goes on beside it. The
// pieces of a trial merge into its result, but for what stays with the loops.
type Piece struct {
	Trial scenario.Trial
	*drive.Interval
	// At is the time on the trial's clock, if that is a real one.
	At time.Duration
}

// takers are all there are.
type takers []Taker

func (ts takers) take(p Piece) {
	for _, t := range ts {
		t.Take(p)
	}
}

func (ts takers) over(t scenario.Trial) {
	for _, one := range ts {
		one.Over(t)
	}
}

// gathering takes a trial's intervals from its loops while it goes on. Loops
// hand theirs over and go on; all else happens elsewhere.
type gathering struct {
	trial       scenario.Trial
	takers      takers
	entire      bool // timelines are handed over, too
	full, empty chan *drive.Interval
	of          []*drive.Recorder
	sofar       *drive.Interval // nil: nothing was handed over
}

func (r *underWay) gather(t scenario.Trial, loops int) *gathering {
	return &gathering{
		trial: t, takers: r.takers, entire: r.part != nil,
		full: make(chan *drive.Interval, loops), empty: make(chan *drive.Interval, loops),
	}
}

// from has a recorder's intervals gathered.
func (g *gathering) from(r *drive.Recorder) {
	r.Sink, r.Entire = g, g.entire
	g.of = append(g.of, r)
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

// begin lets loops hand their intervals over.
func (g *gathering) begin() {
	for range g.of {
		g.empty <- drive.NewInterval()
	}
}

// ask has them do so soon.
func (g *gathering) ask() {
	for _, r := range g.of {
		r.Ask()
	}
}

// merge adds what was handed over, after whoever takes it has seen it.
func (g *gathering) merge(at time.Duration) {
	for {
		select {
		case i := <-g.full:
			if g.sofar == nil {
				g.sofar = drive.NewInterval()
			}
			g.takers.take(Piece{g.trial, i, at})
			g.sofar.Merge(i)
			i.Reset()
			g.empty <- i
		default:
			return
		}
	}
}

// whole is the trial's interval, with what was left in the loops' recorders, when
// all of them are over at that time.
func (g *gathering) whole(left *drive.Interval, at time.Duration) *drive.Interval {
	g.merge(at)
	g.takers.take(Piece{g.trial, left, at})
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

// watch has what is recorded handed over now and then, and passes on how far the
// first, the trial, has come, until the returned function is called. The trial's
// clock shows from when this is called.
func (r *underWay) watch(from time.Duration, all []*gathering) (stop func()) {
	if r.Watch == nil && len(r.takers) == 0 {
		return func() {}
	}
	for _, g := range all {
		g.begin()
	}
	const every = 125 * time.Millisecond
	asks, turn, asked := 1, 0, from
	if r.part != nil { // what goes far goes in larger pieces, and not all shares' at once
		asks = 8
		turn = r.part.K * asks / r.part.N
	}
	began, over, gone := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for n := 1; ; n++ {
			select {
			case <-over:
				return
			case <-tick.C:
				at := from + time.Since(began)
				known := at
				if r.part != nil {
					known = asked // of what came later the other end knows nothing, should this one be lost
				}
				for _, g := range all {
					g.merge(known)
				}
				if r.Watch != nil {
					r.Watch.Sample(all[0].sample(), time.Since(began))
				}
				if (n+turn)%asks != 0 {
					continue
				}
				asked = at
				for _, g := range all {
					g.ask()
				}
			}
		}
	}()
	return func() { close(over); <-gone }
}
