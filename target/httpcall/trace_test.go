package httpcall

import (
	"regexp"
	"strings"
	"testing"

	"plimsoll/target"
	"plimsoll/target/random"
)

// parent is how W3C Trace Context spells the header, version 00.
var parent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-01$`)

// Every call has a trace of its own, every request of it a span, and both can be
// told again from the call's number.
func TestCallsNameTheirTraces(t *testing.T) {
	s := serves(t, "http://shop.example")
	p := s.Prepare(reads(t, "", "{get: /, all: {trace: w3c}}"))
	traces, spans := map[string]bool{}, map[string]bool{}
	var c Course
	for _, key := range []random.Key{1, 2} {
		r := Reader{Traces: key}
		for n := range uint64(50) {
			r.Begin(&c, &target.Request{Number: n, Call: p}, nil, nil)
			if err := c.Write(); err != nil {
				t.Fatal(err)
			}
			for hop := range 2 {
				request, _ := asked(t, &c.Message)
				parts := parent.FindStringSubmatch(request.Header.Get("traceparent"))
				if parts == nil || parts[1] != r.Trace(n) {
					t.Fatalf("%v of call %d, which is of trace %s", request.Header, n, r.Trace(n))
				}
				traces[parts[1]], spans[parts[2]] = true, true
				if hop == 0 {
					if follows, err := p.Follow(&c.Message, 302, []byte("/next"), nil, 0); err != nil || !follows {
						t.Fatal(follows, err)
					}
				}
			}
		}
	}
	if len(traces) != 100 || len(spans) != 200 {
		t.Errorf("%d traces and %d spans of 100 calls of two requests", len(traces), len(spans))
	}
}

// Who writes the header gets that, and who asks for no trace none.
func TestTracesThatSomebodyElseBegan(t *testing.T) {
	s := serves(t, "http://shop.example")
	r, _ := written(t, s, reads(t, "", "{get: /, all: {trace: w3c}, headers: {TraceParent: mine}}"), nil)
	if got := r.Header["Traceparent"]; len(got) != 1 || got[0] != "mine" {
		t.Errorf("%q", got)
	}
	if r, _ = written(t, s, reads(t, "", "get: /"), nil); r.Header.Get("Traceparent") != "" {
		t.Errorf("%v", r.Header)
	}
	if _, problems := read("", "{get: /, all: {trace: w3}}"); len(problems) != 1 || !strings.Contains(problems[0].Text, "w3c") {
		t.Errorf("%v", problems)
	}
}
