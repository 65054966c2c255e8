package runner_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/real"
)

// Monitors whose peers are away, hang, answer garbage or gigabytes, or are no
// program at all, change nothing in the load: the server counts what was asked for.
// Each is told about once, and what a URL or an error has of secrets by none.
func TestMonitorsThatAreNoHelpChangeNothing(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer target.Close()
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			<-r.Context().Done()
		case "/endless":
			line := []byte(strings.Repeat("# nothing\n", 8192))
			for r.Context().Err() == nil {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
		case "/garbage":
			fmt.Fprint(w, "<html>tops3cret</html>")
		default:
			fmt.Fprint(w, "depth 5\n")
		}
	}))
	defer peer.Close()
	text := fmt.Sprintf(`
targets: {api: {http: {url: %q}}}
monitor:
  away: {prometheus: "http://me:${PASSWORD}@%s/metrics", show: depth}
  slow: {prometheus: "%[3]s/slow", show: depth, interval: 300ms}
  endless: {prometheus: "%[3]s/endless", show: depth}
  garbage: {prometheus: "%[3]s/garbage?token=${PASSWORD}", show: depth}
  good: {prometheus: "%[3]s/metrics", show: [depth, rate(depth), dept], interval: 200ms}
  hangs: {command: [sh, -c, "sleep 60"], interval: 300ms}
  nobody: {listening: %[2]q}
scenarios:
  - {name: load, target: api, duration: 1500ms, warmup: 300ms, modes: [rate-limited: 200/s], thresholds: [monitor.good.depth <= 5, monitor.slow.depth < 5]}
`, target.URL, real.Nowhere, peer.URL)
	plan, problems := scenario.Parse("test.yaml", []byte(text), func(name string) (string, bool) { return "tops3cret", name == "PASSWORD" }, t.TempDir())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	began := time.Now()
	run := carryOut(t, published, func(o *runner.Options) { o.Plan = plan })
	trial := run.Trials[0]
	if trial.Scheduled != 300 || trial.OK != 300 || calls.Load() != 360 {
		t.Errorf("300 calls were asked for, and 60 before: %d were made, %d succeeded, the server saw %d (%s)", trial.Scheduled, trial.OK, calls.Load(), trial.Reason)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	told := map[string]string{}
	for _, s := range trial.Monitor {
		if s.Problem != "" {
			told[s.Name+" "+s.Series] += s.Problem + "\n"
		}
	}
	for of, want := range map[string]string{
		"away ": "connection refused", "slow ": "a look took longer than 1s", "hangs ": "a look took longer than 1s", "endless ": "it shows more than 16 MB",
		"garbage ": `line 1 is no metric`, "nobody ": "nobody on this machine listens at", "good dept": `there is no metric dept, did you mean "depth"?`,
	} {
		if of == "nobody " && !onLinux {
			want = "on Linux only"
		}
		late := (of == "endless " || of == "nobody ") && strings.HasPrefix(told[of], "a look took longer than 1s") // on a busy machine
		if strings.Count(told[of], "\n") != 1 || !strings.Contains(told[of], want) && !late {
			t.Errorf("of %s is told %q, want %s", of, told[of], want)
		}
		delete(told, of)
	}
	delete(told, "good rate(depth)") // of which a busy machine may have had no second look
	if len(told) > 0 {
		t.Errorf("told, too, is %v", told)
	}
	if good := trial.Monitored("good", "depth"); good == nil || good.Mean != 5 || len(good.Points) < 1 {
		t.Errorf("%+v", trial.Monitor)
	}
	saved, err := json.Marshal(run)
	if err != nil || bytes.Contains(saved, []byte("tops3cret")) {
		t.Errorf("the result has the secret in it, or %v", err)
	}
	if v := run.Verdicts; len(v) < 2 || !v[0].Pass || v[1].Pass || !strings.HasPrefix(v[1].Reason, "the monitor saw nothing of it: a look took") {
		t.Errorf("%+v", v)
	}
}

// Under the virtual clock nobody watches, which is said, and all else is as ever.
func TestNobodyWatchesVirtualTime(t *testing.T) {
	plain := carryOut(t, published)
	watched := carryOut(t, "monitor: {self: {pid: 1}, probe: {command: [no-such-program]}}\n"+published)
	for i := range watched.Trials {
		want := []result.Series{{Name: "self", Problem: result.NoOtherSide}, {Name: "probe", Problem: result.NoOtherSide}}
		if got := fmt.Sprint(watched.Trials[i].Monitor); got != fmt.Sprint(want) {
			t.Errorf("%s, want %v", got, want)
		}
		watched.Trials[i].Monitor = nil
	}
	a, _ := json.Marshal(plain.Trials)
	b, _ := json.Marshal(watched.Trials)
	if !bytes.Equal(a, b) {
		t.Error("what is measured differs")
	}
}
