package result

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"plimsoll/runner/latency"
)

// NewDist sums a histogram up, which must be latency.Fine.
func NewDist(h *latency.Histogram) (Dist, error) {
	if h.Digits() != latency.Fine {
		return Dist{}, fmt.Errorf("a distribution needs %d significant digits, not %d", latency.Fine, h.Digits())
	}
	if h.Count() == 0 {
		return Dist{}, nil
	}
	hdr, err := h.Encode()
	if err != nil {
		return Dist{}, fmt.Errorf("cannot encode a histogram: %w", err)
	}
	return Dist{
		Count:   h.Count(),
		MinS:    h.Min().Seconds(),
		MeanS:   h.Mean() / 1e9,
		StddevS: h.Stddev() / 1e9,
		MaxS:    h.Max().Seconds(),
		P50S:    h.Quantile(50).Seconds(),
		P90S:    h.Quantile(90).Seconds(),
		P95S:    h.Quantile(95).Seconds(),
		P99S:    h.Quantile(99).Seconds(),
		P999S:   h.Quantile(99.9).Seconds(),
		HDR:     hdr,
	}, nil
}

// Histogram is the whole distribution, with the exact lowest, highest and mean
// value and standard deviation, which the encoding alone would lose.
func (d *Dist) Histogram() (*latency.Histogram, error) {
	h, err := decode(d.HDR, latency.Fine, d.Count)
	if err != nil || d.Count == 0 {
		return h, err
	}
	lowest, highest := nanoseconds(d.MinS), nanoseconds(d.MaxS)
	// Seconds and back may round a mean out of the range by a hair.
	mean := min(max(d.MeanS*1e9, float64(lowest)), float64(highest))
	if err := h.Restore(lowest, highest, mean, d.StddevS*1e9); err != nil {
		return nil, fmt.Errorf("hdr: %w", err)
	}
	return h, nil
}

// Histogram is the window's distribution, latency.Coarse.
func (w *Window) Histogram() (*latency.Histogram, error) {
	return decode(w.HDR, latency.Coarse, w.OK)
}

func decode(hdr string, digits latency.Digits, count int64) (*latency.Histogram, error) {
	if hdr == "" && count == 0 {
		return latency.New(digits), nil
	}
	h, err := latency.Decode(hdr)
	switch {
	case err != nil:
		return nil, fmt.Errorf("hdr: %w", err)
	case h.Count() != count:
		return nil, fmt.Errorf("hdr holds %d values where %d are counted", h.Count(), count)
	case h.Digits() != digits:
		return nil, fmt.Errorf("hdr has %d significant digits where %d belong", h.Digits(), digits)
	}
	return h, nil
}

// nanoseconds undoes Duration.Seconds, exactly up to 104 days: there the 53 bits
// of a number end.
func nanoseconds(seconds float64) time.Duration {
	if ns := math.Round(seconds * 1e9); ns < float64(latency.Highest) {
		return time.Duration(ns)
	}
	return latency.Highest
}

// check compares what is cheap to compare; Histogram decodes.
func (d *Dist) check(calls int64) error {
	if d.Count != calls {
		return fmt.Errorf("count %d is not the %d calls it belongs to", d.Count, calls)
	}
	if d.Count == 0 {
		if *d != (Dist{}) {
			return fmt.Errorf("has figures but no values")
		}
		return nil
	}
	if d.HDR == "" {
		return fmt.Errorf("has %d values but no hdr", d.Count)
	}
	rising := []float64{d.MinS, d.P50S, d.P90S, d.P95S, d.P99S, d.P999S, d.MaxS}
	for i := 1; i < len(rising); i++ {
		if rising[i] < rising[i-1] {
			return fmt.Errorf("min, p50, p90, p95, p99, p99.9, max do not rise: %v", rising)
		}
	}
	const rounding = 1e-9
	if d.MeanS < d.MinS*(1-rounding) || d.MeanS > d.MaxS*(1+rounding) || d.StddevS > d.MaxS-d.MinS+rounding {
		return fmt.Errorf("mean %v s and stddev %v s cannot be of values from %v to %v s", d.MeanS, d.StddevS, d.MinS, d.MaxS)
	}
	return nil
}

// dists are the distributions, each with the number of calls that it must hold.
func (m *Measure) dists() []namedDist {
	return []namedDist{
		{"response", &m.Response, m.OK},
		{"service", &m.Service, m.OK},
		{"error_response", &m.ErrorResponse, m.Failed()},
		{"cancelled_response", &m.CancelledResponse, min(m.Cancelled, m.CancelledResponse.Count)},
		{"held", &m.Held, m.Started},
		{"lateness", &m.Lateness, m.Started},
	}
}

// optional are those that not every call has.
func (m *Measure) optional() (list []namedDist) {
	for _, name := range slices.Sorted(maps.Keys(m.Phases)) {
		d := m.Phases[name]
		values := min(d.Count, m.OK)
		if name == Gap {
			values = m.gaps()
		}
		list = append(list, namedDist{"phase " + name, &d, values})
	}
	if m.Memory != nil {
		list = append(list, namedDist{"memory", m.Memory, min(m.Memory.Count, m.OK)})
	}
	return list
}

// dists are those of the trial; iterations have some that calls have not.
func (t *Trial) dists() []namedDist {
	list := append(t.Measure.dists(), t.Measure.optional()...)
	if t.Elapsed != nil {
		list = append(list, namedDist{"elapsed", t.Elapsed, t.OK})
	}
	if t.ErrorElapsed != nil {
		list = append(list, namedDist{"error_elapsed", t.ErrorElapsed, t.Failed()})
	}
	return list
}

// dists are those of the step. What it records may be missing from an answer.
func (s *Step) dists() []namedDist {
	list := append(append(s.Measure.dists(), s.Measure.optional()...), namedDist{"begin", &s.Begin, s.OK})
	if s.Elapsed != nil {
		list = append(list, namedDist{"elapsed", s.Elapsed, s.OK})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Records)) {
		d := s.Records[name]
		list = append(list, namedDist{"record " + name, &d, min(d.Count, s.OK)})
	}
	return list
}

type namedDist struct {
	name  string
	dist  *Dist
	calls int64
}

// Generator is the class of the calls that this machine could not make, for
// want of descriptors, ports, buffers or memory: no error of the target's.
const Generator = "generator"

// Failed is how many calls ended in an error of the target's, of any class.
func (m *Measure) Failed() int64 {
	n := int64(0)
	for class, e := range m.Errors {
		if class != Generator {
			n += e.Count
		}
	}
	return n
}

// Lacking is how many calls the generator could not make.
func (m *Measure) Lacking() int64 { return m.Errors[Generator].Count }
