package wire

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"plimsoll/target"
)

// A line is as a list is, whoever is taken out of its midst.
func TestLineIsAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l line
		var list []*Exchange
		spare := []*Exchange{}
		for n := range rapid.IntRange(1, 300).Draw(t, "steps") {
			switch step := rapid.IntRange(0, 5).Draw(t, "step"); {
			case step < 3:
				x := new(Exchange)
				if len(spare) > 0 {
					x, spare = spare[len(spare)-1], spare[:len(spare)-1]
				}
				slot := uint32(0) // the first that is free
				for slices.ContainsFunc(list, func(x *Exchange) bool { return x.ID.Slot() == slot }) {
					slot++
				}
				x.ID = target.NewID(slot, uint64(n))
				l.push(x)
				list = append(list, x)
			case len(list) == 0:
			case step == 3:
				x := list[0]
				if first := l.first(); first != x || l.pop() != x {
					t.Fatal("another one is the first")
				}
				list, spare = list[1:], append(spare, x)
			default:
				at := rapid.IntRange(0, len(list)-1).Draw(t, "at")
				x := list[at]
				if l.take(x.ID) != x || l.take(x.ID) != nil {
					t.Fatal("another one stands there, or the same twice")
				}
				list, spare = slices.Delete(list, at, at+1), append(spare, x)
			}
			if l.len() != len(list) || len(l.calls) > 2*len(list)+300 {
				t.Fatalf("%d are in line, want %d; %d places", l.len(), len(list), len(l.calls))
			}
		}
	})
}

// However long a line is, who leaves it is found at once.
func BenchmarkLeavingALine(b *testing.B) {
	const long = 100_000
	var l line
	all := make([]*Exchange, long)
	for i := range all {
		all[i] = new(Exchange)
		all[i].ID = target.NewID(uint32(i), uint64(i))
		l.push(all[i])
	}
	for n := 0; b.Loop(); n++ {
		x := all[(n*7919+long/2)%long]
		l.push(l.take(x.ID))
	}
}
