package compare

import (
	"fmt"
	"math"
	"slices"

	"plimsoll/runner/result"
	"plimsoll/runner/statistics"
)

// level is the chance of any wrong verdict in a whole comparison. Each verdict
// is of a test to one side, of which there are two: half of it is left to
// each, so that one verdict alone is the same as reading it off the 95 %
// interval.
const level = 1 - statistics.Confidence

// test is a change under judgement.
type test struct {
	change     Change
	difference statistics.Difference
	bound      float64 // the tolerance on the difference's scale
	batches    int     // how many parts of trials stand in for repetitions
	// claim is what is most likely, and p how likely it would seem by mere
	// chance, to either side; claim is "" where nothing can be tested.
	claim Verdict
	p     float64
}

// limits are what a comparison's tolerances follow from.
type limits struct {
	file     []result.Tolerance // of the current run
	general  *float64           // of the command line
	was, now floors
}

// floors are the smallest differences that a machine can resolve, by metric,
// as shares of 1.
type floors map[string]float64

func floorsOf(run *result.Run) floors {
	if run.Calibration == nil {
		return nil
	}
	return floors{P50: run.Calibration.P50Floor, P99: run.Calibration.P99Floor}
}

// tolerance is that of a group's metric; raised tells that it is the
// machine's, which no real measurement can be below.
func (l limits) tolerance(g *result.Group, metric string) (tolerance float64, raised bool) {
	tolerance = DefaultTolerance
	if isShare(metric) {
		tolerance = DefaultErrors
	}
	named := false
	for _, t := range l.file {
		switch {
		case t.Scenario != g.Scenario:
		case t.Metric == metric:
			tolerance, named = t.Value, true
		case t.Metric == "" && !isShare(metric) && !named:
			tolerance = t.Value
		}
	}
	if l.general != nil && !isShare(metric) && !named {
		tolerance = *l.general
	}
	if floor := max(l.was[metric], l.now[metric]); g.Clock == "real" && floor > tolerance {
		return floor, true
	}
	return tolerance, false
}

// tests makes the tests of one place.
func (c *Comparison) tests(was, is *result.Group, l limits) ([]*test, error) {
	before, after, note, err := c.samples(was, is)
	if err != nil {
		return nil, err
	}
	metrics := []string{Rate, P50, P99, Errors}
	if is.Counted() {
		metrics[0] = Makespan
	}
	if was.Cancelled+is.Cancelled > 0 {
		metrics = append(metrics, Cancelled)
	}
	if was.Dropped+is.Dropped > 0 {
		metrics = append(metrics, Dropped)
	}
	var tests []*test
	for _, metric := range metrics {
		t := newTest(metric, before, after, l)
		t.change.Reason = note.reason
		switch why := unsupported(metric, was, is); {
		case metric == Errors && was.Failed+is.Failed == 0:
			t.change.Verdict, t.change.Reason = NoChange, "" // nothing to test
		case note.untold:
			t.change.More = note.more
		case why != "":
			t.change.Reason = why
		case isShare(metric) && metric != Errors && t.batches > 0:
			t.change.Reason = "needs repetitions: parts of a trial do not tell which " + result.Noun(is.Unit) + "s were " + metric
		default:
			t.examine(before.figure(metric), after.figure(metric), c.Paired)
			t.withhold(was, is)
		}
		tests = append(tests, t)
	}
	return tests, nil
}

// newTest is the test of a metric, of which nothing is known yet.
func newTest(metric string, before, after sample, l limits) *test {
	t := &test{change: Change{
		Place: placeOf(after.group), Unit: after.group.Unit, Metric: metric,
		Baseline: before.value(metric), Current: after.value(metric), Verdict: CannotTell,
		NoBaseline: before.lacks(metric), NoCurrent: after.lacks(metric),
		BaselineRepetitions: len(before.group.Trials), CurrentRepetitions: len(after.group.Trials),
	}}
	if before.batches || after.batches {
		t.batches = min(len(before.repetitions), len(after.repetitions))
	}
	t.change.Tolerance, t.change.Raised = l.tolerance(after.group, metric)
	t.bound = t.change.Tolerance
	if !isShare(metric) {
		t.bound = math.Log1p(t.bound)
	}
	return t
}

// note is what there is to say of a place's repetitions.
type note struct {
	reason string
	untold bool // there are too few
	more   int  // how many more there would have to be
}

// samples are the repetitions to compare: all of each run's, or those that
// both have of a pair; where they are too few, batches of windows.
func (c *Comparison) samples(was, is *result.Group) (before, after sample, n note, err error) {
	old, now := was.Trials, is.Trials
	if c.Paired {
		old, now = pairUp(old, now)
	}
	if before, err = newSample(was, old); err != nil {
		return before, after, n, &invalid{"the baseline", err}
	}
	if after, err = newSample(is, now); err != nil {
		return before, after, n, &invalid{"the current run", err}
	}
	if len(old) >= enough && len(now) >= enough {
		return before, after, n, nil
	}
	n = note{untold: true, more: enough - min(len(old), len(now)),
		reason: fmt.Sprintf("needs %d repetitions of each run, and there are %d of the baseline and %d of the current run", enough, len(old), len(now))}
	if c.Paired {
		n.reason = fmt.Sprintf("needs %d pairs of repetitions, and there are %d", enough, len(old))
	}
	if was.Clock != "virtual" || is.Clock != "virtual" || c.Paired {
		return before, after, n, nil
	}
	b, a, why := standIns(before, after)
	if why != nil {
		n.reason += fmt.Sprintf("; parts of one trial cannot stand in: %v", why)
		return before, after, n, nil
	}
	return b, a, note{reason: fmt.Sprintf("%d parts of a trial stand in for repetitions", batchesEach)}, nil
}

