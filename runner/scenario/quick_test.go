package scenario

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/target/http"
	"plimsoll/target/quantity"
)

// hostile looks every variable up: whatever asks for one shows.
func hostile(string) (string, bool) { return "FROM THE ENVIRONMENT", true }

// planned is the plan of a quick load, read as a file of its own would be.
func planned(t rapid.TB, q Quick) (*Scenario, *http.Settings) {
	t.Helper()
	text, err := q.YAML()
	if err != nil {
		t.Fatal(err)
	}
	plan, problems := Parse("quick.yaml", text, hostile, ".")
	if len(problems) > 0 {
		t.Fatalf("%s\n%s", problems.Error(), text)
	}
	return plan.Scenarios[0], plan.Targets[0].Settings.(*http.Settings)
}

// Whatever characters a text has, it comes through YAML and the environment's
// variables as it is.
func TestQuickTextsMeanThemselves(t *testing.T) {
	value := rapid.StringMatching(`([ -~]|[\t${}"'\\:#&*!|>%@éß漢]|\$\{HOME\}|\x{feff}|\x{e000}|\x{2028}){0,30}`)
	rapid.Check(t, func(t *rapid.T) {
		q := Quick{
			URL: "http://h/" + rapid.StringMatching(`[a-z?&=$.\[\]{}!*'#-]{0,20}`).Draw(t, "path"),
			// A name of its own, or a line more under the same one.
			Headers: []Header{{Name: "X-$A", Value: value.Draw(t, "first")}, {Name: "B", Value: value.Draw(t, "other")},
				{Name: "x-$a", Value: value.Draw(t, "second")}},
			Body: rapid.String().Draw(t, "body"),
		}
		_, target := planned(t, q)
		got := target.Calls[0]
		if string(got.Body) != q.Body {
			t.Errorf("the body %q became %q", q.Body, got.Body)
		}
		want := []http.Header{{Name: "X-$A", Value: q.Headers[0].Value}, {Name: "X-$A", Value: q.Headers[2].Value}, http.Header(q.Headers[1])}
		if len(got.Headers) != 3 || got.Headers[0] != want[0] || got.Headers[1] != want[1] || got.Headers[2] != want[2] {
			t.Errorf("the headers %q became %q", want, got.Headers)
		}
		if strings.Contains(got.URL, "ENVIRONMENT") {
			t.Errorf("the URL %q became %q", q.URL, got.URL)
		}
	})
}

func TestQuickURL(t *testing.T) {
	for given, want := range map[string]string{
		"localhost":                   "http://localhost",
		"localhost:8080/a?b=c://d":    "http://localhost:8080/a?b=c://d",
		"127.0.0.1/x":                 "http://127.0.0.1/x",
		"[::1]:8080":                  "http://[::1]:8080",
		"https://h/$$/${HOME}?q=%24x": "https://h/$$/$%7BHOME%7D?q=%24x",
	} {
		if _, target := planned(t, Quick{URL: given}); target.Calls[0].URL != want {
			t.Errorf("%q became %q, not %q", given, target.Calls[0].URL, want)
		}
	}
}

func TestQuickLoads(t *testing.T) {
	rate := quantity.Rate{N: 5, Per: 2 * time.Second}
	for name, c := range map[string]struct {
		quick    Quick
		mode     string
		requests int
		duration time.Duration
	}{
		"nothing but a URL": {Quick{}, "concurrent-10", 0, 10 * time.Second},
		"requests":          {Quick{Requests: 7}, "concurrent-10", 7, 0},
		"one at a time":     {Quick{Concurrency: 1, Duration: time.Minute}, "concurrent-1", 0, time.Minute},
		"a rate":            {Quick{Rate: rate}, "rate-limited-5/2s", 0, 10 * time.Second},
		"a rate of some":    {Quick{Rate: rate, Requests: 7}, "rate-limited-5/2s", 7, 0},
	} {
		c.quick.URL = "h"
		s, _ := planned(t, c.quick)
		requests := 0
		if len(s.Requests) > 0 {
			requests = s.Requests[0]
		}
		if s.Modes[0].Name != c.mode || requests != c.requests || s.Duration != c.duration {
			t.Errorf("%s: %s, %d requests, %v", name, s.Modes[0].Name, requests, s.Duration)
		}
	}
}

