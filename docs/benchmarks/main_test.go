//go:build linux

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What each peer printed of 200 calls a second for 2 s to a server that takes
// 5 ms is read as that.
func TestPeersAreUnderstood(t *testing.T) {
	want := map[string]saying{
		"hey":        {calls: 400, p50: 5400 * time.Microsecond, p90: 7 * time.Millisecond, p99: 9700 * time.Microsecond},
		"fortio":     {calls: 400, warmup: 8, p50: 5533270, p90: 5930490, p99: 8333330},
		"bombardier": {calls: 402, p50: 5129 * time.Microsecond, p90: 5196 * time.Microsecond, p99: 7969 * time.Microsecond},
		"k6":         {calls: 401, p50: 5207851, p90: 5386288, p99: 9324574},
	}
	for _, c := range rated() {
		output, err := os.ReadFile("testdata/" + c.name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.read(string(output))
		if err != nil || got != want[c.name] {
			t.Errorf("%s: %+v, %v; not %+v", c.name, got, err, want[c.name])
		}
		if _, err := c.read("it crashed"); err == nil || !strings.Contains(err.Error(), "it crashed") {
			t.Errorf("%s: an output of something else gives %v", c.name, err)
		}
	}
}

func TestWrkIsUnderstood(t *testing.T) {
	const good = "  2 threads and 10 connections\n  1234 requests in 5.00s, 300KB read\n"
	if calls, errors, err := readWrk(good); calls != 1234 || errors != 0 || err != nil {
		t.Error(calls, errors, err)
	}
	if _, errors, _ := readWrk(good + "  Socket errors: connect 1, read 2, write 30, timeout 400\n"); errors != 433 {
		t.Error(errors)
	}
	if _, _, err := readWrk("unable to connect"); err == nil {
		t.Error("no error")
	}
}

// Places are filled in, and the rate of each connection need not be whole.
func TestCommandLines(t *testing.T) {
	l := &lab{dir: t.TempDir(), plimsoll: "/p", self: "/b"}
	o := load{url: "http://h/", connections: 400, rate: 200, seconds: 3}
	for _, c := range append(slices.Clone(peers), bare, plimsoll("std", "")) {
		for _, line := range []string{c.full, c.paced} {
			words, err := l.words(line, o)
			if err != nil || strings.ContainsAny(strings.Join(words, " "), "{}") {
				t.Errorf("%s: %q, %v", c.name, words, err)
			}
		}
	}
	hey := rated()[0]
	if words, _ := l.words(hey.paced, o); strings.Join(words, " ") != "hey -c 400 -q 0.5 -z 3s http://h/" {
		t.Error(words)
	}
}

// The published figures: 20 s from any time at which the server works.
func TestTruthOfAFreeze(t *testing.T) {
	want := map[int][2]float64{8: {570, 965}, 50: {515, 960}, 400: {505, 955}}
	for n, w := range want {
		times := truth(n, freezeRate, 20*time.Second)
		if len(times) != 4000 {
			t.Fatalf("%d calls", len(times))
		}
		for i, p := range []int{90, 99} {
			if got := float64(percentile(times, p)) / 1e6; max(got-w[i], w[i]-got) > 5 { // one slot either way
				t.Errorf("%d in flight: p%d is %v ms, not %v", n, p, got, w[i])
			}
		}
	}
}

// A place is never taken twice at a time, and no call leaves in a freeze.
func TestTruthKeepsItsLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		places, rate := rapid.IntRange(1, 50).Draw(t, "places"), rapid.IntRange(1, 1000).Draw(t, "rate")
		times := truth(places, rate, 12*time.Second)
		var ends []time.Duration
		for k, response := range times {
			end := settle + time.Duration(k)*time.Second/time.Duration(rate) + time.Duration(response)
			if response < int64(takes) {
				t.Fatalf("call %d took %v", k, time.Duration(response))
			}
			if into := (end - freezeAt) % freezeEvery; end > freezeAt && into > 0 && into < freezeFor {
				t.Fatalf("call %d left at %v", k, end)
			}
			if k >= places && end < ends[k-places]+takes {
				t.Fatalf("call %d left at %v, and the one that it waited for at %v", k, end, ends[k-places])
			}
			ends = append(ends, end)
		}
	})
}

// percentile agrees with counting.
func TestPercentile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, 20), 1, 300).Draw(t, "values")
		p := rapid.IntRange(1, 100).Draw(t, "p")
		got := percentile(values, p)
		upTo, below := 0, 0
		for _, v := range values {
			if v <= got {
				upTo++
			}
			if v < got {
				below++
			}
		}
		if 100*upTo < p*len(values) || 100*below >= p*len(values) {
			t.Errorf("p%d of %v is not %d", p, values, got)
		}
	})
}

func TestMedian(t *testing.T) {
	same := func(v int) int { return v }
	if got := median([]int{9, 1, 5}, same); got != 5 {
		t.Error(got)
	}
	if got := median([]int{3}, same); got != 3 {
		t.Error(got)
	}
}

// The page has a place for the table of every part, and filling one leaves
// all else as it is.
func TestPageHasEveryTable(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		filled, err := fill(page, p.name, "| a |\n")
		if err != nil {
			t.Error(err)
			continue
		}
		again, err := fill(filled, p.name, "| a |\n")
		if err != nil || string(again) != string(filled) || !strings.Contains(string(filled), "<!-- table: "+p.name+" -->\n| a |\n<!-- end -->\n") {
			t.Errorf("%s: %v\n%s", p.name, err, again)
		}
		for _, other := range parts {
			if was, is := section(page, other.name), section(filled, other.name); other.name != p.name && was != is {
				t.Errorf("filling %s changes %s to %q", p.name, other.name, is)
			}
		}
	}
	if _, err := fill(page, "nonsense", ""); err == nil {
		t.Error("there is a place for nonsense")
	}
	if _, err := fill([]byte("<!-- table: a -->\n<!-- table: b -->\n<!-- end -->"), "a", ""); err == nil {
		t.Error("a table without an end swallows the next")
	}
}

