package latency

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"runtime"
	"slices"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"
)

// encodingOf is an encoding with any payload.
func encodingOf(digits int32, highest int64, told int, payload []byte) string {
	var body bytes.Buffer
	zip := zlib.NewWriter(&body)
	_ = binary.Write(zip, binary.BigEndian, []int32{0x1c849313, int32(told), 0, digits})
	_ = binary.Write(zip, binary.BigEndian, []int64{1, highest})
	_ = binary.Write(zip, binary.BigEndian, 1.0)
	_, _ = zip.Write(payload)
	_ = zip.Close()
	whole := binary.BigEndian.AppendUint32(nil, 0x1c849314)
	whole = binary.BigEndian.AppendUint32(whole, uint32(body.Len()))
	return base64.StdEncoding.EncodeToString(append(whole, body.Bytes()...))
}

// The library is the oracle: what it reads we read, and it means the same.
func TestUnpackReadsWhatTheLibraryReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var payload []byte
		for _, v := range rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(-5_000, 5_000), rapid.Int64Range(1, 1<<50)), 0, 30).Draw(t, "counts") {
			payload = appendZigZag(payload, v)
		}
		payload = append(payload, rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "odd")...)
		told := len(payload) + rapid.SampledFrom([]int{0, 0, 0, 0, 1, -1}).Draw(t, "off")
		text := encodingOf(int32(Coarse), int64(Highest), max(0, told), payload)
		library, wrong := hdrhistogram.Decode([]byte(text))
		ours, err := unpack(text)
		if wrong != nil { // ours may be laxer about buckets that hold nothing
			return
		}
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		var counts []int64
		for _, m := range ours.Counts {
			counts = append(append(counts, make([]int64, m.bucket-len(counts))...), m.count)
		}
		want := library.Export().Counts
		for len(want) > 0 && want[len(want)-1] == 0 && len(want) > len(counts) {
			want = want[:len(want)-1]
		}
		if !slices.Equal(counts, want) {
			t.Fatalf("%v, the library has %v", counts, want)
		}
	})
}

// A few bytes must not unpack to much.
func TestUnpackIsBounded(t *testing.T) {
	for name, text := range map[string]string{
		"zeros without end": encodingOf(3, int64(Highest), 9, appendZigZag(nil, -1<<60)),
		"many counts":       encodingOf(3, int64(Highest), 1<<20, bytes.Repeat([]byte{2}, 1<<20)),
		"many megabytes":    encodingOf(3, int64(Highest), 64<<20, make([]byte, 64<<20)),
		"untold megabytes":  encodingOf(3, int64(Highest), 10, make([]byte, 64<<20)),
		"unheard of digits": encodingOf(5, 1<<62, 0, nil),
	} {
		if len(text) > longestEncoding {
			t.Fatalf("%s: %d bytes", name, len(text))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode(text)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: passes", name)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
			t.Errorf("%s: takes %d bytes", name, took)
		}
	}
}
