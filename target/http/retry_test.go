package http

import (
	"io"
	"math"
	nethttp "net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/target"
	"plimsoll/target/quantity"
	"plimsoll/target/random"
)

// failing answers 503 so many times, then 200.
func failing(times int64) (handle nethttp.HandlerFunc, requests *atomic.Int64) {
	requests = new(atomic.Int64)
	return func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		if requests.Add(1) <= times {
			w.WriteHeader(503)
		}
		_, _ = io.WriteString(w, "OK")
	}, requests
}

// A call is tried until it succeeds or its attempts are used up, and only for
// the reasons named; its outcome sums up all attempts.
func TestRetries(t *testing.T) {
	for _, c := range []struct {
		name     string
		failures int64
		attempts int
		on       []string
		class    string
		tried    int
	}{
		{"none asked for", 1, 0, []string{"5xx"}, "status-503", 1},
		{"one attempt is no retry", 1, 1, []string{"5xx"}, "status-503", 1},
		{"the second succeeds", 1, 3, []string{"5xx"}, "", 2},
		{"the last succeeds", 2, 3, []string{"429", "503"}, "", 3},
		{"all fail", 9, 3, []string{"5xx"}, "status-503", 3},
		{"another reason", 9, 3, []string{"timeout", "connect", "4xx"}, "status-503", 1},
		{"success at once", 0, 3, []string{"5xx"}, "", 1},
	} {
		handle, requests := failing(c.failures)
		to := open(t, newServer(t, false, nil, handle).URL, func(s *Settings) {
			s.Retry = Retry{Attempts: c.attempts, Backoff: time.Millisecond, Factor: 1, On: c.on}
		})
		out := to.Call(t.Context(), 0)
		if out.Class != c.class || out.Attempts != c.tried || requests.Load() != int64(c.tried) {
			t.Errorf("%s: %+v, the server saw %d", c.name, out, requests.Load())
		}
		if size := int64(len(to.requests[0].head) + len(to.requests[0].body)); out.BytesOut != size*int64(c.tried) {
			t.Errorf("%s: %d bytes out, %d each", c.name, out.BytesOut, size)
		}
		if (out.Example == "") != out.OK() {
			t.Errorf("%s: example %q", c.name, out.Example)
		}
	}
}

func TestRefusedConnectionsAreTriedAgain(t *testing.T) {
	out := open(t, "http://"+refusing(t), func(s *Settings) {
		s.Retry = Retry{Attempts: 4, Backoff: time.Millisecond, Factor: 1, On: []string{"connect"}}
	}).Call(t.Context(), 0)
	if out.Class != target.Connect || out.Attempts != 4 || out.BytesOut != 0 {
		t.Errorf("%+v", out)
	}
}

// The call takes as long as its attempts and the pauses between them, and the
// time-out is each attempt's own.
func TestBackoffIsPartOfTheCall(t *testing.T) {
	handle, _ := failing(3)
	to := open(t, newServer(t, false, nil, handle).URL, func(s *Settings) {
		s.Timeout = 60 * time.Millisecond
		s.Retry = Retry{Attempts: 4, Backoff: 20 * time.Millisecond, Factor: 2, On: []string{"5xx"}}
	})
	began := time.Now()
	out := to.Call(t.Context(), 0)
	if took := out.Ended.Sub(began); !out.OK() || took < 140*time.Millisecond || took > 10*time.Second {
		t.Errorf("%+v after %v, want pauses of 20, 40 and 80 ms", out, took)
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		on, class string
		want      bool
	}{
		{"timeout", "timeout", true}, {"timeout", "connect", false}, {"5xx", "status-503", true},
		{"5xx", "status-404", false}, {"503", "status-503", true}, {"503", "status-500", false},
		{"5xx", "reset", false}, {"4xx", "status-429", true}, {"429", "status-429", true},
		{"reset", "reset", true}, {"body", "body", true}, {"5xx", "5xx", true},
	} {
		if got := matches(c.on, c.class); got != c.want {
			t.Errorf("%s means %s: %v", c.on, c.class, got)
		}
	}
}

// Without jitter the k-th pause is backoff × factor^(k−1); with it, it lies
// between 0 and that, and depends on seed, call and k alone.
func TestBackoff(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		settings := Retry{
			Backoff: time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(r, "backoff")),
			Factor:  rapid.Float64Range(1, 1000).Draw(r, "factor"),
		}
		n, k := rapid.Uint64().Draw(r, "n"), rapid.IntRange(1, 50).Draw(r, "k")
		seed := rapid.Uint64().Draw(r, "seed")
		exact := newRetrier(settings, random.New(seed)).backoff(n, k)
		want := min(float64(settings.Backoff)*math.Pow(settings.Factor, float64(k-1)), float64(quantity.Longest))
		if math.Abs(float64(exact)-want) > 1 {
			r.Errorf("pause %v, want %v", exact, time.Duration(want))
		}
		settings.Jitter = true
		drawn := newRetrier(settings, random.New(seed)).backoff(n, k)
		if drawn < 0 || drawn > exact {
			r.Errorf("pause %v, not within %v", drawn, exact)
		}
		if again := newRetrier(settings, random.New(seed)).backoff(n, k); again != drawn {
			r.Errorf("pauses %v and %v for the same seed", drawn, again)
		}
	})
}

// Full jitter is uniform over the calls of a trial (Kolmogorov–Smirnov), and
// the pauses of one call do not go together.
func TestJitterIsUniform(t *testing.T) {
	const calls = 10_000
	r := newRetrier(Retry{Backoff: time.Second, Factor: 1, Jitter: true}, random.New(3))
	var first, second []float64
	product := 0.0
	for n := range uint64(calls) {
		a, b := r.backoff(n, 1).Seconds(), r.backoff(n, 2).Seconds()
		first, second = append(first, a), append(second, b)
		product += (a - 0.5) * (b - 0.5) * 12 / calls
	}
	for _, sample := range [][]float64{first, second} {
		slices.Sort(sample)
		worst := 0.0
		for i, v := range sample {
			worst = max(worst, math.Abs(v-float64(i)/calls), math.Abs(v-float64(i+1)/calls))
		}
		if limit := 1.95 / math.Sqrt(calls); worst > limit { // p = 0.001
			t.Errorf("distance %.4f from uniform, allowed %.4f", worst, limit)
		}
	}
	if math.Abs(product) > 4/math.Sqrt(calls) {
		t.Errorf("the pauses of a call correlate: %.3f", product)
	}
}
