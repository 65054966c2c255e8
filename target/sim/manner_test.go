package sim

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/target/delay"
	"plimsoll/target/quantity"
	"plimsoll/target/random"
)

func of(d time.Duration) *delay.Delay { v := delay.Of(d); return &v }

// The example of the contract: calls take turns by their number, and a turn
// says only what is otherwise.
func TestTurnsByNumber(t *testing.T) {
	s := Settings{
		Delay: delay.Of(3 * time.Second),
		Turns: []Manner{{Delay: of(time.Second)}, {}, {Errors: &Errors{Rate: 1, Kind: "status-404"}}},
	}
	model := New(s, random.New(1))
	for n := range 9 {
		now := time.Duration(n) * time.Minute
		want := []Departure{{now + time.Second, ""}, {now + 3*time.Second, ""}, {now + 3*time.Second, "status-404"}}[n%3]
		if got := model.Arrive(now); got != want {
			t.Errorf("call %d leaves %+v, want %+v", n, got, want)
		}
	}
}

// Who is refused has had a number and a turn, too.
func TestRefusedCallsHaveTheirTurn(t *testing.T) {
	none := 0
	model := New(Settings{Servers: 1, Queue: &none, Turns: []Manner{{Delay: of(10)}, {Delay: of(1)}, {Delay: of(100)}}}, random.New(1))
	if model.Arrive(0).At != 10 || model.Arrive(1).Class != "rejected" {
		t.Fatal("the second call is to be rejected")
	}
	if leaves := model.Arrive(20); leaves.At != 120 {
		t.Errorf("the third leaves at %d, want 120", leaves.At)
	}
}

// What is narrower holds: own, turn, route, the route's turn, thing by thing.
func TestNarrowerHolds(t *testing.T) {
	failing := &Errors{Rate: 1, Kind: Reset}
	s := Settings{
		Delay: delay.Of(1),
		Turns: []Manner{{Delay: of(2)}, {Errors: failing}},
		Routes: []Route{
			{Path: "/a", Manner: Manner{Delay: of(3)}},
			{Path: "/b", Manner: Manner{Errors: &Errors{}}, Turns: []Manner{{}, {}, {Delay: of(4)}}},
		},
	}
	model := New(s, random.New(1))
	for n, c := range []struct {
		path string
		want Departure
	}{
		{"/", Departure{2, ""}},
		{"/", Departure{1, "reset"}},
		{"/a", Departure{3, ""}},
		{"/a", Departure{3, "reset"}},
		{"/b", Departure{2, ""}},
		{"/b", Departure{1, ""}},
		{"/a", Departure{3, ""}},
		{"/b", Departure{4, ""}}, // the third of its route
		{"/c", Departure{2, ""}},
	} {
		if got := model.Ask(0, model.Way(c.path)).Departure; got != c.want {
			t.Errorf("call %d, to %s, leaves %+v, want %+v", n, c.path, got, c.want)
		}
	}
}

// Servers, queue and quota are shared by all routes.
func TestRoutesShareTheServer(t *testing.T) {
	one := 1
	model := New(Settings{Servers: 1, Queue: &one, Quota: quantity.Rate{N: 3, Per: time.Second},
		Routes: []Route{{Path: "/slow", Manner: Manner{Delay: of(100)}}, {Path: "/fast", Manner: Manner{Delay: of(1)}}}}, random.New(1))
	for _, c := range []struct {
		path string
		want Departure
	}{
		{"/slow", Departure{100, ""}}, {"/fast", Departure{101, ""}}, {"/fast", Departure{0, "rejected"}}, {"/slow", Departure{0, "throttled"}},
	} {
		if got := model.Ask(0, model.Way(c.path)).Departure; got != c.want {
			t.Errorf("%s: %+v, want %+v", c.path, got, c.want)
		}
	}
}

// A server whose every manner is its own draws what one without any draws.
func TestMannersDrawNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := Settings{Delay: delay.Delay{Kind: delay.Exponential, A: time.Second}, Errors: Errors{Rate: 0.3, Kind: Status500}, Servers: 2}
		varied := plain
		varied.Turns = []Manner{{}, {}}
		varied.Routes = []Route{{Path: "/*", Turns: []Manner{{}}}}
		seed := rapid.Uint64().Draw(t, "seed")
		a, b := New(plain, random.New(seed)), New(varied, random.New(seed))
		for i := range 100 {
			now := time.Duration(i) * 400 * time.Millisecond
			if x, y := a.Arrive(now), b.Arrive(now); x != y {
				t.Fatalf("call %d leaves %+v and %+v", i, x, y)
			}
		}
	})
}

