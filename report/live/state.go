package live

import (
	"math"
	"strconv"
	"sync"
	"time"

	"plimsoll/runner/latency"
	"plimsoll/runner/statistics"
)

// Piece is what was recorded in a piece of a trial.
type Piece struct {
	At                  time.Duration // on the trial's clock; 0 where nothing is known of it
	OK, Failed, Dropped int64
	InFlight            int // how many more there are than before
	Response            *latency.Histogram
}

// Done is a trial that has ended, in figures and words for people. End fills in its
// percentiles, of all that was taken.
type Done struct {
	Trial  string `json:"trial"`
	Ended  string `json:"ended"`
	OK     int64  `json:"ok"`
	Failed int64  `json:"failed"`
	PerS   string `json:"per_s"`
	P50    string `json:"p50"` // milliseconds; "" where the calls do not bear it
	P99    string `json:"p99"`
}

// Second is what happened in a second of a trial: a row of the numbers that a plot
// over time shows, each as the report spells it.
type Second [8]string

// state is all that is known, and who is told.
type state struct {
	mu      sync.Mutex
	viewers map[*viewer]bool
	done    []Done
	now     *trial // nil: none is under way
	last    []byte // the report; nil: there is none yet
	open    int    // viewers that are still written to
}

// viewer is somebody who looks.
type viewer struct{ events chan []byte }

// queued is how many events a viewer may be behind. There is room for one more: the
// report, which is the last.
const queued = 16

// trial is one that is under way.
type trial struct {
	Name    string   `json:"trial"`
	Nth     int      `json:"nth"`
	Of      int      `json:"of"`
	Calls   int64    `json:"calls"`    // asked for; 0: nobody knows
	LengthS float64  `json:"length_s"` // 0: nobody knows
	Rows    []Second `json:"rows"`
	Whole   summary  `json:"whole"`

	halved int     // how often rows have been merged in pairs
	told   int     // rows that viewers have
	pieces []piece // that rows are of
	second piece
	whole  piece
}

// summary is what was measured so far.
type summary struct {
	OK      int64   `json:"ok"`
	Failed  int64   `json:"failed"`
	Dropped int64   `json:"dropped"`
	P50     string  `json:"p50"` // milliseconds; "" where the calls do not bear it
	P90     string  `json:"p90"`
	P99     string  `json:"p99"`
	Max     string  `json:"max"`
	AtS     float64 `json:"at_s"`
}

// piece adds pieces up.
type piece struct {
	Piece
	from     time.Duration
	response *latency.Histogram
}

// newPiece is one of very many, which may have few calls.
func newPiece() piece { return piece{response: latency.NewSparse(latency.Fine)} }

func (p *piece) add(o Piece) {
	p.At = max(p.At, o.At)
	p.InFlight += o.InFlight
	p.OK += o.OK
	p.Failed += o.Failed
	p.Dropped += o.Dropped
	p.response.Merge(o.Response)
}

// Begin tells that a trial begins.
func (s *Server) Begin(name string, calls int64, length time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = &trial{
		Name: name, Nth: len(s.done) + 1, Of: max(s.Planned, len(s.done)+1), Calls: calls, LengthS: length.Seconds(),
		Rows: []Second{}, second: newPiece(), whole: newPiece(),
	}
	s.broadcast(message("trial", s.now))
}

// Take adds what was recorded since the last time.
func (s *Server) Take(p Piece) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.now
	if t == nil {
		return
	}
	t.second.add(p)
	t.whole.add(p)
}

// End tells what came of the trial.
func (s *Server) End(d Done) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.now; t != nil {
		d.P50, d.P99 = milliseconds(t.whole.response, 50), milliseconds(t.whole.response, 99)
	}
	s.now = nil
	s.done = append(s.done, d)
	s.broadcast(message("done", d))
}

// Fewer tells that so many of the trials that were planned are not needed.
func (s *Server) Fewer(trials int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Planned -= trials
}

