package sim

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/target"
	"plimsoll/target/chat"
	"plimsoll/target/delay"
	"plimsoll/target/kind"
	"plimsoll/target/random"
	"plimsoll/target/value"
)

// listen sends calls to a carrier when they are due, and tells what came of them.
func listen(c *Carrier, arrivals []time.Duration, request *target.Request) []hearing {
	heard := make([]hearing, len(arrivals))
	sent := 0
	for gone := 0; gone < len(arrivals); {
		now := c.due()
		if sent < len(arrivals) && arrivals[sent] < now {
			now = arrivals[sent]
		}
		for d, _ := c.Take(now); d != nil; d, _ = c.Take(now) {
			heard[d.ID.Slot()] = hearingOf(d)
			gone++
		}
		for ; sent < len(arrivals) && arrivals[sent] == now; sent++ {
			c.Send(target.NewID(uint32(sent), uint64(sent)), request, now)
		}
	}
	return heard
}

// hearingOf puts a call's parts together again.
func hearingOf(d *target.Done) hearing {
	h := hearing{end: d.Ended, class: d.Class}
	if d.Parts == nil || d.Parts.Stream == nil {
		return h
	}
	s := d.Parts.Stream
	at := d.Ended - s.Rest
	h.events = append(h.events, at)
	for _, g := range s.Gaps {
		for range g.Count {
			at += g.Length
			h.events = append(h.events, at)
		}
	}
	if int64(len(h.events)) != s.Events || at != d.Ended || s.Tokens != s.Events {
		h.class = fmt.Sprintf("%d events, the last at %d of %d: %+v", len(h.events), at, d.Ended, s)
	}
	return h
}

// wishing is a step's call with a head and a body.
type wishing struct {
	step
	head, body string
}

func (w wishing) Show([]value.Value) (string, []byte, []byte, error) {
	return "/", []byte("POST / HTTP/1.1\r\nHost: x\r\n" + w.head + "\r\n"), []byte(w.body), nil
}

// What steps see of a stream is what a server sends.
func TestStepsSeeAllOfAStream(t *testing.T) {
	s := read(t, `{stream: {first: 5ns, gap: 1ns, events: 3}}`)
	c := NewCarrier(s, random.New(1))
	for n, w := range []struct {
		head, body, mime string
		wish             chat.Wish
		parts            bool
	}{
		{"", "", "text/event-stream", chat.Wish{}, true},
		{"accept: application/x-ndjson\r\n", "", "application/x-ndjson", chat.Wish{Form: chat.NDJSON}, true},
		{"", `{"stream": true, "stream_options": {"include_usage": true}}`, "text/event-stream", chat.Wish{Usage: true}, true},
		{"", `{"stream": false}`, "application/json", chat.Wish{Form: chat.Whole}, false},
	} {
		call, err := s.Prepare(wishing{step{}, w.head, w.body})
		if err != nil {
			t.Fatal(err)
		}
		c.Send(target.NewID(0, uint64(n)), &target.Request{Call: call, Want: wanted(t, "body", "header.content-type", "status")}, 0)
		d, _ := c.Take(7)
		if d == nil || (d.Parts != nil) != w.parts {
			t.Fatalf("%+v", d)
		}
		answer := chat.Answer{Wish: w.wish, Number: uint64(n), Events: 3}
		if found := d.Found; found[0].Text != string(answer.Append(nil)) || found[1].Text != w.mime || found[2].Text != "200" {
			t.Errorf("%+v: found %q", w, d.Found)
		}
	}
}

// The timeout of a target that streams bounds the first event and each gap.
func TestPatienceIsForEvents(t *testing.T) {
	for text, want := range map[string]hearing{
		`{timeout: 10ns, stream: {first: 10ns, gap: 10ns, events: 3}}`:                            {[]time.Duration{10, 20, 30}, 30, ""},
		`{timeout: 10ns, stream: {first: 11ns, gap: 1ns, events: 3}}`:                             {nil, 10, target.Timeout},
		`{timeout: 10ns, stream: {first: 1ns, gap: 11ns, events: 3}}`:                             {nil, 11, target.Timeout},
		`{timeout: 10ns, stream: {first: 1ns, gap: 1ns, events: 3}, stall: {at: 2ns, for: 10ns}}`: {nil, 12, target.Timeout},
		`{timeout: 10ns, delay: 11ns, routes: {/a: {stream: {events: 1}}}}`:                       {nil, 10, target.Timeout},
	} {
		s := read(t, text)
		opened, err := s.Open(t.Context(), kind.Site{Virtual: true, Streams: random.New(1)})
		if err != nil || opened.Timeout != 0 {
			t.Fatalf("a timeout of %v, %v", opened.Timeout, err)
		}
		carrier, err := opened.Carrier(nil)
		if err != nil {
			t.Fatal(err)
		}
		got := listen(carrier.(*Carrier), []time.Duration{0}, &target.Request{})[0]
		if !slices.Equal(got.events, want.events) || got.end != want.end || got.class != want.class {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

// Whatever becomes of calls, given up or not, what is told of a stream is its own
// until the next Take.
func TestStreamsKeepTheirMemoryApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Settings{Stream: &Stream{First: delay.Of(5), Gap: delay.Delay{Kind: delay.Uniform, A: 1, B: 50}, Events: Number{1, 20}}}
		source := random.New(3)
		c, now := NewCarrier(s, source), time.Duration(0)
		gaps, numbers := source("stream gap"), source("stream events")
		var all []uint64
		var rests []int64 // from the first event to the last, by the call's number
		send := func(slot uint32) {
			c.Send(target.NewID(slot, uint64(len(rests))), &target.Request{}, now)
			rest := int64(0)
			for range numbers.IntN(20) {
				rest += int64(s.Stream.Gap.Draw(gaps))
			}
			all, rests = append(all, uint64(len(rests))), append(rests, rest)
		}
		seen := 0
		for range 100 {
			send(uint32(rapid.IntRange(0, 3).Draw(t, "slot")))
			now += time.Duration(rapid.IntRange(0, 300).Draw(t, "later"))
			for d, _ := c.Take(now); d != nil; d, _ = c.Take(now) {
				send(d.ID.Slot()) // before it is read
				if d.Parts == nil {
					continue // it was given up: another call has its slot
				}
				got := int64(0)
				for _, g := range d.Parts.Stream.Gaps {
					got += int64(g.Length) * g.Count
				}
				number := slices.IndexFunc(all, func(n uint64) bool { return d.ID.Of(n) })
				if got != rests[number] || int64(d.Parts.Stream.Rest) != got {
					t.Fatalf("call %d: gaps of %d, a rest of %d, want %d", number, got, d.Parts.Stream.Rest, rests[number])
				}
				seen++
			}
		}
		if seen == 0 {
			t.Skip("nobody was heard to the end")
		}
	})
}

// BenchmarkStreams carries streams of 100 events with 1,000 in flight.
func BenchmarkStreams(b *testing.B) {
	for _, gap := range []string{"20ms", "{exponential: 20ms}"} {
		b.Run(gap, func(b *testing.B) {
			c := NewCarrier(read(b, `{stream: {first: 200ms, gap: `+gap+`, events: 100}}`), random.New(1))
			for i := range 1000 {
				c.Send(target.NewID(uint32(i), uint64(i)), &target.Request{}, 0)
			}
			b.ReportAllocs()
			for b.Loop() {
				now := c.due()
				d, _ := c.Take(now)
				c.Send(target.NewID(d.ID.Slot(), 1), &target.Request{}, now)
			}
		})
	}
}
