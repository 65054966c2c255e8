package drive

import (
	"testing"
	"time"

	"plimsoll/target"
)

// An interval that is reset holds nothing of phases, and needs no new memory for the
// same ones.
func TestAResetIntervalKeepsTheMemoryOfPhases(t *testing.T) {
	i, parts := NewInterval(), &target.Parts{Phases: []time.Duration{target.None, 0}}
	fill := func() {
		for n := range 1000 {
			parts.Phases[1] = time.Duration(n) * time.Microsecond
			i.parts(parts)
		}
	}
	fill()
	bare := testing.AllocsPerRun(10, i.Reset)
	if again := testing.AllocsPerRun(10, func() { i.Reset(); fill() }); again > bare {
		t.Errorf("filled again it takes %v pieces of memory besides those of Reset", again-bare)
	}
	whole := NewInterval()
	whole.Merge(i)
	i.Reset()
	whole.Merge(i)
	if kept, left := whole.Phases[1].Count(), i.Phases[1].Count(); kept != 1000 || left != 0 {
		t.Errorf("%d values of 1000 were merged, and %d are left", kept, left)
	}
}
