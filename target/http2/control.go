package http2

import "encoding/binary"

// settings takes in the server's settings, in their order (RFC 9113, 6.5.3).
func (s *session) settings(payload []byte) {
	switch {
	case s.frame.has(ack) && len(payload) > 0:
		s.broken(frameSizeError, nonsense("an acknowledgement of SETTINGS of %d bytes", len(payload)))
		return
	case len(payload)%6 != 0:
		s.broken(frameSizeError, nonsense("SETTINGS of %d bytes", len(payload)))
		return
	case s.frame.has(ack):
		return
	}
	if !s.greeted {
		s.greeted, s.streams = true, widest // unless it says otherwise
	}
	initial := s.initial
	for ; len(payload) > 0 && s.fault == nil; payload = payload[6:] {
		value := binary.BigEndian.Uint32(payload[2:])
		if which := binary.BigEndian.Uint16(payload); which == initialWindow && value <= widest {
			initial = int64(value)
		} else {
			s.setting(which, value)
		}
	}
	if s.fault == nil && initial != s.initial {
		s.start(initial)
	}
	if s.fault == nil {
		s.sessions.allowed = min(atFirst, s.streams)
		s.out = appendFrame(s.out, 0, settings, ack, 0)
		s.answer(frameHead)
	}
}

func (s *session) setting(which uint16, value uint32) {
	switch which {
	case tableSize:
		s.shrunk = s.shrunk || value < s.table
		s.table = value
	case enablePush:
		if value != 0 {
			s.broken(protocolError, nonsense("SETTINGS of a server with ENABLE_PUSH %d", value))
		}
	case mostStreams:
		s.streams = int(min(value, widest))
	case initialWindow:
		s.broken(flowControlError, nonsense("SETTINGS with INITIAL_WINDOW_SIZE %d", value))
	case frameSize:
		if s.largest = int(value); value < usualFrame || value > largestFrame {
			s.broken(protocolError, nonsense("SETTINGS with MAX_FRAME_SIZE %d", value))
		}
	}
}

// start changes what the windows of streams begin with, and so those of all that
// are open (RFC 9113, 6.9.2).
func (s *session) start(initial int64) {
	s.initial, s.stuck = initial, false
	if initial-s.lowest <= widest {
		return
	}
	s.lowest = 0
	for _, at := range s.calls.slots {
		if at.id != 0 {
			s.lowest = min(s.lowest, at.call.spent)
		}
	}
	if initial-s.lowest > widest {
		s.broken(flowControlError, nonsense("SETTINGS with INITIAL_WINDOW_SIZE %d make the window of a stream too wide", initial))
	}
}

// wider takes in a WINDOW_UPDATE.
func (s *session) wider(by int64) {
	s.stuck = false
	if s.frame.stream == 0 {
		switch s.window += by; {
		case by == 0:
			s.broken(protocolError, nonsense("WINDOW_UPDATE by nothing"))
		case s.window > widest:
			s.broken(flowControlError, nonsense("WINDOW_UPDATE of the connection to more than %d", widest))
		}
		return
	}
	c := s.calls.find(s.frame.stream)
	if c == nil {
		return
	}
	c.spent -= by
	s.lowest = min(s.lowest, c.spent)
	switch {
	case by == 0:
		s.fail(c, protocolError, nonsense("WINDOW_UPDATE by nothing"))
	case s.initial-c.spent > widest:
		s.fail(c, flowControlError, nonsense("WINDOW_UPDATE of a stream to more than %d", widest))
	}
}

// wasReset ends a stream that the server has reset. What it refuses, it has not
// looked at (RFC 9113, 8.7).
func (s *session) wasReset(why code) {
	c := s.calls.find(s.frame.stream)
	if c == nil {
		return
	}
	f := brokenOff("the server reset the stream (%v)", why)
	if in, fielded := c.stream.Reader().(Fielded); fielded {
		f = in.Reset(uint32(why), why.String())
	}
	s.close(c)
	if why == refusedStream && !c.headed {
		c.stream.Refused(f, false)
		return
	}
	c.stream.Over(f)
}
