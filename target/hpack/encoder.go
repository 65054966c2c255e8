package hpack

// Append appends a field to a block, in a way that depends on nothing that was said
// before and leaves nothing behind: as an index of the static table, or else
// literally. What is sensitive is never to be kept by whoever passes it on (RFC
// 7541, 7.1.3). The name must be in small letters.
func Append(block, name, value []byte, sensitive bool) []byte {
	index := named[string(name)]
	for i := index; index > 0 && !sensitive && i < len(static) && static[i].name == string(name); i++ {
		if static[i].value == string(value) {
			return appendInteger(block, 0x80, 7, i)
		}
	}
	first := byte(0)
	if sensitive {
		first = 0x10
	}
	block = appendInteger(block, first, 4, index)
	if index == 0 {
		block = appendString(block, name)
	}
	return appendString(block, value)
}

// NoTable is what a block begins with from which on the other side keeps no table
// for us. It must be said where that lowers what it keeps (RFC 7541, 4.2).
const NoTable = 0x20

// appendInteger appends a number that begins with so many bits, beside others.
func appendInteger(b []byte, first byte, bits, n int) []byte {
	most := 1<<bits - 1
	if n < most {
		return append(b, first|byte(n))
	}
	b = append(b, first|byte(most))
	for n -= most; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// appendString appends a string, coded where that is shorter.
func appendString(b, s []byte) []byte {
	if n := size(s); n < len(s) {
		return encode(appendInteger(b, 0x80, 7, n), s)
	}
	return append(appendInteger(b, 0, 7, len(s)), s...)
}
