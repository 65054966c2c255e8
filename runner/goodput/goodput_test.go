package goodput_test

import (
	"strings"
	"testing"
	"time"

	"plimsoll/runner/goodput"
	"plimsoll/target"
)

// However a promise is written, its text in results is one, which reads as the same.
func TestOnePromiseHasOneText(t *testing.T) {
	for text, want := range map[string]string{
		"first_event < 500ms, gap < 50ms":             "first_event < 500ms, gap < 50ms",
		" gap<50ms ,first_event  <  0.5s":             "first_event < 500ms, gap < 50ms",
		"gap <= 50ms":                                 "gap <= 50ms",
		"service.first_event<1m0s":                    "service.first_event < 1m",
		"gap<1us,response<=2s,service<1.5s":           "response <= 2s, service < 1.5s, gap < 1µs",
		"first_event <= 0s, service.first_event < 1h": "first_event <= 0s, service.first_event < 1h",
	} {
		l, err := goodput.Parse(text)
		if err != nil || l.String() != want {
			t.Errorf("%q: %q, %v; want %q", text, l, err, want)
		}
		if again, err := goodput.Parse(l.String()); err != nil || again != l {
			t.Errorf("%q reads as %q, %v", l, again, err)
		}
	}
}

// What is wrong, and what would be right.
func TestBadLimits(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "a limit is missing",
		"gap < 50ms,":                     "a limit is missing",
		"gap":                             "is no limit of a call: write METRIC < DURATION",
		"gap > 50ms":                      "is no limit of a call",
		"gap == 50ms":                     "is no limit of a call",
		"gap < = 50ms":                    "is no limit of a call",
		"gap << 50ms":                     "is no limit of a call",
		"gap < 50":                        "gap: \"50\" has no unit: write 50s or 50ms",
		"gap < fast":                      "gap: \"fast\" is not a duration",
		"gap < ":                          "is not a duration",
		"gap < -1s":                       "must not be negative",
		"gap < 0s":                        "no call has gap below 0s",
		"gap < 1s, gap < 2s":              "gap has two limits",
		"ttft < 500ms":                    "here that is first_event",
		"TPOT < 500ms":                    "here that is gap",
		"inter_token_latency < 500ms":     "here that is gap",
		"p99 < 500ms":                     "here that is response",
		"first_evnt < 500ms":              `did you mean "first_event"`,
		"200ms, gap < 50ms":               "is no limit of a call",
		"service.gap < 50ms":              "nothing of a call is called",
		"< 50ms":                          "nothing of a call is called",
		"first_event < 500ms; gap < 50ms": "is no limit of a call",
	} {
		if l, err := goodput.Parse(text); err == nil || !strings.Contains(err.Error(), want) || l != (goodput.Limits{}) {
			t.Errorf("%q: %q, %v; want … %s …", text, l, err, want)
		}
	}
}

// Limits at, below and above what a call has, and what streams lack.
func TestKept(t *testing.T) {
	const ms = time.Millisecond
	three := &target.Stream{Events: 3, Rest: 60 * ms, Gaps: []target.Gap{{Length: 20 * ms, Count: 1}, {Length: 40 * ms, Count: 1}}}
	one, none := &target.Stream{Events: 1, Rest: 10 * ms}, &target.Stream{}
	for _, c := range []struct {
		limits string
		s      *target.Stream
		kept   bool
	}{ // of a call that takes 100 ms, 90 ms of them from when it was sent
		{"response < 100ms", nil, false}, {"response <= 100ms", nil, true}, {"response < 100.000001ms", nil, true}, {"response <= 99.999999ms", nil, false},
		{"service < 90ms", nil, false}, {"service <= 90ms", nil, true}, {"service < 95ms, response < 100ms", three, false},
		{"first_event < 40ms", three, false}, {"first_event <= 40ms", three, true}, {"first_event < 41ms", three, true},
		{"service.first_event < 30ms", three, false}, {"service.first_event <= 30ms", three, true}, {"service.first_event < 31ms", three, true},
		{"gap < 30ms", three, false}, {"gap <= 30ms", three, true}, {"gap < 31ms", three, true},
		{"gap < 1ns", one, true}, {"gap <= 0s", none, true}, {"first_event < 90ms", one, false}, {"first_event <= 90ms", one, true},
		{"first_event < 1h", none, false}, {"service.first_event < 1h", none, false}, {"service < 1h, gap < 1ms", none, true},
		{"gap < 1h", nil, false}, {"first_event < 1h", nil, false}, {"service.first_event < 1h", nil, false}, {"response < 1s, gap < 1h", nil, false},
		{"response < 1s, first_event < 50ms, gap < 50ms", three, true}, {"response < 1s, first_event < 50ms, gap < 25ms", three, false},
	} {
		l, err := goodput.Parse(c.limits)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Kept(100*ms, 90*ms, c.s); got != c.kept {
			t.Errorf("%s of %+v: %v", c.limits, c.s, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"first_event < 500ms, gap < 50ms", "response<=1s", "gap < 1us,service <2s", ",", "gap < 50", "ttft < 1s"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := goodput.Parse(text)
		if err != nil {
			if err.Error() == "" || l != (goodput.Limits{}) {
				t.Errorf("%q: %q, %q", text, l, err)
			}
			return
		}
		if again, err := goodput.Parse(l.String()); err != nil || again != l {
			t.Errorf("%q reads as %q, its text as %q, %v", text, l, again, err)
		}
	})
}
