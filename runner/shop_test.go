package runner_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"plimsoll/runner/result"
)

// shop is a server that believes nobody: it counts every request by itself, and
// notes each that no user of the journey may make.
type shop struct {
	*http.ServeMux
	sync.Mutex
	customers  map[string]string // passwords by address
	counts     map[string]int64  // by the names of the journey's steps
	visits     map[string]*visit // by token
	iterations map[string]bool   // that have logged in
	present    map[string]bool   // customers between login and order
	wrong      map[string]int    // what was not as it should be
}

// visit is what the shop knows of an iteration.
type visit struct {
	customer, user, iteration, token, session string
	listed                                    []string // ids that are for this visit alone
	seen                                      map[string]bool
	ordered                                   bool
}

func newShop(customers int) *shop {
	s := &shop{
		ServeMux: http.NewServeMux(), customers: map[string]string{}, counts: map[string]int64{}, visits: map[string]*visit{},
		iterations: map[string]bool{}, present: map[string]bool{}, wrong: map[string]int{},
	}
	for i := range customers {
		s.customers[fmt.Sprintf("c%d+x@example.com", i)] = fmt.Sprintf("p&%d=", i)
	}
	s.HandleFunc("POST /login", s.answered("login", s.login))
	s.HandleFunc("GET /products", s.answered("list", s.list))
	s.HandleFunc("GET /products/{id}", s.answered("detail", s.detail))
	s.HandleFunc("POST /orders", s.answered("order", s.order))
	s.HandleFunc("/", s.answered("elsewhere", func(*http.Request) (any, string) { return nil, "it asks for what is not there" }))
	return s
}

