// Package statistics says how sure a comparison is. It knows numbers only: no
// trials, no histograms.
package statistics

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Confidence is that of every interval: it covers the true value in 95 of 100
// experiments.
const Confidence = 0.95

// None asks a statistic for all repetitions, leaving none out.
const None = -1

// Estimate is a ratio and its confidence interval: Low ≤ Value ≤ High.
type Estimate struct{ Value, Low, High float64 }

// Ratio estimates a ratio of two figures, each computed from the same n
// repetitions, such as the p99 of one merged histogram over that of another.
// Statistic computes it from all repetitions but the without-th (0 … n−1) of
// both, or from all of them (None).
//
// The interval is the delete-one jackknife of the ratio's logarithm with
// Student's t of n−1 degrees of freedom. It assumes only that repetitions are
// independent of each other: calls within one need not be, and a repetition
// may drift together in both figures, which pairing takes out. A percentile
// bootstrap over so few repetitions covers too seldom (81 % of the time at 3,
// where this covers 95 %).
//
// Repetitions that do not vary at all give Low = Value = High. It is an error
// if n is below 2, or if a ratio has no logarithm.
func Ratio(n int, statistic func(without int) float64) (Estimate, error) {
	if n < 2 {
		return Estimate{}, fmt.Errorf("an interval needs at least 2 repetitions, not %d", n)
	}
	value := statistic(None)
	if err := hasLogarithm(value); err != nil {
		return Estimate{}, err
	}
	deleted, err := logarithmsWithout(n, statistic)
	if err != nil {
		return Estimate{}, err
	}
	half := studentsT(n-1) * standardError(deleted)
	return around(value, half, half)
}

// logarithmsWithout are a statistic's logarithms without each of the
// repetitions in turn.
func logarithmsWithout(n int, statistic func(without int) float64) ([]float64, error) {
	deleted := make([]float64, n)
	for i := range deleted {
		value := statistic(i)
		if err := hasLogarithm(value); err != nil {
			return nil, fmt.Errorf("without repetition %d: %w", i, err)
		}
		deleted[i] = math.Log(value)
	}
	return deleted, nil
}

// around is a ratio with an interval whose logarithm reaches so far down and
// up.
func around(value, down, up float64) (Estimate, error) {
	e := Estimate{Value: value, Low: value / math.Exp(down), High: value * math.Exp(up)}
	if e.Low == 0 || math.IsInf(e.High, 1) {
		return Estimate{}, errors.New("the repetitions differ too much for an interval")
	}
	return e, nil
}

func hasLogarithm(ratio float64) error {
	if !(ratio > 0) || math.IsInf(ratio, 1) {
		return fmt.Errorf("a ratio of %v has no logarithm", ratio)
	}
	return nil
}

// standardError is the jackknife's: √((n−1)/n · Σ(θᵢ − θ̄)²), θᵢ being the
// statistic without repetition i (Efron & Tibshirani 1993, equation 11.5).
func standardError(deleted []float64) float64 {
	n := float64(len(deleted))
	squares := 0.0
	for _, off := range offMean(deleted) {
		squares += off * off
	}
	return math.Sqrt((n - 1) / n * squares)
}

// offMean is how far each value is from their mean.
func offMean(values []float64) []float64 {
	// About the first value, so that equal values have no error at all.
	mean := values[0]
	for _, v := range values {
		mean += (v - values[0]) / float64(len(values))
	}
	off := make([]float64, len(values))
	for i, v := range values {
		off[i] = v - mean
	}
	return off
}

// studentsT is the factor that a standard error of so many degrees of freedom
// is multiplied by, to either side.
func studentsT(degrees int) float64 {
	return distuv.StudentsT{Sigma: 1, Nu: float64(degrees)}.Quantile((1 + Confidence) / 2)
}
