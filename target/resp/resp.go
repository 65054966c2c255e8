// Package resp is RESP2, the protocol of Redis: how commands are written, and
// what the bytes mean that come back. It is pure: bytes in, bytes out.
//
// Parser reads the replies. It is fed bytes as they come, in any pieces, and
// keeps no more of them than somebody asks for.
package resp

import "strconv"

// AppendCommand begins a command of so many words, which follow.
func AppendCommand(dst []byte, words int) []byte { return appendLine(dst, '*', words) }

// AppendWord appends a word of a command.
func AppendWord[T string | []byte](dst []byte, word T) []byte {
	dst = appendLine(dst, '$', len(word))
	dst = append(dst, word...)
	return append(dst, '\r', '\n')
}

func appendLine(dst []byte, kind byte, n int) []byte {
	dst = append(dst, kind)
	dst = strconv.AppendInt(dst, int64(n), 10)
	return append(dst, '\r', '\n')
}

// Command is a whole one.
func Command(words ...string) []byte {
	text := AppendCommand(nil, len(words))
	for _, w := range words {
		text = AppendWord(text, w)
	}
	return text
}

// Fault is why a reply is none: the only kind of error that a Parser has.
type Fault uint8

// What may be wrong with a reply.
const (
	_          Fault = iota
	BadType          // it begins with none of + - : $ *
	BadLine          // a line that ends in other than CR LF, or has CR in it
	BadNumber        // an integer, or a length, that is none
	BadEnd           // a string whose CR LF does not come where its length says
	LongLine         // Limits.Line
	LongString       // Limits.String
	LongArray        // Limits.Array
	Deep             // Limits.Depth
)

// Error says what was wrong.
func (f Fault) Error() string {
	switch f {
	case BadType:
		return "the answer is no RESP: it begins with none of + - : $ *"
	case BadLine:
		return "the answer is no RESP: a line does not end in CR LF"
	case BadNumber:
		return "the answer is no RESP: a number is none"
	case BadEnd:
		return "the answer is no RESP: a string is longer than it says"
	case LongLine:
		return "a line of the answer is too long"
	case LongString:
		return "a string of the answer is too long"
	case LongArray:
		return "an array of the answer is too long"
	case Deep:
		return "the answer's arrays are too deep in each other"
	}
	return "no fault"
}

// What a server may ask of a parser: the bounds of Redis itself, but for lines
// (64 KiB) and depth.
const (
	mostLine   = 64 << 10
	mostString = 512 << 20
	mostArray  = 1 << 31
	mostDepth  = 32
)
