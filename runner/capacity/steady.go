package capacity

import (
	"math"

	"plimsoll/runner/result"
)

const (
	// batch is how many windows of a timeline make one batch (the 5 of MSER-5).
	batch = 5
	// fewest batches that a drift can be told from.
	fewest = 10
	// shown is how many standard errors the beginning must differ by from the
	// rest to be left out, and matters by what share of it. Without that MSER
	// would cut off chance bursts, of which a queue near saturation is full,
	// and where nothing varies the last digit.
	shown, matters = 4, 0.01
)

// transient tells how many windows of a trial's timeline belong to its
// beginning, while the mean response time still drifts; drifting tells that it
// did so for half of the trial, where looking ends.
//
// It is MSER-5 (White 1997): cut where the standard error of the mean of what
// is left is least.
func transient(t *result.Trial) (windows int, drifting bool) {
	idle, means := batchMeans(t)
	n := len(means)
	if n < fewest {
		return 0, false
	}
	best, cut := math.Inf(1), 0
	for d := 0; d <= n/2; d++ {
		_, squares := moments(means[d:])
		if left := float64(n - d); squares/left/left < best {
			best, cut = squares/left/left, d
		}
	}
	if cut == 0 || !differs(means[:cut], means[cut:]) {
		return 0, false
	}
	return (idle + cut) * batch, cut == n/2
}

// differs tells whether the beginning's mean is away from the rest's by more
// than chance.
func differs(beginning, rest []float64) bool {
	first, _ := moments(beginning)
	mean, squares := moments(rest)
	a, b := float64(len(beginning)), float64(len(rest))
	off := math.Abs(first - mean)
	return off > matters*mean && off > shown*math.Sqrt(squares/(b-1)*(1/a+1/b))
}

// batchMeans are the mean response times of batches of windows, as long as
// calls became due and each batch has any. Before them there may be idle ones,
// without a success that counts: after a warm-up its calls are the first to
// end.
func batchMeans(t *result.Trial) (idle int, means []float64) {
	for from := 0; from+batch <= len(t.Timeline); from += batch {
		sum, n := 0.0, 0.0
		last := t.Timeline[from+batch-1]
		if last.AtS+last.WidthS > t.DurationS*(1+1e-9) {
			break
		}
		for _, w := range t.Timeline[from : from+batch] {
			sum += w.MeanS * float64(w.OK)
			n += float64(w.OK)
		}
		switch {
		case n > 0:
			means = append(means, sum/n)
		case len(means) > 0:
			return idle, nil
		default:
			idle++
		}
	}
	return idle, means
}

// moments are the mean and the sum of squares about it.
func moments(values []float64) (mean, squares float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return mean, squares
}
