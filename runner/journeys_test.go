package runner_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"plimsoll/runner"
	"plimsoll/runner/result"
)

// rowOf is what a trial tells of the step of a path.
func rowOf(t *testing.T, trial *result.Trial, path string) *result.Step {
	t.Helper()
	for i := range trial.Steps {
		if trial.Steps[i].Path == path {
			return &trial.Steps[i]
		}
	}
	t.Fatalf("%s has no step %s", trial.Scenario, path)
	return nil
}

const season = `
targets:
  shop:
    sim:
      delay: 10ms
      answer: {json: {season: "spring", member: "m${n}", sum: 7}}
      routes:
        /fails: {answer: {status: 500}}
scenarios:
  - name: members
    target: shop
    clock: virtual
    requests: [6, 12]
    modes: [sequential, concurrent: 3]
    setup: [{name: fill, post: "/fill/${requests}", extract: {season: json.season}}]
    enter: [{name: enter, post: "/enter/${season}", extract: {member: json.member}}]
    steps:
      - {name: look, get: "/look/${season}/${member}/${requests}"}
      - {think_time: 1s}
      - {name: buy, post: /buy, check: json.sum == 7}
    leave: [{name: leave, post: "/leave/${season}/${member}"}]
    teardown: [{name: clear, delete: "/${season}"}]
    thresholds: [look: p99 < 11ms, elapsed.max < 1.1s]
`

// What setup sets is there for all, whoever enters leaves, and a sweep's value has
// its name; pauses are in what iterations elapsed, and in nothing else.
func TestJourneysOfAScenario(t *testing.T) {
	run := carryOut(t, season)
	if len(run.Trials) != 4 || run.Exit != 0 {
		t.Fatalf("%d trials, exit %d", len(run.Trials), run.Exit)
	}
	for i := range run.Trials {
		trial := &run.Trials[i]
		n, users := int64(trial.Requests), int64(trial.Concurrency)
		for path, want := range map[string]int64{"fill": 1, "enter": users, "look": n, "buy": n, "leave": users, "clear": 1} {
			if row := rowOf(t, trial, path); row.OK != want || row.Started != want || row.Outside != (path != "look" && path != "buy") {
				t.Errorf("%s of %d and %d users: %d started, %d ok, outside %t; want %d", path, n, users, row.Started, row.OK, row.Outside, want)
			}
		}
		if trial.Unit != result.UnitIteration || trial.OK != n || trial.Attempts != 2*n || trial.Response.MaxS > 0.0201 || trial.Elapsed.MinS < 1.019 {
			t.Errorf("%d iterations of %q, %d attempts, response up to %v, elapsed from %v", trial.OK, trial.Unit, trial.Attempts, trial.Response.MaxS, trial.Elapsed.MinS)
		}
		if len(trial.Warnings) > 0 {
			t.Errorf("warned: %v", trial.Warnings)
		}
	}
	for _, v := range run.Verdicts {
		if !v.Pass {
			t.Errorf("%s: %v", v.Rule, v.Measured)
		}
	}
}

// A trial whose setup fails is not carried out; its teardown is.
func TestSetupThatFails(t *testing.T) {
	run := carryOut(t, strings.Replace(season, `post: "/fill/${requests}"`, `post: /fails`, 1))
	trial := &run.Trials[0]
	if trial.Ended != result.Failed || !strings.Contains(trial.Reason, "setup failed (status-500): ") || run.Exit != 3 {
		t.Errorf("%s: %s, exit %d", trial.Ended, trial.Reason, run.Exit)
	}
	if fill, look := rowOf(t, trial, "fill"), rowOf(t, trial, "look"); fill.Errors["status-500"].Count != 1 || look.Started != 0 {
		t.Errorf("fill %+v, %d iterations", fill.Errors, look.Started)
	}
	// What teardown needs was never set: it is tried all the same.
	if clear := rowOf(t, trial, "clear"); clear.Errors["variable"].Count != 1 || len(trial.Warnings) != 1 {
		t.Errorf("clear %+v, warned %v", clear.Errors, trial.Warnings)
	}
}

// A teardown that fails is a warning, and no more.
func TestTeardownThatFails(t *testing.T) {
	run := carryOut(t, strings.Replace(season, `delete: "/${season}"`, `delete: /fails`, 1))
	trial := &run.Trials[0]
	if trial.Ended != result.Complete || run.Exit != 0 || len(trial.Warnings) != 1 || !strings.Contains(trial.Warnings[0], "teardown failed (status-500): ") {
		t.Errorf("%s, exit %d, warned %v", trial.Ended, run.Exit, trial.Warnings)
	}
}

