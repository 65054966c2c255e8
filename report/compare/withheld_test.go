package compare

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// Calls that were given up may have taken for ever: a percentile that they
// have a part in may be called worse, where only the slower run has any, but
// not better; percentiles below them can be compared as ever.
func TestPercentilesOfCallsGivenUp(t *testing.T) {
	for scale, p99 := range map[float64]Verdict{1.5: Worse, 0.6: CannotTell} {
		was, is := runs(t, scale)
		givenUp := latency.New(latency.Fine)
		for range 30 { // of 1000, when they had taken longer than the median
			givenUp.Record(time.Duration(1.1 * scale * float64(small.median)))
		}
		dist, err := result.NewDist(givenUp)
		if err != nil {
			t.Fatal(err)
		}
		for i := range is.Trials {
			is.Trials[i].Cancelled, is.Trials[i].CancelledResponse = givenUp.Count(), dist
		}
		c := mustCompare(t, was, is, Options{})
		p50 := Worse
		if scale < 1 {
			p50 = Better
		}
		got := verdicts(c)
		if got[P50] != p50 || got[P99] != p99 {
			t.Errorf("scaled by %v: %v", scale, got)
		}
		for _, ch := range c.Changes {
			told := strings.Contains(ch.Reason, "0 and 150 calls were given up at the end of the drain, so the p99 is only known")
			if want := ch.Metric == P99 && p99 == CannotTell; told != want || told != (ch.Metric == P99 && ch.Change == nil) {
				t.Errorf("scaled by %v: %+v", scale, ch)
			}
		}
	}
}

// One success is something to compare, none is not.
func TestThereMustBeASuccess(t *testing.T) {
	for ok, want := range map[int64]string{0: "there are no successes to compare", 1: "", 2: ""} {
		for _, metric := range []string{Makespan, Rate} {
			if got := unsupported(metric, &result.Group{Sum: result.Sum{OK: 5}}, &result.Group{Sum: result.Sum{OK: ok}}); got != want {
				t.Errorf("%s of %d successes: %q, want %q", metric, ok, got, want)
			}
		}
	}
}

// How many more repetitions it would take is told for the whole table: 5 % of
// wrong verdicts are shared by both sides of all that is open.
func TestMoreIsForAllThatIsOpen(t *testing.T) {
	noisy := small
	noisy.drift, noisy.repetitions = 0.1, 4
	was, is := noisy.pair(rand.New(rand.NewPCG(3, 3)), 1.05, false)
	var family []*test
	tolerance := 0.02
	for _, metric := range []string{Makespan, P50} {
		one := newTest(metric, was, is, limits{general: &tolerance})
		one.examine(was.figure(metric), is.figure(metric), false)
		family = append(family, one)
	}
	conclude(family)
	for _, one := range family {
		want := one.difference.More(one.bound, 0.05/2/2)
		if one.change.Verdict != CannotTell || want < 5 || one.change.More != want {
			t.Errorf("%+v, want %d more", one.change, want)
		}
	}
}

// Without a success nothing has a response time; all else has its figure.
func TestWhatNoSuccessLacks(t *testing.T) {
	for _, metric := range []string{Makespan, Rate, P50, P99, Errors} {
		for ok, lacks := range map[int64]bool{0: metric == P50 || metric == P99, 1: false, 5: false} {
			if got := (sample{group: &result.Group{Sum: result.Sum{OK: ok}}}).lacks(metric); got != lacks {
				t.Errorf("%s of %d successes is lacking: %v", metric, ok, got)
			}
		}
	}
}
