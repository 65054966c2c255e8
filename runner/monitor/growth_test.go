package monitor

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// eachOf are series by their labels.
type eachOf = map[string]float64

func TestGrowth(t *testing.T) {
	for name, c := range map[string]struct {
		looks []eachOf
		want  []float64
	}{
		"one":                              {[]eachOf{{"a": 5}, {"a": 7}, {"a": 7}, {"a": 10}}, []float64{0, 2, 2, 5}},
		"one that begins anew":             {[]eachOf{{"a": 5}, {"a": 2}, {"a": 3}}, []float64{0, 2, 3}},
		"one of two begins anew":           {[]eachOf{{"a": 100, "b": 100}, {"a": 3, "b": 200}}, []float64{0, 103}},
		"one begins anew, the sum is less": {[]eachOf{{"a": 1000, "b": 10}, {"a": 3, "b": 20}}, []float64{0, 13}},
		"one is new":                       {[]eachOf{{"a": 1}, {"a": 2, "b": 500}, {"a": 2, "b": 501}}, []float64{0, 1, 2}},
		"one goes":                         {[]eachOf{{"a": 1, "b": 500}, {"a": 2}, {"a": 3}}, []float64{0, 1, 2}},
		"one goes and comes back":          {[]eachOf{{"a": 1, "b": 500}, {"a": 2}, {"a": 3, "b": 510}}, []float64{0, 1, 12}},
		"none yet":                         {[]eachOf{nil, {"a": 3}, {"a": 5}}, []float64{0, 0, 2}},
	} {
		g := &growth{}
		for i, look := range c.looks {
			if got := g.take(look); math.Abs(got-c.want[i]) > 1e-9 {
				t.Errorf("%s: %v after look %d, want %v", name, got, i, c.want[i])
			}
		}
	}
}

// However many series come and go, no more are remembered than may be, and those that
// are there are not forgotten.
func TestGrowthForgets(t *testing.T) {
	g := &growth{}
	for n := range 5 * mostAway {
		if got := g.take(eachOf{"stays": float64(n), fmt.Sprint(n): 1}); got != float64(n) {
			t.Fatalf("%v after %d looks", got, n)
		}
	}
	if len(g.before) > mostAway+10 {
		t.Errorf("%d are remembered", len(g.before))
	}
}

// A server one of whose workers begins anew is shown to serve as fast as it does: not
// as if all had begun anew.
func TestRatesAreOfEachSeries(t *testing.T) {
	looks := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		anew := 10 * looks
		if looks >= 2 {
			anew -= 20
		}
		fmt.Fprintf(w, "served_total{worker=\"1\"} %d\nserved_total{worker=\"2\",zone=\"\"} %d # {trace=\"x\"} 1\n", 1_000_000+10*looks, anew)
		looks++
	}))
	defer server.Close()
	s := newScraper(&Settings{Prometheus: server.URL, Show: show(t, "rate(served_total)", "served_total")})
	defer s.close()
	var got []string
	for range 4 {
		readings, _, err := s.look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(readings[0].value, readings[1].value))
	}
	if want := "0 1e+06 | 20 1.00002e+06 | 30 1.00002e+06 | 50 1.00004e+06"; strings.Join(got, " | ") != want {
		t.Errorf("%s, want %s", strings.Join(got, " | "), want)
	}
}
