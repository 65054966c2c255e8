package runner_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/target/busy"
)

// well answers everybody at once: over gRPC that it serves, and that it has nothing
// else, reflection neither. It counts those.
type well struct{ asked atomic.Int64 }

func (s *well) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	if r.Header.Get("Content-Type") != "application/grpc" {
		s.asked.Add(1)
		return
	}
	w.Header().Set("Content-Type", "application/grpc")
	status := "12"
	if r.URL.Path == "/grpc.health.v1.Health/Check" {
		s.asked.Add(1)
		_, _ = io.WriteString(w, "\x00\x00\x00\x00\x02\x08\x01")
		status = "0"
	}
	w.Header().Set(http.TrailerPrefix+"Grpc-Status", status)
}

// Over gRPC and HTTP/2 an open loop is as punctual as over HTTP/1.1: every call is made,
// once and none before it is due, at the very times, and the generator's own delay is
// no greater. Rounds are in turns, so that whatever else the machine does meets all,
// and the best of each are compared, which it has met least.
func TestEveryProtocolIsAsPunctual(t *testing.T) {
	const rate, every = 1000, time.Second / 1000
	s := new(well)
	server := serveBoth(s)
	defer server.Close()
	targets := []string{
		fmt.Sprintf("http: {url: %q, engine: wire}", server.URL),
		fmt.Sprintf("http: {url: %q, engine: %s}", server.URL, shared),
		fmt.Sprintf("grpc: {address: %q, rpc: grpc.health.v1.Health/Check}", strings.TrimPrefix(server.URL, "http://")),
	}
	late, over, tail := make([][]float64, len(targets)), make([][]float64, len(targets)), make([][]float64, len(targets)) // by target and round
	for round := range 3 {
		for k := range targets {
			i := (k + round) % len(targets)
			before := s.asked.Load()
			run, calls := withCalls(t, fmt.Sprintf("targets: {t: {%s}}\nscenarios: [{name: s, target: t, duration: 300ms, drain: 1m, modes: [{rate-limited: %d/s}]}]\n", targets[i], rate))
			trial, seen := &run.Trials[0], int(s.asked.Load()-before)
			if want := rate * 3 / 10; len(calls) != want || trial.OK != int64(want) || seen != want {
				t.Fatalf("%s: %d calls, %d ok, and the server was asked %d times, want %d: %+v", targets[i], len(calls), trial.OK, seen, want, trial.Errors)
			}
			slices.SortFunc(calls, func(a, b seenCall) int { return int(a.intended - b.intended) })
			for n, c := range calls {
				if c.intended != time.Duration(n)*every || c.start < c.intended {
					t.Fatalf("%s: call %d was due at %v, and began at %v", targets[i], n, c.intended, c.start)
				}
			}
			last := slices.MaxFunc(calls, func(a, b seenCall) int { return int(a.start - b.start) })
			late[i], tail[i] = append(late[i], trial.Lateness.P50S), append(tail[i], trial.Lateness.P99S)
			over[i] = append(over[i], (last.start - calls[len(calls)-1].intended).Seconds())
		}
	}
	near := every.Seconds() / 2 // half a gap: below it no call is taken for its neighbour
	for i := range targets[1:] {
		if half, than := slices.Min(late[i+1]), slices.Min(late[0]); half > 2*than+near {
			busy.Skip(t, fmt.Sprintf("%s: half of all calls are more than %v s late, over HTTP/1.1 %v s", targets[i+1], half, than))
		}
		if end, than := slices.Min(over[i+1]), slices.Min(over[0]); end > 2*than+near {
			busy.Skip(t, fmt.Sprintf("%s: the last call was %v s late, over HTTP/1.1 %v s", targets[i+1], end, than))
		}
	}
	t.Logf("the best p99 of the lateness in µs over HTTP/1.1, HTTP/2 and gRPC: %.0f, %.0f, %.0f", 1e6*slices.Min(tail[0]), 1e6*slices.Min(tail[1]), 1e6*slices.Min(tail[2]))
}
