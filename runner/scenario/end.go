package scenario

import (
	"fmt"

	"plimsoll/target/quantity"
	"plimsoll/target/setting"
)

// checkEnd sees to it that every trial has one end: a number of requests, a
// duration, or the mode's stages.
func (d draft) checkEnd(r *setting.Reader, at setting.Pos) {
	bounded := d.requests.Given || d.duration.Given
	if d.requests.Given && d.duration.Given {
		r.Problem(later(d.requests.Pos, d.duration.Pos), "requests and duration exclude each other, leave one of them out")
	}
	staged := 0
	for _, m := range d.modes.Value {
		if m.Value.stages.Given {
			staged++
			d.checkStaged(r, m.Value)
		} else if d.duration.Given && m.Value.word.Value == Concurrent {
			r.Problem(m.Pos, "concurrent without a number starts all `requests` at once, which needs a number of them: write `concurrent: N`, or give requests instead of duration")
		}
	}
	switch {
	case bounded || !d.modes.Given:
	case staged == 0:
		r.Problem(at, "nothing ends the trials of this scenario: give it requests (how many calls) or duration (how long)")
	default:
		for _, m := range d.modes.Value {
			if !m.Value.stages.Given {
				r.Problem(m.Pos, "nothing ends this mode, and neither requests nor duration go with the stages of the others: give it stages, or a scenario of its own")
			}
		}
	}
}

// checkStaged reports what a mode with stages leaves no room for.
func (d draft) checkStaged(r *setting.Reader, m modeDraft) {
	if d.requests.Given || d.duration.Given {
		r.Problem(m.stages.Pos, "stages give a trial its length: leave requests and duration out of the scenario, or the stages out of the mode")
	}
	if d.warmup.Value > 0 {
		r.Problem(d.warmup.Pos, "no warm-up goes before stages: leave warmup out, or make it a stage")
	}
}

// checkDrain warns where calls that hang are given up before they have timed
// out: they would be cancelled, and in no share of errors.
func (d draft) checkDrain(r *setting.Reader, at setting.Pos, s *Scenario) {
	if s.Target.Settings == nil || d.requests.Given || s.Drain >= s.Target.Settings.Traits().Timeout {
		return
	}
	if d.drain.Given {
		at = d.drain.Pos
	}
	timeout := quantity.Duration(s.Target.Settings.Traits().Timeout)
	r.Warn(at, "the drain of %s is shorter than the target's timeout of %s: a call that hangs is given up, and counted as cancelled, before it is an error; write drain: %s, or a shorter timeout",
		quantity.Duration(s.Drain), timeout, timeout)
}

func later(a, b setting.Pos) setting.Pos {
	if b.Line > a.Line || b.Line == a.Line && b.Column > a.Column {
		return b
	}
	return a
}

// checkStandstill reports loops that would turn for ever while simulated time
// stands still: closed loops that only time would end, of calls that may end
// at once. Real time goes on by itself.
func (d draft) checkStandstill(r *setting.Reader, at setting.Pos, s *Scenario, m *Mode) {
	if why := s.standstill(m); why != "" && !d.requests.Given {
		r.Problem(at, "%s", why)
	}
}

// instant is a target whose calls may take no time at all.
type instant interface {
	// AtOnce tells why calls of so many users may; "" where they do not.
	AtOnce(users int) string
}

// standstill tells why simulated time would not go on in one of the
// scenario's modes, unless there is a number of requests; "" where it does.
func (s *Scenario) standstill(m *Mode) string {
	model, simulated := s.Target.Settings.(instant)
	if s.Clock != Virtual || !simulated || m.Kind == RateLimited || m.Think.Mean() > 0 {
		return ""
	}
	why := model.AtOnce(m.users())
	if why == "" {
		return ""
	}
	return fmt.Sprintf("simulated time would stand still: %s and the next call follows at once, so give the mode a think_time, or the scenario requests instead of a time", why)
}

// users is the most virtual users that a closed loop ever has.
func (m *Mode) users() int {
	most := max(1, m.StartUsers)
	for _, n := range m.Concurrency {
		most = max(most, n)
	}
	for _, stage := range m.UserStages {
		most = max(most, stage.Target)
	}
	return most
}
