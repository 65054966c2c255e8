package runner_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll/runner"
	"plimsoll/runner/drive"
	"plimsoll/runner/result"
	"plimsoll/runner/scenario"
	"plimsoll/target/real"
)

// taken adds up all that a run hands over, by scenario and mode.
type taken struct {
	mu       sync.Mutex
	whole    map[string]*drive.Interval
	inFlight map[string][]int // after each piece
	pieces   int
	over     []string
}

func newTaken() *taken {
	return &taken{whole: map[string]*drive.Interval{}, inFlight: map[string][]int{}}
}

func name(scenario, mode string) string { return scenario + " " + mode }

func (k *taken) Take(p runner.Piece) {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := name(p.Trial.Scenario.Name, p.Trial.Mode.Name)
	if k.whole[at] == nil {
		k.whole[at] = drive.NewInterval()
	}
	sum := k.whole[at]
	sum.OK, sum.Cancelled, sum.InFlight = sum.OK+p.OK, sum.Cancelled+p.Cancelled, sum.InFlight+p.InFlight
	sum.Response.Merge(p.Response)
	sum.Lateness.Merge(p.Lateness)
	addErrors(sum, p.Interval)
	for n, row := range p.Rows {
		for n >= len(sum.Rows) {
			sum.Rows = append(sum.Rows, drive.NewInterval())
		}
		if row != nil {
			sum.Rows[n].OK += row.OK
			sum.Rows[n].Response.Merge(row.Response)
			addErrors(sum.Rows[n], row)
		}
	}
	k.inFlight[at] = append(k.inFlight[at], sum.InFlight)
	k.pieces++
}

// addErrors counts failures, and keeps nothing of where they were.
func addErrors(sum, i *drive.Interval) {
	for class, e := range i.Errors {
		if sum.Errors[class] == nil {
			sum.Errors[class] = &drive.ErrorCount{}
		}
		sum.Errors[class].Count += e.Count
	}
}

func (k *taken) Over(t scenario.Trial) { k.over = append(k.over, name(t.Scenario.Name, t.Mode.Name)) }

func (k *taken) of(t *testing.T, trial *result.Trial) *drive.Interval {
	t.Helper()
	i := k.whole[name(trial.Scenario, trial.Mode)]
	if i == nil {
		t.Fatalf("nothing was taken of %s %s", trial.Scenario, trial.Mode)
	}
	return i
}

// alike compares what was taken with what a result says.
func alike(t *testing.T, where string, i *drive.Interval, m *result.Measure) {
	t.Helper()
	errors := map[string]int64{}
	for class, e := range i.Errors {
		errors[class] = e.Count
	}
	want := map[string]int64{}
	for class, e := range m.Errors {
		want[class] = e.Count
	}
	told, err := result.NewDist(i.Response)
	if err != nil {
		t.Fatal(err)
	}
	if i.OK != m.OK || i.Cancelled != m.Cancelled || !maps.Equal(errors, want) || told != m.Response {
		t.Errorf("%s: taken %d ok, %d cancelled, %v, %+v\nthe result has %d, %d, %v, %+v", where, i.OK, i.Cancelled, errors, told, m.OK, m.Cancelled, want, m.Response)
	}
}

// Who takes what trials record gets all of it, once: of steps, of setup and teardown,
// of what goes on beside, of several loops, under both clocks, and of what ends early.
func TestTakersGetAllOfIt(t *testing.T) {
	k := newTaken()
	run := carryOut(t, `
loops: 3
targets:
  t: {sim: {delay: {uniform: [5ms, 40ms]}, errors: 10%}}
scenarios:
  - name: visits
    target: t
    duration: 1s
    warmup: 100ms
    modes: [rate-limited: 50/s]
    background: crawler
    setup: [{name: log in, call: t, on_error: continue}]
    teardown: [{name: log out, call: t, on_error: continue}]
    steps: [{name: look, call: t, on_error: continue}, {name: pay, call: t, on_error: continue}]
  - {name: crawler, target: t, modes: [concurrent: 2]}
  - {name: many, target: t, duration: 1s, modes: [concurrent: 12]}
  - {name: hasty, target: t, duration: 500ms, drain: 1ms, modes: [concurrent: 3]}
  - {name: simulated, target: t, clock: virtual, requests: 10000, modes: [sequential, concurrent: 100]}
  - {name: first, target: t, requests: 100, stop_when: first-completed, modes: [concurrent: 10]}
`, func(o *runner.Options) { o.Takers = []runner.Taker{k} })
	trials := 0
	for n := range run.Trials {
		for _, trial := range append(run.Trials[n:n+1:n+1], run.Trials[n].Beside...) {
			trials++
			i := k.of(t, &trial)
			alike(t, trial.Scenario+" "+trial.Mode, i, &trial.Measure)
			if i.InFlight != 0 {
				t.Errorf("%s: %d in flight at the end", trial.Scenario, i.InFlight)
			}
			for s := range trial.Steps {
				if s >= len(i.Rows) {
					t.Fatalf("%s: nothing was taken of %s", trial.Scenario, trial.Steps[s].Path)
				}
				alike(t, trial.Scenario+" "+trial.Steps[s].Path, i.Rows[s], &trial.Steps[s].Measure)
			}
		}
	}
	if told := k.inFlight["crawler concurrent-2"]; len(told) < 4 || slices.Max(told) != 2 {
		t.Errorf("what goes on beside was in flight: %v", told)
	}
	if trials != 7 || k.pieces <= 2*trials || len(k.over) != 6 {
		t.Errorf("%d trials in %d pieces, over: %v", trials, k.pieces, k.over)
	}
}

