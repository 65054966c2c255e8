// Package random derives independent streams of random numbers from one seed.
package random

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// Source hands out a stream for each purpose ("arrivals", "delay", …). The
// same purpose always gets the same stream from its beginning.
type Source func(purpose string) *rand.Rand

// New derives a Source from a seed and from whatever the streams shall depend
// on. Streams of different names are independent: the state of each is the
// SHA-256 of seed and names, so that a new consumer of randomness changes
// nothing for the others.
func New(seed uint64, names ...string) Source {
	return func(purpose string) *rand.Rand {
		h := sha256.New()
		h.Write(binary.BigEndian.AppendUint64(nil, seed))
		for _, name := range append(names[:len(names):len(names)], purpose) {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(name))))
			h.Write([]byte(name))
		}
		sum := h.Sum(nil)
		return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:])))
	}
}
