package http

import (
	"fmt"
	"math/rand/v2"
	nethttp "net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"plimsoll/target"
	"plimsoll/target/client"
	"plimsoll/target/httpcall"
	"plimsoll/target/kind"
	"plimsoll/target/look"
	"plimsoll/target/real"
	"plimsoll/target/stream"
	"plimsoll/target/wire"
)

// everyCarrier is all that carries calls, plain and over TLS.
var everyCarrier = []carrier{
	{wire.Epoll, "1.1", false}, {wire.Uring, "1.1", false}, {wire.Sockets, "1.1", false}, {wire.Sockets, "1.1", true},
	{Std, "1.1", false}, {Std, "1.1", true}, {Std, "2", false}, {Std, "2", true}, {wire.Epoll, "2", false}, {wire.Uring, "2", false}, {wire.Epoll, "1.1", true}, {wire.Uring, "1.1", true}, {wire.Epoll, "2", true}, {wire.Uring, "2", true},
}

// teller is a server of streams that stamps every event before it writes it.
type teller struct {
	*httptest.Server
	mu   sync.Mutex
	last *[]time.Time  // stamps of the last stream that began
	gone chan struct{} // a client left in the midst of a stream
}

// tells starts one that speaks all versions, and writes what tell says.
func tells(t *testing.T, secure bool, tell func(say func(text string))) *teller {
	t.Helper()
	s := &teller{gone: make(chan struct{}, 1)}
	s.Server = httptest.NewUnstartedServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/moved" {
			nethttp.Redirect(w, r, "/", nethttp.StatusFound)
			fmt.Fprint(w, "data: {\"n\": 7}\n\n")
			return
		}
		stamps := new([]time.Time)
		s.mu.Lock()
		s.last = stamps
		s.mu.Unlock()
		tell(func(text string) {
			s.mu.Lock()
			*stamps = append(*stamps, time.Now())
			s.mu.Unlock()
			fmt.Fprint(w, text)
			w.(nethttp.Flusher).Flush()
			if r.Context().Err() != nil {
				select {
				case s.gone <- struct{}{}:
				default:
				}
				panic(nethttp.ErrAbortHandler)
			}
		})
	}))
	allVersions(s.Server)
	begin(s.Server, secure)
	t.Cleanup(s.Close)
	return s
}

// streamed are the settings of a target that calls for a stream.
func (s *teller) streamed(reading stream.Reading, timeout time.Duration) Settings {
	return Settings{
		Calls:    []Request{{Method: "GET", URL: s.URL, Stream: &reading}},
		Settings: client.Settings{Timeout: timeout, TLS: client.TLS{Insecure: true}, Reuse: client.ByAll},
	}
}

func inEvent(t *testing.T, text string) *look.Operand {
	t.Helper()
	return &wants(t, text)[0]
}

// came are when the events of a call came, by its clock.
func came(d target.Done) []time.Duration {
	all := []time.Duration{d.Ended - d.Parts.Stream.Rest}
	for _, g := range d.Parts.Stream.Gaps {
		for range g.Count {
			all = append(all, all[len(all)-1]+g.Length)
		}
	}
	return all
}

// Every engine tells of each event that the server wrote: none before it was
// written, and nearly all before the next one was. What has no content does not
// count, and the last number of tokens does.
func TestEventsAreStampedAsTheyCome(t *testing.T) {
	const events = 40
	for _, by := range everyCarrier {
		t.Run(by.name(), func(t *testing.T) {
			t.Parallel()
			var apart atomic.Int64 // in 2 to 5 of them
			s := tells(t, by.secure, func(say func(string)) {
				for n := range events {
					time.Sleep(time.Duration(2+rand.IntN(4)) * time.Duration(apart.Load()))
					say(fmt.Sprintf("data: {\"n\": %d, \"usage\": %d}\n\n", n+1, 3*n))
				}
				say("data: {\"usage\": 1000}\n\ndata: [DONE]\n\n")
			})
			x := newStepper(t, by, s.streamed(stream.Reading{Format: stream.SSE, Content: inEvent(t, "json.n"), Tokens: inEvent(t, "json.usage")}, 0))
			wrong := ""
			for try := range 6 { // a busy machine sees them late, as long as they are close together
				apart.Store(int64(time.Millisecond) << try)
				if wrong = s.wrong(x.call(target.Request{}), x.clock, events); wrong == "" {
					return
				}
			}
			t.Error(wrong)
		})
	}
}

