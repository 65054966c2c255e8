package latency

// Interpolated is the quantile in nanoseconds, from 0 to 100 percent, as if
// the values of a bucket were spread over it evenly; 0 without any value. It
// is as exact as Quantile, but moves with every value instead of in steps of
// a bucket: for estimating how much a quantile varies, where steps would be
// taken for certainty, or for change.
func (h *Histogram) Interpolated(percent float64) float64 {
	if h.count == 0 {
		return 0
	}
	rank, seen := percent/100*float64(h.count), 0.0
	for bucket, c := range h.met {
		inside := float64(c)
		if seen+inside < rank {
			seen += inside
			continue
		}
		top := h.top(bucket)
		width := top
		if bucket > 0 {
			width = top - h.top(bucket-1)
		}
		v := float64(top) + 0.5 - float64(width)*(1-(rank-seen)/inside)
		return max(float64(h.min), min(float64(h.max), v))
	}
	return float64(h.max)
}
