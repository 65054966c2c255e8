package latency

import (
	"fmt"
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Encode writes the histogram in HdrHistogram's V2 compressed encoding,
// base64: in nanoseconds, from 1 ns to Highest, with the histogram's digits.
// An empty histogram is the empty string.
func (h *Histogram) Encode() (string, error) {
	if h.count == 0 {
		return "", nil
	}
	counts := make([]int64, h.first+len(h.counts))
	for i, c := range h.counts {
		counts[h.first+i] = int64(c)
	}
	standard := hdrhistogram.Import(&hdrhistogram.Snapshot{
		LowestTrackableValue:  1,
		HighestTrackableValue: int64(Highest),
		SignificantFigures:    int64(h.digits),
		Counts:                counts,
	})
	encoded, err := standard.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	return string(encoded), err
}

// longestEncoding bounds what Decode looks at: a full histogram's counts take
// less.
const longestEncoding = 1 << 20

// Decode reads what Encode wrote. Min, Max, Mean and Stddev are those of the
// buckets, since the encoding keeps no others: see Restore.
func Decode(encoded string) (h *Histogram, err error) {
	if encoded == "" {
		return New(Fine), nil
	}
	if len(encoded) > longestEncoding {
		return nil, fmt.Errorf("an encoded histogram of %d bytes is longer than any of ours", len(encoded))
	}
	standard, err := hdrhistogram.Decode([]byte(encoded))
	if err != nil {
		return nil, fmt.Errorf("not an encoded histogram: %w", err)
	}
	s := standard.Export()
	digits := Digits(s.SignificantFigures)
	if digits != Fine && digits != Coarse || s.LowestTrackableValue != 1 || s.HighestTrackableValue != int64(Highest) {
		return nil, fmt.Errorf("a histogram of %d digits from %d to %d ns is none of ours (3 or 2 digits, 1 ns to 1 h)",
			s.SignificantFigures, s.LowestTrackableValue, s.HighestTrackableValue)
	}
	return fromCounts(digits, s.Counts)
}

func fromCounts(digits Digits, counts []int64) (*Histogram, error) {
	h := New(digits)
	for bucket, c := range counts {
		if c == 0 {
			continue
		}
		v := h.top(bucket)
		if c < 0 || c > math.MaxInt64-h.count || v > h.top(h.bucket(int64(Highest))) {
			return nil, fmt.Errorf("not an encoded histogram: impossible count %d of %v", c, time.Duration(v))
		}
		if h.count == 0 {
			h.centre = v
		}
		if uint(bucket-h.first) >= uint(len(h.counts)) {
			h.grow(bucket)
		}
		h.counts[bucket-h.first] += uint64(c)
		h.count += c
		h.min, h.max = min(h.min, v), max(h.max, v)
		off := float64(v - h.centre)
		h.sum1 += off * float64(c)
		h.sum2 += off * off * float64(c)
	}
	return h, nil
}

// Restore puts back the exact figures that the encoding loses, as they were
// saved beside it: lowest and highest value, mean and standard deviation in
// nanoseconds. Figures that contradict the buckets are refused.
func (h *Histogram) Restore(lowest, highest time.Duration, mean, stddev float64) error {
	if h.count == 0 {
		return nil
	}
	if lowest < 0 || highest > Highest || h.bucket(int64(lowest)) != h.bucket(h.min) || h.bucket(int64(highest)) != h.bucket(h.max) {
		return fmt.Errorf("lowest %v and highest %v are not those of the histogram (%v, %v)", lowest, highest, h.Min(), h.Max())
	}
	n := float64(h.count)
	h.min, h.max, h.centre = int64(lowest), int64(highest), int64(lowest)
	h.sum1 = (mean - float64(h.centre)) * n
	h.sum2 = stddev*stddev*n + h.sum1*h.sum1/n
	return nil
}
