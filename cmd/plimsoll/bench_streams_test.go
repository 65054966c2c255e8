package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"plimsoll/runner/result"
)

// Events, tokens and who kept what was promised are those of a server that counts by
// itself; what its events have no content for is none.
func TestBenchStreams(t *testing.T) {
	t.Parallel()
	var calls, events atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := calls.Add(1)
		fmt.Fprint(w, "data: {\"role\":\"assistant\"}\n\n")
		for i := range 1 + n%5 {
			events.Add(1)
			fmt.Fprintf(w, "data: {\"text\":\"word\",\"told\":%d}\n\n", 3*(i+1))
			w.(http.Flusher).Flush()
		}
		fmt.Fprint(w, "data: [DONE]\n\n")
	}))
	defer server.Close()
	trial := benched(t, "-d", "300ms", "-c", "3", "--stream", "sse", "--content", "json.text", "--tokens", "json.told", server.URL,
		"--threshold", "goodput(first_event < 1h, gap < 1h) > 0/s", "--threshold", "goodput(first_event < 1ns, gap < 1h) < 1/s", "--threshold", "gap.max < 1h")
	s := trial.Stream
	if trial.OK != calls.Load() || s == nil || s.Events != events.Load() || s.Tokens == nil || *s.Tokens != 3*events.Load() {
		t.Fatalf("%d calls with %+v; the server saw %d with %d events", trial.OK, s, calls.Load(), events.Load())
	}
	all, none := trial.Goodput["first_event < 1h, gap < 1h"], trial.Goodput["first_event < 1ns, gap < 1h"]
	if all.Calls != trial.OK || all.PerS != trial.ThroughputPerS || none != (result.Kept{}) {
		t.Errorf("%+v and %+v of %d calls, %v/s", all, none, trial.OK, trial.ThroughputPerS)
	}
	if first, gap := trial.Phases[result.FirstEvent], trial.Phases[result.Gap]; first.Count != trial.OK || gap.Count != s.Events-trial.OK {
		t.Errorf("%d first events and %d gaps of %d calls with %d events", first.Count, gap.Count, trial.OK, s.Events)
	}
	plain := benched(t, "-n", "3", server.URL)
	if plain.Stream != nil || len(plain.Phases[result.FirstEvent].HDR) > 0 {
		t.Errorf("nobody asked for streams: %+v", plain.Stream)
	}
}

// The table has the streams of the load, and no flag asks for it.
func TestBenchShowsStreams(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "1\n2\n3\n") }))
	defer server.Close()
	end := within("bench", "--quiet", "--allow-late", "-n", "40", "--stream", "ndjson", server.URL)
	if end.code != 0 || !strings.Contains(end.stdout, "\nStreams\n") || !strings.Contains(end.stdout, "events (/s)") || strings.Contains(end.stdout, "tokens") {
		t.Errorf("%+v", end)
	}
}
