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
	p := newPeer("the Pushgateway", mustParse(t, hung(t)), time.Hour, n.note)
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
	p := newPeer("the Pushgateway", mustParse(t, away), patient, n.note)
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
	p := newPeer("it", mustParse(t, server.URL), patient, func(string) {})
	if err := p.ask(t.Context(), http.MethodPost, server.URL, nil, nil); err == nil || !strings.Contains(err.Error(), "307") {
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
	p := newPeer("the server of remote write", mustParse(t, server.URL), patient, n.note)
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
