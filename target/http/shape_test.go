package http

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"plimsoll/target/client"
	"plimsoll/target/delay"
	"plimsoll/target/http1"
	"plimsoll/target/httpcall"
	"plimsoll/target/retry"
	"plimsoll/target/setting"
	"plimsoll/target/sim"
)

func readSettings(t *testing.T, dir, text string) *Settings {
	t.Helper()
	r := setting.NewReader(os.LookupEnv, dir)
	s, ok := Shape().Read(r, r.Load([]byte(text)))
	if !ok || len(r.Problems()) > 0 {
		t.Fatalf("%s is refused: %v", text, r.Problems())
	}
	if s.Scrub == nil {
		t.Error("the settings cannot scrub")
	}
	s.Scrub = nil
	return s
}

// with are the default settings but for what change does.
func with(change func(*Settings)) *Settings {
	s := &Settings{
		Calls:    []Request{{Method: "GET", URL: "http://a/"}},
		Settings: client.Settings{Timeout: 10 * time.Second}, Protocol: "1.1", Engine: "auto", MaxHead: http1.UsualHead, MaxBody: httpcall.UsualBody,
		Success: Success{Status: []StatusRange{{200, 299}}},
	}
	change(s)
	return s
}

func TestShape(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "body.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]*Settings{
		`{url: "http://a/"}`:                                    with(func(s *Settings) {}),
		`{url: "http://a"}`:                                     with(func(s *Settings) { s.Calls[0].URL = "http://a" }),
		`{url: "http://a/", body: hi}`:                          with(func(s *Settings) { s.Calls[0].Method, s.Calls[0].Body = "POST", []byte("hi") }),
		`{url: "http://a/", body: ""}`:                          with(func(s *Settings) { s.Calls[0].Method, s.Calls[0].Body = "POST", []byte{} }),
		`{url: "http://a/", method: GET, body_file: body.json}`: with(func(s *Settings) { s.Calls[0].Body = []byte("{}") }),
		`{url: "http://a/", headers: {A: 1, B: [x, y]}}`: with(func(s *Settings) {
			s.Calls[0].Headers = []Header{{"A", "1"}, {"B", "x"}, {"B", "y"}}
		}),
		`{serve: {delay: 5ms}}`: with(func(s *Settings) {
			s.Serve, s.Calls[0].URL = &sim.Settings{Delay: delay.Of(5 * time.Millisecond)}, "/"
		}),
		`{url: "http://a/", timeout: 2s, keepalive: false, connections: 5, http: 2, engine: std}`: with(func(s *Settings) {
			s.Timeout, s.Reuse, s.Connections, s.Protocol, s.Engine = 2*time.Second, client.Never, 5, "2", "std"
		}),
		`{url: "http://a/", method: PURGE, engine: wire}`: with(func(s *Settings) { s.Calls[0].Method, s.Engine = "PURGE", "wire" }),
		`{calls: [{url: "http://a/"}, {url: "http://A:80/b"}], engine: wire, http: 1.1}`: with(func(s *Settings) {
			s.Calls, s.Engine = []Request{{Method: "GET", URL: "http://a/"}, {Method: "GET", URL: "http://A:80/b"}}, "wire"
		}),
		`{serve: {}, calls: [{}, {url: /b}], engine: wire}`: with(func(s *Settings) {
			s.Serve, s.Calls, s.Engine = &sim.Settings{}, []Request{{Method: "GET", URL: "/"}, {Method: "GET", URL: "/b"}}, "wire"
		}),
		`{url: "http://a/", tls: {insecure: true, server_name: b}}`: with(func(s *Settings) { s.TLS = client.TLS{Given: true, Insecure: true, ServerName: "b"} }),
		`{url: "http://a/", success: {status: [2xx, 304, 400-404], contains: ok}}`: with(func(s *Settings) {
			s.Success = Success{[]StatusRange{{200, 299}, {304, 304}, {400, 404}}, "ok"}
		}),
		`{url: "http://a/", retry: {}}`: with(func(s *Settings) {
			s.Retry = retry.Settings{Attempts: 3, Backoff: time.Second, Factor: 2, Jitter: true, On: []string{"timeout", "connect", "5xx", "429"}}
		}),
		`{url: "http://a/", retry: {attempts: 5, backoff: 0s, factor: 1, jitter: none, on: [reset, 404]}}`: with(func(s *Settings) {
			s.Retry = retry.Settings{Attempts: 5, Factor: 1, On: []string{"reset", "404"}}
		}),
	} {
		if got := readSettings(t, dir, text); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read as\n%+v\nwant\n%+v", text, got, want)
		}
	}
}

func TestCallsAreResolved(t *testing.T) {
	for text, want := range map[string][]string{
		`{url: "http://a/b/c?d", calls: [{}, {url: e}, {url: /f}, {url: "?g"}, {url: "http://h/"}, {url: ../i}]}`: {
			"http://a/b/c?d", "http://a/b/e", "http://a/f", "http://a/b/c?g", "http://h/", "http://a/i"},
		`{serve: {}, calls: [{}, {url: /delay/50ms}, {url: "items?id=1"}, {url: "?q=ä"}]}`: {"/", "/delay/50ms", "/items?id=1", "/?q=%C3%A4"},
		`{calls: [{url: "http://a/"}, {url: "https://b:8443/x"}]}`:                         {"http://a/", "https://b:8443/x"},
	} {
		var got []string
		for _, c := range readSettings(t, ".", text).Calls {
			got = append(got, c.URL)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s calls\n%q\nwant\n%q", text, got, want)
		}
	}
}

// A target's headers are every call's, but for those that the call sets
// itself, whatever capitals they are written with.
func TestCommonHeaders(t *testing.T) {
	s := readSettings(t, ".", `{url: "http://a/", headers: {Accept: x, X-Own: [1, 2]}, calls: [{}, {headers: {x-own: 3, Z: 4}}]}`)
	for i, want := range [][]Header{
		{{"Accept", "x"}, {"X-Own", "1"}, {"X-Own", "2"}},
		{{"Accept", "x"}, {"x-own", "3"}, {"Z", "4"}},
	} {
		if got := s.Calls[i].Headers; !reflect.DeepEqual(got, want) {
			t.Errorf("call %d has the headers %v, want %v", i, got, want)
		}
	}
}
