package runner_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/drive"
	"plimsoll/runner/latency"
	"plimsoll/runner/result"
	"plimsoll/runner/schedule"
	"plimsoll/target"
)

// taking is a sink that merges at once what it takes.
type taking struct{ whole *drive.Interval }

func (s *taking) Take(full *drive.Interval) *drive.Interval {
	s.whole.Merge(full)
	full.Reset()
	return full
}

// outcomes are how the calls of a batch end; cancelled ones do not.
var outcomes = []string{"", "", "", "reset", target.Cancelled}

// Whichever loops record a batch's calls, in whatever order, and whoever takes what they
// have recorded meanwhile: its completions are those that a list of all ends tells, by
// their very definition.
func TestCompletionsAreThoseOfTheList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		calls := rapid.OneOf(rapid.IntRange(1, 12), rapid.IntRange(230, 330)).Draw(t, "calls")
		loops := rapid.IntRange(1, 4).Draw(t, "loops")
		leftOut := rapid.OneOf(rapid.Just(calls), rapid.IntRange(0, calls)).Draw(t, "left out behind")
		whole, sharing := &taking{drive.NewInterval()}, make([]*drive.Recorder, loops)
		for i := range sharing {
			sharing[i] = drive.NewRecorder(schedule.Never, nil)
			sharing[i].Sink, sharing[i].Ends = whole, latency.NewEnds(calls)
		}
		ends := make([]float64, calls) // by place; infinite: never
		steps := rapid.Bool().Draw(t, "steps")
		for _, place := range rapid.Permutation(places(calls)).Draw(t, "order") {
			end := time.Duration(rapid.IntRange(0, 50).Draw(t, "end")) * time.Millisecond
			class := rapid.SampledFrom(outcomes).Draw(t, "class")
			if ends[place] = end.Seconds(); class == target.Cancelled {
				ends[place] = math.Inf(1)
			}
			c := &drive.Call{Number: uint64(place), End: end, Outcome: &target.Outcome{Class: class}}
			on := sharing[place%loops]
			if place%17 == 0 {
				on.Ask()
			}
			if steps {
				c.Number += 1000 // of iterations, which go on from those of the warm-up
				on.Iteration(uint64(place), c)
			} else {
				on.Record(c)
			}
		}
		if leftOut < calls {
			sharing[leftOut%loops].LeaveOut(0, uint64(leftOut))
		}
		for _, r := range sharing {
			whole.whole.Merge(r.Interval)
		}
		got := result.NewCompletions(whole.whole.Ends)
		checkCurve(t, "as completed", &got.Curve, calls, func(k int) float64 { return earliest(ends, k) })
		checkCurve(t, "in order", &got.InOrder, calls, func(k int) float64 {
			if k > leftOut {
				return math.Inf(1)
			}
			return slices.Max(ends[:k])
		})
	})
}

func places(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// earliest is the first end at which so many calls were over.
func earliest(ends []float64, k int) float64 {
	found := math.Inf(1)
	for _, at := range ends {
		over := 0
		for _, other := range ends {
			if other <= at {
				over++
			}
		}
		if over >= k {
			found = min(found, at)
		}
	}
	return found
}

// checkCurve compares a curve with when each number of calls was there, infinite for
// never.
func checkCurve(t *rapid.T, name string, c *result.Curve, calls int, when func(k int) float64) {
	for k, figure := range map[int]*float64{1: c.FirstS, (calls + 1) / 2: c.HalfS, calls: c.LastS} {
		if orNever(figure) != when(k) {
			t.Fatalf("%s: %d of %d calls are there at %v instead of %v", name, k, calls, orNever(figure), when(k))
		}
	}
	if len(c.Marks) > result.MostMarks {
		t.Fatalf("%s: %d marks", name, len(c.Marks))
	}
	before := 0
	for i, m := range c.Marks {
		k := int(math.Round(m.Share() * float64(calls)))
		if k <= before || m.AtS() != when(k) || i > 0 && m.AtS() < c.Marks[i-1].AtS() {
			t.Fatalf("%s: mark %v, of %d calls, which come at %v", name, m, k, when(k))
		}
		before = k
	}
	if before < calls && !math.IsInf(when(calls), 1) {
		t.Fatalf("%s: the curve ends at %d of %d calls", name, before, calls)
	}
	for tenth := 1; tenth <= 10; tenth++ {
		at, there := c.Reached(float64(tenth) / 10)
		if want := when((tenth*calls + 9) / 10); there == math.IsInf(want, 1) || there && at != want {
			t.Fatalf("%s: %d tenths of %d calls are there at %v, %v instead of %v", name, tenth, calls, at, there, want)
		}
	}
}

func orNever(at *float64) float64 {
	if at == nil {
		return math.Inf(1)
	}
	return *at
}
