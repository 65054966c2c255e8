package export

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"plimsoll/target/real"
)

// notes are what people were told.
type notes struct {
	mu  sync.Mutex
	all []string
}

func (n *notes) note(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, text)
}

func (n *notes) told() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// away is where nobody listens.
const away = "http://" + real.Nowhere

// hung takes connections and says nothing.
func hung(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return "http://" + listener.Addr().String()
}

// A peer that is away, hangs or refuses is told about once each, without what its URL
// keeps secret, and an exporter ends all the same.
func TestPeersThatDoNotListen(t *testing.T) {
	t.Parallel()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the disk is full\nand more", http.StatusInternalServerError)
	}))
	t.Cleanup(broken.Close)
	secret := func(text string) *url.URL {
		u := mustParse(t, text)
		u.User = url.UserPassword("me", "s3cr3t")
		u.RawQuery = "token=s3cr3t"
		return u
	}
	for what, to := range map[string]string{"away": away, "hung": hung(t), "broken": broken.URL} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			n := &notes{}
			e, err := Start(&Settings{Push: secret(to), Write: secret(to), OTLP: &OTLP{Endpoint: secret(to), Headers: map[string]string{"key": "s3cr3t"}, Timeout: patient}}, "test", n.note)
			if err != nil {
				t.Fatal(err)
			}
			for range 100 { // it never waits
				e.Take(Of{Scenario: "s", Mode: "m"}, interval(1))
			}
			e.Close(t.Context())
			told := n.told()
			if len(told) != 3 {
				t.Errorf("told %q", told)
			}
			for _, text := range told {
				if strings.Contains(text, "s3cr3t") || !strings.Contains(text, "was not told") || !strings.Contains(text, mustParse(t, to).Host) {
					t.Errorf("told %q", text)
				}
				if what == "broken" && !strings.HasSuffix(text, "it answered 500 Internal Server Error: the disk is full") {
					t.Errorf("told %q", text)
				}
			}
		})
	}
}

// A hung peer costs the end no more than it may, however far a telling has come.
func TestTellingThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	n := &notes{}
	table := newTable(n.note)
	table.take(Of{Scenario: "s", Mode: "m"}, interval(1))
	p := newPeer("the Pushgateway", mustParse(t, hung(t)), nil, time.Hour, n.note)
	one := &telling{sender: &gateway{p, hung(t)}, peer: p, table: table, over: make(chan context.Context, 1), gone: make(chan struct{})}
	last, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		one.until() // a tick
	}()
	one.over <- last
	<-done
	go one.run()
	<-one.gone // it finds the end, which is over, too
	if told := n.told(); len(told) != 1 {
		t.Errorf("told %q", told)
	}
}

// However often a peer is away, that is said once.
func TestThatAPeerIsAwayIsSaidOnce(t *testing.T) {
	t.Parallel()
	n := &notes{}
	table := newTable(n.note)
	table.take(Of{Scenario: "s", Mode: "m"}, interval(1))
	p := newPeer("the Pushgateway", mustParse(t, away), nil, patient, n.note)
	one := &telling{sender: &gateway{p, away}, peer: p, table: table}
	for range 3 {
		one.now(t.Context())
	}
	if told := n.told(); len(told) != 1 {
		t.Errorf("told %q", told)
	}
}

// What comes of a redirect is not followed: whoever is behind it was told nothing of
// secrets.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("somebody else was told") }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	p := newPeer("it", mustParse(t, server.URL), nil, patient, func(string) {})
	if _, err := p.ask(t.Context(), http.MethodPost, server.URL, nil, nil); err == nil || !strings.Contains(err.Error(), "307") {
		t.Error(err)
	}
}