// A target that stands still ends no call; how many are in flight is told all the
// same.
func TestWhatIsInFlightIsToldOfAStandingTarget(t *testing.T) {
	stands, came := make(chan struct{}), atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if came.Add(1) == 20 {
			time.AfterFunc(500*time.Millisecond, func() { close(stands) })
		}
		<-stands
	}))
	defer server.Close()
	k := newTaken()
	carryOut(t, fmt.Sprintf(`
targets: {t: {http: {url: "%s/"}}}
scenarios:
  - {name: asked, target: t, requests: 20, modes: [rate-limited: 20/s]}
`, server.URL), func(o *runner.Options) { o.Takers, o.AllowLate = []runner.Taker{k}, true })
	told := k.inFlight["asked rate-limited-20/s"]
	if rising := slices.Compact(slices.Clone(told)); len(rising) < 4 || slices.Max(told) < 15 {
		t.Errorf("in flight: %v", told)
	}
}

// Users who come back are in flight all the time.
func TestWhatIsInFlightIsToldOfUsers(t *testing.T) {
	k := newTaken()
	carryOut(t, `
targets: {t: {sim: {delay: 20ms}}}
scenarios:
  - {name: users, target: t, duration: 1s, modes: [concurrent: 5]}
`, func(o *runner.Options) { o.Takers, o.AllowLate = []runner.Taker{k}, true })
	told := k.inFlight["users concurrent-5"]
	five := 0
	for _, n := range told {
		if n == 5 {
			five++
		}
	}
	if len(told) < 3 || five < len(told)/2 {
		t.Errorf("in flight: %v", told)
	}
}

// seen is a server that notes when each call came.
type seen struct {
	mu sync.Mutex
	at []time.Time
}

func (s *seen) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = append(s.at, time.Now())
	_, _ = w.Write([]byte("hello"))
}

// pace is the median time between two calls.
func (s *seen) pace() time.Duration {
	gaps := make([]time.Duration, len(s.at)-1)
	for i := range gaps {
		gaps[i] = s.at[i+1].Sub(s.at[i])
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

// reading is a watcher that keeps notes.
type reading struct {
	slow
	mu    sync.Mutex
	notes []string
}

func (r *reading) Note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, text)
}

// A peer that hangs, breaks or is away is nothing to the load: the server of the load
// sees the calls that it sees without any export, at their pace; and people are told
// once, without secrets.
func TestPeersAreNothingToTheLoad(t *testing.T) {
	hung, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hung.Close() })
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusInternalServerError)
	}))
	t.Cleanup(broken.Close)
	for what, to := range map[string]string{
		"none": "", "hung": hung.Addr().String(), "broken": strings.TrimPrefix(broken.URL, "http://"), "away": real.Nowhere,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var pace time.Duration
			for range 5 { // a busy machine bunches calls, but not always
				if pace = beside(t, to); pace > 3*time.Millisecond && pace < 7*time.Millisecond {
					return
				}
			}
			t.Errorf("a call came every %v, asked for one every 5ms", pace)
		})
	}
}

// beside is the pace of calls that are exported to peers at an address, if any.
func beside(t *testing.T, to string) time.Duration {
	t.Helper()
	s, watch, export := &seen{}, &reading{}, ""
	server := httptest.NewServer(s)
	defer server.Close()
	if to != "" {
		export = fmt.Sprintf("export: {prometheus: {push: \"http://me:${PASSWORD}@%[1]s\", remote_write: \"http://%[1]s\"}, otlp: {endpoint: %[1]q}}", to)
	}
	text := fmt.Sprintf("%s\ntargets: {t: {http: {url: \"%s/\"}}}\nscenarios: [{name: s, target: t, requests: 300, modes: [rate-limited: 200/s]}]\n", export, server.URL)
	plan, problems := scenario.Parse("test.yaml", []byte(text), func(name string) (string, bool) { return "pa55word", name == "PASSWORD" }, t.TempDir())
	if len(problems) > 0 {
		t.Fatal(problems.Error())
	}
	var saved *result.Run
	run, err := runner.Run(context.Background(), context.Background(), runner.Options{Plan: plan, Watch: watch, Version: "test", Save: func(r *result.Run) error { saved = r; return nil }})
	if err != nil || run.Trials[0].OK != 300 || len(s.at) != 300 {
		t.Fatalf("%v, %d ok, the server saw %d", err, run.Trials[0].OK, len(s.at))
	}
	want := 3
	if to == "" {
		want = 0
	}
	if told := strings.Join(watch.notes, "\n"); len(watch.notes) != want || strings.Contains(told+saved.File.Text, "pa55word") {
		t.Errorf("told %q, saved %s", watch.notes, saved.File.Text)
	}
	return s.pace()
}

// Of a pair only the candidate is exported, and so one address is enough.
func TestOfAPairTheCandidateIsExported(t *testing.T) {
	address := real.Address(t)
	text := fmt.Sprintf("export: {prometheus: {listen: %q}}\n", address) + published
	o := runner.Options{Plan: parse(t, text), Version: "test", Save: func(*result.Run) error { return nil }}
	if was, is, err := runner.Pair(context.Background(), context.Background(), o, o); err != nil || len(was.Trials) != 10 || len(is.Trials) != 10 {
		t.Error(was, is, err)
	}
	taken, err := net.Listen("tcp", address) // it is free again
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if run, err := runner.Run(context.Background(), context.Background(), o); run != nil || err == nil || !strings.Contains(err.Error(), address) {
		t.Errorf("at an address that is taken: %v, %v", run, err)
	}
}
