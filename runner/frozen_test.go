package runner_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"plimsoll/target/busy"
)

// thaw is a server that answers at once, but for a while in which it does not
// answer at all. It notes when it was asked.
type thaw struct {
	mu       sync.Mutex
	asked    []time.Duration // since it was asked first
	first    time.Time
	from, to time.Duration
}

func (s *thaw) ServeHTTP(http.ResponseWriter, *http.Request) {
	now := time.Now()
	s.mu.Lock()
	if s.first.IsZero() {
		s.first = now
	}
	at := now.Sub(s.first)
	s.asked = append(s.asked, at)
	s.mu.Unlock()
	if at >= s.from && at < s.to {
		time.Sleep(s.to - at)
	}
}

// Whoever carries the calls: an open loop goes on calling a server that has frozen,
// as often as it is to and when it is to, and every call that was due meanwhile has
// waited until the thaw, from when it was due (no omission is coordinated). The
// server has seen as many as are told, none before it was due.
func TestOpenLoopsGoOnWhileServersFreeze(t *testing.T) {
	for _, by := range everyWeb {
		for _, few := range []bool{false, true} {
			if few && !strings.HasPrefix(by.engine+",", "wire,") {
				continue
			}
			t.Run(fmt.Sprintf("%s, few connections %v", by.engine, few), func(t *testing.T) {
				t.Parallel()
				off := ""
				for range 3 { // a busy machine is late, and tells of it
					if off = testFrozen(t, by, few); off == "" {
						return
					}
				}
				busy.Skip(t, "each of three times "+off)
			})
		}
	}
}

// testFrozen tells how far off times were that a busy machine blurs.
func testFrozen(t *testing.T, by web, few bool) (off string) {
	const rate, lasts, every = 200, time.Second, time.Second / 200
	s := &thaw{from: 300 * time.Millisecond, to: 700 * time.Millisecond}
	server := by.serve(s)
	defer server.Close()
	settings := by.engine
	if few {
		settings += ", connections: 4"
		if strings.Contains(by.engine, `"2"`) {
			settings += ", streams: 1"
		}
	}
	run, calls := withCalls(t, fmt.Sprintf(`
targets: {t: {http: {url: %q, engine: %s}}}
scenarios: [{name: s, target: t, duration: 1s, drain: 1m, modes: [{rate-limited: %d/s}]}]
`, server.URL, settings, rate))
	trial := &run.Trials[0]
	if len(calls) != rate || trial.OK != rate || trial.Attempts != rate || len(s.asked) != rate {
		t.Fatalf("%d calls, %d ok, %d attempts, and the server was asked %d times: %+v", len(calls), trial.OK, trial.Attempts, len(s.asked), trial.Errors)
	}
	slices.SortFunc(calls, func(a, b seenCall) int { return int(a.intended - b.intended) })
	slices.Sort(s.asked)
	var starts, ends, waited, late []time.Duration
	for n, c := range calls {
		starts, ends = append(starts, c.start), append(ends, c.end)
		if c.intended != time.Duration(n)*every || c.start < c.intended {
			t.Fatalf("call %d was due at %v, and began at %v", n, c.intended, c.start)
		}
	}
	slices.Sort(starts)
	slices.Sort(ends)
	began := ends[0] // how long the trial had gone on, at most, when the server was asked first
	for n, at := range s.asked {
		began = min(began, ends[n]-at)
	}
	for _, c := range calls {
		if response := c.end - c.intended; c.intended >= s.from+began && c.intended < s.to {
			if response < s.to-c.intended {
				t.Fatalf("the call due at %v took %v; the server thawed at %v", c.intended, response, s.to)
			}
			waited = append(waited, c.end-s.to)
		}
	}
	for n, at := range s.asked {
		if at+began < starts[n] {
			t.Fatalf("%d calls began before %v, and the server had seen them at %v", n, starts[n], at+began)
		}
		late = append(late, at+began-time.Duration(n)*every)
	}
	slices.Sort(waited)
	slices.Sort(late)
	const near = 8 * time.Millisecond // 2 % of the time for which it is frozen
	if len(waited) < rate*3/10 || waited[len(waited)/2] > near || late[len(late)/2] > near && !few {
		return fmt.Sprintf("%d calls met the frozen server, half of them ended %v after the thaw; half of all came %v late", len(waited), waited[max(0, len(waited)/2-1)], late[len(late)/2])
	}
	if p90 := trial.Response.P90S; p90 < 0.98*0.3 || p90 > 1.02*0.3+near.Seconds() {
		return fmt.Sprintf("p90 is %v s, and was to be 0.3 s", p90)
	}
	return ""
}
