package verdict

import (
	"fmt"
	"math"
	"strings"

	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// enough is how many complete repetitions an interval needs.
const enough = 3

// Speedups compares every mode with its scenario's baseline, sweep value by
// sweep value, in the file's order: the ratio of their makespans where both
// were asked for a number of requests, of their throughputs otherwise; above 1
// is faster than the baseline. Baseline names a scenario's baseline mode, ""
// for none; the baseline itself is left out.
//
// Repetitions are compared in pairs, so that a repetition counts only if it
// came to its end in both modes. Where there is no ratio it is 0, where there
// is no interval Low and High are, and the note says why.
func Speedups(run *result.Run, baseline func(scenario string) string) ([]result.Speedup, error) {
	groups, err := result.Groups(run.Trials)
	if err != nil {
		return nil, err
	}
	var speedups []result.Speedup
	for i := range groups {
		mode, against := &groups[i], baseline(groups[i].Scenario)
		if against == "" || mode.Mode == against {
			continue
		}
		s := result.Speedup{Scenario: mode.Scenario, Mode: mode.Mode, Baseline: against, Point: mode.Sweep}
		compare(&s, find(groups, mode.Scenario, against, mode.Sweep), mode)
		speedups = append(speedups, s)
	}
	return speedups, nil
}

// find is the group at a place; nil where there is none.
func find(groups []result.Group, scenario, mode string, at result.Point) *result.Group {
	for i := range groups {
		if g := &groups[i]; g.Scenario == scenario && g.Mode == mode && g.Sweep == at {
			return g
		}
	}
	return nil
}

// compare fills in the ratio of two groups, its interval and the note.
func compare(s *result.Speedup, base, mode *result.Group) {
	if base == nil {
		s.Note = fmt.Sprintf("the baseline %s was not run here", s.Baseline)
		return
	}
	p := pairUp(base, mode)
	if len(p.mode) == 0 {
		s.Note = "no repetition came to its end in both modes"
		return
	}
	if why := p.fruitless(); why != "" { // failing is no speed
		s.Note = "no ratio: " + why
		return
	}
	if s.Ratio = over(p.longer(statistics.None), p.shorter(statistics.None)); s.Ratio == 0 { // nothing to divide
		s.Note = "no ratio: " + p.missing()
		return
	}
	var notes []string
	if n := len(p.mode); n < enough {
		notes = append(notes, fmt.Sprintf("%s: no interval (needs %d)", repetitions(n, p.tried), enough))
	} else if e, err := statistics.PairedRatio(n, p.longer, p.shorter); err != nil {
		notes = append(notes, "no interval: "+err.Error())
	} else {
		s.Low, s.High = e.Low, e.High
	}
	if failed := failures(base, mode); failed != "" {
		notes = append(notes, failed)
	}
	s.Note = strings.Join(notes, "; ")
}

func repetitions(n, tried int) string {
	switch {
	case n < tried:
		return fmt.Sprintf("%d of %d repetitions complete", n, tried)
	case n == 1:
		return "1 repetition"
	}
	return fmt.Sprintf("%d repetitions", n)
}

// failures warns of a comparison between calls that failed: failing is often
// fast.
func failures(base, mode *result.Group) string {
	failed := base.Failed + mode.Failed
	if failed == 0 {
		return ""
	}
	return fmt.Sprintf("%d of the %d calls of both failed", failed, failed+base.OK+mode.OK)
}

// pairs are the repetitions that came to their end in both modes: base[i] and
// mode[i] are the same repetition.
type pairs struct {
	base, mode []*result.Trial
	tried      int // repetitions of mode, complete or not
}

func pairUp(base, mode *result.Group) pairs {
	p := pairs{tried: len(mode.Trials) + len(mode.LeftOut)}
	for _, m := range mode.Trials {
		for _, b := range base.Trials {
			if b.Repeat == m.Repeat && b.Finished() && m.Finished() {
				p.base, p.mode = append(p.base, b), append(p.mode, m)
			}
		}
	}
	return p
}

// fruitless says why there is nothing to compare where calls ended on a side, and
// none of them well; "" where there is.
func (p pairs) fruitless() string {
	switch {
	case allFailed(p.mode):
		return "every call failed"
	case allFailed(p.base):
		return "every call of the baseline failed"
	}
	return ""
}

// allFailed tells whether calls of these trials failed, and none succeeded.
func allFailed(trials []*result.Trial) bool {
	ok, failed := int64(0), int64(0)
	for _, t := range trials {
		ok, failed = ok+t.OK, failed+t.Failed()
	}
	return ok == 0 && failed > 0
}

// longer and shorter are the two figures of which the ratio tells how many
// times faster the mode is, without one of the repetitions: the baseline's
// makespan over the mode's, or the mode's throughput over the baseline's.
func (p pairs) longer(without int) float64 {
	if p.counted() {
		return result.MeanMakespan(except(p.base, without))
	}
	return result.Throughput(except(p.mode, without))
}

func (p pairs) shorter(without int) float64 {
	if p.counted() {
		return result.MeanMakespan(except(p.mode, without))
	}
	return result.Throughput(except(p.base, without))
}

// counted tells whether both were over with their last call.
func (p pairs) counted() bool { return p.base[0].Counted() && p.mode[0].Counted() }

func (p pairs) missing() string {
	if p.counted() {
		return "a makespan is 0 s"
	}
	return "a throughput is 0/s"
}

// over is a ratio; 0 where there is nothing to divide.
func over(a, b float64) float64 {
	if b == 0 || math.IsInf(a/b, 1) {
		return 0
	}
	return a / b
}

func except(trials []*result.Trial, without int) []*result.Trial {
	rest := make([]*result.Trial, 0, len(trials))
	for i, t := range trials {
		if i != without {
			rest = append(rest, t)
		}
	}
	return rest
}
