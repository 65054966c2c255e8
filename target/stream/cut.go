package stream

import "bytes"

// cut takes in a piece of the answer and hands over each event that it ends. The
// text is valid during the call only.
func (e *events) cut(piece []byte, event func(text []byte)) {
	switch e.reading.Format {
	case SSE:
		e.cutLines(piece, event)
	case NDJSON:
		e.cutJSON(piece, event)
	case Chunks:
		if e.size += len(piece); e.reading.Looks() {
			e.keep(piece)
		}
	}
}

// chunk hears that a chunk of the transfer coding is whole.
func (e *events) chunk(event func(text []byte)) {
	if e.reading.Format == Chunks && e.size > 0 {
		event(e.text)
		e.text, e.size = e.text[:0], 0
	}
}

// finish hears that the answer is over: a last line of NDJSON may lack its end,
// where SSE has no event.
func (e *events) finish(event func(text []byte)) {
	if e.reading.Format == NDJSON && !e.blank {
		event(e.text)
		e.text, e.blank = e.text[:0], true
	}
	e.chunk(event)
}

func (e *events) cutJSON(piece []byte, event func(text []byte)) {
	for len(piece) > 0 {
		line, rest, whole := bytes.Cut(piece, []byte{'\n'})
		e.blank = e.blank && len(bytes.TrimSpace(line)) == 0
		if e.reading.Looks() {
			e.keep(line)
		}
		if piece = rest; !whole {
			return
		}
		if !e.blank {
			event(e.text)
		}
		e.text, e.blank = e.text[:0], true
	}
}

// cutLines takes in lines of SSE, which end with CR LF, LF or CR.
func (e *events) cutLines(piece []byte, event func(text []byte)) {
	if e.end && len(piece) > 0 {
		if e.end = false; piece[0] == '\n' {
			piece = piece[1:]
		}
	}
	for len(piece) > 0 {
		at := bytes.IndexAny(piece, "\r\n")
		if at < 0 {
			e.addLine(piece)
			return
		}
		e.addLine(piece[:at])
		e.endLine(event)
		switch after := piece[at+1:]; {
		case piece[at] == '\r' && len(after) == 0:
			e.end = true
			return
		case piece[at] == '\r' && after[0] == '\n':
			piece = after[1:]
		default:
			piece = after
		}
	}
}

// field is how lines begin that hold data, and done the data of a last event that
// is none.
const (
	field = "data"
	done  = "[DONE]"
	bom   = "\xEF\xBB\xBF"
)

// short is as much of a line as tells what it is.
const short = len(bom) + len(field) + len(": ") + len(done) + 1

// addLine takes in a part of a line: all of it where somebody looks, and else as
// much as tells what it is.
func (e *events) addLine(part []byte) {
	most := short
	if e.reading.Looks() {
		most = longest
	}
	if room := most - len(e.line); room > 0 {
		e.line = append(e.line, part[:min(room, len(part))]...)
	}
}

// endLine takes in a whole line; an empty one ends an event.
func (e *events) endLine(event func(text []byte)) {
	line := e.line
	if !e.begun {
		line = bytes.TrimPrefix(line, []byte(bom))
		e.begun = true
	}
	defer func() { e.line = e.line[:0] }()
	if len(line) == 0 {
		if e.any && !bytes.Equal(e.text, []byte(done)) {
			event(e.text)
		}
		e.text, e.any = e.text[:0], false
		return
	}
	name, value, _ := bytes.Cut(line, []byte{':'})
	if string(name) != field {
		return
	}
	if e.any {
		e.keep([]byte{'\n'})
	}
	e.keep(bytes.TrimPrefix(value, []byte{' '}))
	e.any = true
}
