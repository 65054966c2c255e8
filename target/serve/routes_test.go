package serve

import (
	"strings"
	"testing"
	"time"

	"plimsoll/target/delay"
	"plimsoll/target/sim"
)

// Routes go by the path as people write it, whatever the query and the method;
// turns go by the number of the call.
func TestRoutesAndTurnsOverHTTP(t *testing.T) {
	status := func(kind sim.ErrorKind) sim.Manner {
		return sim.Manner{Errors: &sim.Errors{Rate: 1, Kind: kind}}
	}
	url := start(t, Options{Settings: sim.Settings{
		Turns: []sim.Manner{{}, status("status-503")},
		Routes: []sim.Route{
			{Path: "/käse/*", Manner: status("status-404")},
			{Path: "/jobs/*", Manner: sim.Manner{Errors: &sim.Errors{}}, Turns: []sim.Manner{{}, {}, status("status-410")}},
			{Path: "/bytes/*", Manner: status("status-418")},
		},
	}})
	client := newClient(t, false)
	for n, c := range []struct {
		path string
		want int
	}{
		{"", 200}, {"/", 503}, {"/k%C3%A4se/brie?x=/jobs/", 404}, {"/käse/brie", 404},
		{"/jobs/1", 200}, {"/jobs/2", 200}, {"/jobs/1?x=y", 410}, {"/jobs/1", 200},
		{"/status/204", 204}, {"/bytes/10", 418}, {"/", 503}, // endpoints are no calls of the model, unless a route names them
	} {
		if answer, _ := get(t, client, url+c.path); answer.StatusCode != c.want {
			t.Errorf("call %d, %q: status %d, want %d", n, c.path, answer.StatusCode, c.want)
		}
	}
}

// A child is up whatever its routes say, and has been called by nobody then.
func TestChildIsUpWhateverItsRoutes(t *testing.T) {
	slow := delay.Of(time.Hour)
	child, err := Start(t.Context(), Options{Settings: sim.Settings{
		Routes: []sim.Route{{Path: "/health", Manner: sim.Manner{Delay: &slow}}, {Path: "/*", Manner: sim.Manner{Errors: &sim.Errors{Rate: 1, Kind: sim.Status500}}, Turns: []sim.Manner{{Errors: &sim.Errors{}}, {}}}},
	}}, as("child"))
	if err != nil {
		t.Fatal(err)
	}
	defer child.Close()
	client := newClient(t, false)
	for n, want := range []int{200, 500} {
		if answer, _ := get(t, client, child.URL()+"/any"); answer.StatusCode != want {
			t.Errorf("call %d gets %d, want %d", n, answer.StatusCode, want)
		}
	}
}

// A site is all that its server has: endpoints are pages of it, or none.
func TestSiteOverHTTP(t *testing.T) {
	url := start(t, Options{Settings: sim.Settings{Site: &sim.Site{Pages: map[string][]string{"/": {"/käse", "/no"}, "/käse": nil, "/status/404": nil}}}})
	client := newClient(t, false)
	for path, want := range map[string]int{"": 200, "/": 200, "/?x": 200, "/k%C3%A4se": 200, "/status/404": 200, "/no": 404, "/echo": 404, "/status/200": 404} {
		if answer, _ := get(t, client, url+path); answer.StatusCode != want {
			t.Errorf("%q: status %d, want %d", path, answer.StatusCode, want)
		}
	}
	answer, body := get(t, client, url)
	if kind := answer.Header.Get("Content-Type"); kind != "text/html; charset=utf-8" || !strings.Contains(string(body), `<a href="/no">`) {
		t.Errorf("%s: %s", kind, body)
	}
}
