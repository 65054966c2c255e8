package stream

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"time"

	"plimsoll/target"
	"plimsoll/target/look"
	"plimsoll/target/value"
)

// Meter measures one answer after the other. Its memory is used again. The zero
// Meter measures none.
type Meter struct {
	events
	now func() time.Duration

	told        target.Stream
	first, last time.Duration // when events with content came
	others      int64         // events without
	came        bool          // one with content, in what is being taken in
}

// Begin prepares for answers that are read so, by that clock; nil: for such as are
// no streams.
func (m *Meter) Begin(r *Reading, now func() time.Duration) {
	m.reading, m.now = r, now
	m.events.reset()
	m.Reset()
}

// By has another clock tell when events come, from the next answer on.
func (m *Meter) By(now func() time.Duration) {
	m.now = now
	m.Reset()
}

// On tells whether there are streams.
func (m *Meter) On() bool { return m.reading != nil }

// Reset prepares for the next answer.
func (m *Meter) Reset() {
	if m.reading == nil {
		return
	}
	m.events.reset()
	m.told = target.Stream{Gaps: m.told.Gaps[:0], Tokens: -1}
	m.others = 0
}

// Take takes in a piece of the answer, and tells whether it had an event with
// content.
func (m *Meter) Take(piece []byte) (came bool) {
	m.came = false
	m.cut(piece, m.event)
	return m.came
}

// Chunk hears that a chunk of the transfer coding is whole, and tells the same.
func (m *Meter) Chunk() (came bool) {
	m.came = false
	m.chunk(m.event)
	return m.came
}

// Looks tells whether somebody looks into the events.
func (m *Meter) Looks() bool { return m.reading != nil && m.reading.Looks() }

// Piece begins with what one read brings, which came at once.
func (m *Meter) Piece() { m.came = false }

// Event takes in a whole event of that piece, and tells whether it has content. Its
// text matters where somebody looks into it (Reading.Looks).
func (m *Meter) Event(text []byte) (counted bool) {
	before := m.told.Events
	m.event(text)
	return m.told.Events > before
}

// Last is when an event with content came last.
func (m *Meter) Last() time.Duration { return m.last }

// event is a whole one. The clock is read once for all that a piece ends.
func (m *Meter) event(text []byte) {
	if !m.counts(text) {
		m.others++
		return
	}
	before := m.last
	if !m.came {
		m.last, m.came = m.now(), true
	}
	if m.told.Events++; m.told.Events == 1 {
		m.first = m.last
		return
	}
	m.gap(m.last - before)
}

// counts tells whether an event has content, and looks for tokens in it.
func (m *Meter) counts(text []byte) bool {
	if !m.reading.Looks() {
		return true
	}
	answer := look.Answer{Body: text}
	if at := m.reading.Tokens; at != nil {
		if v, found := at.Find(&answer); found {
			// JSON of protobuf has numbers of 64 bits as texts
			if n, err := strconv.ParseFloat(v.Text, 64); err == nil && n >= 0 && n < 1<<63 {
				m.told.Tokens = int64(n)
			}
		}
	}
	if m.reading.Content == nil {
		return true
	}
	v, found := m.reading.Content.Find(&answer)
	return found && v.Kind != value.Null && v.Text != ""
}

// gap keeps how long it took from one event to the next. What comes in one piece
// comes at once.
func (m *Meter) gap(d time.Duration) {
	gaps := m.told.Gaps
	if n := len(gaps); n > 0 && gaps[n-1].Length == d {
		gaps[n-1].Count++
		return
	}
	if len(gaps) == cap(gaps) && len(gaps) >= many {
		gaps = fold(gaps)
	}
	m.told.Gaps = append(gaps, target.Gap{Length: d, Count: 1})
}

// many gaps are kept as they are; of more those that lie close together become
// one of their mean, so that a stream without an end needs no memory without one.
const many = 4 << 10

// fold joins gaps whose first eleven binary digits are the same: to a histogram of
// three decimal ones they are. The shortest and the longest stay as they are.
func fold(gaps []target.Gap) []target.Gap {
	slices.SortFunc(gaps, func(a, b target.Gap) int { return cmp.Compare(a.Length, b.Length) })
	last := len(gaps) - 1
	kept := gaps[:1]
	for from := 1; from < last; {
		to, sum := from, target.Gap{}
		for ; to < last && rough(gaps[to].Length) == rough(gaps[from].Length); to++ {
			sum.Length += gaps[to].Length * time.Duration(gaps[to].Count)
			sum.Count += gaps[to].Count
		}
		kept = append(kept, target.Gap{Length: sum.Length / time.Duration(sum.Count), Count: sum.Count})
		from = to
	}
	return append(kept, gaps[last])
}

func rough(d time.Duration) time.Duration {
	const digits = 11
	drop := max(0, bits.Len64(uint64(d))-digits)
	return d >> drop << drop
}

// End hears that the answer was whole by then, and tells why it is no stream of events;
// nil: it is.
func (m *Meter) End(at time.Duration) error {
	if m.came = false; m.reading.Format != Messages { // which are whole already
		now := m.now
		m.now = func() time.Duration { return at }
		m.finish(m.event)
		m.now = now
	}
	switch r := m.reading; {
	case m.told.Events > 0:
		return nil
	case m.others > 0:
		return fmt.Errorf("none of its %d events has %s", m.others, r.Content)
	case r.Format == Messages:
		return nil
	case r.Format == SSE:
		return fmt.Errorf("there is no event in it: lines `data: …` with an empty line behind them, as `stream: sse` has them")
	case r.Format == NDJSON:
		return fmt.Errorf("there is no event in it: lines of JSON, as `stream: ndjson` has them")
	}
	return fmt.Errorf("there is nothing in it, and `stream: chunks` has an event for each chunk")
}

// Told is what came of an answer whose call ended then. It is valid until the next
// Reset.
func (m *Meter) Told(ended time.Duration) *target.Stream {
	if m.told.Events > 0 {
		m.told.Rest = max(0, ended-m.first)
	}
	return &m.told
}
