package runner_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/result"
)

// starts are a trial's, in nanoseconds, as --calls has them, in order.
func starts(t *testing.T, calls []byte) (list []int64) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(calls)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(rows[0], "start_s")
	for _, row := range rows[1:] {
		seconds, err := strconv.ParseFloat(row[at], 64)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, int64(seconds*1e9+0.5))
	}
	slices.Sort(list)
	return list
}

// What windows and buckets promise to the target holds for the starts as they
// were recorded, on every engine: whatever their threads and pools of
// connections do to the calls, and while the target freezes.
func TestPacedStartsKeepTheirDistance(t *testing.T) {
	const n, per, burst = 20, 100 * time.Millisecond, 8
	freezes := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if time.Now().UnixMilli()/150%2 == 0 {
			time.Sleep(40 * time.Millisecond)
		}
	})
	server, secure := serveBoth(freezes), web{secure: true}.serve(freezes)
	t.Cleanup(server.Close)
	t.Cleanup(secure.Close)
	web := func(engine, more string) string {
		url := server.URL
		if strings.HasSuffix(engine, secured) {
			url = secure.URL
		}
		return fmt.Sprintf("{http: {url: %q, engine: %s%s}}", url, engine, more)
	}
	for name, target := range map[string]string{
		"sim":        "{sim: {delay: 20ms, stall: {every: 200ms, for: 80ms}}}",
		"std":        web("std", ""),
		"wire":       web("wire", ""),
		"wire-net":   web("wire-net", ""),
		"std, pool":  web("std", ", connections: 12"),
		"wire, pool": web("wire", ", connections: 12"),
		"net, pool":  web("wire-net", ", connections: 12"),
		"shared":     web(shared, ", connections: 2, streams: 6"),
		"TLS":        web("wire"+secured, ""),
		"TLS, pool":  web("wire"+secured, ", connections: 12"),
		"TLS shared": web(shared+secured, ", connections: 2, streams: 6"),
		"ring, pool": web(ring, ", connections: 12"),
	} {
		for arrivals, mode := range map[string]string{
			"window":        "arrivals: window",
			"window, drops": "arrivals: window, overflow: drop, max_in_flight: 15",
			"bucket":        fmt.Sprintf("arrivals: bucket, burst: %d", burst),
		} {
			t.Run(name+"/"+arrivals, func(t *testing.T) {
				t.Parallel()
				var calls bytes.Buffer
				run := carryOut(t, fmt.Sprintf(`
targets: {t: %s}
scenarios: [{name: s, target: t, duration: 400ms, modes: [{rate-limited: %d/100ms, %s}]}]
`, target, n, mode), func(o *runner.Options) { o.Calls, o.AllowLate = &calls, true })
				list := starts(t, calls.Bytes())
				if trial := run.Trials[0]; trial.Ended != result.Complete || int64(len(list)) != trial.Started || len(list) < 20 {
					t.Fatalf("%s (%s): %d started, %d starts", trial.Ended, trial.Reason, trial.Started, len(list))
				}
				for i := range list {
					if j := i + n; arrivals != "bucket" && j < len(list) && list[j]-list[i] < int64(per) {
						t.Fatalf("%d starts in %v", n+1, time.Duration(list[j]-list[i]))
					}
					for j := i; arrivals == "bucket" && j < len(list); j++ {
						// j−i+1 starts in a stretch of this length, both ends included, to the nanosecond
						if int64(j-i+1-burst)*int64(per) > n*(list[j]-list[i]+1) {
							t.Fatalf("%d starts in %v exceed %d + %d/%v", j-i+1, time.Duration(list[j]-list[i]), burst, n, per)
						}
					}
				}
			})
		}
	}
}

// A crawl's rate is a limit on the starts, as they were recorded, also where there are
// fewer connections than pages that wait: those that the target's freezing held back do
// not go all at once when it has thawed. Each page is asked for once, as the server
// counts.
func TestCrawlsKeepTheirRateOverFewConnections(t *testing.T) {
	const pages = 60 // on the first one
	links := strings.Builder{}
	for i := range pages {
		fmt.Fprintf(&links, "<a href=/%d>", i)
	}
	for _, by := range []web{{"std", false}, {"wire", false}, {ring, false}, {"wire-net", false}, {shared + ", streams: 1", false}, {"wire" + secured, true}, {shared + ", streams: 1" + secured, true}} {
		for name, rate := range map[string]struct {
			mode string
			n    int // starts in any time
			per  time.Duration
		}{
			"constant": {"rate-limited: 200/s", 1, 5 * time.Millisecond},
			"window":   {"rate-limited: 20/100ms, arrivals: window", 20, 100 * time.Millisecond},
		} {
			t.Run(by.engine+"/"+name, func(t *testing.T) {
				t.Parallel()
				var asked atomic.Int64
				server := by.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch n := asked.Add(1); {
					case r.URL.Path == "/":
						fmt.Fprint(w, links.String())
					case n == 5 || n == 6: // both connections are waited for
						time.Sleep(150 * time.Millisecond)
					}
				}))
				t.Cleanup(server.Close)
				var calls bytes.Buffer
				run := carryOut(t, fmt.Sprintf(`
targets: {t: {http: {url: %q, engine: %s, connections: 2}}}
scenarios: [{name: s, target: t, crawl: {}, modes: [{%s}]}]
`, server.URL, by.engine, rate.mode), func(o *runner.Options) { o.Calls, o.AllowLate = &calls, true })
				list := starts(t, calls.Bytes())
				if trial := run.Trials[0]; trial.OK != pages+1 || len(list) != pages+1 || asked.Load() != pages+1 {
					t.Fatalf("%d pages, %d starts, and the server was asked %d times: %+v", trial.OK, len(list), asked.Load(), trial.Errors)
				}
				for i := rate.n; i < len(list); i++ {
					if list[i]-list[i-rate.n] < int64(rate.per) {
						t.Fatalf("%d starts in %v", rate.n+1, time.Duration(list[i]-list[i-rate.n]))
					}
				}
			})
		}
	}
}
