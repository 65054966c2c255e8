package hpack

import (
	"encoding/binary"
	"slices"
)

// lengths are how many bits the code of each byte has (RFC 7541, appendix B), and
// that of the end of a string. The codes follow from them: the code is canonical,
// those of one length are numbers that follow each other in the order of the
// bytes.
var lengths = [257]uint8{
	13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
	28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
	6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
	5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
	13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
	7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
	15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
	6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
	20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
	24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
	22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
	21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
	26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
	19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
	20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
	26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
	30,
}

const (
	endOfString = 256
	longest     = 30 // bits of a code
	quick       = 8  // bits that are looked up at once
)

// code is what Huffman coding needs, both ways. Codes stand at the high end of 32
// bits where they are compared.
type code struct {
	codes  [257]uint32       // of each byte, at the low end
	short  [1 << quick]short // by the next bits, codes of up to so many
	sorted [257]uint16       // bytes in the order of their codes
	spans  [longest + 1]span // of sorted, by the length of the codes
}

type short struct{ symbol, length uint8 }

// span are the codes of one length: from first up to, but without, limit.
type span struct {
	first, limit uint64
	at           int // of the first one in sorted
}

var huffman = func() (c code) {
	next, at := uint64(0), 0
	for length := 1; length <= longest; length++ {
		s := span{first: next, at: at}
		for symbol, l := range lengths {
			if int(l) != length {
				continue
			}
			c.codes[symbol] = uint32(next >> (32 - length))
			c.sorted[at] = uint16(symbol)
			if length <= quick {
				from := next >> (32 - quick)
				for i := range uint64(1) << (quick - length) {
					c.short[from+i] = short{uint8(symbol), l}
				}
			}
			next += 1 << (32 - length)
			at++
		}
		s.limit = next
		c.spans[length] = s
	}
	return c
}()

// decode appends what a string says, and tells whether it is well coded: it ends
// with less than a byte of ones, and not with the code for that (RFC 7541, 5.2).
func decode(dst, text []byte) ([]byte, bool) {
	from := len(dst)
	dst = slices.Grow(dst, len(text)*8/5+1)
	out, at := dst[from:cap(dst)], 0
	bits, n := uint64(0), 0 // the next n of them, at the high end
	for {
		if n <= 32 {
			bits, n, text = refill(bits, n, text)
		}
		s := huffman.short[bits>>(64-quick)]
		if s.length == 0 {
			symbol, length := long(bits)
			if length > n {
				break
			}
			if symbol == endOfString {
				return dst, false
			}
			s = short{uint8(symbol), uint8(length)}
		}
		if int(s.length) > n {
			break
		}
		out[at] = s.symbol
		at++
		bits <<= s.length & 63
		n -= int(s.length)
	}
	ones := ^uint64(0) << (64 - n)
	return dst[:from+at], n < 8 && bits == ones
}

// refill puts more of a string behind n bits, of which there are not more than 32.
func refill(bits uint64, n int, text []byte) (uint64, int, []byte) {
	if len(text) >= 4 {
		return bits | uint64(binary.BigEndian.Uint32(text))<<(32-n), n + 32, text[4:]
	}
	for ; len(text) > 0; text = text[1:] {
		bits |= uint64(text[0]) << (56 - n)
		n += 8
	}
	return bits, n, text
}

// long finds the code of more than quick bits that comes next.
func long(bits uint64) (symbol uint16, length int) {
	next := bits >> 32
	length = quick + 1
	for next >= huffman.spans[length].limit {
		length++ // all ones are below the last limit
	}
	s := &huffman.spans[length]
	return huffman.sorted[s.at+int((next-s.first)>>(32-length))], length
}

// size is how many bytes a string takes when it is coded.
func size(s []byte) int {
	bits := 0
	for _, c := range s {
		bits += int(lengths[c])
	}
	return (bits + 7) / 8
}

// encode appends a string, coded.
func encode(dst, s []byte) []byte {
	bits, n := uint64(0), 0 // n of them at the low end
	for _, c := range s {
		l := int(lengths[c])
		bits = bits<<l | uint64(huffman.codes[c])
		for n += l; n >= 8; n -= 8 {
			dst = append(dst, byte(bits>>(n-8)))
		}
	}
	if n > 0 {
		dst = append(dst, byte(bits<<(8-n))|0xff>>n)
	}
	return dst
}
