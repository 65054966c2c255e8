package view

import (
	"math"
	"slices"
	"strings"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// Programs says which scenario of a run compares programs, and how.
type Programs struct {
	Scenario string
	// Shell is the mode that does nothing but start a shell, which all others did
	// as well: what it took is taken off. "" for none.
	Shell string
	// Ignored says that any exit code was good.
	Ignored bool
}

// contest is what a run found out about programs.
type contest struct {
	Programs
	*Scenario
	rows []*program
}

// program is one command, with one value of what is varied.
type program struct {
	*Group
	shell *Group // what a shell's start took, at that place; nil: there was none
}

// Programs looks at a run that compares programs. A run's time is that of its
// process: what plimsoll itself did between runs is no part of it.
func (o Options) Programs(run *result.Run, of Programs) (*Bench, error) {
	b := &Bench{Section: Section{Title: "programs"}}
	all, err := o.scenarios(run)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all, func(s *Scenario) bool { return s.Name == of.Scenario })
	if at < 0 || len(all[at].Groups) == 0 {
		b.Answer = append(overall(run, 0), Note{Bad, "no program was measured"})
		return b, nil
	}
	c := &contest{Programs: of, Scenario: all[at]}
	for _, g := range c.Groups {
		if g.Mode != of.Shell {
			c.rows = append(c.rows, &program{g, c.Group(of.Shell, g.Sweep)})
		}
	}
	b.Scenario, b.About = c.Scenario, c.about()
	b.Answer = slices.Concat(overall(run, 0), c.answers(), fewBroken(c.brokenPromises()))
	b.Notes = slices.Concat(c.failures(), c.outliers(), c.hints(), c.stoodStill(), c.warnings())
	if t := c.timeTable(); t != nil {
		b.Tables = append(b.Tables, *t, *c.useTable())
	}
	for _, t := range []*Table{c.lawTable(), c.verdictTable()} {
		if t != nil {
			b.Tables = append(b.Tables, *t)
		}
	}
	return b, nil
}

// about is how the programs were run.
func (c *contest) about() string {
	first := c.trials[0]
	each := plural(first.Requests, "run") + " each"
	if first.DurationS > 0 {
		each = least(first.Whole) + lasting(first.DurationS) + " each"
	}
	parts := []string{plural(c.repetitions(), "round") + " in turns", each}
	if c.Shell != "" {
		parts = append(parts, "by a shell, whose start is taken off")
	}
	if c.Ignored {
		parts = append(parts, "whatever their exit codes")
	}
	return strings.Join(parts, ", ")
}

// name is the command for people, with the value of what is varied.
func (c *contest) name(p *program) string {
	if len(c.Places) == 1 {
		return "'" + Clean(p.Mode) + "'"
	}
	return "'" + Clean(p.Mode) + "' with " + Clean(p.Sweep.Vary)
}

// measured tells whether there is a time to speak of.
func (p *program) measured() bool { return p.OK > 0 && (p.shell == nil || p.shell.OK > 0) }

// meanOver is the mean time of a group's runs in some of its repetitions, in
// seconds, but for the without-th of these; NaN: there were none.
func meanOver(g *Group, repeats []int, without int) float64 {
	sum, runs := 0.0, int64(0)
	for _, t := range g.Trials {
		if i := slices.Index(repeats, t.Repeat); i >= 0 && i != without {
			sum, runs = sum+t.Service.MeanS*float64(t.Service.Count), runs+t.Service.Count
		}
	}
	return sum / float64(runs)
}

// repeats are the repetitions in which some programs, and their shells, have all
// been run.
func repeats(programs ...*program) (common []int) {
	var groups []*Group
	for _, p := range programs {
		groups = append(groups, p.Group)
		if p.shell != nil {
			groups = append(groups, p.shell)
		}
	}
	for _, t := range groups[0].Trials {
		everywhere := func(g *Group) bool {
			return slices.ContainsFunc(g.Trials, func(o *result.Trial) bool { return o.Repeat == t.Repeat && o.Service.Count > 0 })
		}
		if !slices.ContainsFunc(groups, func(g *Group) bool { return !everywhere(g) }) {
			common = append(common, t.Repeat)
		}
	}
	return common
}

// time is the program's mean time over some repetitions but one, in seconds,
// without what a shell took to start.
func (p *program) time(repeats []int, without int) float64 {
	if p.shell == nil {
		return meanOver(p.Group, repeats, without)
	}
	return meanOver(p.Group, repeats, without) - meanOver(p.shell, repeats, without)
}

// mean is the program's time with its interval; without one Low = High = NaN.
func (p *program) mean() statistics.Estimate {
	all := repeats(p)
	at := func(without int) float64 { return p.time(all, without) }
	if len(all) >= enoughRepetitions {
		if e, err := statistics.Ratio(len(all), at); err == nil {
			return e
		}
	}
	return statistics.Estimate{Value: max(0, at(statistics.None)), Low: math.NaN(), High: math.NaN()}
}

// faster is how many times as fast one program is as another, in the rounds in
// which both were run: what drifted met both. Without an interval Low = High =
// NaN, without a ratio all are.
func faster(p, than *program) statistics.Estimate {
	all := repeats(p, than)
	over := func(without int) float64 { return than.time(all, without) }
	under := func(without int) float64 { return p.time(all, without) }
	ratio := over(statistics.None) / under(statistics.None)
	if !(ratio > 0) || math.IsInf(ratio, 0) {
		ratio = math.NaN()
	}
	if len(all) >= enoughRepetitions && ratio > 0 {
		if e, err := statistics.PairedRatio(len(all), over, under); err == nil {
			return e
		}
	}
	return statistics.Estimate{Value: ratio, Low: math.NaN(), High: math.NaN()}
}

// off is what a shell's start took, in seconds, in the mean of what one takes of
// each run.
func (p *program) off(of func(*Group) float64) float64 {
	if p.shell == nil {
		return 0
	}
	return of(p.shell)
}

// spread is the median absolute deviation, in seconds: half of all values lie no
// further from the median.
func spread(h *latency.Histogram) float64 {
	median := h.Quantile(50)
	low, high := int64(0), int64(h.Max())
	for low < high {
		middle := low + (high-low)/2
		around := h.CountAtMost(median+time.Duration(middle)) - h.CountAtMost(median-time.Duration(middle)-1)
		if 2*around >= h.Count() {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return time.Duration(low).Seconds()
}
