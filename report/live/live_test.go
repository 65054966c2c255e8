package live_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plimsoll/report/live"
	"plimsoll/runner/latency"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listening(t *testing.T, o live.Options) *live.Server {
	t.Helper()
	o.Address = "127.0.0.1:0"
	s, err := live.Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// call is a second's worth of calls.
func piece(at time.Duration, ok int64) live.Piece {
	h := latency.New(latency.Fine)
	h.RecordN(20*time.Millisecond, ok)
	return live.Piece{At: at, OK: ok, Response: h}
}

// Only who names the server as somebody on this machine does may look, and no page of
// somebody else's; where there is a token, only who has it.
func TestWhoMayLook(t *testing.T) {
	open, guarded := listening(t, live.Options{}), listening(t, live.Options{Token: "sesame"})
	defer open.Close(nil, nil)
	defer guarded.Close(nil, nil)
	port := func(s *live.Server) string {
		rest, _, _ := strings.Cut(strings.TrimPrefix(s.URL(), "http://127.0.0.1:"), "/")
		return rest
	}
	for _, c := range []struct {
		server *live.Server
		path   string
		head   map[string]string
		want   int
	}{
		{open, "/", nil, 200},
		{open, "/", map[string]string{"Host": "localhost:PORT"}, 200},
		{open, "/", map[string]string{"Host": "[::1]:PORT"}, 200},
		{open, "/", map[string]string{"Host": "evil.example:PORT"}, 403},
		{open, "/", map[string]string{"Host": "evil.example"}, 403},
		{open, "/", map[string]string{"Host": "127.0.0.1:1"}, 403},
		{open, "/", map[string]string{"Host": "127.0.0.1.evil.example:PORT"}, 403},
		{open, "/", map[string]string{"Origin": "http://127.0.0.1:PORT"}, 200},
		{open, "/", map[string]string{"Origin": "http://evil.example"}, 403},
		{open, "/", map[string]string{"Origin": "null"}, 403},
		{open, "/", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403},
		{open, "/", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200},
		{open, "/nothing", nil, 404},
		{guarded, "/", nil, 403},
		{guarded, "/?token=open", nil, 403},
		{guarded, "/?token=sesame", nil, 200},
		{guarded, "/", map[string]string{"Authorization": "Bearer sesame"}, 200},
		{guarded, "/?token=sesame", map[string]string{"Origin": "http://evil.example"}, 403},
	} {
		r, err := http.NewRequest("GET", "http://127.0.0.1:"+port(c.server)+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range c.head {
			value = strings.ReplaceAll(value, "PORT", port(c.server))
			if name == "Host" {
				r.Host = value
			} else {
				r.Header.Set(name, value)
			}
		}
		got, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		if got.StatusCode != c.want {
			t.Errorf("%s %v: %d, want %d", c.path, c.head, got.StatusCode, c.want)
		}
		if got.StatusCode == 200 && !strings.Contains(got.Header.Get("Content-Security-Policy"), "connect-src 'self'") {
			t.Errorf("%s: the policy is %q", c.path, got.Header.Get("Content-Security-Policy"))
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		r, _ := http.NewRequest(method, open.URL(), nil)
		got, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		if got.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, got.StatusCode)
		}
	}
}

func TestOthersNeedAToken(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", "[::]:0", ":0", "192.0.2.1:80"} {
		if s, err := live.Listen(live.Options{Address: address}); err == nil || !strings.Contains(err.Error(), "--live-token") {
			t.Errorf("%s: %v", address, err)
			if s != nil {
				s.Close(nil, nil)
			}
		}
	}
	if _, err := live.Listen(live.Options{Address: "8080"}); err == nil || !strings.Contains(err.Error(), "host:port") {
		t.Errorf("%v", err)
	}
}

// viewer reads events as they come.
type viewer struct {
	answer *http.Response
	lines  *bufio.Scanner
}

