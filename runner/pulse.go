package runner

import (
	"time"

	"plimsoll/runner/drive"
	"plimsoll/target/host"
)

// standstill is when this process did not go on, the longest time of each kind.
// A closed loop cannot see it by itself: whether an answer came late, or was
// only looked at late, is the same to it.
type standstill struct {
	stopped drive.Gap // by a signal, a frozen control group, a machine that paused
	starved drive.Gap // ready to go on, but others had the processors
	asleep  drive.Gap // the machine was suspended, and with it the clock
	blocked drive.Gap // the loop alone, by what it did
}

// How the process is watched from the side: how often it must go on, what
// counts as late, how often its threads are asked how long they had no
// processor, and what a machine sleeps at least.
const (
	beat      = 10 * time.Millisecond
	lateBeat  = 10 * time.Millisecond
	asksEvery = 250 * time.Millisecond
	longStill = time.Second
	aNap      = 500 * time.Millisecond
)

// pulse tells standstills by the times at which it was felt.
type pulse struct {
	waits func() map[string]time.Duration // how long each thread had no processor so far

	felt, asked time.Duration
	waited      map[string]time.Duration
	slept       time.Duration
	standstill
}

// feel takes in that the process goes on at that time of the trial, when the
// machine has been suspended for so long in all.
func (p *pulse) feel(now, slept time.Duration) {
	if nap := slept - p.slept; nap >= aNap {
		p.asleep = p.asleep.Longer(drive.Gap{At: p.felt, For: nap})
	}
	p.slept = slept
	late := now - p.felt - beat
	if late > lateBeat || now-p.asked >= asksEvery {
		waited, all := p.ask(now)
		if late < longStill { // short ones add up where every thread waits in turn
			waited = all
		}
		if late > lateBeat && now > 0 { // what ended in the warm-up touched nothing that counts
			p.note(drive.Gap{At: p.felt, For: late}, waited)
		}
	}
	p.felt = now
}

// note tells whose fault a gap was: others had the processors for most of it,
// or else nobody let the process run.
func (p *pulse) note(gap drive.Gap, waited time.Duration) {
	if waited > gap.For/2 {
		p.starved = p.starved.Longer(gap)
		return
	}
	p.stopped = p.stopped.Longer(gap)
}

// ask is how long threads have had no processor since they were last asked: the
// one that waited longest, and all of them.
func (p *pulse) ask(now time.Duration) (longest, all time.Duration) {
	waits := p.waits()
	for thread, waited := range waits {
		since := waited - p.waited[thread]
		longest, all = max(longest, since), all+since
	}
	p.asked, p.waited = now, waits
	return longest, all
}

// feelPulse watches from when the trial's clock shows from, until the returned
// function is called, which tells what was seen.
func feelPulse(from time.Duration) (stop func() standstill) {
	began, over, gone := time.Now(), make(chan struct{}), make(chan struct{})
	p := &pulse{waits: threadWaits, felt: from, slept: host.Asleep()}
	go func() {
		defer close(gone)
		p.ask(from)
		p.felt = from + time.Since(began) // until then others may have had the processors
		tick := time.NewTicker(beat)
		defer tick.Stop()
		for more := true; more; {
			select {
			case <-over:
				more = false
			case <-tick.C:
			}
			p.feel(from+time.Since(began), host.Asleep())
		}
	}()
	return func() standstill { close(over); <-gone; return p.standstill }
}
