package compare

import (
	"fmt"
	"math"

	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// batchesEach is how many batches of a long trial's windows may stand in for
// repetitions, under the virtual clock: there what one window does to the next
// is the target's doing and the schedule's, never a drift of the machine.
const batchesEach = 20

// mostAlike is how alike neighbouring batches may be, as the correlation of
// their mean response times: about twice what 20 independent ones show by
// chance. Beyond, they are no independent repetitions, because the target
// remembers for longer than a batch, or because the load itself changes.
const mostAlike = 0.45

// newBatches takes batches of the trials' windows for repetitions.
func newBatches(g *result.Group) (sample, error) {
	s := sample{group: g, batches: true}
	for _, t := range g.Trials {
		batches, err := batchesOf(t)
		if err != nil {
			return s, err
		}
		s.repetitions = append(s.repetitions, batches...)
	}
	return s, nil
}

func batchesOf(t *result.Trial) ([]repetition, error) {
	length := t.LengthS()
	windows := t.Timeline
	for len(windows) > 0 && windows[len(windows)-1].AtS >= length {
		windows = windows[:len(windows)-1] // after its end: only what was late
	}
	if len(windows) < batchesEach {
		return nil, fmt.Errorf("its timeline has %d windows, and %d would be needed", len(windows), batchesEach)
	}
	batches := make([]repetition, batchesEach)
	for i := range batches {
		from, to := i*len(windows)/batchesEach, (i+1)*len(windows)/batchesEach
		b, err := batch(windows[from:to], length)
		if err != nil {
			return nil, err
		}
		batches[i] = b
	}
	if alike := correlation(batches); alike > mostAlike {
		return nil, fmt.Errorf("the parts of the trial depend on each other (neighbours are correlated by %.2f)", alike)
	}
	return batches, nil
}

// batch makes one trial of some windows.
func batch(windows []result.Window, length float64) (repetition, error) {
	b := repetition{&result.Trial{Measure: result.Measure{Errors: map[string]result.Error{}}}, latency.New(latency.Coarse)}
	failed := int64(0)
	for i := range windows {
		w := &windows[i]
		h, err := w.Histogram()
		if err != nil {
			return b, fmt.Errorf("its timeline: %w", err)
		}
		b.response.Merge(h)
		b.OK += w.OK
		failed += w.Errors
		b.DurationS += min(w.WidthS, length-w.AtS)
	}
	if b.OK == 0 {
		return b, fmt.Errorf("parts of the trial have no success")
	}
	if failed > 0 {
		b.Errors["all"] = result.Error{Count: failed}
	}
	b.ThroughputPerS = float64(b.OK) / b.DurationS
	return b, nil
}

// correlation is that of neighbours' mean response times, from −1 to 1; 0
// where they do not vary.
func correlation(batches []repetition) float64 {
	n, mean := float64(len(batches)), 0.0
	for _, b := range batches {
		mean += b.response.Mean() / n
	}
	variance, covariance := 0.0, 0.0
	for i, b := range batches {
		off := b.response.Mean() - mean
		variance += off * off
		if i > 0 {
			covariance += off * (batches[i-1].response.Mean() - mean)
		}
	}
	if variance <= 1e-12*mean*mean*n || math.IsNaN(variance) {
		return 0 // nothing but rounding
	}
	return covariance / variance
}
