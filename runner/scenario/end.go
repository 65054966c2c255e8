package scenario

import (
	"fmt"
	"time"

	"plimsoll/runner/mode"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// length is how long calls become due, as it is said in either of two ways.
func (d draft) length() setting.At[time.Duration] {
	if d.atLeast.Given {
		return d.atLeast
	}
	return d.duration
}

// checkEnd sees to it that every trial has one end: a number of requests, a
// duration, or the mode's stages.
func (d draft) checkEnd(r *setting.Reader, at setting.Pos) {
	bounded := d.requests.Given || d.length().Given || d.crawl.Given
	if d.requests.Given && d.duration.Given {
		r.Problem(setting.Later(d.requests.Pos, d.duration.Pos), "requests and duration exclude each other, leave one of them out")
	}
	if d.atLeast.Given && (d.requests.Given || d.duration.Given) {
		r.Problem(d.atLeast.Pos, "at_least stands in place of requests and duration: leave it out, or these")
	}
	staged := 0
	for _, m := range d.modes.Value {
		if stages := m.Value.Stages(); stages.Given {
			staged++
			d.checkStaged(r, stages.Pos)
		} else if why := m.Value.Untimed(); d.length().Given && why != "" {
			r.Problem(m.Pos, "%s", why)
		}
	}
	switch {
	case bounded || !d.modes.Given:
	case staged == 0:
		r.Problem(at, "nothing ends the trials of this scenario: give it requests (how many calls) or duration (how long)")
	default:
		for _, m := range d.modes.Value {
			if !m.Value.Stages().Given {
				r.Problem(m.Pos, "nothing ends this mode, and neither requests nor duration go with the stages of the others: give it stages, or a scenario of its own")
			}
		}
	}
}

// checkStaged reports what a mode with stages leaves no room for.
func (d draft) checkStaged(r *setting.Reader, stages setting.Pos) {
	if d.requests.Given || d.length().Given {
		r.Problem(stages, "stages give a trial its length: leave requests and duration out of the scenario, or the stages out of the mode")
	}
	if d.warmup.Value > 0 {
		r.Problem(d.warmup.Pos, "no warm-up goes before stages: leave warmup out, or make it a stage")
	}
}

// checkDrain warns where calls that hang are given up before they have timed
// out: they would be cancelled, and in no share of errors.
func (d draft) checkDrain(r *setting.Reader, at setting.Pos, s *Scenario) {
	if s.Steps != nil || s.Target.Settings == nil || d.requests.Given || d.crawl.Given || s.Drain >= s.Target.Settings.Traits().Timeout {
		return
	}
	if d.drain.Given {
		at = d.drain.Pos
	}
	timeout := quantity.Duration(s.Target.Settings.Traits().Timeout)
	r.Warn(at, "the drain of %s is shorter than the target's timeout of %s: a call that hangs is given up, and counted as cancelled, before it is an error; write drain: %s, or a shorter timeout",
		quantity.Duration(s.Drain), timeout, timeout)
}

// checkStandstill reports loops that would turn for ever while simulated time
// stands still: closed loops that only time would end, of calls that may end
// at once. Real time goes on by itself.
func (d draft) checkStandstill(r *setting.Reader, at setting.Pos, s *Scenario, c *mode.Column) {
	if why := s.standstill(c.Modes...); why != "" && !d.requests.Given && !d.crawl.Given {
		r.Problem(at, "%s", why)
	}
}

// instant is a target whose calls may take no time at all.
type instant interface {
	// AtOnce tells why calls of so many users may; "" where they do not.
	AtOnce(users int) string
}

// standstill tells why simulated time would not go on in one of these modes,
// unless there is a number of requests; "" where it does.
func (s *Scenario) standstill(modes ...mode.Mode) string {
	busy := 0
	for _, m := range modes {
		busy = max(busy, m.Busy(0))
	}
	model, simulated := s.Target.Settings.(instant)
	if s.Steps != nil || s.Clock != Virtual || !simulated || busy == 0 {
		return ""
	}
	why := model.AtOnce(busy)
	if why == "" {
		return ""
	}
	return fmt.Sprintf("simulated time would stand still: %s and the next call follows at once, so give the mode a think_time, or the scenario requests instead of a time", why)
}