// wrong tells what is wrong with what an engine told of a call.
func (s *teller) wrong(d target.Done, clock target.Clock, events int64) string {
	if !d.OK() || d.Parts.Stream == nil || d.Parts.Stream.Events != events || d.Parts.Stream.Tokens != 1000 {
		return fmt.Sprintf("%+v, %+v", d, d.Parts.Stream)
	}
	s.mu.Lock()
	stamps := slices.Clone(*s.last)
	s.mu.Unlock()
	heard, late := came(d), 0
	for n, at := range heard {
		if wrote := clock.At(stamps[n]); at < wrote {
			return fmt.Sprintf("event %d came at %v and was written at %v", n, at, wrote)
		}
		if next := clock.At(stamps[n+1]); at >= next {
			late++
		}
	}
	if int64(len(heard)) != events || heard[events-1] > d.Ended || late > 4 {
		return fmt.Sprintf("%d of %d events came after the next was written", late, len(heard))
	}
	return ""
}

// The time-out bounds the first event and each gap, and not the whole stream; what
// has no content is no event.
func TestTimeoutOfStreams(t *testing.T) {
	const timeout, gap = 400 * time.Millisecond, 50 * time.Millisecond
	for _, by := range everyCarrier {
		for name, c := range map[string]struct {
			tell  func(say func(string))
			class string
		}{
			"longer than it in all": {func(say func(string)) {
				for range 2 * timeout / gap {
					time.Sleep(gap)
					say("data: {\"n\": 1}\n\n")
				}
			}, ""},
			"no event": {func(say func(string)) {
				for range 4 * timeout / gap {
					time.Sleep(gap)
					say(": ping\n\ndata: {}\n\n")
				}
			}, target.Timeout},
			"none after two": {func(say func(string)) {
				say("data: {\"n\": 1}\n\ndata: {\"n\": 1}\n\n")
				for range 4 * timeout / gap {
					time.Sleep(gap)
					say(": ping\n\n")
				}
			}, target.Timeout},
		} {
			t.Run(by.name()+"/"+name, func(t *testing.T) { testTimeout(t, by, c.tell, c.class, timeout, false) })
			t.Run(by.name()+", as the step says/"+name, func(t *testing.T) { testTimeout(t, by, c.tell, c.class, timeout, true) })
		}
	}
}

// testTimeout makes calls of a server, bounded by its target or by a step whose target
// says something else.
func testTimeout(t *testing.T, by carrier, tell func(say func(string)), class string, timeout time.Duration, bySteps bool) {
	t.Parallel()
	s := tells(t, by.secure, tell)
	reading := stream.Reading{Format: stream.SSE, Content: inEvent(t, "json.n")}
	settings, asked := s.streamed(reading, timeout), target.Request{}
	if bySteps {
		settings.Timeout = timeout / 10
	}
	x := newStepper(t, by, settings)
	if bySteps {
		asked.Call = x.prepare(asks(t, "GET", "/", func(c *httpcall.Call) { c.Stream = &reading }))
		if own, is := asked.Call.(kind.Bounded); !is || !own.Bound(timeout) {
			t.Fatal("a stream does not see to its time")
		}
	}
	for n := range 8 { // a busy machine is late
		d := x.call(asked)
		if d.Class == class && (d.OK() || d.Parts.Stream == nil) {
			return
		}
		if n == 7 {
			t.Errorf("%+v, want class %q", d, class)
		}
	}
}

// A stream that is given up is given up at the server.
func TestStreamsAreGivenUp(t *testing.T) {
	for _, by := range everyCarrier {
		t.Run(by.name(), func(t *testing.T) {
			t.Parallel()
			began := make(chan struct{}, 1)
			s := tells(t, by.secure, func(say func(string)) {
				for range 2000 {
					say("data: x\n\n")
					select {
					case began <- struct{}{}:
					default:
					}
					time.Sleep(5 * time.Millisecond)
				}
			})
			x := newStepper(t, by, s.streamed(stream.Reading{Format: stream.SSE}, 0))
			x.send(target.NewID(0, 0), target.Request{})
			for waiting := true; waiting; {
				select {
				case <-began:
					waiting = false
				default: // the loop is the test's
					_ = x.clock.Wait(x.clock.Now() + time.Millisecond)
					_, _ = x.carrier.Take(x.clock.Now())
				}
			}
			x.carrier.Cancel(target.NewID(0, 0), x.clock.Now())
			if d := x.end(); d.Class != target.Cancelled || d.Parts.Stream != nil {
				t.Errorf("%+v", d)
			}
			for until := time.Now().Add(5 * time.Second); ; _ = x.clock.Wait(x.clock.Now() + time.Millisecond) { // as loops do
				select {
				case <-s.gone:
					return
				default:
				}
				if time.Now().After(until) {
					t.Fatal("the server goes on")
				}
			}
		})
	}
}

