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

	"plimsoll/runner/result"
	"plimsoll/target/real"
)

// shaky is a server that counts by itself, and fails so many of every few
// requests: with a 503, or by breaking the connection off.
func shaky(t *testing.T, fails func(n int64) string) (url string, seen *atomic.Int64) {
	seen = new(atomic.Int64)
	server := serveBoth(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch fails(seen.Add(1) - 1) {
		case "503":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "reset":
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, "OK")
	}))
	server.Config.ErrorLog = nil
	t.Cleanup(server.Close)
	return server.URL, seen
}

func tried(t *testing.T, url, engine, retry string) result.Trial {
	t.Helper()
	return carryOut(t, fmt.Sprintf(`
targets:
  t: {http: {url: "%s", engine: %s, method: POST, body: hello, retry: %s}}
scenarios:
  - {name: s, target: t, requests: 40, modes: [concurrent: 4]}
`, url, engine, retry)).Trials[0]
}

// Whichever engine carries them: a call is tried until it succeeds or its
// attempts are used up, for the reasons named and no other, and the server has
// seen as many requests as there were attempts.
func TestRetriesOverEveryEngine(t *testing.T) {
	always := func(what string) func(int64) string { return func(int64) string { return what } }
	third := func(n int64) string { // every third request fails
		if n%3 == 0 {
			return "503"
		}
		return ""
	}
	for name, c := range map[string]struct {
		fails        func(int64) string
		retry        string
		ok, requests int64
		class        string
		least        time.Duration // of a call
	}{
		"none fails":          {always(""), "{attempts: 3, backoff: 1ms}", 40, 40, "", 0},
		"all fail":            {always("503"), "{attempts: 3, backoff: 1ms, jitter: none}", 0, 120, "status-503", 3 * time.Millisecond},
		"for another reason":  {always("503"), "{attempts: 3, backoff: 1ms, on: timeout}", 0, 40, "status-503", 0},
		"broken off":          {always("reset"), "{attempts: 2, backoff: 1ms, on: reset}", 0, 80, "reset", 0},
		"until it succeeds":   {third, "{attempts: 30, backoff: 1ms, on: 5xx}", 40, 60, "", 0},
		"within a budget":     {always("503"), "{attempts: 30, backoff: 0s, budget: 10%}", 0, 44, "status-503", 0},
		"a budget of nothing": {always("503"), "{attempts: 30, backoff: 0s, budget: 0%}", 0, 40, "status-503", 0},
		"pauses count":        {always("503"), "{attempts: 3, backoff: 20ms, factor: 2, jitter: none}", 0, 120, "status-503", 60 * time.Millisecond},
	} {
		for _, engine := range []string{"std", "wire-net", "wire", ring, shared} {
			t.Run(strings.ReplaceAll(name, " ", "-")+"/"+engine, func(t *testing.T) {
				url, seen := shaky(t, c.fails)
				trial := tried(t, url, engine, c.retry)
				if trial.Attempts != seen.Load() || trial.Resent != 0 {
					t.Errorf("%d attempts, %d of them resent, the server has seen %d", trial.Attempts, trial.Resent, seen.Load())
				}
				failed := int64(0)
				for class, e := range trial.Errors {
					if failed += e.Count; class != c.class || e.Example == "" {
						t.Errorf("class %s: %+v", class, e)
					}
				}
				if trial.OK != c.ok || trial.OK+failed != 40 || seen.Load() != c.requests {
					t.Errorf("%d ok, %d failed, %d requests; want %d ok by %d requests", trial.OK, failed, seen.Load(), c.ok, c.requests)
				}
				if c.ok == 0 && trial.ErrorResponse.MinS < c.least.Seconds() {
					t.Errorf("a call took %v s, its pauses alone take %v", trial.ErrorResponse.MinS, c.least)
				}
			})
		}
	}
}

// A refused connection is tried again, and nothing has gone out.
func TestRefusedConnectionsAreTriedAgain(t *testing.T) {
	for _, engine := range []string{"std", "wire-net", "wire", shared} {
		trial := tried(t, "http://"+real.Nowhere, engine, "{attempts: 4, backoff: 1ms, on: connect}")
		classes := []string{}
		for class := range trial.Errors {
			classes = append(classes, class)
		}
		if !slices.Equal(classes, []string{"connect"}) || trial.Attempts != 160 || trial.BytesOut != 0 {
			t.Errorf("%s: %v, %d attempts, %d bytes out", engine, trial.Errors, trial.Attempts, trial.BytesOut)
		}
	}
}
