package http2

import (
	"encoding/binary"
	"strconv"
)

// kind is the type of a frame (RFC 9113, 6).
type kind uint8

const (
	data kind = iota
	headers
	priority
	reset
	settings
	push
	ping
	goAway
	window
	continuation
)

// Flags of frames.
const (
	endStream   = 0x01
	ack         = 0x01
	endHeaders  = 0x04
	padded      = 0x08
	prioritized = 0x20
)

const (
	frameHead    = 9       // bytes of a frame before its payload
	usualFrame   = 1 << 14 // bytes of a payload that everybody takes
	largestFrame = 1<<24 - 1
	usualWindow  = 1<<16 - 1
	widest       = 1<<31 - 1 // of windows, and the last identifier of a stream
)

// Parameters of SETTINGS (RFC 9113, 6.5.2).
const (
	tableSize = iota + 1
	enablePush
	mostStreams
	initialWindow
	frameSize
	headSize
)

// code is why a stream or a connection ends (RFC 9113, 7).
type code uint32

const (
	noError          code = 0
	protocolError    code = 1
	flowControlError code = 3
	frameSizeError   code = 6
	refusedStream    code = 7
	cancel           code = 8
	compressionError code = 9
	calm             code = 11
)

var codes = [...]string{
	"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
	"REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
}

func (c code) String() string {
	if int(c) < len(codes) {
		return codes[c]
	}
	return "error " + strconv.FormatUint(uint64(c), 10)
}

// frame is the head of one.
type frame struct {
	kind   kind
	flags  byte
	stream uint32
	length int
}

// read reads the head that b begins with.
func (f *frame) read(b []byte) {
	_ = b[frameHead-1]
	f.length = int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	f.kind, f.flags = kind(b[3]), b[4]
	f.stream = binary.BigEndian.Uint32(b[5:]) & widest
}

func (f *frame) has(flag byte) bool { return f.flags&flag != 0 }

// appendFrame appends the head of a frame.
func appendFrame(b []byte, length int, k kind, flags byte, stream uint32) []byte {
	return append(b, byte(length>>16), byte(length>>8), byte(length), byte(k), flags,
		byte(stream>>24), byte(stream>>16), byte(stream>>8), byte(stream))
}

// appendNumber appends a frame that says a number.
func appendNumber(b []byte, k kind, stream, n uint32) []byte {
	return binary.BigEndian.AppendUint32(appendFrame(b, 4, k, 0, stream), n)
}

// appendGoAway appends the frame after which nothing more is said.
func appendGoAway(b []byte, why code) []byte {
	return binary.BigEndian.AppendUint64(appendFrame(b, 8, goAway, 0, 0), uint64(why))
}

func appendSetting(b []byte, which uint16, value uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(b, which), value)
}