// shelf is a server that gives each request a secret of its own and keeps what it
// was asked for.
type shelf struct {
	sync.Mutex
	asked []string
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	defer s.Unlock()
	body, _ := io.ReadAll(r.Body)
	s.asked = append(s.asked, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization")+string(body))
	w.Header().Set("Content-Type", "application/json")
	if strings.HasPrefix(r.URL.Path, "/fails") {
		w.WriteHeader(http.StatusTeapot)
	}
	if r.URL.Path == "/login" {
		fmt.Fprintf(w, `{"auth": {"token": "s3cr3t&%d", "kind": "Bearer"}}`, len(s.asked))
		return
	}
	fmt.Fprintf(w, `{"echo": %q}`, r.Header.Get("Authorization")+string(body))
}

// Nobody sees a token, or a row that is secret, whatever fails.
func TestSecretsOfJourneysStaySecret(t *testing.T) {
	for _, by := range everyWeb {
		t.Run(by.engine, func(t *testing.T) { testSecretsOfJourneys(t, by) })
	}
}

func testSecretsOfJourneys(t *testing.T, by web) {
	var s shelf
	server := by.serve(&s)
	defer server.Close()
	rows := filepath.Join(t.TempDir(), "customers.csv")
	if err := os.WriteFile(rows, []byte("name,password\nAnna,hush&hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := carryOut(t, fmt.Sprintf(`
targets: {shop: {http: {url: %q, engine: %s}}}
scenarios:
  - name: secretive
    target: shop
    requests: 4
    modes: [sequential]
    data: {customer: {file: %q, secret: true}}
    steps:
      - {post: /login, form: {password: "${customer.password}"}, extract: {session: json.auth}, name: login}
      - {get: /echo, auth: {bearer: "${session.token}"}, check: json.echo == nothing, on_error: continue, name: echo}
      - {post: /echo, body: "${customer.password}", check: json.echo == nothing, on_error: continue, name: echo row}
      - {get: /fails, auth: {bearer: "${session.token}"}, on_error: continue, name: fails}
      - {post: /echo, form: {password: "${customer.password}"}, check: json.echo == nothing, on_error: continue, name: form}
      - {post: /echo, body: "${session.token}", extract: {nothing: json.nothing}, on_error: continue, name: lacks}
`, server.URL, by.engine, rows))
	text, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "s3cr3t") || strings.Contains(string(text), "hush") {
		t.Errorf("the result tells a secret")
	}
	trial := &run.Trials[0]
	for path, told := range map[string]string{
		"echo": `echo: json.echo is "${session} ${session}", want == nothing`, "echo row": `echo row: json.echo is ${customer}, want == nothing`,
		"fails": "${session}", "lacks": "${session}", "form": "password=${customer}",
	} {
		found := ""
		for _, e := range rowOf(t, trial, path).Errors {
			found += e.Example
		}
		if !strings.Contains(found, told) || strings.Contains(found, "s3cr3t") || strings.Contains(found, "hush") {
			t.Errorf("%s: %q, want %q", path, found, told)
		}
	}
	if trial.OK != 4 || len(s.asked) != 6*4 {
		t.Errorf("%d iterations, the server saw %d requests", trial.OK, len(s.asked))
	}
}

// What is beside a trial has the throughput that it had, however much longer, or
// shorter, than was asked for the trial takes.
func TestThroughputInTheBackground(t *testing.T) {
	for asked, ended := range map[string]result.Ending{
		"duration: 1s": result.Complete, "duration: 1s\n    warmup: 5s": result.Complete, "requests: 3": result.Complete,
		"requests: 3\n    warmup: 5s": result.Complete, "duration: 100s\n    on_error: stop": result.Stopped,
	} {
		run := carryOut(t, `
targets:
  slow: {sim: {delay: 10s, errors: {rate: 100%}}}
  quick: {sim: {delay: 1ms}}
scenarios:
  - name: front
    target: slow
    clock: virtual
    background: [calls, iterations]
    modes: [concurrent: 1]
    `+asked+`
  - {name: calls, target: quick, clock: virtual, modes: [rate-limited: 100/s]}
  - {name: iterations, target: quick, clock: virtual, modes: [rate-limited: 100/s], steps: [{name: look, get: /}]}
`)
		trial := &run.Trials[0]
		if trial.Ended != ended || len(trial.Beside) != 2 {
			t.Fatalf("%s: %s, %d beside it", asked, trial.Ended, len(trial.Beside))
		}
		for i := range trial.Beside {
			b := &trial.Beside[i]
			if b.Ended != ended || b.OK < 500 || math.Abs(b.ThroughputPerS-100) > 1.1 {
				t.Errorf("%s: %s beside it %s: %d ok, %v a second", asked, b.Scenario, b.Ended, b.OK, b.ThroughputPerS)
			}
			if b.Unit != "" && math.Abs(rowOf(t, b, "look").ThroughputPerS-100) > 1.1 {
				t.Errorf("%s: its step has %v a second", asked, rowOf(t, b, "look").ThroughputPerS)
			}
		}
	}
}

// What goes on in the background meets the trial in the same simulated server: all
// of it together is M/M/4, whose mean response time is 1/μ + C(4, λ/μ)/(4μ − λ)
// with Erlang's C, for the trial and for what is beside it.
func TestANoisyNeighbour(t *testing.T) {
	run := carryOut(t, `
targets:
  shop: {sim: {delay: {exponential: 20ms}, servers: 4}}
scenarios:
  - name: quiet
    target: shop
    clock: virtual
    duration: 3000s
    warmup: 20s
    background: [noise, still]
    modes: [{rate-limited: 100/s, arrivals: poisson}]
  - name: noise
    target: shop
    clock: virtual
    modes: [{rate-limited: 60/s, arrivals: poisson}]
    steps: [{name: loud, get: /}]
  - name: still
    target: shop
    clock: virtual
    modes: [{concurrent: 1, think_time: 1000s}]
`)
	if len(run.Trials) != 1 || run.Exit != 0 {
		t.Fatalf("%d trials, exit %d", len(run.Trials), run.Exit)
	}
	trial := &run.Trials[0]
	const mu, load = 50.0, 3.2
	sum, term := 0.0, 1.0
	for k := 1.0; k <= 4; k++ {
		sum += term
		term *= load / k
	}
	waits := term / (1 - load/4) / (sum + term/(1-load/4))
	want := 1/mu + waits/(4*mu-load*mu)
	noise, still := &trial.Beside[0], &trial.Beside[1]
	for _, one := range []*result.Trial{trial, noise} {
		if got := one.Response.MeanS; math.Abs(got-want) > 0.02*want {
			t.Errorf("%s: the mean response time is %v, want %v", one.Scenario, got, want)
		}
	}
	if noise.Scenario != "noise" || noise.Unit != result.UnitIteration || math.Abs(noise.ThroughputPerS-60) > 1 || rowOf(t, noise, "loud").OK != noise.OK {
		t.Errorf("%s of %q: %v a second", noise.Scenario, noise.Unit, noise.ThroughputPerS)
	}
	if still.Started < 3 || still.Started > 4 || trial.Cancelled > 0 {
		t.Errorf("%d calls beside it, want one each 1000 s; %d of its own were cancelled", still.Started, trial.Cancelled)
	}
	if !strings.Contains(trial.Workload, "background: noise (rate-limited: 60/s; ") {
		t.Errorf("its workload is %s", trial.Workload)
	}
}

// Failed calls name the traces that they have begun, by the very identifier that
// the server was sent; so does every call that is listed.
func TestFailedCallsNameTheirTraces(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]bool{}
	server := serveBoth(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if parts := strings.Split(r.Header.Get("Traceparent"), "-"); len(parts) == 4 {
			seen[parts[1]] = true
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	for _, engine := range []string{"auto", ring, "wire-net", "std", shared} {
		var calls bytes.Buffer
		run := carryOut(t, fmt.Sprintf(`
targets: {shop: {http: {url: %q, engine: %s}}}
scenarios:
  - name: traced
    target: shop
    requests: 3
    modes: [sequential]
    trace: w3c
    steps: [{get: /, name: pot}]
`, server.URL, engine), func(o *runner.Options) { o.Calls = &calls })
		example := rowOf(t, &run.Trials[0], "pot").Errors["status-418"].Example
		_, trace, _ := strings.Cut(example, " (trace ")
		if !seen[strings.TrimSuffix(trace, ")")] {
			t.Errorf("%s: %q names no trace that the server was sent", engine, example)
		}
		lines := strings.Split(strings.TrimSpace(calls.String()), "\n")
		for _, line := range lines[1:] {
			if fields := strings.Split(line, ","); !seen[fields[len(fields)-1]] {
				t.Errorf("%s: no such trace: %s", engine, line)
			}
		}
		if len(lines) != 4 {
			t.Errorf("%s: %d lines", engine, len(lines))
		}
	}
}

// Iterations are numbered on from the warm-up, and rows that it has used once are
// not used again.
func TestATrialGoesOnBehindItsWarmUp(t *testing.T) {
	for _, mode := range []string{"concurrent: 3", "{rate-limited: 100/s}"} {
		var mu sync.Mutex
		rows, iterations, twice := map[string]bool{}, map[string]bool{}, 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			row, iteration := r.URL.Query().Get("row"), r.URL.Query().Get("iteration")
			if rows[row] || iterations[iteration] {
				twice++
			}
			rows[row], iterations[iteration] = true, true
		}))
		defer server.Close()
		run := carryOut(t, fmt.Sprintf(`
targets: {shop: {http: {url: %q}}}
scenarios:
  - name: unique
    target: shop
    requests: 20
    warmup: 200ms
    data: {unique: {range: [1, 1000000], pick: once}}
    modes: [%s]
    steps: [{get: "/?row=${unique}&iteration=${iteration}"}]
`, server.URL, mode))
		if run.Trials[0].OK != 20 || len(rows) <= 20 || twice > 0 {
			t.Errorf("%s: %d of 20 ok, the server saw %d rows and %d iterations, %d of them twice", mode, run.Trials[0].OK, len(rows), len(iterations), twice)
		}
	}
}

// Where setup fails, what would have gone on beside the trial has not begun, and
// says so; what its own setup did before is kept.
func TestNothingGoesOnBesideATrialThatDidNotBegin(t *testing.T) {
	run := carryOut(t, `
targets: {shop: {sim: {delay: 10ms, routes: {/fails: {answer: {status: 500}}}}}}
scenarios:
  - name: quiet
    target: shop
    clock: virtual
    requests: 5
    background: [first, noise]
    modes: [sequential]
  - name: first
    target: shop
    clock: virtual
    modes: [sequential]
    setup: [{name: ready, get: /}]
    steps: [{name: loud, get: /}]
  - name: noise
    target: shop
    clock: virtual
    modes: [sequential]
    setup: [{name: ready, get: /fails}]
    steps: [{name: loud, get: /}]
`)
	trial := &run.Trials[0]
	if trial.Ended != result.Failed || !strings.Contains(trial.Reason, "beside it, noise: setup failed (status-500)") || len(trial.Beside) != 2 {
		t.Fatalf("%s: %s, %d beside it", trial.Ended, trial.Reason, len(trial.Beside))
	}
	for i := range trial.Beside {
		b := &trial.Beside[i]
		if b.Ended != result.Failed || b.Reason == "" || rowOf(t, b, "loud").Started != 0 || rowOf(t, b, "ready").Started != 1 {
			t.Errorf("%s: %s, %q", b.Scenario, b.Ended, b.Reason)
		}
	}
}

// What goes on beside a trial begins traces of its own, each of which the server
// is sent once.
func TestTracesInTheBackground(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if parts := strings.Split(r.Header.Get("Traceparent"), "-"); len(parts) == 4 {
			seen[parts[1]]++
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	run := carryOut(t, fmt.Sprintf(`
targets: {shop: {http: {url: %q}}}
scenarios:
  - name: one
    target: shop
    requests: 20
    background: two
    modes: [sequential]
    trace: w3c
    steps: [{get: /, name: pot}]
  - name: two
    target: shop
    modes: [sequential]
    trace: w3c
    steps: [{get: /, name: pot}]
`, server.URL))
	trial := &run.Trials[0]
	for _, one := range []*result.Trial{trial, &trial.Beside[0]} {
		_, trace, _ := strings.Cut(rowOf(t, one, "pot").Errors["status-418"].Example, " (trace ")
		if seen[strings.TrimSuffix(trace, ")")] != 1 {
			t.Errorf("%s: the server saw the trace %q %d times", one.Scenario, trace, seen[strings.TrimSuffix(trace, ")")])
		}
	}
	for trace, times := range seen {
		if times > 1 {
			t.Errorf("the trace %s was sent %d times", trace, times)
		}
	}
}
