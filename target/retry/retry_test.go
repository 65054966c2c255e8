package retry

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/target"
	"plimsoll/target/quantity"
	"plimsoll/target/random"
)

// on makes a policy that tries again for the given reasons.
func on(attempts int, classes ...string) Settings { return Settings{Attempts: attempts, On: classes} }

// A call is tried until its attempts are used up, and only for the reasons
// named.
func TestAgain(t *testing.T) {
	for _, c := range []struct {
		settings Settings
		class    string
		retries  int
	}{
		{on(2, "5xx"), "status-503", 1},
		{on(3, "5xx"), "status-503", 2},
		{on(3, "429", "503"), "status-503", 2},
		{on(1000, "connect"), target.Connect, 999},
		{on(3, "timeout", "connect", "4xx"), "status-503", 0},
		{on(3, "timeout"), target.Cancelled, 0},
	} {
		p := c.settings.New(random.New(1))
		p.Call()
		retries := 0
		for p.Again(c.class, retries+1) {
			retries++
		}
		if retries != c.retries {
			t.Errorf("%+v: %s is tried again %d times, want %d", c.settings, c.class, retries, c.retries)
		}
	}
	for attempts := range 2 {
		if on(attempts, "5xx").New(random.New(1)) != nil {
			t.Errorf("%d attempts are no retry", attempts)
		}
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
		{"5xx", target.Rejected, true}, {"503", target.Rejected, true}, {"429", target.Rejected, false},
		{"4xx", target.Throttled, true}, {"429", target.Throttled, true}, {"5xx", target.Throttled, false},
	} {
		if got := matches(c.on, c.class); got != c.want {
			t.Errorf("%s means %s: %v", c.on, c.class, got)
		}
	}
}

// Whatever fails when: at every moment the retries are within the budget of the
// calls so far, and none is refused that the budget has room for.
func TestRetriesStayWithinTheirBudget(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := on(rapid.IntRange(2, 5).Draw(r, "attempts"), "timeout")
		budget := rapid.OneOf(rapid.SampledFrom([]float64{0, 0.1, 0.2, 0.5, 1, 2}), rapid.Float64Range(0.001, 3)).Draw(r, "budget")
		s.Budget = &budget
		p := s.New(random.New(1))
		calls, retries := 0, 0
		var failing []int // how often the calls have failed that are being tried
		for range rapid.IntRange(1, 300).Draw(r, "events") {
			if len(failing) == 0 || rapid.IntRange(0, 2).Draw(r, "what") == 0 {
				p.Call()
				calls++
				failing = append(failing, 0)
				continue
			}
			i := rapid.IntRange(0, len(failing)-1).Draw(r, "which")
			failing[i]++
			room := float64(retries+1) <= budget*float64(calls)
			again := p.Again("timeout", failing[i])
			if want := room && failing[i] < s.Attempts; again != want {
				r.Fatalf("failure %d after %d retries of %d calls: again %v, want %v", failing[i], retries, calls, again, want)
			}
			if !again {
				failing = slices.Delete(failing, i, i+1)
				continue
			}
			if retries++; float64(retries) > budget*float64(calls) {
				r.Fatalf("%d retries of %d calls, with a budget of %v", retries, calls, budget)
			}
		}
	})
}

// Failures that are not tried again, for whatever other reason, take nothing of
// the budget.
func TestOnlyRetriesAreOfTheBudget(t *testing.T) {
	s := on(2, "timeout")
	s.Budget = new(0.1)
	p := s.New(random.New(1))
	for range 10 {
		p.Call()
	}
	for range 100 {
		if p.Again("reset", 1) || p.Again("timeout", 2) {
			t.Fatal("tried again")
		}
	}
	if !p.Again("timeout", 1) || p.Again("timeout", 1) {
		t.Error("10 calls have room for one retry, and no more")
	}
}

// Without jitter the k-th pause is backoff × factor^(k−1); with it, it lies
// between 0 and that, and depends on seed, call and k alone.
func TestPause(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := Settings{
			Attempts: 100,
			Backoff:  time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(r, "backoff")),
			Factor:   rapid.Float64Range(1, 1000).Draw(r, "factor"),
		}
		n, k := rapid.Uint64().Draw(r, "n"), rapid.IntRange(1, 50).Draw(r, "k")
		seed := rapid.Uint64().Draw(r, "seed")
		exact := s.New(random.New(seed)).Pause(n, k)
		want := min(float64(s.Backoff)*math.Pow(s.Factor, float64(k-1)), float64(quantity.Longest))
		if math.Abs(float64(exact)-want) > 1 {
			r.Errorf("pause %v, want %v", exact, time.Duration(want))
		}
		s.Jitter = true
		p := s.New(random.New(seed))
		drawn := p.Pause(n, k)
		if drawn < 0 || drawn > exact {
			r.Errorf("pause %v, not within %v", drawn, exact)
		}
		other := s.New(random.New(seed))
		other.Pause(n+1, k)
		if again := other.Pause(n, k); again != drawn {
			r.Errorf("pauses %v and %v for the same seed", drawn, again)
		}
	})
}

// Full jitter is uniform over the calls of a trial (Kolmogorov–Smirnov), and
// the pauses of one call do not go together.
func TestJitterIsUniform(t *testing.T) {
	const calls = 10_000
	p := Settings{Attempts: 3, Backoff: time.Second, Factor: 1, Jitter: true}.New(random.New(3))
	var first, second []float64
	product := 0.0
	for n := range uint64(calls) {
		a, b := p.Pause(n, 1).Seconds(), p.Pause(n, 2).Seconds()
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
