package httpcall

import (
	"encoding/binary"
	"encoding/hex"

	"plimsoll/target/random"
)

// The trace of a call has an identifier of its own, and each of its requests one
// of a span (W3C Trace Context): numbers drawn at places of the call's key, so
// that whoever lists the call can tell them again. They are asked to be recorded.

// TraceID is the identifier of a call's trace, as tracing systems write it.
func TraceID(of random.Key) string { return string(appendTrace(nil, of)) }

func appendTrace(dst []byte, of random.Key) []byte {
	return appendHex(appendHex(dst, of.At(0)), of.At(1))
}

// appendParent writes the value of traceparent: version 00, trace, span, flags.
func appendParent(dst []byte, of random.Key, hops int) []byte {
	dst = append(appendTrace(append(dst, "00-"...), of), '-')
	return append(appendHex(dst, of.At(2+uint64(hops))), "-01"...)
}

func appendHex(dst []byte, n uint64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	return hex.AppendEncode(dst, b[:])
}
