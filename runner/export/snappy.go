package export

import "encoding/binary"

// appendSnappy writes bytes as Snappy's block format has them, without making them
// shorter: as pieces that stand for themselves.
func appendSnappy(b, data []byte) []byte {
	const longest = 1 << 16
	b = binary.AppendUvarint(b, uint64(len(data)))
	for len(data) > 0 {
		piece := data[:min(len(data), longest)]
		data = data[len(piece):]
		const lengthInTwoBytes = 61 << 2
		b = binary.LittleEndian.AppendUint16(append(b, lengthInTwoBytes), uint16(len(piece)-1))
		b = append(b, piece...)
	}
	return b
}