// Native histograms are left out once they were refused, and told about once; what
// else there is goes on.
func TestNativeHistogramsThatAreRefused(t *testing.T) {
	t.Parallel()
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		body, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(body), "plimsoll_calls_total") {
			http.Error(w, "native histograms are disabled", http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	n := &notes{}
	table := newTable(n.note)
	table.take(Of{Scenario: "s", Mode: "m"}, interval(1))
	p := newPeer("the server of remote write", mustParse(t, server.URL), nil, patient, n.note)
	r := &remote{peer: p, url: server.URL, native: true}
	for range 3 {
		if err := r.send(t.Context(), table.families(), time.Now()); err != nil {
			t.Error(err)
		}
	}
	if told := n.told(); requests != 4 || len(told) != 1 {
		t.Errorf("%d requests, told %q", requests, told)
	}
}

// Whoever comes to read is waited for if he came before, and no longer than until he
// comes again.
func TestTheLastOneToReadIsWaitedFor(t *testing.T) {
	t.Parallel()
	address := real.Address(t)
	e, err := Start(&Settings{Listen: address}, "test", func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(&Settings{Listen: address}, "test", func(string) {}); err == nil || !strings.Contains(err.Error(), address) {
		t.Errorf("two at one address: %v", err)
	}
	read := func() (string, error) {
		answer, err := http.Get("http://" + address + "/metrics")
		if err != nil {
			return "", err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		return string(text), err
	}
	if e.scraped.grace() != 0 {
		t.Error("nobody was here, and is waited for")
	}
	if _, err := read(); err != nil || e.scraped.grace() != longestGrace {
		t.Errorf("%v, waits for %v", err, e.scraped.grace())
	}
	e.Take(Of{Scenario: "s", Mode: "m"}, interval(7))
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		e.Close(t.Context())
	}()
	select {
	case <-closed:
		t.Error("it did not wait")
	case <-time.After(50 * time.Millisecond):
	}
	if text, err := read(); err != nil || !strings.Contains(text, `plimsoll_calls_total{class="ok",mode="m",scenario="s"} 7`) {
		t.Errorf("%v: %s", err, text)
	}
	<-closed
	if _, err := read(); err == nil {
		t.Error("it still answers")
	}
	if answer, err := http.Get("http://" + address + "/"); err == nil {
		t.Error(answer.Status)
	}
}

// Whoever sends OTLP to the port of gRPC, and is not understood, is told of the other.
func TestThePortOfGRPC(t *testing.T) {
	for to, want := range map[string]bool{"http://collector:4317/v1/metrics": true, "http://collector:4318/v1/metrics": false} {
		if err := misled(to, io.ErrUnexpectedEOF); !errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "4318") != want {
			t.Errorf("%s: %v", to, err)
		}
		if err := misled(to, nil); err != nil {
			t.Error(err)
		}
	}
}

// What says that native histograms are not kept is told from what says no for now, or
// to other things: else they would be lost for good.
func TestWhatRefusesNativeHistograms(t *testing.T) {
	for _, c := range []struct {
		code int
		why  string
		want bool
	}{
		{500, "native histograms are disabled", true}, // Prometheus before 3.0
		{400, "Native histograms are not enabled for this tenant", true},
		{400, "histograms are not supported", true},
		{422, "unsupported: Histograms", true},
		{500, "the disk is full", false},
		{500, "", false},
		{400, "out of order sample", false},
		{400, "native histogram has a negative count", false},
		{429, "too many native histograms, their number is not supported", false},
		{503, "the ingester is disabled", false},
	} {
		if got := (refusal{c.code, "", c.why}).ofNative(); got != c.want {
			t.Errorf("%d %q: %v, want %v", c.code, c.why, got, c.want)
		}
	}
}

// A server that is too busy once is told native histograms again.
func TestNativeHistogramsAfterARefusal(t *testing.T) {
	t.Parallel()
	histograms := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "plimsoll_calls_total") {
			return
		}
		if histograms++; histograms == 1 {
			http.Error(w, "too many requests", http.StatusTooManyRequests)
		}
	}))
	defer server.Close()
	n := &notes{}
	table := newTable(n.note)
	table.take(Of{Scenario: "s", Mode: "m"}, interval(1))
	p := newPeer("the server of remote write", mustParse(t, server.URL), nil, patient, n.note)
	one := &telling{sender: &remote{peer: p, url: server.URL, native: true}, peer: p, table: table}
	for range 3 {
		one.now(t.Context())
	}
	if told := n.told(); histograms != 3 || len(told) != 1 || !strings.HasSuffix(told[0], "native histograms: it answered 429 Too Many Requests: too many requests") {
		t.Errorf("%d times native histograms, told %q", histograms, told)
	}
}

// What a collector took only in part is told, once and in all, and what it says of
// metrics that it took.
func TestPartialSuccess(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string][]string{
		`{}`:                    nil,
		`{"partialSuccess":{}}`: nil,
		`{"partialSuccess":{"rejectedDataPoints":"0"}}`: nil,
		`protobuf`: nil,
		`{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"full"}}`: {"took not all of the metrics: it dropped 3 data points: full", "dropped 9 data points in all"},
		`{"partialSuccess":{"rejectedDataPoints":2}}`:                         {"took not all of the metrics: it dropped 2 data points", "dropped 6 data points in all"},
		`{"partialSuccess":{"errorMessage":"use\u001b[2J v2"}}`:               {"took the metrics, and says: use [2J v2"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, answer) }))
		defer server.Close()
		n := &notes{}
		table := newTable(n.note)
		table.take(Of{Scenario: "s", Mode: "m"}, interval(1))
		p := newPeer("the collector", mustParse(t, server.URL), nil, patient, n.note)
		one := &telling{sender: &collector{peer: p, url: server.URL}, peer: p, table: table, over: make(chan context.Context, 1), gone: make(chan struct{})}
		one.now(t.Context())
		one.now(t.Context())
		one.over <- t.Context()
		one.run()
		told := n.told()
		same := len(told) == len(want)
		for i := range want {
			same = same && strings.HasSuffix(told[i], want[i])
		}
		if !same {
			t.Errorf("%s: told %q, want %q", answer, told, want)
		}
	}
}