func look(t *testing.T, s *live.Server) *viewer {
	t.Helper()
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(s.URL() + "events")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	return &viewer{answer, lines}
}

// next is the next event; its name is "" at the end.
func (v *viewer) next(t *testing.T, into any) (name string) {
	t.Helper()
	for v.lines.Scan() {
		line := v.lines.Text()
		if after, is := strings.CutPrefix(line, "event: "); is {
			name = after
		}
		if after, is := strings.CutPrefix(line, "data: "); is {
			if err := json.Unmarshal([]byte(after), into); err != nil {
				t.Fatal(err)
			}
			return name
		}
	}
	return ""
}

// Whoever comes late sees all that was, and whoever stays all that comes, and then the
// report; what the rows tell adds up to what was taken.
func TestLatecomersSeeItAll(t *testing.T) {
	s := listening(t, live.Options{Title: "shop.yaml", Planned: 2})
	s.Begin("first", 100, 0)
	s.End(live.Done{Trial: "first", Ended: "complete", OK: 100})
	s.Begin("second", 0, 10*time.Second)
	early := look(t, s)
	var all struct {
		Done  []live.Done
		Trial struct {
			Trial string
			Nth   int
			Rows  [][]string
		}
	}
	if name := early.next(t, &all); name != "all" || len(all.Done) != 1 || all.Trial.Trial != "second" || all.Trial.Nth != 2 {
		t.Fatalf("%s %+v", name, all)
	}
	const each = 50
	for i := range 20 {
		s.Take(piece(time.Duration(i+1)*100*time.Millisecond, each))
	}
	var rows struct {
		Rows  [][]string
		Whole struct{ OK int64 }
	}
	if name := early.next(t, &rows); name != "rows" || rows.Whole.OK != 20*each {
		t.Fatalf("%s %+v", name, rows)
	}
	sum := 0.0
	for _, row := range rows.Rows {
		perS, _ := strconv.ParseFloat(row[1], 64)
		sum += perS * 2 // of two seconds
	}
	if sum != 20*each {
		t.Errorf("the rows tell of %g calls", sum)
	}
	late := look(t, s)
	if name := late.next(t, &all); name != "all" || len(all.Trial.Rows) != len(rows.Rows) {
		t.Errorf("a latecomer is told %s %+v", name, all)
	}
	go s.Close([]byte("<p>the report</p>"), nil)
	var report string
	for _, v := range []*viewer{early, late} {
		if name := v.next(t, &report); name != "report" || report != "<p>the report</p>" {
			t.Errorf("at the end: %s %q", name, report)
		}
		if name := v.next(t, &report); name != "" {
			t.Errorf("after the end: %s", name)
		}
		_ = v.answer.Body.Close()
	}
}

