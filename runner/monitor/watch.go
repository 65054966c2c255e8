package monitor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"plimsoll/runner/result"
)

// Watch is what watches the other side of one trial.
type Watch struct {
	began    time.Time
	from     time.Duration // what the trial's clock showed then
	until    time.Duration // when what is measured ends
	over     chan struct{} // the trial is
	lookouts []*lookout
	done     sync.WaitGroup
}

// Begin has every monitor watch from now on, when the trial's clock shows from.
// What is measured ends at until, or with the trial. When ctx is done all give up what
// they are at.
func Begin(ctx context.Context, all []*Settings, from, until time.Duration) *Watch {
	w := &Watch{began: time.Now(), from: from, until: until, over: make(chan struct{})}
	for _, s := range all {
		l := &lookout{settings: s, watch: w}
		l.ctx, l.giveUp = context.WithCancel(ctx)
		w.lookouts = append(w.lookouts, l)
		w.done.Go(l.watches)
	}
	return w
}

// End tells the monitors that the trial is over, without waiting for them; the
// function that it returns does, and tells what they saw.
func (w *Watch) End() func() []result.Series {
	length := min(w.now(), w.until).Seconds()
	close(w.over)
	for _, l := range w.lookouts {
		if l.failing.Load() { // it has had its chances
			l.giveUp()
		}
	}
	late := time.AfterFunc(patience, func() {
		for _, l := range w.lookouts {
			l.giveUp()
		}
	})
	return func() (all []result.Series) {
		w.done.Wait()
		late.Stop()
		for _, l := range w.lookouts {
			l.giveUp()
			all = append(all, l.told(length)...)
		}
		return all
	}
}

// now is what the trial's clock shows.
func (w *Watch) now() time.Duration { return w.from + time.Since(w.began) }

// lookout is one monitor at work.
type lookout struct {
	settings *Settings
	watch    *Watch
	ctx      context.Context
	giveUp   func() // whatever it is at

	courses  []*course
	looks    atomic.Int64
	failed   int64
	problem  string      // of the first look that failed
	failing  atomic.Bool // the last look failed
	hopeless bool        // no look is of use any more
}

// watches looks at each multiple of the interval, when the warm-up is over and when
// the time that is measured is, and once more when the trial is.
func (l *lookout) watches() {
	source := l.settings.open()
	defer source.close()
	w := l.watch
	ring := time.NewTimer(0)
	defer ring.Stop()
	for meant, looked := w.from, w.from-1; ; {
		select {
		case <-w.over:
			l.last(source, looked)
			return
		case <-ring.C:
		}
		looked = meant
		if !l.hopeless {
			l.look(source, meant, max(l.settings.Interval, patience))
		}
		meant = l.after(max(meant, w.now()))
		ring.Reset(meant - w.now())
	}
}

// after is the time of the next look.
func (l *lookout) after(now time.Duration) time.Duration {
	every := l.settings.Interval
	next := now - now%every
	if next <= now {
		next += every
	}
	for _, end := range []time.Duration{0, l.watch.until} {
		if now < end && end < next {
			next = end
		}
	}
	return next
}

// last looks once more at the end of what is measured, unless it has or that is of no
// use. A trial may be over before the bell rings for the look at its very end.
func (l *lookout) last(source source, looked time.Duration) {
	meant := min(l.watch.now(), l.watch.until)
	if looked >= meant || l.failing.Load() || l.hopeless {
		return
	}
	l.look(source, meant, patience)
}

// look takes in what there is to see. It may take no longer than most.
func (l *lookout) look(source source, meant, most time.Duration) {
	ctx, cancel := context.WithTimeout(l.ctx, most)
	defer cancel()
	readings, at, err := source.look(ctx)
	switch {
	case err != nil && l.ctx.Err() != nil: // the trial is over
		return
	case err != nil && ctx.Err() != nil:
		err = fmt.Errorf("a look took longer than %v", most)
	}
	defer l.looks.Add(1)
	if err != nil {
		l.fail(err)
		return
	}
	l.failing.Store(false)
	m := moment{at: (l.watch.from + at.Sub(l.watch.began)).Seconds(), meant: meant.Seconds()}
	m.measured = 0 <= meant && meant <= l.watch.until
	for _, r := range readings {
		l.saw(r, m)
	}
}

func (l *lookout) fail(err error) {
	l.failing.Store(true)
	l.failed++
	var gone hopeless
	l.hopeless = errors.As(err, &gone)
	if l.problem == "" {
		l.problem = err.Error()
	}
}

// mostSeries is how many of one monitor are kept.
const mostSeries = 50

// saw takes one reading in.
func (l *lookout) saw(r reading, m moment) {
	c := l.course(r.series)
	switch {
	case c == nil:
		return
	case r.problem != "":
	case math.IsNaN(r.value) || math.IsInf(r.value, 0) || r.value < 0:
		r.problem = fmt.Sprintf("it is %v, and only numbers from zero on can be kept", r.value)
	default:
		c.saw(r, m)
		return
	}
	if c.problem == "" {
		c.problem = r.problem
	}
}

// course is that of a series, a new one where it is first met.
func (l *lookout) course(series string) *course {
	for _, c := range l.courses {
		if c.series == series {
			return c
		}
	}
	if len(l.courses) == mostSeries {
		return nil
	}
	c := &course{series: series, wide: 1}
	l.courses = append(l.courses, c)
	return c
}

// told is what was seen of so many seconds, and what was wrong with the monitor itself.
func (l *lookout) told(length float64) (all []result.Series) {
	for _, c := range l.courses {
		if len(c.points) > 0 || c.problem != "" {
			all = append(all, c.result(l.settings.Name, length))
		}
	}
	problem := l.problem
	switch {
	case problem == "" && len(all) == 0:
		problem = "the trial was over before there was anything to see"
	case problem != "" && l.hopeless:
		problem += "; it was not asked again"
	case problem != "" && l.failed < l.looks.Load():
		problem += fmt.Sprintf("; so ended %d of %d looks", l.failed, l.looks.Load())
	}
	if problem != "" {
		all = append(all, result.Series{Name: l.settings.Name, Problem: problem})
	}
	return all
}
