//go:build unix

package redis_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/redis"
)

// carryOut runs a scenario file.
func carryOut(t testing.TB, text string) *result.Run {
	t.Helper()
	plan, problems := scenario.Parse("redis.yaml", []byte(text), func(string) (string, bool) { return "", false }, t.TempDir())
	if len(problems) > 0 {
		t.Fatal(problems.Error())
	}
	run, err := runner.Run(context.Background(), context.Background(), runner.Options{
		Plan: plan, Output: io.Discard, Version: "test", AllowLate: true, Save: func(*result.Run) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// page are the scenario files of the page on Redis, for a server elsewhere.
func page(t testing.TB, address string) (files []string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/targets/redis.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(block[1], redis.UsualAddress) {
			t.Fatalf("an example names no address:\n%s", block[1])
		}
		files = append(files, strings.ReplaceAll(block[1], redis.UsualAddress, address))
	}
	if len(files) < 3 {
		t.Fatalf("the page has %d examples", len(files))
	}
	return files
}

// The examples of the page run, and keep their promises; the server has seen what
// they say.
func TestPage(t *testing.T) {
	servers := map[string]func(t testing.TB) (string, func(string) int){
		"in memory": redis.Memory,
		"redis-server": func(t testing.TB) (string, func(string) int) {
			address, counted, _ := redis.Real(t)
			return address, func(command string) int { return counted(strings.ToLower(command)) }
		},
	}
	for name, serve := range servers {
		t.Run(name, func(t *testing.T) {
			address, counted := serve(t)
			var started, sets int64
			for _, file := range page(t, address) {
				run := carryOut(t, file)
				if run.Exit != 0 {
					t.Errorf("ended with %d:\n%s\n%+v", run.Exit, file, run.Verdicts)
				}
				for _, trial := range run.Trials {
					if trial.Scenario == "reads" {
						started += trial.Started
					}
					for _, s := range trial.Steps {
						if s.Name == "put" {
							sets += s.Started
						}
					}
				}
			}
			if started == 0 || sets == 0 || int64(counted("MGET")) != started || int64(counted("SET")) < sets {
				t.Errorf("the server has seen MGET %d times for %d calls, SET %d times for %d", counted("MGET"), started, counted("SET"), sets)
			}
		})
	}
}

// With first-completed the losers are cancelled, at the server too.
func TestLosersAreCancelledAtTheServer(t *testing.T) {
	address, counted, blocked := redis.Real(t)
	run := carryOut(t, fmt.Sprintf(`
targets:
  queue: {redis: {address: %q, redis: [BLPOP, none, "0.${iteration}5"], timeout: 60s}}
scenarios:
  - name: race
    requests: 8
    target: queue
    modes: [concurrent: 8]
    stop_when: first-completed
`, address))
	trial := run.Trials[0]
	if trial.OK+trial.Cancelled != 8 || trial.OK == 0 {
		t.Errorf("%d completed, %d cancelled, errors %v", trial.OK, trial.Cancelled, trial.Errors)
	}
	began := time.Now()
	redis.Eventually(t, "no client is blocked", func() bool { return blocked() == 0 })
	if took := time.Since(began); took > 5*time.Second || counted("blpop") != 8 {
		t.Errorf("%v until nobody was blocked, %d commands", took, counted("blpop"))
	}
}

// BenchmarkAdded sets what calls take over the harness beside a bare loop in Go,
// in turns, against one redis-server: medians of service times, and of their
// differences.
func BenchmarkAdded(b *testing.B) {
	address, _, _ := redis.Real(b)
	for _, atOnce := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(atOnce), func(b *testing.B) {
			const calls = 20_000
			var ours, bares, added []float64
			for range b.N {
				run := carryOut(b, fmt.Sprintf(`
targets: {cache: {redis: {address: %q, redis: [GET, k]}}}
scenarios: [{name: get, target: cache, requests: %d, modes: [concurrent: %d]}]
`, address, calls, atOnce))
				var times []time.Duration
				redis.Bare(b, address, atOnce, calls, func(d time.Duration) { times = append(times, d) })
				slices.Sort(times)
				us := run.Trials[0].Service.P50S * 1e6
				bare := float64(times[len(times)/2]) / 1e3
				ours, bares, added = append(ours, us), append(bares, bare), append(added, us-bare)
			}
			b.ReportMetric(median(ours), "plimsoll-p50-µs")
			b.ReportMetric(median(bares), "bare-p50-µs")
			b.ReportMetric(median(added), "added-µs")
		})
	}
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
