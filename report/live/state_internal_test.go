package live

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"plimsoll/runner/latency"
)

// However long a trial takes, few rows are kept of it, in order and of all that there
// was: calls come in every other second only. None is told twice.
func TestRowsAreThinned(t *testing.T) {
	s := &Server{state: state{viewers: map[*viewer]bool{}}}
	s.Begin("long", 0, 0)
	const seconds = 3 * mostRows
	for i := range seconds {
		h, ok := latency.New(latency.Fine), int64(0)
		if i%2 == 1 {
			ok = 20
			for n := range ok {
				h.Record(time.Duration(n+1) * time.Millisecond)
			}
		}
		s.Take(Piece{At: time.Duration(i+1) * time.Second, OK: ok, InFlight: 1 - i%2*2, Response: h})
		s.tell()
		if rows := s.now.Rows; len(rows) > mostRows || s.now.told != len(rows) {
			t.Fatalf("after %d s there are %d rows, of which %d are told", i+1, len(rows), s.now.told)
		}
	}
	before := -1.0
	for _, row := range s.now.Rows {
		at, err := strconv.ParseFloat(row[0], 64)
		if err != nil || at <= before {
			t.Fatalf("a row at %s s follows one at %g s", row[0], before)
		}
		before = at
	}
	if first := s.now.Rows[0][0]; first != "0" || before < seconds-5 {
		t.Errorf("the rows are from %s to %g s", first, before)
	}
	for _, row := range s.now.Rows {
		if row[1] != "10" || row[4] != "10.002" || row[7] != "0" {
			t.Fatalf("a row of %v: 10 calls a second of 1 to 20 ms, and none is left", row)
		}
	}
}

// A viewer may be behind when the run ends: the report still comes.
func TestWhoIsBehindHasTheReport(t *testing.T) {
	s := &Server{state: state{viewers: map[*viewer]bool{}}}
	behind, gone := s.enter(), s.enter()
	for range queued - 1 { // and what all are told first
		s.End(Done{Trial: "one"})
	}
	<-behind.events
	s.End(Done{Trial: "one more"})
	s.end([]byte("the very end"))
	last := func(v *viewer) (event []byte) {
		for e := range v.events {
			event = e
		}
		return event
	}
	if event := last(behind); !bytes.Contains(event, []byte("the very end")) {
		t.Errorf("last it hears %s", event)
	}
	if event := last(gone); bytes.Contains(event, []byte("the very end")) {
		t.Errorf("who was too far behind hears %s", event)
	}
}