func section(page []byte, name string) string {
	_, rest, _ := strings.Cut(string(page), "<!-- table: "+name+" -->")
	text, _, _ := strings.Cut(rest, "<!-- end -->")
	return text
}

func TestMarkdown(t *testing.T) {
	got := table{about: []string{"Asked."}, heads: []string{"client", "p50"}, rows: [][]string{{"wrk", "1"}, {"ab", "2"}}, notes: []string{"late"}}.markdown()
	const want = "Asked.\n\n| client | p50 |\n| --- | ---: |\n| wrk | 1 |\n| ab | 2 |\n\n* late\n"
	if got != want {
		t.Errorf("%q", got)
	}
}

func TestPartsByName(t *testing.T) {
	for name, want := range map[flags]string{
		{part: "cost", pinned: true}: "cost", {part: "cost"}: "cost-unpinned", {part: "omission", pinned: true}: "omission",
		{part: "before", pinned: true}: "before",
	} {
		if got, err := name.chosen(); err != nil || len(got) != 1 || got[0].name != want {
			t.Errorf("%+v: %v, %v", name, got, err)
		}
	}
	if got, err := (flags{part: "all"}).chosen(); err != nil || len(got) != len(parts) {
		t.Error(got, err)
	}
	if _, err := (flags{part: "speed"}).chosen(); err == nil || !strings.Contains(err.Error(), "omission") {
		t.Error(err)
	}
}

// What a process is seen to take is its own.
func TestClientIsWatched(t *testing.T) {
	l := &lab{seconds: 1}
	r, err := l.process(t.Context(), []string{"sh", "-c", "exec 7</dev/null; sleep 0.5; echo done; exit 3"})
	if err != nil || r.output != "done\n" || r.code != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	memory, files := between(r.glances, 0, time.Second)
	if files < 4 || files > 10 {
		t.Errorf("%d files are open", files)
	}
	if memory < 100<<10 || r.resident < memory || r.resident > 10<<20 {
		t.Errorf("a shell of %d bytes, at most %d", memory, r.resident)
	}
	if _, err := l.process(t.Context(), []string{"no-such-program"}); err == nil {
		t.Error("no error")
	}
}

// What was before and after counts for nothing.
func TestBetween(t *testing.T) {
	glances := []glance{{1, 500, 5}, {2, 10, 100}, {3, 20, 90}, {4, 15, 95}, {5, 600, 2}}
	if memory, files := between(glances, 2, 5); memory != 20 || files != 90 {
		t.Error(memory, files)
	}
	if memory, files := between(glances, 6, 9); memory != 0 || files != 0 {
		t.Error(memory, files)
	}
}

// The bare client makes every call, on time when there is time enough.
func TestBareClient(t *testing.T) {
	url := slowServer(t)
	for _, spin := range []time.Duration{0, 100 * time.Microsecond} {
		bareClientWorks(t, url, spin)
	}
	if times, err := callBare(url, 100_000, 1, 0); err != nil || times.Calls < 50 || times.Calls > 1000 {
		t.Errorf("a rate beyond what one can do: %+v, %v", times, err)
	}
	for _, url := range []string{"", "http://localhost/", "http://[::1]:80/", "http://127.0.0.1:1/"} {
		if _, err := callBare(url, 1, 1, 0); err == nil {
			t.Errorf("%q is no error", url)
		}
	}
}

func bareClientWorks(t *testing.T, url string, spin time.Duration) {
	times, err := callBare(url, 200, 1, spin)
	if err != nil {
		t.Fatal(err)
	}
	if times.Calls < 100 || times.Calls > 200 || times.Service50 < int64(time.Millisecond) || times.Response50 < times.Service50 ||
		times.Lateness50 > times.Lateness99 || times.Response99 < times.Response50 {
		t.Errorf("%+v", times)
	}
}

// slowServer takes a little over a millisecond.
func slowServer(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(time.Millisecond)
		_, _ = io.WriteString(w, "hello")
	}))
	t.Cleanup(server.Close)
	return server.URL + "/"
}

func TestClientsAreChosen(t *testing.T) {
	l := &lab{clients: []string{"wrk", "plimsoll wire-*"}}
	for _, c := range []struct {
		client
		want bool
	}{{peers[0], true}, {peers[1], false}, {plimsoll("wire-net", ""), true}, {plimsoll("", ""), false}} {
		if l.wanted(c.client) != c.want || !(&lab{}).wanted(c.client) {
			t.Errorf("%s: not %v", c.name, c.want)
		}
	}
	for _, c := range polling() {
		if !l.wanted(c) || (&lab{}).wanted(c) {
			t.Errorf("%s is measured though nobody named it, or not though somebody did", c.name)
		}
	}
}

// A client of ours that is to use an engine says so.
func TestEnginesAreAskedFor(t *testing.T) {
	const usual = "{plimsoll} bench -c 6 -d {s}s --quiet --http2 --connections {c} {url} --streams 3"
	both := polling()
	for line, c := range map[string]client{
		usual:                               plimsoll("", ""),
		usual + " --engine wire-epoll":      both[0],
		usual + " --engine wire-uring":      both[1],
		"h2load -t1 -c{c} -m3 -D {s} {url}": h2load,
	} {
		if got := protocols[2].line(c, shared{2, 3}); got != line {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
