package wire

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever is put, moved and removed, the first that is wanted has the fewest calls of
// those that are there and wanted.
func TestEvenly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e evenly
		all := make([]trunk, 8)
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			one := &all[rapid.IntRange(0, len(all)-1).Draw(t, "connection")]
			if one.listed && rapid.Bool().Draw(t, "remove") {
				e.remove(one)
				one.listed = false
			} else {
				one.streams = make([]*Stream, rapid.IntRange(0, 5).Draw(t, "calls"))
				e.put(one)
				one.listed = true
			}
			refused := &all[rapid.IntRange(0, len(all)-1).Draw(t, "unwanted")]
			fewest, listed := -1, 0
			for i := range all {
				if !all[i].listed {
					continue
				}
				listed++
				if n := len(all[i].streams); &all[i] != refused && (fewest < 0 || n < fewest) {
					fewest = n
				}
			}
			got := e.first(func(t *trunk) bool { return t != refused })
			if listed != e.count || (got == nil) != (fewest < 0) || got != nil && (!got.listed || len(got.streams) != fewest) {
				t.Fatalf("%+v, want %d calls; %d of %d are there", got, fewest, e.count, listed)
			}
		}
	})
}
