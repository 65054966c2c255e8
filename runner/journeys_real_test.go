package runner_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// tally counts what two servers are asked, by path, and how often somebody came to one
// with the cookie of the other, or without its own.
type tally struct {
	mu     sync.Mutex
	asked  map[string]int64
	astray int
}

func (c *tally) count(name string, r *http.Request, wanted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	path := name + "/" + strings.Split(r.URL.Path, "/")[1]
	c.asked[path]++
	if _, err := r.Cookie("session"); (err == nil) != wanted && path != "near/login" {
		c.astray++
	}
}

// A journey by cookies, over redirects to another origin and back, with members of a
// list beside each other and branches in parallel, is the same whatever carries it: each
// server has seen as many requests as are told, each with the cookie that is its own.
func TestJourneysAreAlikeWhateverCarriesThem(t *testing.T) {
	const iterations = 40
	for _, by := range append(everyWeb, web{`std, http: "2"`, false}) {
		t.Run(by.engine, func(t *testing.T) {
			t.Parallel()
			c := &tally{asked: map[string]int64{}}
			var home string
			far := by.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c.count("far", r, false)
				if r.URL.Path == "/welcome" {
					http.Redirect(w, r, home+"/list", http.StatusSeeOther)
				}
			}))
			defer far.Close()
			elsewhere := strings.Replace(far.URL, "127.0.0.1", "localhost", 1)
			near := by.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c.count("near", r, true)
				switch r.URL.Path {
				case "/login":
					http.SetCookie(w, &http.Cookie{Name: "session", Value: "s", Path: "/"})
					http.Redirect(w, r, elsewhere+"/welcome", http.StatusFound)
				case "/list":
					fmt.Fprint(w, `{"ids": [1, 2, 3, 4]}`)
				}
			}))
			defer near.Close()
			home = near.URL
			trial := &carryOut(t, fmt.Sprintf(`
targets: {home: {http: {url: %q, engine: %s}}}
scenarios:
  - name: s
    target: home
    requests: %d
    modes: [concurrent: 8]
    steps:
      - {name: login, get: /login, extract: {ids: json.ids}}
      - {each: {id: ids}, concurrent: 2, name: items, steps: [{name: item, get: "/item/${id}"}]}
      - {name: both, parallel: [{name: here, get: /here}, {name: there, get: "%s/there"}]}
`, home, by.engine, iterations, elsewhere)).Trials[0]
			if trial.OK != iterations || trial.Resent != 0 {
				t.Fatalf("%d iterations, %d resent: %+v", trial.OK, trial.Resent, trial.Errors)
			}
			var all, hops int64
			for path, want := range map[string]int64{"near/login": 40, "far/welcome": 40, "near/list": 40, "near/item": 160, "near/here": 40, "far/there": 40} {
				if all += want; c.asked[path] != want {
					t.Errorf("%s was asked for %d times, not %d", path, c.asked[path], want)
				}
			}
			for i := range trial.Steps {
				hops += trial.Steps[i].Hops
			}
			if trial.Attempts+hops != all || hops != 2*iterations || c.astray > 0 {
				t.Errorf("%d attempts and %d hops are told, the servers were asked %d times, %d times with the wrong cookies", trial.Attempts, hops, all, c.astray)
			}
		})
	}
}
