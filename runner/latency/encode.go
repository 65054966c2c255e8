package latency

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Encode writes the histogram in HdrHistogram's V2 compressed encoding,
// base64: in nanoseconds, from 1 ns to an hour or further (see reach), with the
// histogram's digits.
// An empty histogram is the empty string.
func (h *Histogram) Encode() (string, error) {
	e := encoders.Get().(*Encoder)
	defer encoders.Put(e)
	return e.Encode(h)
}

// encoders lends an Encoder to whoever encodes a single histogram: what that
// allocates, and clears, takes far longer than the encoding.
var encoders = sync.Pool{New: func() any { return new(Encoder) }}

// Encoder encodes many histograms; the zero value is ready. It writes the
// bytes that the hdrhistogram-go library would (a test compares them), without
// the megabyte that its compressor allocates for each: a result holds hundreds.
type Encoder struct {
	payload, out []byte
	packed       bytes.Buffer
	zip          *zlib.Writer
}

// Encode is the histogram as Histogram.Encode gives it.
func (e *Encoder) Encode(h *Histogram) (string, error) {
	if h.count == 0 {
		return "", nil
	}
	e.pack(h)
	e.packed.Reset()
	if e.zip == nil {
		zip, err := zlib.NewWriterLevel(&e.packed, zlib.BestCompression)
		if err != nil {
			return "", err
		}
		e.zip = zip
	}
	e.zip.Reset(&e.packed)
	if _, err := e.zip.Write(e.payload); err != nil {
		return "", err
	}
	if err := e.zip.Close(); err != nil {
		return "", err
	}
	e.out = binary.BigEndian.AppendUint32(e.out[:0], uint32(hdrhistogram.V2CompressedEncodingCookieBase|wordSize))
	e.out = binary.BigEndian.AppendUint32(e.out, uint32(e.packed.Len()))
	e.out = append(e.out, e.packed.Bytes()...)
	return base64.StdEncoding.EncodeToString(e.out), nil
}

// wordSize is the part of a cookie that says: counts of up to 8 bytes.
const wordSize = 0x10

// pack lays header and counts out: each count, or run of zeros as its negative
// length, in ZigZag LEB128 of at most nine bytes.
func (e *Encoder) pack(h *Histogram) {
	b := binary.BigEndian.AppendUint32(e.payload[:0], uint32(hdrhistogram.V2EncodingCookieBase|wordSize))
	b = append(b, 0, 0, 0, 0) // the length of the counts, below
	b = append(b, 0, 0, 0, 0) // no normalizing offset
	b = binary.BigEndian.AppendUint32(b, uint32(h.digits))
	b = binary.BigEndian.AppendUint64(b, 1)
	b = binary.BigEndian.AppendUint64(b, uint64(reach(h.max)))
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(1)) // integers stand for themselves
	header := len(b)
	next := 0
	for bucket, c := range h.met {
		b = appendZeros(b, int64(bucket-next))
		b = appendZigZag(b, int64(c))
		next = bucket + 1
	}
	binary.BigEndian.PutUint32(b[4:], uint32(len(b)-header))
	e.payload = b
}

// reach is how far an encoding says it goes, which is what a reader makes room
// for: an hour, as all once did, and further where a value lies beyond.
func reach(highest int64) int64 {
	for _, far := range [...]time.Duration{time.Hour, 10_000 * time.Hour} {
		if highest <= int64(far) {
			return int64(far)
		}
	}
	return int64(Highest)
}

// appendZeros writes a run of zeros: a single one is a count like any other.
func appendZeros(b []byte, n int64) []byte {
	switch n {
	case 0:
		return b
	case 1:
		return append(b, 0)
	}
	return appendZigZag(b, -n)
}

func appendZigZag(b []byte, v int64) []byte {
	u := uint64(v)<<1 ^ uint64(v>>63)
	for range 8 {
		if u < 0x80 {
			return append(b, byte(u))
		}
		b = append(b, byte(u)|0x80)
		u >>= 7
	}
	return append(b, byte(u))
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
	s, err := unpack(encoded)
	if err != nil {
		return nil, fmt.Errorf("not an encoded histogram: %w", err)
	}
	digits := Digits(s.SignificantFigures)
	if digits != Fine && digits != Coarse || s.LowestTrackableValue != 1 || s.HighestTrackableValue != reach(s.HighestTrackableValue) {
		return nil, fmt.Errorf("a histogram of %d digits from %d to %d ns is none of ours (3 or 2 digits, from 1 ns to 1 h, 10,000 h or as far as there is)",
			s.SignificantFigures, s.LowestTrackableValue, s.HighestTrackableValue)
	}
	return fromCounts(digits, s.Counts, s.HighestTrackableValue)
}

func fromCounts(digits Digits, counts []met, highest int64) (*Histogram, error) {
	h := roomFor(digits, counts)
	for _, m := range counts {
		v, c := h.top(m.bucket), m.count
		if c > math.MaxInt64-h.count || v > h.top(h.bucket(highest)) {
			return nil, fmt.Errorf("not an encoded histogram: impossible count %d of %v", c, time.Duration(v))
		}
		h.counts[h.at(m.bucket)] = uint64(c)
		h.count += c
		h.min, h.max = min(h.min, v), max(h.max, v)
		h.moments.addMany(uint64(v), uint64(c))
	}
	return h, nil
}

// roomFor is an empty histogram that has room for what is in these buckets, at
// once and not bucket by bucket.
func roomFor(digits Digits, counts []met) *Histogram {
	first, last, used, values := 0, -1, len(counts), 0.0
	if used > 0 {
		first, last = counts[0].bucket, counts[used-1].bucket
	}
	for _, m := range counts {
		values += float64(m.count)
	}
	if row := last - first + 1; used*(4+8) > row*8 || 4*values > float64(row) { // see crowded
		h := New(digits)
		h.first, h.counts = first, make([]uint64, row)
		return h
	}
	h := NewSparse(digits)
	h.buckets, h.counts = make([]int32, 0, used), make([]uint64, 0, used)
	return h
}

// Restore puts back the exact figures that the encoding loses, as they were
// saved beside it: lowest and highest value, mean and standard deviation in
// nanoseconds. Figures that contradict the buckets are refused.
func (h *Histogram) Restore(lowest, highest time.Duration, mean, stddev float64) error {
	if h.count == 0 {
		return nil
	}
	low, first := h.rounded(int64(lowest), h.bucket(h.min))
	high, last := h.rounded(int64(highest), h.bucket(h.max))
	if !first || !last {
		return fmt.Errorf("lowest %v and highest %v are not those of the histogram (%v, %v)", lowest, highest, h.Min(), h.Max())
	}
	h.min, h.max = low, high
	// What was saved may be off by its last digit, or be nobody's writing.
	h.moments = momentsOf(within(mean, low, high), within(stddev, 0, high-low), h.count)
	return nil
}

// within is a figure kept between two; NaN is the lower one.
func within(figure float64, low, high int64) float64 {
	if !(figure > float64(low)) {
		return float64(low)
	}
	return min(figure, float64(high))
}

// rounded is a value of a bucket that was written down as seconds, which hold
// 53 bits: beyond 104 days they miss nanoseconds, and so may miss the bucket by
// a hair. It fails where they miss it by more.
func (h *Histogram) rounded(v int64, bucket int) (inside int64, ok bool) {
	inside = max(h.bottom(bucket), min(v, h.top(bucket)))
	return inside, v >= 0 && math.Abs(float64(v)-float64(inside)) <= 1e-15*float64(v)
}
