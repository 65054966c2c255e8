package agenda

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The oracle is a sorted list.
func TestEntriesComeInOrderOfTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a Agenda[time.Duration]
		var sorted []time.Duration
		for range rapid.IntRange(0, 300).Draw(t, "steps") {
			if len(sorted) > 0 && rapid.IntRange(0, 2).Draw(t, "pop") == 0 {
				if a.First() != sorted[0] {
					t.Fatalf("first at %d, want %d", a.First(), sorted[0])
				}
				if e := a.Pop(); e.At != sorted[0] || e.What != -e.At {
					t.Fatalf("popped %+v, want %d", e, sorted[0])
				}
				sorted = sorted[1:]
				continue
			}
			at := time.Duration(rapid.Int64Range(0, 50).Draw(t, "at"))
			a.Push(at, -at)
			i, _ := slices.BinarySearch(sorted, at)
			sorted = slices.Insert(sorted, i, at)
		}
		if a.Len() != len(sorted) {
			t.Fatalf("%d entries, want %d", a.Len(), len(sorted))
		}
	})
}