// csv is the file of the customers.
func (s *shop) csv(t *testing.T) string {
	text := "email,password\n"
	for _, email := range slices.Sorted(maps.Keys(s.customers)) {
		text += email + "," + s.customers[email] + "\n"
	}
	file := filepath.Join(t.TempDir(), "customers.csv")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// answered counts requests, carries them out one at a time, and answers: with
// what is wrong, if anything is.
func (s *shop) answered(name string, do func(*http.Request) (any, string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.Lock()
		s.counts[name]++
		answer, wrong := do(r)
		if wrong != "" {
			s.wrong[name+": "+wrong]++
		}
		s.Unlock()
		w.Header().Set("Content-Type", "application/json")
		switch v, is := answer.(*visit); {
		case wrong != "":
			w.WriteHeader(http.StatusForbidden)
			answer = map[string]string{"wrong": wrong}
		case is:
			http.SetCookie(w, &http.Cookie{Name: "session", Value: v.session, Path: "/"})
			answer = map[string]string{"access_token": v.token}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func (s *shop) login(r *http.Request) (any, string) {
	email, iteration := r.PostFormValue("user"), r.Header.Get("X-Iteration")
	switch password, known := s.customers[email]; {
	case !known || password != r.PostFormValue("password"):
		return nil, "nobody has that address and password"
	case s.present[email]:
		return nil, "the customer is there already"
	case s.iterations[iteration]:
		return nil, "the iteration was there before"
	}
	n := len(s.visits)
	v := &visit{
		customer: email, user: r.Header.Get("X-User"), iteration: iteration,
		token: fmt.Sprintf("t%d", n), session: fmt.Sprintf("s%d", n), seen: map[string]bool{},
	}
	s.visits[v.token], s.present[email], s.iterations[iteration] = v, true, true
	return v, ""
}

// of is the visit that a request belongs to.
func (s *shop) of(r *http.Request) (*visit, string) {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	v := s.visits[token]
	cookie, err := r.Cookie("session")
	switch {
	case !bearer || v == nil:
		return nil, "it has no token"
	case v.user != r.Header.Get("X-User") || v.iteration != r.Header.Get("X-Iteration"):
		return nil, "the token is somebody else's"
	case err != nil:
		return nil, "it has no cookie"
	case cookie.Value != v.session || len(r.Cookies()) != 1:
		return nil, "the cookie does not fit the token"
	case v.ordered:
		return nil, "it comes after the order"
	}
	return v, ""
}

func (s *shop) list(r *http.Request) (any, string) {
	v, wrong := s.of(r)
	switch {
	case wrong != "":
		return nil, wrong
	case v.listed != nil:
		return nil, "it comes twice"
	case r.URL.Query().Get("for") != v.customer:
		return nil, "it is for another customer"
	}
	type item struct {
		ID string `json:"id"`
	}
	var items []item
	for i := range 3 {
		v.listed = append(v.listed, fmt.Sprintf("%s/%d", v.token, i))
		items = append(items, item{v.listed[i]})
	}
	return map[string]any{"items": items}, ""
}

func (s *shop) detail(r *http.Request) (any, string) {
	v, wrong := s.of(r)
	id := r.PathValue("id")
	switch {
	case wrong != "":
		return nil, wrong
	case !slices.Contains(v.listed, id):
		return nil, "it is none of those listed"
	case v.seen[id]:
		return nil, "it comes twice"
	}
	v.seen[id] = true
	return map[string]any{"price": 4, "id": id}, ""
}

func (s *shop) order(r *http.Request) (any, string) {
	v, wrong := s.of(r)
	if wrong != "" {
		return nil, wrong
	}
	var asked struct {
		SKU    string
		Prices []int
	}
	switch err := json.NewDecoder(r.Body).Decode(&asked); {
	case err != nil:
		return nil, "it is no JSON: " + err.Error()
	case len(v.seen) != 3:
		return nil, "it comes before all details"
	case !v.seen[asked.SKU] || len(asked.Prices) != 3:
		return nil, "it is not what was looked at"
	}
	v.ordered = true
	delete(s.present, v.customer)
	return map[string]any{"total": 12}, ""
}

const shopping = `
targets:
  shop: {http: {url: "%s"}}
data:
  customer: {file: "%s", pick: leased}
scenarios:
  - name: shopping
    target: shop
    requests: %d
    modes: [concurrent: %d]
    headers: {X-User: "${place}", X-Iteration: "${iteration}"}
    steps:
      - name: login
        post: /login
        form: {user: "${customer.email}", password: "${customer.password}"}
        extract: {token: json.access_token}
      - name: list
        get: /products
        query: {for: "${customer.email}"}
        auth: {bearer: "${token}"}
        check: [status == 200, json.items.2.id exists]
        extract: {ids: json.items.*.id}
      - think_time: {exponential: 10ms}
      - each: {id: ids}
        concurrent: 2
        steps:
          - {name: detail, get: "/products/${id}", auth: {bearer: "${token}"}, check: "json.id == ${id}", extract: {prices: json.price}}
      - name: order
        post: /orders
        auth: {bearer: "${token}"}
        json: {sku: "${ids.any}", prices: "${prices}"}
        check: json.total == 12
`

// hears waits until it has seen so many requests: of one that is given up it may hear
// a moment later.
func (s *shop) hears(requests int64) {
	seen := func() (sum int64) {
		s.Lock()
		defer s.Unlock()
		for _, n := range s.counts {
			sum += n
		}
		return sum
	}
	for began := time.Now(); seen() < requests && time.Since(began) < 5*time.Second; {
		time.Sleep(time.Millisecond)
	}
}

// open has so many users go shopping, and compares what the steps are said to have
// done with what the shop has counted.
func (s *shop) open(t *testing.T, iterations, users int, change ...string) *result.Trial {
	t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	text := strings.NewReplacer(change...).Replace(fmt.Sprintf(shopping, server.URL, s.csv(t), iterations, users))
	trial := &carryOut(t, text).Trials[0]
	if trial.Ended != result.Complete || trial.OK+trial.Failed() != int64(iterations) {
		t.Errorf("%s: %d ok, %v", trial.Ended, trial.OK, trial.Errors)
	}
	s.hears(trial.Attempts)
	sum := int64(0)
	for _, name := range []string{"login", "list", "detail", "order"} {
		row := rowOf(t, trial, name)
		if row.Started != s.counts[name] || row.Attempts != s.counts[name] {
			t.Errorf("%s: %d started, %d attempts, and the shop saw %d", name, row.Started, row.Attempts, s.counts[name])
		}
		sum += s.counts[name]
	}
	if trial.Attempts != sum || s.counts["elsewhere"] > 0 {
		t.Errorf("%d attempts, and the shop saw %v", trial.Attempts, s.counts)
	}
	return trial
}

// What the shop saw is what is reported, by step: no token and no cookie crosses
// from one visit to another, no customer is there twice at once, though there are
// fewer of them than users, and each visit comes in order. With -long: 10,000
// visits of 200 users.
func TestShop(t *testing.T) {
	iterations, users := 1_000, 50
	if *long {
		iterations, users = 10_000, 200
	}
	s := newShop(users * 4 / 5)
	trial := s.open(t, iterations, users)
	if len(s.wrong) > 0 || trial.OK != int64(iterations) {
		t.Errorf("%d visits went well, and the shop says %v\n%v", trial.OK, s.wrong, trial.Errors)
	}
	want := map[string]int64{"login": int64(iterations), "list": int64(iterations), "detail": 3 * int64(iterations), "order": int64(iterations)}
	if !maps.Equal(s.counts, want) || len(s.present) > 0 {
		t.Errorf("the shop saw %v, want %v; %d are there still", s.counts, want, len(s.present))
	}
	if trial.HeldCalls == 0 {
		t.Error("no visit waited for a customer, and there are fewer than users")
	}
}

// The shop notices each way to break the journey, and what it saw is reported all
// the same.
func TestShopNotices(t *testing.T) {
	for name, c := range map[string]struct {
		change []string
		wrong  string
	}{
		"rows that others have":    {[]string{"pick: leased", "pick: random"}, "login: the customer is there already"},
		"somebody else's token":    {[]string{`auth: {bearer: "${token}"}, check`, "auth: {bearer: t0}, check"}, "detail: the token is somebody else's"},
		"no cookies":               {[]string{"    headers:", "    cookies: false\n    headers:"}, "list: it has no cookie"},
		"another cookie besides":   {[]string{"        query:", "        cookies: {session: s0}\n        query:"}, "list: the cookie does not fit the token"},
		"an order without details": {[]string{"- each: {id: ids}\n", "- each: {id: [a]}\n        if: ids.count > 3\n", `, prices: "${prices}"`, ""}, "order: it comes before all details"},
		"details twice":            {[]string{"- each: {id: ids}", "- each: {id: [1, 2]}", `"/products/${id}"`, `"/products/${ids.0}"`, `json.id == ${id}`, `json.id exists`}, "detail: it comes twice"},
		"values not escaped":       {[]string{`{for: "${customer.email}"}`, `{for: "${customer.email|raw}"}`}, "list: it is for another customer"},
		"an iteration twice":       {[]string{`X-Iteration: "${iteration}"`, `X-Iteration: "1"`}, "login: the iteration was there before"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(8)
			trial := s.open(t, 60, 10, c.change...)
			if s.wrong[c.wrong] == 0 || trial.OK == 60 {
				t.Errorf("%d visits went well, the shop noticed %v, want %q", trial.OK, s.wrong, c.wrong)
			}
		})
	}
}