// standIns replaces the samples that are too small by batches of windows.
func standIns(before, after sample) (b, a sample, err error) {
	if len(before.repetitions) < enough {
		if before, err = newBatches(before.group); err != nil {
			return before, after, err
		}
	}
	if len(after.repetitions) < enough {
		after, err = newBatches(after.group)
	}
	return before, after, err
}

// pairUp keeps the repetitions that both runs have, in pairs.
func pairUp(was, is []*result.Trial) (old, now []*result.Trial) {
	byNumber := map[int]*result.Trial{}
	for _, t := range was {
		byNumber[t.Repeat] = t
	}
	for _, t := range is {
		if partner := byNumber[t.Repeat]; partner != nil {
			old, now = append(old, partner), append(now, t)
		}
	}
	return old, now
}

// unsupported tells why a metric says nothing of either group; "" where it
// does.
func unsupported(metric string, was, is *result.Group) string {
	ok := min(was.OK, is.OK)
	switch metric {
	case Errors, Cancelled, Dropped:
		return ""
	case P50, P99:
		share := map[string]float64{P50: 0.50, P99: 0.99}[metric]
		if need := statistics.NeededFor(share); ok < need && ok > 0 {
			return fmt.Sprintf("a %s needs %d successes in each run, and there are %d", metric, need, ok)
		}
	}
	if ok == 0 {
		return "there are no successes to compare"
	}
	return ""
}

// examine fills in the change with its interval, and what may be claimed of it.
func (t *test) examine(before, after statistics.Figure, paired bool) {
	if !finite(before) || !finite(after) {
		t.change.Reason = "a figure of 0 has no ratio"
		return
	}
	d := statistics.Unpaired(before, after)
	if paired {
		d = statistics.Paired(before, after)
	}
	low, high := d.Interval()
	change := d.Value
	if !isShare(t.change.Metric) {
		change, low, high = math.Exp(change), math.Exp(low), math.Exp(high)
		if low == 0 || math.IsInf(high, 1) {
			t.change.Reason = "the repetitions differ too much for an interval"
			return
		}
	}
	t.difference = d
	t.change.Change, t.change.Low, t.change.High = &change, &low, &high
	up, down := Worse, Better
	if t.change.Metric == Rate {
		up, down = Better, Worse
	}
	t.claim, t.p = up, d.Above(t.bound)
	if p := d.Below(-t.bound); p < t.p {
		t.claim, t.p = down, p
	}
	if p := d.Within(t.bound); p < t.p {
		t.claim, t.p = NoChange, p
	}
	t.p = min(1, 2*t.p)
}

// withhold takes back what may not be claimed of a percentile that depends on
// how long the calls would have taken that were given up: it is at least what
// it is compared as, so that it may only be worse than that.
func (t *test) withhold(was, is *result.Group) {
	percent := map[string]float64{P50: 50, P99: 99}[t.change.Metric]
	if percent == 0 {
		return
	}
	old, now := was.ResponseTimes().Quantile(percent).Known(), is.ResponseTimes().Quantile(percent).Known()
	switch {
	case old && now, now && t.claim == Better, old && t.claim == Worse:
		return
	}
	t.claim, t.change.Change, t.change.Low, t.change.High = "", nil, nil, nil
	t.change.Reason = fmt.Sprintf("%d and %d %ss were given up at the end of the drain, so the %s is only known to be at least so much",
		was.CancelledResponse.Count(), is.CancelledResponse.Count(), result.Noun(is.Unit), t.change.Metric)
}

func finite(f statistics.Figure) bool {
	return !slices.ContainsFunc(append([]float64{f.All}, f.Without...), func(v float64) bool {
		return math.IsNaN(v) || math.IsInf(v, 0)
	})
}

// conclude turns what may be claimed of each into verdicts on all together.
func conclude(family []*test) {
	var tested []*test
	var p []float64
	for _, t := range family {
		if t.claim != "" {
			tested, p = append(tested, t), append(p, t.p)
		}
	}
	var open []*test
	for i, corrected := range statistics.Holm(p) {
		t := tested[i]
		alone := CannotTell
		if t.p <= level {
			alone = t.claim
		}
		if corrected <= level {
			t.change.Verdict = t.claim
		} else {
			open = append(open, t)
		}
		if alone != t.change.Verdict {
			t.change.Alone = alone
		}
	}
	for _, t := range open {
		// As if all that is open were to be decided by this one comparison.
		more := t.difference.More(t.bound, level/2/float64(len(open)))
		switch {
		case t.batches == 0:
			t.change.More = more
		case more > 0:
			t.change.MoreTime = 1 + float64(more)/float64(t.batches)
		}
	}
}
