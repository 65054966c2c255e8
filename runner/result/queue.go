package result

import "slices"

// Queue is a bounded queue between producers and consumers, over a trial.
type Queue struct {
	LengthMean float64 `json:"length_mean"`
	// LengthMax is the most items that waited in it; one that a free consumer
	// takes at once does not wait.
	LengthMax int `json:"length_max"`
	// BlockedS is how long producers waited for room, all of them together.
	BlockedS float64 `json:"blocked_s"`
	// ConsumersBusy is the share of the time for which consumers had an item.
	ConsumersBusy float64 `json:"consumers_busy"`
}

// queueOf is the queue of repetitions as one: means over the whole of their time,
// the longest that it was in any, and the mean of how long producers were blocked;
// nil where there is none.
func queueOf(trials []*Trial) *Queue {
	if slices.ContainsFunc(trials, func(t *Trial) bool { return t.Queue == nil }) {
		return nil
	}
	q := &Queue{
		LengthMean:    weightedMean(trials, func(t *Trial) float64 { return t.Queue.LengthMean }, (*Trial).LengthS),
		BlockedS:      weightedMean(trials, func(t *Trial) float64 { return t.Queue.BlockedS }, func(*Trial) float64 { return 1 }),
		ConsumersBusy: weightedMean(trials, func(t *Trial) float64 { return t.Queue.ConsumersBusy }, (*Trial).LengthS),
	}
	for _, t := range trials {
		q.LengthMax = max(q.LengthMax, t.Queue.LengthMax)
	}
	return q
}