func TestWays(t *testing.T) {
	patterns := []string{"/users/*", "/users/7", "/users/*/orders", "/*", "/", "/users/*/*", "/*/*/orders", "/a/*/", "/käse"}
	var list []Route
	for _, p := range patterns {
		list = append(list, Route{Path: p})
	}
	r := newRouter(list)
	for path, want := range map[string]string{
		"/":                  "/",
		"/users":             "/*",
		"/users/":            "/users/*",
		"/users/7":           "/users/7",
		"/users/8":           "/users/*",
		"/users/8/orders":    "/users/*/orders",
		"/users//orders":     "/users/*", // a part is not empty
		"/users/8/orders/":   "/users/*/*",
		"/users/8/x/y":       "/users/*/*",
		"/shops/8/orders":    "/*/*/orders",
		"/shops/8/orders/3":  "/*",
		"/a/b/":              "/a/*/",
		"/a/b":               "/*",
		"/käse":              "/käse",
		"/users/7?q=1":       "/users/*", // whoever asks has taken the query off
		"/USERS/7":           "/*",
		"no path, but quite": "",
		"":                   "",
	} {
		got := ""
		if way := r.find(path); way != noWay {
			got = patterns[way]
		}
		if got != want {
			t.Errorf("%q takes %q, want %q", path, got, want)
		}
	}
}

// The router against regular expressions.
func TestWaysAgreeWithRegularExpressions(t *testing.T) {
	part := rapid.SampledFrom([]string{"a", "b", "ab", "*", ""})
	rapid.Check(t, func(t *rapid.T) {
		var patterns []string
		for range rapid.IntRange(0, 6).Draw(t, "routes") {
			p := "/" + strings.Join(rapid.SliceOfN(part, 1, 4).Draw(t, "pattern"), "/")
			if !slices.Contains(patterns, p) {
				patterns = append(patterns, p)
			}
		}
		path := "/" + strings.ReplaceAll(strings.Join(rapid.SliceOfN(part, 1, 5).Draw(t, "path"), "/"), "*", "c")
		want, most := noWay, -1
		var list []Route
		for i, p := range patterns {
			list = append(list, Route{Path: p})
			letters := len(strings.ReplaceAll(p, "*", ""))
			if p == path {
				letters = len(path) + 1 // before a pattern whose `*` is nothing
			}
			if byExpression(p).MatchString(path) && letters > most {
				want, most = Way(i), letters
			}
		}
		r := newRouter(list)
		if got := r.find(path); got != want {
			t.Fatalf("of %q the way of %q is %d, want %d", patterns, path, got, want)
		}
	})
}

func byExpression(pattern string) *regexp.Regexp {
	before, open := strings.CutSuffix(pattern, "/*")
	text := strings.ReplaceAll(regexp.QuoteMeta(before), `\*`, `[^/]+`)
	if open {
		return regexp.MustCompile("^" + text + "/.*$")
	}
	return regexp.MustCompile("^" + text + "$")
}

func TestCallTimeIsTheMeanOfAllTurns(t *testing.T) {
	s := Settings{
		Delay:  delay.Of(9),
		Turns:  []Manner{{Delay: of(1)}, {Delay: of(3)}},
		Routes: []Route{{Path: "/a", Manner: Manner{Delay: of(50)}}, {Path: "/b", Turns: []Manner{{Delay: of(100)}, {}, {}}}},
	}
	// On /b: 100, 3, 1, 100, 1, 3.
	for path, want := range map[string]time.Duration{"/": 2, "/a": 50, "/b": 208 / 6} {
		if got := s.CallTime(path); got != want {
			t.Errorf("%s takes about %d, want %d", path, got, want)
		}
	}
	if plain := (Settings{Delay: delay.Of(delay.Longest)}); plain.CallTime("/") != delay.Longest {
		t.Errorf("about %d", plain.CallTime("/"))
	}
}

// Time goes on where one turn of those that plain calls take takes time.
func TestTurnsTakeTime(t *testing.T) {
	zero := time.Duration(0)
	failing := &Errors{Rate: 1, Kind: Reset, After: &zero}
	for i, c := range []struct {
		s    Settings
		want string
	}{
		{Settings{Turns: []Manner{{}, {Delay: of(1)}}}, ""},
		{Settings{Delay: delay.Of(1), Turns: []Manner{{Delay: of(0)}, {Delay: of(0)}}}, "the target answers at once"},
		{Settings{Delay: delay.Of(1), Turns: []Manner{{Delay: of(0)}, {Errors: failing}}}, "every call fails at once"},
		{Settings{Delay: delay.Of(1), Turns: []Manner{{}, {Errors: failing}}}, ""},
		{Settings{Delay: delay.Of(1), Routes: []Route{{Path: "/*", Manner: Manner{Delay: of(0)}}}}, "the target answers at once"},
		{Settings{Delay: delay.Of(1), Routes: []Route{{Path: "/a", Manner: Manner{Delay: of(0)}}}}, ""},
		{Settings{Delay: delay.Of(10), Quota: quantity.Rate{N: 5, Per: 20}, Turns: []Manner{{Delay: of(1)}, {}}}, "a call over the quota fails at once"},
	} {
		if got := c.s.AtOnce(1); got != c.want {
			t.Errorf("case %d: %q, want %q", i, got, c.want)
		}
	}
}

func ExampleRoute() {
	model := New(Settings{Routes: []Route{{Path: "/users/*", Manner: Manner{Delay: of(time.Second)}}}}, random.New(1))
	for _, path := range []string{"/", "/users", "/users/7", "/users/7/orders"} {
		fmt.Println(path, model.Ask(0, model.Way(path)).At)
	}
	// Output:
	// / 0s
	// /users 0s
	// /users/7 1s
	// /users/7/orders 1s
}