// tell tells the viewers of the second that is over.
func (s *Server) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.now
	if t == nil || t.second.At <= t.second.from {
		return
	}
	if t.sum(); (t.second.At - t.second.from) >= t.width()-time.Second/2 {
		t.row()
	}
	s.broadcast(message("rows", struct {
		Rows  []Second `json:"rows"`
		Whole summary  `json:"whole"`
	}{t.Rows[t.told:], t.Whole}))
	t.told = len(t.Rows)
	t.thin()
}

// sum notes what was measured so far.
func (t *trial) sum() {
	w := &t.whole
	t.Whole = summary{w.OK, w.Failed, w.Dropped, milliseconds(w.response, 50), milliseconds(w.response, 90), milliseconds(w.response, 99), milliseconds(w.response, 100), w.At.Seconds()}
}

// row makes a row of what was added since the last one.
func (t *trial) row() {
	p := &t.second
	p.InFlight = t.whole.InFlight
	t.pieces, t.Rows = append(t.pieces, *p), append(t.Rows, p.row())
	from := p.At
	t.second = newPiece()
	t.second.from, t.second.At = from, from
}

// row is a piece's, whose InFlight is what there was at its end.
func (p *piece) row() Second {
	took := (p.At - p.from).Seconds()
	perS := func(n int64) string { return number(float64(n)/took, 5) }
	return Second{
		number(p.from.Seconds(), 5), perS(p.OK), perS(p.Failed), perS(p.Dropped),
		milliseconds(p.response, 50), milliseconds(p.response, 90), milliseconds(p.response, 99), strconv.Itoa(p.InFlight),
	}
}

// mostRows is how many rows are kept: those of longer trials are of two seconds each,
// of four …, as the windows of the report are.
const mostRows = 3600

// width is what a row is of at present.
func (t *trial) width() time.Duration { return time.Second << t.halved }

func (t *trial) thin() {
	if len(t.Rows) < mostRows {
		return
	}
	pieces := t.pieces
	t.pieces, t.Rows = pieces[:0], t.Rows[:0]
	for i := 0; i < len(pieces); i += 2 {
		p := pieces[i]
		if i+1 < len(pieces) {
			last := pieces[i+1]
			p.InFlight = 0
			last.Response = last.response
			p.add(last.Piece)
		}
		t.pieces, t.Rows = append(t.pieces, p), append(t.Rows, p.row())
	}
	clear(pieces[len(t.pieces):])
	t.halved++
	t.told = len(t.Rows)
}

// milliseconds is a percentile as people read it; "" where there are too few successes
// for it, as in the report. The highest there is, 100, bears any.
func milliseconds(h *latency.Histogram, percent float64) string {
	if h.Count() == 0 || percent < 100 && !statistics.Supports(h.Count(), percent/100) {
		return ""
	}
	return number(h.Quantile(percent).Seconds()*1e3, 5)
}

// number is one to so many significant digits.
func number(v float64, digits int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64)
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// enter has somebody see all that has happened, and what happens.
func (s *state) enter() *viewer {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := &viewer{events: make(chan []byte, queued+1)}
	s.viewers[v], s.open = true, s.open+1
	v.events <- message("all", struct {
		Done  []Done `json:"done"`
		Trial *trial `json:"trial"`
	}{append([]Done{}, s.done...), s.now})
	if s.last != nil {
		v.events <- message("report", string(s.last))
		s.drop(v)
	}
	return v
}

func (s *state) leave(v *viewer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	delete(s.viewers, v)
}

// watched tells whether anybody is still written to.
func (s *state) watched() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open > 0
}

// report is what became of the run; nil as long as it goes on.
func (s *state) report() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// broadcast tells all viewers, and leaves behind who is too far behind.
func (s *state) broadcast(event []byte) {
	for v := range s.viewers {
		if len(v.events) >= queued { // nobody else writes to it
			s.drop(v)
			continue
		}
		v.events <- event
	}
}

// drop has a viewer read what it has, and no more.
func (s *state) drop(v *viewer) {
	close(v.events)
	delete(s.viewers, v)
}

// end gives everybody the report, for which there always is room; nil is none.
func (s *Server) end(report []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last = report; report == nil {
		for v := range s.viewers {
			s.drop(v)
		}
		return
	}
	event := message("report", string(report))
	for v := range s.viewers {
		v.events <- event
		s.drop(v)
	}
}