// A row tells of its own second, and what is so far of all; a percentile is told where
// the calls bear it.
func TestWhatRowsTell(t *testing.T) {
	s := listening(t, live.Options{Title: "shop.yaml", Planned: 5})
	s.Fewer(2)
	s.Begin("first", 0, 0)
	v := look(t, s)
	defer v.answer.Body.Close()
	var all struct{ Trial struct{ Of int } }
	if v.next(t, &all); all.Trial.Of != 3 {
		t.Errorf("of %d trials, want the 3 that are left", all.Trial.Of)
	}
	type summary struct {
		OK, Failed, Dropped int64
		P50, P90, P99, Max  string
		At                  float64 `json:"at_s"`
	}
	var told struct {
		Rows  [][]string
		Whole summary
	}
	check := func(row []string, whole summary) {
		t.Helper()
		if name := v.next(t, &told); name != "rows" || len(told.Rows) != 1 || !slices.Equal(told.Rows[0], row) || told.Whole != whole {
			t.Errorf("%s %+v, want %v %+v", name, told, row, whole)
		}
	}
	first := piece(4*time.Second, 300)
	first.Response.RecordN(80*time.Millisecond, 100)
	first.OK, first.Failed, first.Dropped, first.InFlight = 400, 8, 4, 7
	s.Take(first)
	check([]string{"0", "100", "2", "1", "20.005", "80", "80", "7"}, summary{400, 8, 4, "20.005", "80", "80", "80", 4})
	none := piece(5*time.Second, 0)
	none.Failed, none.InFlight = 3, -2
	s.Take(none)
	check([]string{"4", "0", "3", "0", "", "", "", "5"}, summary{400, 11, 4, "20.005", "80", "80", "80", 5})
	s.Take(piece(6*time.Second, 30))
	check([]string{"5", "30", "0", "0", "20", "", "", "5"}, summary{430, 11, 4, "20.005", "80", "80", "80", 6})
	s.End(live.Done{Trial: "first"})
	s.Begin("second", 0, 0)
	s.End(live.Done{Trial: "second"})
	var done live.Done
	if v.next(t, &done); done.P50 != "20.005" || done.P99 != "80" {
		t.Errorf("in the end %+v", done)
	}
	var second struct{ Nth, Of int }
	if name := v.next(t, &second); name != "trial" || second.Nth != 2 || second.Of != 3 {
		t.Errorf("then %s %+v", name, second)
	}
	if v.next(t, &done); done.P50 != "" || done.P99 != "" {
		t.Errorf("without a call %+v", done)
	}
	s.Close(nil, nil)
	var report string
	if name := v.next(t, &report); name != "" {
		t.Errorf("a run without a report ends with %s", name)
	}
}

// What is printed for people to open is where it is shown, and opens.
func TestURLs(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:0": "http://127.0.0.1:PORT/?token=a+b%26c%23", "localhost:0": "http://localhost:PORT/?token=a+b%26c%23",
		"0.0.0.0:0": "http://0.0.0.0:PORT/?token=a+b%26c%23", ":0": "http://localhost:PORT/?token=a+b%26c%23",
	} {
		s, err := live.Listen(live.Options{Address: address, Token: "a b&c#"})
		if err != nil {
			t.Fatal(err)
		}
		at, err := url.Parse(s.URL())
		if err != nil || s.URL() != strings.Replace(want, "PORT", at.Port(), 1) {
			t.Errorf("of %s: %s, %v", address, s.URL(), err)
		}
		answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(s.URL())
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != 200 {
			t.Errorf("%s answers %d", s.URL(), answer.StatusCode)
		}
		s.Close(nil, nil)
	}
}

// Who does not read is left behind, and whoever reads hears it all.
func TestWhoDoesNotReadIsLeftBehind(t *testing.T) {
	s := listening(t, live.Options{})
	reads := look(t, s)
	defer reads.answer.Body.Close()
	host := strings.TrimSuffix(strings.TrimPrefix(s.URL(), "http://"), "/")
	stuck, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer stuck.Close()
	fmt.Fprintf(stuck, "GET /events HTTP/1.1\r\nHost: %s\r\n\r\n", host)
	if _, err := io.ReadFull(stuck, make([]byte, 100)); err != nil { // it is among the viewers
		t.Fatal(err)
	}
	var heard json.RawMessage
	reads.next(t, &heard)
	const trials, size = 800, 64 << 10 // some fifty megabytes: more than any buffer has room for
	for range trials {
		s.End(live.Done{Trial: strings.Repeat("x", size)})
		if name := reads.next(t, &heard); name != "done" {
			t.Fatalf("who reads hears %q", name)
		}
	}
	go s.Close([]byte("the very end"), nil)
	if name := reads.next(t, &heard); name != "report" {
		t.Errorf("who reads hears %q at the end", name)
	}
	rest, _ := io.ReadAll(stuck) // an error is an end, too
	if len(rest) > trials*size/2 || strings.Contains(string(rest), "the very end") {
		t.Errorf("who did not read was told %d bytes, and the end: %v", len(rest), strings.Contains(string(rest), "the very end"))
	}
}