func TestQuickSettings(t *testing.T) {
	seed := uint64(1<<64 - 1)
	q := Quick{URL: "https://h", Method: "PUT", Timeout: 1500 * time.Millisecond, Insecure: true, HTTP2: true, Connections: 7, Streams: 9, Engine: "std", Unix: "/run/a.sock", Loops: 3,
		Rate: quantity.Rate{N: 5, Per: time.Second}, Concurrency: 3, Warmup: 90 * time.Second, Seed: &seed}
	s, target := planned(t, q)
	if s.Warmup != q.Warmup || s.Modes[0].Modes[0].Traits().MaxInFlight != 3 || !target.TLS.Insecure || target.Protocol != "2" ||
		target.Connections != 7 || target.Streams != 9 || target.Engine != "std" || target.Route.Unix != "/run/a.sock" || target.Timeout != q.Timeout || target.Calls[0].Method != "PUT" {
		t.Errorf("%+v %+v", s, target)
	}
	text, _ := q.YAML()
	if plan, _ := Parse("", text, hostile, "."); plan.Seed != seed || plan.Loops != 3 {
		t.Errorf("seed %d, %d loops", plan.Seed, plan.Loops)
	}
	if s, target := planned(t, Quick{URL: "h"}); s.Warmup != 0 || target.Engine != "auto" || s.Modes[0].Modes[0].Traits().MaxInFlight != 0 || target.TLS.Insecure ||
		target.Protocol != "1.1" || target.Timeout != 10*time.Second || target.Calls[0].Method != "GET" {
		t.Errorf("%+v %+v", s, target)
	}
}

// What streams is asked as a file would ask it, over HTTP and nowhere else.
func TestQuickStreams(t *testing.T) {
	q := Quick{URL: "h/v1", Stream: "ndjson", Content: "json.response", Tokens: "json.eval_count"}
	_, target := planned(t, q)
	text, _ := q.YAML()
	if target.Calls[0].Stream == nil || !strings.Contains(string(text), "stream: \"ndjson\"\n      content: \"json.response\"\n      tokens: \"json.eval_count\"\n") {
		t.Errorf("%+v of\n%s", target.Calls[0], text)
	}
	for flag, q := range map[string]Quick{"stream": {Stream: "sse"}, "content": {Content: "json.a"}, "tokens": {Tokens: "json.b"}} {
		for _, url := range []string{"redis://h", "ws://h", "tcp://h:1", "nats://h", "postgres://h/d"} {
			q.URL = url
			if _, err := q.YAML(); err == nil || !strings.HasPrefix(err.Error(), "--"+flag+" is of HTTP") || !strings.Contains(err.Error(), "is none: leave it out") {
				t.Errorf("%+v: %v", q, err)
			}
		}
	}
	if _, target := planned(t, Quick{URL: "h"}); target.Calls[0].Stream != nil {
		t.Error("a stream that nobody asked for")
	}
}

// Bytes that are no text cannot stand in YAML.
func TestQuickRefusesBytes(t *testing.T) {
	for _, q := range []Quick{{URL: "h\xff"}, {URL: "h", Body: "\xc3"}, {URL: "h", Engine: "\xff"}, {URL: "h", Unix: "\xff"}, {URL: "h", Content: "\xff"}, {URL: "h", Headers: []Header{{Name: "A", Value: "\x80"}}}} {
		if _, err := q.YAML(); err == nil || !strings.Contains(err.Error(), "UTF-8") {
			t.Errorf("%+v: %v", q, err)
		}
	}
}
