package runner_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"plimsoll/runner/result"
)

// Several loops make the calls that one would: all of them, each once, as many
// at a time, and the requests of a list in turn.
func TestLoopsShareATrial(t *testing.T) {
	for name, test := range map[string]struct {
		load  string
		loops int
		least int64
	}{
		"open":            {"duration: 500ms, modes: [{rate-limited: 3001/s}]", 3, 1501},
		"poisson":         {"duration: 500ms, modes: [{rate-limited: 3000/s, arrivals: poisson}]", 3, 1300},
		"stages":          {"modes: [{mode: rate-limited, stages: [{target: 6000/s, duration: 500ms}]}]", 3, 1500},
		"closed":          {"duration: 500ms, modes: [concurrent: 8]", 3, 100},
		"fewer users":     {"duration: 300ms, modes: [concurrent: 2]", 2, 50},
		"thinking":        {"duration: 500ms, modes: [{concurrent: 9, think_time: 5ms}]", 3, 100},
		"a batch":         {"requests: 300, modes: [concurrent: 8]", 1, 300},
		"a window":        {"duration: 300ms, modes: [{rate-limited: 100/100ms, arrivals: window}]", 1, 300},
		"on error: stop":  {"duration: 300ms, on_error: stop, modes: [concurrent: 8]", 1, 50},
		"few in flight":   {"duration: 300ms, modes: [{rate-limited: 1000/s, max_in_flight: 50}]", 1, 300},
		"one at a time":   {"duration: 300ms, modes: [sequential]", 1, 50},
		"changing number": {"modes: [{mode: concurrent, stages: [{target: 5, duration: 300ms}]}]", 1, 50},
	} {
		for _, version := range []string{"1.1", "2"} {
			t.Run(name+" over HTTP "+version, func(t *testing.T) {
				server := newCounter(t)
				run := carryOut(t, fmt.Sprintf(`
loops: 3
targets: {t: {http: {calls: [{url: "%[1]s/a"}, {url: "%[1]s/b"}, {url: "%[1]s/c"}], http: "%[3]s", engine: wire}}}
scenarios: [{name: s, target: t, %[2]s}]`, server.URL, test.load, version))
				trial := run.Trials[0]
				if loops := max(1, trial.Loops); loops != test.loops {
					t.Errorf("%d loops, want %d", loops, test.loops)
				}
				if trial.OK != trial.Scheduled || trial.OK < test.least || trial.Ended != result.Complete || trial.Attempts != trial.OK {
					t.Errorf("%s: %d ok of %d, at least %d: %v", trial.Ended, trial.OK, trial.Scheduled, test.least, trial.Errors)
				}
				server.check(t, trial.OK)
			})
		}
	}
}

// counter counts the requests for each path.
type counter struct {
	*httptest.Server
	mu    sync.Mutex
	paths map[string]int64
}

func newCounter(t *testing.T) *counter {
	c := &counter{paths: map[string]int64{}}
	c.Server = serveBoth(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.paths[strings.Trim(r.URL.Path, "/")]++
		c.mu.Unlock()
	}))
	t.Cleanup(c.Close)
	return c
}

// check expects so many requests in all, evenly spread over the paths: of each
// as many, but for a round or two that each loop is in.
func (c *counter) check(t *testing.T, want int64) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := int64(0)
	for _, path := range []string{"a", "b", "c"} {
		sum += c.paths[path]
	}
	spread := max(c.paths["a"], c.paths["b"], c.paths["c"]) - min(c.paths["a"], c.paths["b"], c.paths["c"])
	if sum != want || spread > 3 {
		t.Errorf("the server saw %d calls (%v), want %d", sum, c.paths, want)
	}
}

// Loops that share a trial share nothing that one of them writes: steps with texts
// filled in, rows, cookies, checks, what is watched meanwhile. (The race detector tells.)
func TestLoopsShareNothingMutable(t *testing.T) {
	var mu sync.Mutex
	seen, known := 0, 0
	server := serveBoth(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen++
		if _, err := r.Cookie("who"); err == nil {
			known++
		}
		mu.Unlock()
		http.SetCookie(w, &http.Cookie{Name: "who", Value: "me"})
		_, _ = w.Write([]byte(`{"id": 7}`))
	}))
	t.Cleanup(server.Close)
	for _, mode := range []string{"{concurrent: 9}", "{rate-limited: 2000/s}"} {
		for _, version := range []string{"1.1", "2"} {
			t.Run(mode+" over HTTP "+version, func(t *testing.T) {
				seen, known = 0, 0
				run := carryOut(t, fmt.Sprintf(`
loops: 3
data: {buyer: {values: [{name: ann}, {name: bob}, {name: eve}], pick: shuffle}}
targets: {t: {http: {url: "%s", http: "%s", engine: wire}}}
scenarios:
  - name: s
    target: t
    duration: 400ms
    monitor: {server: {prometheus: "%[1]s/metrics", interval: 100ms, show: [up]}}
    modes: [%[3]s]
    steps:
      - {get: "/${buyer.name}?n=${iteration}&u=${uuid}", extract: {id: json.id}, check: [status == 200]}
      - {get: "/${id}"}
`, server.URL, version, mode))
				trial := run.Trials[0]
				mu.Lock()
				defer mu.Unlock()
				if trial.Loops != 3 || trial.OK == 0 || trial.Failed() > 0 || int64(known) < trial.OK/2 {
					t.Errorf("%d loops, %d ok: %v; the server saw %d requests, %d with a cookie", trial.Loops, trial.OK, trial.Errors, seen, known)
				}
			})
		}
	}
}
