package serve

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plimsoll/target/delay"
	"plimsoll/target/quantity"
	"plimsoll/target/sim"
	"plimsoll/target/wait"
)

// TestMain lets the test's own program act as the child, or as its parent.
func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(role) {
	case "":
		goleak.VerifyTestMain(m)
	case "child":
		err = RunChild(context.Background(), os.Stdin, os.Stdout)
	case "parent":
		err = beParent()
	case "mute":
		_, err = io.Copy(io.Discard, os.Stdin)
	case "stamped":
		var gap time.Duration
		var events int
		if _, err = fmt.Sscan(os.Getenv("PLIMSOLL_TEST_STREAM"), (*int64)(&gap), &events); err == nil {
			err = beStamped(gap, events)
		}
	case "idle":
		err = beIdle()
	case "broken":
		err = errors.New("nothing works here")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// role is the environment variable that tells the test's program what to be.
const role = "PLIMSOLL_TEST_ROLE"

func as(name string) Command {
	return Command{Path: os.Args[0], Env: []string{role + "=" + name}}
}

// start runs a server in this process until the test ends.
func start(t testing.TB, o Options) (url string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	addr, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- Run(ctx, o, func(a string) { addr <- a }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case a := <-addr:
		return "http://" + a
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	return ""
}

// newClient speaks HTTP/1.1, or HTTP/2 without TLS.
func newClient(t testing.TB, http2 bool) *nethttp.Client {
	protocols := new(nethttp.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetUnencryptedHTTP2(http2)
	client := &nethttp.Client{Transport: &nethttp.Transport{Protocols: protocols}}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// get fetches url and returns status and body.
func get(t testing.TB, client *nethttp.Client, url string) (*nethttp.Response, string) {
	t.Helper()
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// The model's failures look as the package's documentation says, over both
// versions of HTTP.
func TestFailuresOfTheModelReachTheClient(t *testing.T) {
	none := 0
	failing := func(kind sim.ErrorKind) sim.Settings {
		return sim.Settings{Errors: sim.Errors{Rate: 1, Kind: kind}}
	}
	for _, c := range []struct {
		name     string
		settings sim.Settings
		status   int
	}{
		{"ok", sim.Settings{}, 200},
		{"status-500", failing(sim.Status500), 500},
		{"status-404", failing("status-404"), 404},
		{"status-304", failing("status-304"), 304},
		{"reset", failing(sim.Reset), 0},
		{"timeout", failing(sim.Timeout), 0},
		{"throttled", sim.Settings{Quota: quantity.Rate{N: 1, Per: 90 * time.Minute}}, 429},
		{"rejected", sim.Settings{Servers: 1, Queue: &none, Delay: delay.Of(time.Hour)}, 503},
	} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/http2=%v", c.name, http2), func(t *testing.T) {
				url, client := start(t, Options{Settings: c.settings}), newClient(t, http2)
				client.Timeout = 10 * time.Second
				call := client.Get
				switch c.name {
				case "throttled":
					get(t, client, url)
				case "rejected":
					call = func(url string) (*nethttp.Response, error) { return firstOfTwo(t, client, url) }
				case "timeout":
					client.Timeout = 100 * time.Millisecond
				}
				answer, err := call(url + "/any/path?q=1")
				if c.status == 0 {
					checkBroken(t, c.name, http2, err)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				_ = answer.Body.Close()
				if answer.StatusCode != c.status {
					t.Errorf("status %d, want %d", answer.StatusCode, c.status)
				}
				if retry := answer.Header.Get("Retry-After"); (retry == "5400") != (c.status == 429) {
					t.Errorf("Retry-After is %q", retry)
				}
			})
		}
	}
}

// firstOfTwo calls twice at the same time, and returns the answer that comes first:
// the other call may have the only server, for a long time.
func firstOfTwo(t *testing.T, client *nethttp.Client, url string) (*nethttp.Response, error) {
	ctx, leave := context.WithCancel(t.Context())
	answers, errs := make(chan *nethttp.Response), make(chan error, 2)
	var calls sync.WaitGroup
	t.Cleanup(func() { leave(); calls.Wait() })
	for range 2 {
		request, err := nethttp.NewRequestWithContext(ctx, "GET", url, nil)
		if err != nil {
			return nil, err
		}
		calls.Go(func() {
			answer, err := client.Do(request)
			if err != nil {
				errs <- err
				return
			}
			select {
			case answers <- answer:
			case <-ctx.Done():
				_ = answer.Body.Close()
			}
		})
	}
	select {
	case answer := <-answers:
		return answer, nil
	case err := <-errs:
		return nil, err
	}
}

func checkBroken(t *testing.T, name string, http2 bool, err error) {
	t.Helper()
	var network net.Error
	switch {
	case err == nil:
		t.Error("an answer came")
	case name == "timeout":
		if !errors.As(err, &network) || !network.Timeout() {
			t.Errorf("%v is no timeout", err)
		}
	case http2:
		if !strings.Contains(err.Error(), "stream error") {
			t.Errorf("%v is no reset of a stream", err)
		}
	case !errors.Is(err, syscall.ECONNRESET):
		t.Errorf("%v is no reset", err)
	}
}

// Calls that find every server taken wait in line: over HTTP as in the model. A
// busy machine takes longer over it, but not always.
func TestOneServerServesOneCallAtATime(t *testing.T) {
	const calls, each = 5, 20 * time.Millisecond
	url, client := start(t, Options{Settings: sim.Settings{Delay: delay.Of(each), Servers: 1}}), newClient(t, false)
	var took time.Duration
	for range 10 {
		var all sync.WaitGroup
		began := time.Now()
		for range calls {
			all.Go(func() { get(t, client, url) })
		}
		all.Wait()
		if took = time.Since(began); took < calls*each {
			break
		}
		if took < 2*calls*each {
			return
		}
	}
	t.Errorf("%d calls of %v one after the other took %v", calls, each, took)
}

func TestSameSeedSameFate(t *testing.T) {
	fates := func(seed uint64, name string) (statuses []int) {
		settings := sim.Settings{Errors: sim.Errors{Rate: 0.5, Kind: sim.Status500}}
		url, client := start(t, Options{Settings: settings, Seed: seed, Names: []string{name}}), newClient(t, false)
		for range 64 {
			answer, _ := get(t, client, url)
			statuses = append(statuses, answer.StatusCode)
		}
		return statuses
	}
	first := fates(7, "shop")
	if again := fates(7, "shop"); !slices.Equal(first, again) {
		t.Errorf("seed 7 gives %v, then %v", first, again)
	}
	if other := fates(8, "shop"); slices.Equal(first, other) {
		t.Errorf("seeds 7 and 8 both give %v", first)
	}
	if other := fates(7, "bank"); slices.Equal(first, other) {
		t.Errorf("shop and bank both give %v", first)
	}
}

func TestEndpoints(t *testing.T) {
	// The model would fail every call: endpoints do not pass through it.
	url := start(t, Options{Settings: sim.Settings{Errors: sim.Errors{Rate: 1, Kind: sim.Status500}}})
	client := newClient(t, false)
	for _, c := range []struct {
		path   string
		status int
		size   int // of the body; -1: not told
		least  time.Duration
	}{
		{"/health", 200, -1, 0},
		{"/status/404", 404, -1, 0},
		{"/status/204", 204, 0, 0},
		{"/status/199", 400, -1, 0},
		{"/status/600", 400, -1, 0},
		{"/status/ok", 400, -1, 0},
		{"/bytes/0", 200, 0, 0},
		{"/bytes/100k", 200, 100_000, 0},
		{"/bytes/100000001", 400, -1, 0},
		{"/bytes/-1", 400, -1, 0},
		{"/delay/0", 200, -1, 0},
		{"/delay/0.02", 200, -1, 20 * time.Millisecond},
		{"/delay/30ms", 200, -1, 30 * time.Millisecond},
		{"/delay/-1", 400, -1, 0},
		{"/delay/NaN", 400, -1, 0},
		{"/delay/Inf", 400, -1, 0},
		{"/delay/1e300", 400, -1, 0},
		{"/delay/2h", 400, -1, 0},
		{"/delay/soon", 400, -1, 0},
		{"/delay", 500, -1, 0}, // no endpoint: the model's
		{"/", 500, -1, 0},
	} {
		began := time.Now()
		answer, body := get(t, client, url+c.path)
		if answer.StatusCode != c.status {
			t.Errorf("%s: status %d, want %d", c.path, answer.StatusCode, c.status)
		}
		if c.size >= 0 && len(body) != c.size {
			t.Errorf("%s: %d bytes, want %d", c.path, len(body), c.size)
		}
		if took := time.Since(began); took < c.least {
			t.Errorf("%s: answered after %v", c.path, took)
		}
	}
}

func TestEcho(t *testing.T) {
	url, client := start(t, Options{}), newClient(t, false)
	request, err := nethttp.NewRequest("PUT", url+"/echo?a=1", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Token", "abc")
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var echoed struct {
		Method, URL, Body string
		Headers           nethttp.Header
	}
	if err := json.NewDecoder(answer.Body).Decode(&echoed); err != nil {
		t.Fatal(err)
	}
	if echoed.Method != "PUT" || echoed.URL != "/echo?a=1" || echoed.Body != "hello" || echoed.Headers.Get("X-Token") != "abc" {
		t.Errorf("echoed %+v", echoed)
	}
}

// A body that nobody reads must not cost the client its connection.
func TestLargeRequestsKeepTheirConnection(t *testing.T) {
	address := strings.TrimPrefix(start(t, Options{}), "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answers, body := bufio.NewReader(conn), strings.Repeat("x", 1<<20)
	for range 3 {
		if _, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
			t.Fatal(err)
		}
		answer, err := nethttp.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		if answer.Close {
			t.Fatal("the server closes the connection")
		}
	}
}

// Calls in progress end before the server does; those that will never be
// answered do not hold it up. On a busy machine a call may not have come when the
// server stops, or stopping may take its time, but not always.
func TestStopLetsCallsEnd(t *testing.T) {
	var delayed error
	var took time.Duration
	for range 5 {
		if delayed, took = stopped(t); delayed == nil && took < grace {
			return
		}
	}
	t.Errorf("stopping took %v, and of the call in progress became: %v", took, delayed)
}

// stopped is how long it takes to stop a server that has two calls in progress, and
// what becomes of the one that is to be answered.
func stopped(t *testing.T) (end error, took time.Duration) {
	ctx, stop := context.WithCancel(t.Context())
	addr, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- Run(ctx, Options{Settings: sim.Settings{Errors: sim.Errors{Rate: 1, Kind: sim.Timeout}}}, func(a string) { addr <- a })
	}()
	url, client := "http://"+<-addr, newClient(t, false)
	delayed, silent := make(chan error, 1), make(chan error, 1)
	fetch := func(path string, result chan<- error) {
		answer, err := client.Get(url + path)
		if err == nil {
			_ = answer.Body.Close()
		}
		result <- err
	}
	go fetch("/delay/500ms", delayed)
	go fetch("/", silent)
	time.Sleep(200 * time.Millisecond)
	began := time.Now()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	took = time.Since(began)
	if err := <-silent; err == nil {
		t.Error("the call without an answer got one")
	}
	return <-delayed, took
}

func TestAddressInUse(t *testing.T) {
	taken := strings.TrimPrefix(start(t, Options{}), "http://")
	err := Run(t.Context(), Options{Addr: taken}, func(string) { t.Error("ready") })
	if err == nil || !strings.Contains(err.Error(), taken) {
		t.Errorf("got %v", err)
	}
}

func TestListensOnLoopbackUnlessTold(t *testing.T) {
	if url := start(t, Options{}); !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Errorf("listens at %s", url)
	}
}

// BenchmarkDelay reports how much longer than 5 ms a simulated delay of 5 ms
// takes, seen by a client over loopback, with the server in a process of its
// own; and beside it what a request without a delay takes that comes as
// rarely, which is HTTP's own part of that.
func BenchmarkDelay(b *testing.B) {
	const simulated = 5 * time.Millisecond
	child, err := Start(b.Context(), Options{Settings: sim.Settings{Delay: delay.Of(simulated)}, Spin: wait.DefaultSpin}, as("child"))
	if err != nil {
		b.Fatal(err)
	}
	defer child.Close()
	client := newClient(b, false)
	timed := func(path string) time.Duration {
		began := time.Now()
		get(b, client, child.URL()+path)
		return time.Since(began)
	}
	var excess, http []time.Duration
	for b.Loop() {
		excess = append(excess, timed("/")-simulated)
		time.Sleep(simulated)
		http = append(http, timed("/health"))
	}
	slices.Sort(excess)
	slices.Sort(http)
	for name, d := range map[string]time.Duration{
		"µs-late-p50": excess[len(excess)/2], "µs-late-p99": excess[len(excess)*99/100], "µs-http-p50": http[len(http)/2],
	} {
		b.ReportMetric(float64(d.Nanoseconds())/1e3, name)
	}
}
