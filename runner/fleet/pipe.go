package fleet

import (
	"fmt"
	"time"
)

// pipe makes of messages that may be lost, come twice or out of order, as they do
// when a server of NATS dies, ones that come once and in order: each frame is kept
// until the other side has said that it came, and sent again from there on where that
// takes too long (go-back-n). Nothing else is known of the network. It is pure: time
// is told to it.
type pipe struct {
	// Of what is sent: the frames that the other side has not got yet, the first of
	// which has the number base, and how many of them are under way.
	waiting []frame
	base    uint64
	flying  int
	bytes   int
	since   time.Duration // when the other side last got further, or was sent again
	// How long to wait for a word, how often it was sent again in vain, and how many
	// frames may be under way: few, and seldom, where the other side does not keep up.
	patience time.Duration
	vain     int
	window   int
	// Of what comes: how many frames have, and the parts of a message so far.
	seen  uint64
	parts []byte
}

const (
	// mostFlying is how many frames are under way at once: 4 MB, far below what a server
	// lets wait for one client.
	mostFlying = 16
	// again is after how long without a word what is under way is sent again, and
	// longest after how long where that was in vain: else a coordinator that is late
	// would have all the more to hear.
	again   = 500 * time.Millisecond
	longest = 4 * again
	// mostWaiting is how much may wait for the other side, and mostMessage how large a
	// message may be, in bytes.
	mostWaiting = 128 << 20
	mostMessage = 40 << 20
)

// push has a message sent, in as many frames as it needs.
func (p *pipe) push(k kind, body []byte) error {
	if len(body) > mostMessage {
		return fmt.Errorf("a message (%s) of %d MB is too large: %d MB are the most", k, len(body)>>20, mostMessage>>20)
	}
	if p.bytes+len(body) > mostWaiting {
		return fmt.Errorf("the other side has not taken %d MB: nothing more can wait for it", p.bytes>>20)
	}
	if p.base == 0 {
		p.base = 1
	}
	for first := true; first || len(body) > 0; first = false {
		n := min(len(body), mostBody)
		f := frame{head: head{Kind: k, Seq: p.base + uint64(len(p.waiting)), More: n < len(body)}, body: body[:n]}
		p.waiting = append(p.waiting, f)
		p.bytes += n
		body = body[n:]
	}
	return nil
}

// next is the frame that is to be sent now; nil: none is.
func (p *pipe) next(now time.Duration) *frame {
	if p.patience == 0 {
		p.patience, p.window = again, mostFlying
	}
	if p.flying > 0 && now-p.since >= p.patience {
		p.flying, p.window = 0, 1
		p.patience = min(2*p.patience, longest)
		p.vain++
	}
	if p.flying >= min(len(p.waiting), p.window) {
		return nil
	}
	if p.flying == 0 {
		p.since = now
	}
	f := p.waiting[p.flying]
	p.flying++
	return &f
}

// got tells that the other side has so many frames, without a gap.
func (p *pipe) got(seen uint64, now time.Duration) {
	if seen < p.base || p.base == 0 || seen-p.base >= uint64(len(p.waiting)) {
		return // it is told of late, or makes something up
	}
	n := int(seen - p.base + 1)
	for _, f := range p.waiting[:n] {
		p.bytes -= len(f.body)
	}
	p.waiting = append(p.waiting[:0:0], p.waiting[n:]...)
	p.base += uint64(n)
	p.flying = max(0, p.flying-n)
	p.since = now
	p.window = min(2*p.window, mostFlying)
	if p.vain == 0 {
		p.patience = max(p.patience/2, again)
	}
	p.vain = 0
}

// take takes a frame that has come, in whatever order. It hands a message over that
// is whole with it.
func (p *pipe) take(f frame) (body []byte, whole bool, err error) {
	if f.Seq != p.seen+1 {
		return nil, false, nil
	}
	p.seen++
	if len(p.parts)+len(f.body) > mostMessage {
		return nil, false, fmt.Errorf("a message (%s) is larger than %d MB", f.Kind, mostMessage>>20)
	}
	if f.More || p.parts != nil {
		p.parts = append(p.parts, f.body...)
		if f.More {
			return nil, false, nil
		}
		body, p.parts = p.parts, nil
		return body, true, nil
	}
	return f.body, true, nil
}
