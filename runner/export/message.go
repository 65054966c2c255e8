package export

import (
	"encoding/binary"
	"math"
)

// message is one of Protocol Buffers, under way: fields behind each other, each a
// tag and what the tag says.
type message []byte

// How a field is written, as its tag has it.
const (
	asVarint = 0
	asDouble = 1
	asBytes  = 2
)

func (m message) tag(field, how int) message {
	return binary.AppendUvarint(m, uint64(field<<3|how))
}

// number is a field of type uint64, int64 or bool.
func (m message) number(field int, v uint64) message {
	return binary.AppendUvarint(m.tag(field, asVarint), v)
}

// signed is a field of type sint32 or sint64.
func (m message) signed(field int, v int64) message {
	return binary.AppendVarint(m.tag(field, asVarint), v)
}

func (m message) double(field int, v float64) message {
	return binary.LittleEndian.AppendUint64(m.tag(field, asDouble), math.Float64bits(v))
}

func (m message) text(field int, text string) message {
	return append(binary.AppendUvarint(m.tag(field, asBytes), uint64(len(text))), text...)
}

// part is a field that is a message itself.
func (m message) part(field int, part message) message {
	return append(binary.AppendUvarint(m.tag(field, asBytes), uint64(len(part))), part...)
}

// deltas is a field of many numbers of type sint64, packed.
func (m message) deltas(field int, all []int64) message {
	var packed message
	for _, v := range all {
		packed = binary.AppendVarint(packed, v)
	}
	return m.part(field, packed)
}

// spans are fields of Prometheus' type BucketSpan.
func (m message) spans(field int, all []span) message {
	for _, s := range all {
		m = m.part(field, message(nil).signed(1, int64(s.offset)).number(2, uint64(s.length)))
	}
	return m
}

// zeroUpTo is the value up to which a native histogram counts as 0, as Prometheus'
// own have it.
const zeroUpTo = 0x1p-128