// Through nginx it is the same: every event comes when it was written, and not with
// the last one; a proxy that stands still is noticed, and one that goes on again.
func TestStreamsBehindNginx(t *testing.T) {
	const events = 40
	s := tells(t, false, func(say func(string)) {
		for n := range events {
			time.Sleep(3 * time.Millisecond)
			say(fmt.Sprintf("data: {\"n\": %d, \"usage\": 1}\n\n", n+1))
		}
		say("data: {\"usage\": 1000}\n\n")
	})
	address, signal := real.Nginx(t, strings.TrimPrefix(s.URL, "http://"), "proxy_buffering off;")
	for _, by := range everyStepper {
		if by.protocol == "2" || by.secure {
			continue
		}
		settings := s.streamed(stream.Reading{Format: stream.SSE, Content: inEvent(t, "json.n"), Tokens: inEvent(t, "json.usage")}, 500*time.Millisecond)
		settings.Calls[0].URL = "http://" + address
		x := newStepper(t, by, settings)
		wrong := ""
		for range 8 { // a busy machine sees them late
			if wrong = s.wrong(x.call(target.Request{}), x.clock, events); wrong == "" {
				break
			}
		}
		if wrong != "" {
			t.Errorf("%s: %s", by.name(), wrong)
		}
		signal(syscall.SIGSTOP)
		if d := x.call(target.Request{}); d.Class != target.Timeout {
			t.Errorf("%s, with a frozen proxy: %+v", by.name(), d)
		}
		signal(syscall.SIGCONT)
	}
}

// What is no stream is a failure that says so, and what fails tells of none.
func TestAnswersWithoutEvents(t *testing.T) {
	for _, by := range everyCarrier {
		t.Run(by.name(), func(t *testing.T) {
			t.Parallel()
			s := tells(t, by.secure, func(say func(string)) { say("data: {\"x\": 1}\n\n") })
			x := newStepper(t, by, s.streamed(stream.Reading{Format: stream.SSE, Content: inEvent(t, "json.delta")}, 0))
			if d := x.call(target.Request{}); d.Class != target.Body || !strings.Contains(d.Example, "none of its 1 events has json.delta") || d.Parts.Stream != nil {
				t.Errorf("%+v", d)
			}
		})
	}
}

// A step's call is a stream if it says so, behind a redirect, too, whose own body is
// none; the next call of the same target is none.
func TestStepsStream(t *testing.T) {
	for _, by := range everyCarrier {
		t.Run(by.name(), func(t *testing.T) {
			t.Parallel()
			s := tells(t, by.secure, func(say func(string)) {
				say("{\"n\": 1}\n{\"n\"")
				say(": 2}\n\n")
				say("{\"n\": 3}")
			})
			settings := s.streamed(stream.Reading{}, 0)
			settings.Calls[0].Stream = nil
			x := newStepper(t, by, settings)
			streams := x.prepare(asks(t, "GET", "/moved", func(c *httpcall.Call) {
				c.Stream = &stream.Reading{Format: stream.NDJSON, Content: inEvent(t, "json.n")}
			}))
			whole := x.prepare(asks(t, "GET", "/", nil))
			want := wants(t, "bytes")
			for range 2 {
				if d := x.call(target.Request{Call: streams, Want: want}); !d.OK() || d.Parts.Stream == nil || d.Parts.Stream.Events != 3 || d.Hops != 1 || d.Found[0].Text != "27" {
					t.Errorf("the stream: %+v, %+v", d, d.Parts.Stream)
				}
				if d := x.call(target.Request{Call: whole}); !d.OK() || d.Parts.Stream != nil {
					t.Errorf("no stream: %+v, %+v", d, d.Parts.Stream)
				}
			}
		})
	}
}

// Chunks are events as the server cut them, however they come; an answer without
// any comes in pieces.
func TestChunksAreEvents(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for text, want := range map[string]int64{
		head + "2\r\nab\r\n1\r\nc\r\n3\r\ndef\r\n0\r\n\r\n": 3,
		head + "6\r\nabcdef\r\n0\r\n\r\n":                   1,
		head + "6\r\nabc|def\r\n0\r\n\r\n":                  1, // one chunk, in two pieces
		wellDone:                                            1,
	} {
		for _, by := range everyCarrier {
			if by.secure || by.protocol == "2" {
				continue
			}
			s := Settings{Calls: []Request{{Method: "GET", URL: inTurn(strings.Split(text, "|")...)(t), Stream: &stream.Reading{Format: stream.Chunks}}}}
			d := newStepper(t, by, s).call(target.Request{})
			if !d.OK() || d.Parts.Stream == nil || d.Parts.Stream.Events != want {
				t.Errorf("%s: %q: %+v, %+v, want %d events", by.name(), text, d, d.Parts.Stream, want)
			}
		}
	}
}
