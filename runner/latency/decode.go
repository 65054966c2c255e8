package latency

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// unpacked is an encoding as hdrhistogram-go reads it, but for the buckets that
// are empty. A result of many short trials, or of many steps, is read many times,
// and the library makes room for every bucket that there may be.
type unpacked struct {
	SignificantFigures                          int64
	LowestTrackableValue, HighestTrackableValue int64
	Counts                                      []met
}

// met is a bucket, and how often it was.
type met struct {
	bucket int
	count  int64
}

// mostBuckets is how many there are in three digits over all of int64.
const mostBuckets = (64 - 10) << 10

var errBroken = errors.New("broken")

// unpack reads an encoding whose digits are ours; of another it tells only
// whose it is. Memory is bounded whatever the bytes are.
func unpack(encoded string) (u unpacked, err error) {
	packed, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return u, err
	}
	if len(packed) < 8 || cookie(packed) != hdrhistogram.V2CompressedEncodingCookieBase {
		return u, errors.New("only the compressed encoding V2 is read")
	}
	length := int64(binary.BigEndian.Uint32(packed[4:]))
	if length > int64(len(packed)-8) {
		return u, fmt.Errorf("%d compressed bytes where %d are told", len(packed)-8, length)
	}
	zip, err := zlib.NewReader(bytes.NewReader(packed[8 : 8+length]))
	if err != nil {
		return u, err
	}
	var head [hdrhistogram.ENCODING_HEADER_SIZE]byte
	if _, err := io.ReadFull(zip, head[:]); err != nil {
		return u, err
	}
	if cookie(head[:]) != hdrhistogram.V2EncodingCookieBase {
		return u, errors.New("only the encoding V2 is read")
	}
	u.SignificantFigures = int64(int32(binary.BigEndian.Uint32(head[12:])))
	u.LowestTrackableValue = int64(binary.BigEndian.Uint64(head[16:]))
	u.HighestTrackableValue = int64(binary.BigEndian.Uint64(head[24:]))
	if u.SignificantFigures > int64(Fine) || u.SignificantFigures < 0 {
		return u, nil
	}
	size := int64(binary.BigEndian.Uint32(head[4:]))
	if size > mostBuckets*9 {
		return u, fmt.Errorf("%d bytes of counts are more than any of ours", size)
	}
	payload, err := io.ReadAll(io.LimitReader(zip, size+1)) // to its end, where the checksum is
	if err == nil && int64(len(payload)) != size {
		err = fmt.Errorf("%d bytes of counts where %d are told", len(payload), size)
	}
	if err == nil {
		u.Counts, err = counted(payload)
	}
	return u, err
}

// cookie is what encodings begin with, without the size of their words.
func cookie(b []byte) int32 { return int32(binary.BigEndian.Uint32(b)) &^ 0xf0 }

// counted reads counts, and runs of zeros as their negative length.
func counted(payload []byte) (counts []met, err error) {
	buckets := int64(0)
	for len(payload) > 0 {
		count, n := zigZag(payload)
		if n == 0 {
			return nil, errBroken
		}
		payload = payload[n:]
		room := mostBuckets - buckets
		switch {
		case count < 0 && (-count <= 0 || -count > room), room == 0:
			return nil, errors.New("more counts than any of ours has")
		case count < 0:
			buckets -= count
		default:
			if count > 0 {
				counts = append(counts, met{int(buckets), count})
			}
			buckets++
		}
	}
	return counts, nil
}

// zigZag undoes appendZigZag, and tells how many bytes that took; 0 where they
// end too early.
func zigZag(b []byte) (v int64, n int) {
	u := uint64(0)
	for i, c := range b {
		if i == 8 { // the ninth holds eight bits
			u |= uint64(c) << 56
			return int64(u>>1) ^ -int64(u&1), 9
		}
		u |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return int64(u>>1) ^ -int64(u&1), i + 1
		}
	}
	return 0, 0
}
