// Package parcel is how what was recorded goes from one machine to another: numbers
// and texts in few bytes, one after the other, read back as they were. What is read may
// be anybody's bytes: a Reader takes no number that is out of its bounds, and makes room
// for no more than there are bytes for.
package parcel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// Uint appends a number.
func Uint(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

// Count appends a number that is 0 or more.
func Count[T ~int | ~int32 | ~int64](b []byte, n T) []byte { return Uint(b, uint64(n)) }

// Int appends a number of either sign.
func Int(b []byte, n int64) []byte { return binary.AppendVarint(b, n) }

// Float appends a number, bit by bit.
func Float(b []byte, x float64) []byte {
	return binary.BigEndian.AppendUint64(b, math.Float64bits(x))
}

// Text appends a text, of whatever bytes.
func Text(b []byte, s string) []byte { return append(Count(b, len(s)), s...) }

// Bool appends a yes or no.
func Bool(b []byte, yes bool) []byte {
	if yes {
		return append(b, 1)
	}
	return append(b, 0)
}

// Reader reads what was appended, in the same order. After the first error all that it
// reads is 0.
type Reader struct {
	left []byte
	err  error
}

// NewReader reads these bytes.
func NewReader(b []byte) *Reader { return &Reader{left: b} }

// Err is what was wrong; at the end: also that there are bytes left.
func (r *Reader) Err() error { return r.err }

// End tells what was wrong, of which bytes that nobody has read are a part.
func (r *Reader) End() error {
	if r.err == nil && len(r.left) > 0 {
		r.Fail("%d bytes are left over", len(r.left))
	}
	return r.err
}

// Fail has everything behind be wrong, too. Only the first reason counts.
func (r *Reader) Fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	r.left = nil
}

var errShort = errors.New("it ends too early")

// Uint reads a number.
func (r *Reader) Uint() uint64 {
	n, size := binary.Uvarint(r.left)
	if size <= 0 {
		r.Fail("%w", errShort)
		return 0
	}
	r.left = r.left[size:]
	return n
}

// Count reads a number from 0 to most.
func (r *Reader) Count(most int64) int64 {
	n := r.Uint()
	if n > uint64(most) {
		r.Fail("%d is more than %d", n, most)
		return 0
	}
	return int64(n)
}

// Time reads a duration that is 0 or longer.
func (r *Reader) Time() time.Duration { return time.Duration(r.Count(math.MaxInt64)) }

// Int reads a number from -most to most.
func (r *Reader) Int(most int64) int64 {
	n, size := binary.Varint(r.left)
	switch {
	case size <= 0:
		r.Fail("%w", errShort)
		return 0
	case n < -most || n > most:
		r.Fail("%d is beyond %d", n, most)
		return 0
	}
	r.left = r.left[size:]
	return n
}

// Float reads a number from -most to most.
func (r *Reader) Float(most float64) float64 {
	if len(r.left) < 8 {
		r.Fail("%w", errShort)
		return 0
	}
	x := math.Float64frombits(binary.BigEndian.Uint64(r.left))
	r.left = r.left[8:]
	if !(math.Abs(x) <= most) {
		r.Fail("%v is beyond %v", x, most)
		return 0
	}
	return x
}

// Bool reads a yes or no.
func (r *Reader) Bool() bool { return r.Count(1) == 1 }

// Text reads a text.
func (r *Reader) Text() string {
	n := r.Length(math.MaxInt32, 1)
	s := string(r.left[:n])
	r.left = r.left[n:]
	return s
}

// Length reads how many things follow, of which each takes so many bytes at least: no
// more than most, and no more than there are bytes for.
func (r *Reader) Length(most, least int) int {
	n := r.Count(int64(most))
	if n > int64(len(r.left)/least) {
		r.Fail("%w", errShort)
		return 0
	}
	return int(n)
}
