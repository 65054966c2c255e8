package drive_test

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/drive"
	"plimsoll/target"
)

// likely are calls of which many take the same time, and end at the same.
func likely(t *rapid.T) drive.Call {
	few := func(name string) time.Duration {
		return time.Duration(rapid.Int64Range(0, 2).Draw(t, name)) * time.Millisecond
	}
	c := drive.Call{Outcome: &target.Outcome{}, Intended: few("due") - time.Millisecond}
	c.Ready = c.Intended + few("held")
	c.Start = c.Ready + few("late")
	c.End = c.Start + few("took")
	c.Class = rapid.SampledFrom([]string{"", "", target.Timeout, target.Reset, target.Cancelled, target.Generator}).Draw(t, "class")
	if c.Class != "" {
		c.Example = fmt.Sprint("why ", c.End)
	}
	return c
}

// indices are 0 and so on.
func indices(n int) []uint64 {
	all := make([]uint64, n)
	for i := range all {
		all[i] = uint64(i)
	}
	return all
}

// told is what is to be told of a call.
func told(c *drive.Call) drive.Seen {
	return drive.Seen{
		Due: c.Intended, Ended: c.End, Response: c.End - c.Intended, Service: c.End - c.Start, Held: c.Ready - c.Intended,
		Number: c.Number, Class: c.Class, Example: c.Example,
	}
}

// The slowest calls, and the first failures of each class, are those that whoever
// sorts all calls finds: however they come to several loops, and whenever these
// hand over what they have.
func TestTheSlowestAndTheFirstFailuresAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		calls := rapid.SliceOfN(rapid.Custom(likely), 0, 60).Draw(t, "calls")
		for len(calls) > 0 && len(calls) < 40 { // rapid likes few, and ten are kept
			calls = append(calls, calls...)
		}
		numbers := rapid.Permutation(indices(len(calls))).Draw(t, "numbers")
		whole, parts := drive.NewInterval(), make([]*drive.Recorder, rapid.IntRange(1, 4).Draw(t, "loops"))
		for i := range parts {
			parts[i] = drive.NewRecorder(time.Second, nil)
			parts[i].Sink = &pieces{whole: whole, spare: drive.NewInterval()}
		}
		var slowest []drive.Seen
		failed := map[string][]drive.Seen{}
		for i := range calls {
			c := &calls[i]
			c.Number = numbers[i]
			part := parts[rapid.IntRange(0, len(parts)-1).Draw(t, "loop")]
			if rapid.IntRange(0, 3).Draw(t, "ask") == 0 {
				part.Ask()
			}
			part.Record(c)
			if c.Intended < 0 || c.Class == target.Cancelled {
				continue
			}
			if c.Class != target.Generator {
				slowest = append(slowest, told(c))
			}
			if c.Class != "" {
				failed[c.Class] = append(failed[c.Class], told(c))
			}
		}
		for _, p := range parts {
			whole.Merge(p.Interval)
		}
		slices.SortFunc(slowest, func(a, b drive.Seen) int {
			return cmp.Or(cmp.Compare(b.Response, a.Response), cmp.Compare(a.Number, b.Number))
		})
		slowest = slowest[:min(len(slowest), 10)]
		if got := whole.Slowest.Calls(); len(got)+len(slowest) > 0 && !reflect.DeepEqual(got, slowest) {
			t.Fatalf("the slowest are %+v\nwant %+v", got, slowest)
		}
		if len(whole.Errors) != len(failed) {
			t.Fatalf("%d classes failed, want %d", len(whole.Errors), len(failed))
		}
		for class, all := range failed {
			slices.SortFunc(all, func(a, b drive.Seen) int {
				return cmp.Or(cmp.Compare(a.Ended, b.Ended), cmp.Compare(a.Number, b.Number))
			})
			e := whole.Errors[class]
			if last := all[len(all)-1].Ended; e.First() != all[0].Ended || e.Last != last || e.Count != int64(len(all)) || e.Example() != all[0].Example {
				t.Fatalf("%s: %+v; want %d from %v to %v", class, e, len(all), all[0].Ended, last)
			}
			if all = all[:min(len(all), 3)]; !reflect.DeepEqual(e.Calls, all) {
				t.Fatalf("%s: the first are %+v\nwant %+v", class, e.Calls, all)
			}
		}
	})
}
