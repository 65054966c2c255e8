//go:build unix

package redis_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
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

// example is a scenario file of the page on Redis, and how many calls of each step
// end how, as the page says.
type example struct {
	file   string
	counts map[string][2]int64 // well, and not
}

var (
	examples = regexp.MustCompile("(?ms)^<!-- (?:counts|says): ([^\n]*) -->\n\n```yaml\n(.*?)^```")
	counted  = regexp.MustCompile(`, (\w+) (\d+)(?: \((\d+) errors\))?`)
)

// page are those for a server elsewhere.
func page(t testing.TB, address string) (all []example) {
	t.Helper()
	text, err := os.ReadFile("../../docs/targets/redis.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range examples.FindAllStringSubmatch(string(text), -1) {
		e := example{strings.ReplaceAll(block[2], redis.UsualAddress, address), map[string][2]int64{}}
		if !strings.Contains(e.file, address) {
			t.Fatalf("an example names no address:\n%s", e.file)
		}
		for _, step := range counted.FindAllStringSubmatch(block[1], -1) {
			well, _ := strconv.ParseInt(step[2], 10, 64)
			errors, _ := strconv.ParseInt(step[3], 10, 64)
			e.counts[step[1]] = [2]int64{well, errors}
		}
		all = append(all, e)
	}
	if len(all) != 3 || strings.Count(string(text), "```yaml") != 3 {
		t.Fatalf("the page has %d examples", len(all))
	}
	return all
}

// The examples of the page run and keep their promises, and the server has seen
// what they say.
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
			address, seen := serve(t)
			for _, e := range page(t, address) {
				run := carryOut(t, e.file)
				if run.Exit != 0 {
					t.Errorf("ended with %d:\n%s\n%+v", run.Exit, e.file, run.Verdicts)
				}
				steps := 0
				for _, trial := range run.Trials {
					for _, s := range trial.Steps {
						if want, told := e.counts[s.Name]; told {
							if steps++; [2]int64{s.OK, s.Started - s.OK} != want {
								t.Errorf("%s: %d of %d calls ended well; the page says %d, and %d errors", s.Name, s.OK, s.Started, want[0], want[1])
							}
						}
					}
				}
				if steps != len(e.counts) {
					t.Errorf("%d steps of %v are there", steps, e.counts)
				}
			}
			for command, want := range map[string]int{"MGET": 2 * 500, "SET": 50, "INCR": 50, "LPUSH": 20, "GET": 70, "SELECT": 4} {
				if got := seen(command); got != want {
					t.Errorf("the server has seen %s %d times, want %d", command, got, want)
				}
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
