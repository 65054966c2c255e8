package drive

import (
	"time"

	"plimsoll/runner/latency"
	"plimsoll/target"
)

// parts takes in what the kind of a call tells of it, where it succeeded.
func (i *Interval) parts(o *target.Outcome) {
	if !o.OK() {
		return
	}
	for n, d := range o.Parts.Phases {
		if d >= 0 {
			i.phase(n).Record(d)
		}
	}
	if o.Parts.Memory > 0 {
		if i.Memory == nil {
			i.Memory = latency.NewSparse(latency.Fine)
		}
		i.Memory.Record(time.Duration(o.Parts.Memory))
	}
}

// phase is the histogram of one, which there may not have been yet.
func (i *Interval) phase(n int) *latency.Histogram {
	for n >= len(i.Phases) {
		i.Phases = append(i.Phases, latency.NewSparse(latency.Fine))
	}
	return i.Phases[n]
}

// mergeParts adds what another interval has of parts.
func (i *Interval) mergeParts(o *Interval) {
	for n, h := range o.Phases {
		i.phase(n).Merge(h)
	}
	switch {
	case o.Memory == nil:
	case i.Memory == nil:
		i.Memory = o.Memory
	default:
		i.Memory.Merge(o.Memory)
	}
}
