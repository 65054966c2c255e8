// Package stream takes answers apart that come event by event, and measures when
// each did. It reads no clock but the one that it is given, which is the loop's.
package stream

import (
	"plimsoll/target/look"
)

// Format is how events lie in an answer.
type Format string

// Formats of streams.
const (
	// SSE is Server-sent events (WHATWG HTML, 9.2): lines `data: …`, and an empty
	// one behind each event. Comments and events without data are none, and so is
	// `data: [DONE]`, with which servers of language models end.
	SSE Format = "sse"
	// NDJSON has a line for each event; empty ones are none.
	NDJSON Format = "ndjson"
	// Chunks has an event for each chunk of the transfer coding (RFC 9112, 7.1);
	// where an answer has none such, for each piece that comes.
	Chunks Format = "chunks"
	// Messages are events by themselves: whoever knows where they end tells of each
	// (Meter.Event). An answer may have none.
	Messages Format = "messages"
)

// Formats are the names of those that answers of HTTP have.
func Formats() []string { return []string{string(SSE), string(NDJSON), string(Chunks)} }

// Reading says how an answer is read that is a stream.
type Reading struct {
	Format Format
	// Content is what an event must have, and not empty, to count; nil: all do.
	Content *look.Operand
	// Tokens is where events tell how many tokens there have been so far: the last
	// one that does holds. nil: nobody is asked.
	Tokens *look.Operand
}

// Looks tells whether somebody looks into the events.
func (r *Reading) Looks() bool { return r.Content != nil || r.Tokens != nil }

// longest bounds what is kept of an event, in bytes: what is looked for must be
// in there.
const longest = 1 << 20

// events finds where the events of an answer end. Its memory is used again.
type events struct {
	reading *Reading
	text    []byte // of the present event: of SSE its data, as far as somebody looks
	line    []byte // the beginning of a line of SSE, as far as it tells what it is
	size    int    // of the present chunk
	any     bool   // of SSE: there is data
	end     bool   // of SSE: the line before ended with CR, and LF belongs to it
	begun   bool   // of SSE: the byte order mark cannot come any more
	blank   bool   // of NDJSON: the line has been blanks so far
}

func (e *events) reset() {
	e.text, e.line, e.size = e.text[:0], e.line[:0], 0
	e.any, e.end, e.begun, e.blank = false, false, false, true
	const roomy = 64 << 10
	if cap(e.text) > roomy || cap(e.line) > roomy {
		e.text, e.line = nil, nil
	}
}

// keep adds to what is kept of an event.
func (e *events) keep(b []byte) {
	if room := longest - len(e.text); room > 0 {
		e.text = append(e.text, b[:min(room, len(b))]...)
	}
}
