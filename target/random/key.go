package random

import (
	"fmt"
	"math/bits"
)

// Key draws by place and not by turn: the n-th number can be had without those
// before it, by whoever comes to need it, and is the same for all.
type Key uint64

// Key is that of a purpose, as a Source has a stream for it.
func (s Source) Key(purpose string) Key { return Key(s(purpose).Uint64()) }

// At is the n-th number from 0, any of 64 bits with equal chance: the n-th that
// SplitMix64 gives.
func (k Key) At(n uint64) uint64 {
	x := uint64(k) + (n+1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Below is the n-th number, from 0 up to a bound of at least 1, which is left
// out. That one is likelier than another by bound/2⁶⁴ nobody will ever see.
func (k Key) Below(n, bound uint64) uint64 {
	high, _ := bits.Mul64(k.At(n), bound)
	return high
}

// Float is the n-th number, in [0, 1).
func (k Key) Float(n uint64) float64 { return float64(k.At(n)>>11) / (1 << 53) }

// Sub is a key for what is drawn at the n-th place, where one number is not
// enough.
func (k Key) Sub(n uint64) Key { return Key(k.At(n)) }

// UpTo is the n-th number, from 0 up to the last one.
func (k Key) UpTo(n, last uint64) uint64 {
	if last+1 == 0 {
		return k.At(n)
	}
	return k.Below(n, last+1)
}

// UUID is a random one (RFC 9562, version 4).
func UUID(k Key) string {
	high, low := k.At(0), k.At(1)
	high = high&^(0xf<<12) | 4<<12
	low = low&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", high>>32, high>>16&0xffff, high&0xffff, low>>48, low&(1<<48-1))
}
