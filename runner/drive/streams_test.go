package drive_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/drive"
	"plimsoll/runner/goodput"
	"plimsoll/runner/latency"
	"plimsoll/runner/schedule"
	"plimsoll/target"
	"plimsoll/target/agenda"
	"plimsoll/target/wait"
)

// promised are promises of every kind of limit.
var promised = []string{
	"first_event < 300ms, gap <= 20ms", "response <= 700ms", "service < 500ms, first_event < 400ms", "service.first_event <= 200ms",
	"gap < 15ms", "response < 1s, service < 900ms, first_event < 500ms, service.first_event < 400ms, gap < 30ms",
}

func limits(t interface{ Fatal(...any) }) (all []goodput.Limits) {
	for _, text := range promised {
		l, err := goodput.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// aStream is a stream of up to 30 events, whose gaps are told in any manner, and
// all of their lengths.
func aStream(t *rapid.T) (s *target.Stream, gaps []time.Duration) {
	s = &target.Stream{Events: rapid.Int64Range(0, 30).Draw(t, "events"), Tokens: -1}
	if rapid.Bool().Draw(t, "told") {
		s.Tokens = rapid.Int64Range(0, 40).Draw(t, "tokens")
	}
	for told := int64(1); told < s.Events; {
		g := target.Gap{Length: time.Duration(rapid.Int64Range(0, int64(40*time.Millisecond)).Draw(t, "gap")), Count: rapid.Int64Range(1, s.Events-told).Draw(t, "times")}
		told += g.Count
		s.Gaps = append(s.Gaps, g)
		for range g.Count {
			gaps = append(gaps, g.Length)
			s.Rest += g.Length
		}
	}
	if s.Events > 0 {
		s.Rest += time.Duration(rapid.Int64Range(0, int64(50*time.Millisecond)).Draw(t, "end"))
	}
	return s, gaps
}

// byHand is what must come of calls, found the long way.
type byHand struct {
	first, served, gap *latency.Histogram
	events, tokens     drive.Count
	told               bool
	kept               []drive.Count
}

func newByHand() *byHand {
	return &byHand{latency.New(latency.Fine), latency.New(latency.Fine), latency.New(latency.Fine), drive.Count{}, drive.Count{}, false, make([]drive.Count, len(promised))}
}

// add counts a success; s is nil where it was no stream.
func (h *byHand) add(due, sent, end, window time.Duration, s *target.Stream, gaps []time.Duration) {
	counted, inTime := int64(0), int64(0)
	if due >= 0 {
		counted = 1
	}
	if (end > 0 || end == 0 && sent == 0) && (end <= window && !(sent == end && end == window)) {
		inTime = 1
	}
	if counted+inTime == 0 {
		return // it was over before the trial began
	}
	took, served := end-due, end-sent
	first, servedFirst, mean := time.Hour, time.Hour, time.Hour // of what keeps no promise of a stream's
	if s != nil {
		mean = 0
		if len(gaps) > 0 {
			for _, g := range gaps {
				mean += g
			}
			mean /= time.Duration(len(gaps))
		}
		if s.Events > 0 {
			first, servedFirst = took-s.Rest, served-s.Rest
		}
		h.events.All, h.events.InTime = h.events.All+counted*s.Events, h.events.InTime+inTime*s.Events
		if s.Tokens >= 0 {
			h.told = true
			h.tokens.All, h.tokens.InTime = h.tokens.All+counted*s.Tokens, h.tokens.InTime+inTime*s.Tokens
		}
		if counted > 0 && s.Events > 0 {
			h.first.Record(first)
			h.served.Record(servedFirst)
			for _, g := range gaps {
				h.gap.Record(g)
			}
		}
	}
	const ms = time.Millisecond
	for n, keeps := range []bool{
		first < 300*ms && mean <= 20*ms, took <= 700*ms, served < 500*ms && first < 400*ms, servedFirst <= 200*ms,
		mean < 15*ms, took < 1000*ms && served < 900*ms && first < 500*ms && servedFirst < 400*ms && mean < 30*ms,
	} {
		if keeps {
			h.kept[n].All, h.kept[n].InTime = h.kept[n].All+counted, h.kept[n].InTime+inTime
		}
	}
}

// check compares an interval with what it must hold.
func (h *byHand) check(t *rapid.T, what string, i *drive.Interval) {
	t.Helper()
	s := i.Streams
	if s == nil {
		s = drive.NewStreams()
	}
	for name, pair := range map[string][2]*latency.Histogram{"first_event": {s.FirstEvent, h.first}, "service.first_event": {s.ServiceFirstEvent, h.served}, "gap": {s.Gap, h.gap}} {
		if got, want := figures(t, pair[0]), figures(t, pair[1]); got != want {
			t.Fatalf("%s: %s: %+v, want %+v", what, name, got, want)
		}
	}
	if s.Events != h.events || s.Tokens != h.tokens || s.Told != h.told {
		t.Fatalf("%s: %+v events, %+v tokens, told %v; want %+v, %+v, %v", what, s.Events, s.Tokens, s.Told, h.events, h.tokens, h.told)
	}
	kept := append([]drive.Count{}, i.Kept...)
	for len(kept) < len(h.kept) {
		kept = append(kept, drive.Count{})
	}
	if !reflect.DeepEqual(kept, h.kept) {
		t.Fatalf("%s: kept %+v, want %+v", what, kept, h.kept)
	}
}

// Whatever calls there are, in whatever parts they were recorded, and merged in
// whatever order: the streams' distributions are to the last bit those of all
// values one by one, and who kept a promise are those who did, one by one. So for
// steps, each by itself.
func TestStreamsAreTheirCallsByHand(t *testing.T) {
	all := limits(t)
	rapid.Check(t, func(t *rapid.T) {
		const length = 30 * time.Second
		whole, rows := newByHand(), []*byHand{newByHand(), newByHand()}
		merged := drive.NewInterval()
		var parts []*drive.Recorder
		for range rapid.IntRange(1, 3).Draw(t, "recorders") {
			r := drive.NewRecorder(length, nil)
			r.Promises = drive.Promises{Whole: all, Rows: [][]goodput.Limits{nil, all}}
			r.Sink = &pieces{whole: merged, spare: drive.NewInterval()}
			parts = append(parts, r)
		}
		for range rapid.IntRange(0, 60).Draw(t, "calls") {
			c := call(t)
			var gaps []time.Duration
			var s *target.Stream
			if rapid.IntRange(0, 3).Draw(t, "what") > 0 {
				s, gaps = aStream(t)
				c.Parts = &target.Parts{Stream: s}
				c.End = c.Start + c.Held + s.Rest + c.End - c.Start - c.Held
			}
			r := parts[rapid.IntRange(0, len(parts)-1).Draw(t, "to")]
			if rapid.IntRange(0, 9).Draw(t, "ask") == 0 {
				r.Ask()
			}
			row := rapid.IntRange(-1, 1).Draw(t, "row")
			into := whole
			if row < 0 {
				r.Record(&c)
			} else {
				r.Step(row, false, c.Intended, &c, nil)
				into = rows[row]
			}
			if c.Class == "" {
				into.add(c.Intended, c.Start+c.Held, c.End, length, s, gaps)
			}
		}
		for _, r := range rapid.Permutation(parts).Draw(t, "order") {
			merged.Merge(r.Interval)
		}
		whole.check(t, "calls", merged)
		rows[0].kept = make([]drive.Count, len(promised)) // nothing was promised of it
		for n, want := range rows {
			if n < len(merged.Rows) && merged.Rows[n] != nil {
				want.check(t, fmt.Sprint("row ", n), merged.Rows[n])
			} else if want.events != (drive.Count{}) {
				t.Fatalf("row %d is missing", n)
			}
		}
	})
}

// streaming is a server whose n-th call takes so long and is such a stream; it keeps
// its own list of who was sent when, and ended.
type streaming struct {
	takes   func(n uint64) (time.Duration, *target.Stream)
	agenda  agenda.Agenda[target.ID]
	streams map[target.ID]*target.Stream
	sent    map[uint64]time.Duration
	ended   map[uint64]time.Duration
	of      map[target.ID]uint64
	parts   target.Parts
	done    target.Done
}

func (s *streaming) Send(id target.ID, r *target.Request, now time.Duration) time.Duration {
	took, stream := s.takes(r.Number)
	s.sent[r.Number], s.of[id], s.streams[id] = now, r.Number, stream
	s.agenda.Push(now+took, id)
	return s.agenda.First()
}

func (s *streaming) Take(now time.Duration) (*target.Done, time.Duration) {
	if s.agenda.Len() == 0 || s.agenda.First() > now {
		if s.agenda.Len() == 0 {
			return nil, agenda.Never
		}
		return nil, s.agenda.First()
	}
	e := s.agenda.Pop()
	s.ended[s.of[e.What]] = e.At
	s.parts, s.done = target.Parts{Stream: s.streams[e.What]}, target.Done{ID: e.What, Ended: e.At}
	if s.parts.Stream != nil {
		s.done.Parts = &s.parts
	}
	return &s.done, now
}

func (s *streaming) Cancel(target.ID, time.Duration) {}
func (s *streaming) CancelAll(time.Duration)         {}
func (s *streaming) Close()                          {}

// A load of thousands of calls in simulated time, some held back by its own limit,
// some of the warm-up: what is recorded is what the server's list says, call by
// call, to the nanosecond.
func TestGoodputIsTheServersCount(t *testing.T) {
	all := limits(t)
	rapid.Check(t, func(t *rapid.T) {
		const gap, from, until = 7 * time.Millisecond, -2 * time.Second, 12 * time.Second
		kinds := rapid.IntRange(1, 20).Draw(t, "kinds of calls")
		takes, streams, gaps := make([]time.Duration, kinds), make([]*target.Stream, kinds), make([][]time.Duration, kinds)
		for k := range kinds {
			takes[k] = time.Duration(rapid.Int64Range(0, int64(600*time.Millisecond)).Draw(t, "takes"))
			if rapid.IntRange(0, 4).Draw(t, "a stream") > 0 {
				streams[k], gaps[k] = aStream(t)
				takes[k] += streams[k].Rest
			}
		}
		server := &streaming{
			takes: func(n uint64) (time.Duration, *target.Stream) {
				return takes[n%uint64(kinds)], streams[n%uint64(kinds)]
			},
			streams: map[target.ID]*target.Stream{}, sent: map[uint64]time.Duration{}, ended: map[uint64]time.Duration{}, of: map[target.ID]uint64{},
		}
		rec := drive.NewRecorder(until, nil)
		rec.Promises.Whole = all
		end := drive.Loop{
			Schedule: schedule.NewOpen(schedule.Open{Bounds: schedule.Bounds{From: from, Until: until}, Arrivals: schedule.Constant(1, gap), MaxInFlight: rapid.IntRange(40, 100).Draw(t, "places")}, schedule.StopOn{}),
			Clock:    wait.NewVirtual(from), Carrier: server, Recorder: rec, From: from, Until: until, Drain: time.Hour, Stop: &drive.Stop{}, Stride: 1,
		}.Run()
		if end.Err != nil {
			t.Fatal(end.Err)
		}
		want := newByHand()
		for n, sent := range server.sent {
			want.add(from+time.Duration(n)*gap, sent, server.ended[n], until, streams[n%uint64(kinds)], gaps[n%uint64(kinds)])
		}
		if calls := (until - from) / gap; len(server.ended) < int(calls) {
			t.Fatalf("the server saw %d calls, not %d", len(server.ended), calls)
		}
		want.check(t, "the load", rec.Interval)
	})
}
