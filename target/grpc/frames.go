package grpc

import "encoding/binary"

// prefix is how many bytes stand in front of a message: whether it is compressed,
// and its length.
const prefix = 5

// frames cuts what comes into messages. Its memory is used again.
type frames struct {
	head  [prefix]byte
	have  int    // bytes of the prefix that have come
	left  uint32 // bytes of the message to come
	keep  bool   // messages are kept, as far as
	over  bool   // they are not too large
	text  []byte // the present one, or the last
	count int    // whole ones
}

// mostKept is how large a message may be that somebody looks into, which is what
// clients of gRPC take unless they are told otherwise.
const mostKept = 4 << 20

// reset prepares for the next answer, whose messages are kept or only counted.
func (f *frames) reset(keep bool) {
	if cap(f.text) > roomy {
		f.text = nil
	}
	f.have, f.left, f.keep, f.over, f.text, f.count = 0, 0, keep, false, f.text[:0], 0
}

// next takes in the next bytes, up to the end of a message and no further.
func (f *frames) next(b []byte) (n int, whole bool, wrong *fault) {
	if f.have < prefix {
		n = copy(f.head[f.have:], b)
		if f.have += n; f.have < prefix {
			return n, false, nil
		}
		switch f.head[0] {
		case 0:
		case 1:
			return n, false, malformed("a message is compressed, though nothing but identity is accepted")
		default:
			return n, false, malformed("the answer is no gRPC: a message begins with the byte %#02x", f.head[0])
		}
		f.left, f.text, f.over = binary.BigEndian.Uint32(f.head[1:]), f.text[:0], false
	}
	piece := b[n:]
	if uint64(len(piece)) > uint64(f.left) {
		piece = piece[:f.left]
	}
	if f.keep {
		if f.over = f.over || len(f.text)+len(piece) > mostKept; !f.over {
			f.text = append(f.text, piece...)
		}
	}
	f.left -= uint32(len(piece))
	n += len(piece)
	if f.left > 0 {
		return n, false, nil
	}
	f.have = 0
	f.count++
	return n, true, nil
}

// within tells whether a message has begun that is not whole.
func (f *frames) within() bool { return f.have > 0 }

// frame puts the prefix in front of a message that lies behind room for one.
func frame(b []byte) []byte {
	b[0] = 0
	binary.BigEndian.PutUint32(b[1:], uint32(len(b)-prefix))
	return b
}
