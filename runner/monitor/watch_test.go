package monitor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plimsoll/runner/exposition"
	"plimsoll/runner/result"
	"plimsoll/target/real"
)

func TestMain(m *testing.M) {
	if os.Getenv("MONITORED") != "" {
		beMonitored(os.Getenv("MONITORED"))
		return
	}
	goleak.VerifyTestMain(m)
}

// watched is what one monitor sees in some time, in its first look, and until something
// is so.
func watched(t *testing.T, s *Settings, for_ time.Duration, so ...func() bool) []result.Series {
	t.Helper()
	if s.Interval == 0 {
		s.Interval = 100 * time.Millisecond
	}
	s.Name = "m"
	w := Begin(t.Context(), []*Settings{s}, 0, time.Hour)
	for began := time.Now(); time.Since(began) < for_ || w.lookouts[0].looks.Load() == 0 && time.Since(began) < time.Minute; {
		time.Sleep(time.Millisecond)
	}
	for _, so := range so {
		for end := time.Now().Add(time.Minute); !so(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Error("not so after a minute")
				break
			}
		}
	}
	over := time.Now()
	told := w.End()()
	if took := time.Since(over); took > patience+5*time.Second {
		t.Errorf("its end took %v", took)
	}
	if err := (&result.Trial{Scenario: "s", Mode: "m", Ended: result.Complete, Measure: result.Measure{}, Monitor: told}).Check(); err != nil {
		t.Error(err)
	}
	return told
}

const tooLong = "a look took longer than "

// tooSlow is what is told of a look that took longer than it may.
const tooSlow = tooLong + "1s"

// inTime is what one monitor sees in some time where a look takes too long only if
// that is wanted. On a busy machine any may, but not always.
func inTime(t *testing.T, s *Settings, for_ time.Duration, want string) (told []result.Series) {
	t.Helper()
	for range 5 {
		told = watched(t, s, for_)
		if want == tooSlow || !slices.ContainsFunc(told, func(s result.Series) bool { return strings.HasPrefix(s.Problem, tooLong) }) {
			break
		}
	}
	return told
}

// unhurried is what a monitor sees whose looks take as long as a busy machine has them
// take: it watches again where one was given up.
func unhurried(t *testing.T, s *Settings) (told []result.Series) {
	t.Helper()
	s.Interval = time.Minute
	for range 5 {
		told = watched(t, s, 300*time.Millisecond)
		if !slices.ContainsFunc(told, func(s result.Series) bool { return strings.HasPrefix(s.Problem, tooLong) }) {
			break
		}
	}
	return told
}

func show(t *testing.T, texts ...string) (all []Shown) {
	for _, text := range texts {
		s, err := exposition.ParseSelector(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// lone is the only series there is.
func lone(t *testing.T, told []result.Series) result.Series {
	t.Helper()
	if len(told) != 1 {
		t.Fatalf("%d series: %+v", len(told), told)
	}
	return told[0]
}

func TestWhatAServerShows(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	began := time.Now()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		fmt.Fprintf(w, "# TYPE depth gauge\ndepth{q=\"in\"} 3\ndepth{q=\"out\"} 4\nbelow -1\nnothing NaN\ndone_total %v\n", 1000*time.Since(began).Seconds())
	}))
	defer server.Close()
	var told []result.Series
	for range 5 { // a busy machine may be late between what is shown and when, but not always
		from := asked.Load()
		told = watched(t, &Settings{Prometheus: server.URL + "/metrics", Show: show(t, "depth", `depth{q="out"}`, "rate(done_total)", "dept", "below", "nothing", "rate(depth)")}, time.Second,
			func() bool { return asked.Load() >= from+3 })
		if len(told) > 2 && math.Abs(told[2].Mean-1000) <= 50 {
			break
		}
	}
	for i, want := range []struct {
		series, unit string
		mean, off    float64
		problem      string
	}{
		{"depth", "", 7, 0, ""},
		{`depth{q="out"}`, "", 4, 0, ""},
		{"rate(done_total)", "/s", 1000, 200, ""},
		{"dept", "", 0, 0, `there is no metric dept, did you mean "depth"?`},
		{"below", "", 0, 0, "it is -1, and only numbers from zero on can be kept"},
		{"nothing", "", 0, 0, "no series of nothing has these labels and a figure"},
		{"rate(depth)", "/s", 0, 0, ""},
	} {
		if i >= len(told) {
			t.Fatalf("only %+v", told)
		}
		s := told[i]
		if s.Name != "m" || s.Series != want.series || s.Unit != want.unit || s.Mean < want.mean-want.off || s.Mean > want.mean+want.off || s.Problem != want.problem {
			t.Errorf("%+v, want %+v", s, want)
		}
	}
}

// A server that is away, slow, broken or endless is told about once, asked in vain
// no longer than that takes, and its URL's secrets by nobody.
func TestPeersThatAreNoHelp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		want  string
		once  bool // it is not asked again
	}{
		"slow": {func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, tooSlow, false},
		"slow in the middle": {func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "a 1\n")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, tooSlow, false},
		"garbage":   {func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>\x00") }, `what it shows cannot be read: line 1 is no metric: it begins with no name: "<html>\x00"`, false},
		"not found": {http.NotFound, "it answered 404 Not Found", false},
		"endless": {func(w http.ResponseWriter, r *http.Request) {
			line := []byte(strings.Repeat("# nothing but comments\n", 4096))
			for r.Context().Err() == nil {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
		}, "it shows more than 16 MB; it was not asked again", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				c.serve(w, r)
			}))
			defer server.Close()
			s := &Settings{Prometheus: strings.Replace(server.URL, "://", "://user:tops3cret@", 1) + "/metrics?token=tops3cret", Show: show(t, "a")}
			if c.once {
				s.Interval = time.Second
			}
			want := c.want
			if c.once {
				want = tooSlow // so much takes a while
			}
			told := lone(t, inTime(t, s, 1300*time.Millisecond, want))
			busy := c.once && told.Problem == tooSlow
			if told.Problem != c.want && !busy || told.Seen() {
				t.Errorf("%+v, want %s", told, c.want)
			}
			if n := asked.Load(); c.once && n != 1 && !busy || !c.once && (n < 1 || n > 40) {
				t.Errorf("it was asked %d times", n)
			}
		})
	}
	told := lone(t, watched(t, &Settings{Prometheus: "http://user:tops3cret@" + real.Nowhere + "/metrics?token=tops3cret", Show: show(t, "a")}, 300*time.Millisecond))
	if strings.Contains(told.Problem, "tops3cret") || !strings.Contains(told.Problem, real.Nowhere) {
		t.Errorf("%+v", told)
	}
}

// Of what has no end no more is read than is bearable, and it is not asked again.
func TestWhatHasNoEnd(t *testing.T) {
	t.Parallel()
	sent := atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		line := []byte(strings.Repeat("# nothing but comments\n", 4096))
		for r.Context().Err() == nil && sent.Load() < 4*mostText {
			n, _ := w.Write(line)
			sent.Add(int64(n))
		}
	}))
	defer server.Close()
	s := newScraper(&Settings{Prometheus: server.URL, Show: show(t, "a")})
	defer s.close()
	_, _, err := s.look(context.Background())
	var gone hopeless
	if !errors.As(err, &gone) || err.Error() != "it shows more than 16 MB" {
		t.Errorf("%v", err)
	}
	if n := sent.Load(); n > 2*mostText {
		t.Errorf("%d bytes were read", n)
	}
}

// What comes back is seen again, and that it was away is told.
func TestAPeerThatComesBack(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) <= 2 {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, "a 5\n")
	}))
	defer server.Close()
	told := watched(t, &Settings{Prometheus: server.URL, Show: show(t, "a")}, 800*time.Millisecond, func() bool { return asked.Load() >= 6 })
	if len(told) != 2 || told[0].Mean != 5 || !strings.HasPrefix(told[1].Problem, "it answered 503 Service Unavailable; so ended 2 of ") {
		t.Errorf("%+v", told)
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there is no sh")
	}
	sh := func(script string) *Settings {
		return &Settings{Command: []string{"sh", "-c", script}, Interval: time.Second}
	}
	if s := lone(t, unhurried(t, sh("echo 12.5"))); s.Series != "value" || s.Mean != 12.5 || s.Max != 12.5 || s.Problem != "" {
		t.Errorf("%+v", s)
	}
	if told := unhurried(t, sh("echo depth=3; echo; echo ' a/b.c = 4e2 '")); len(told) != 2 || told[0].Series != "depth" || told[1].Series != "a/b.c" || told[1].Mean != 400 {
		t.Errorf("%+v", told)
	}
	for script, want := range map[string]string{
		"echo much":                             `it printed "much", and should print a number, or lines such as depth=12`,
		"echo depth=3; echo depth=4":            "it printed depth twice, and should print each name once",
		"true":                                  "it printed nothing, and should print a number, or lines such as depth=12",
		"echo no >&2; echo more >&2; exit 3":    "exit status 3: no",
		"sleep 60":                              tooSlow,
		"sleep 60 & echo $! > $DIR/child; wait": tooSlow,
		"cat /dev/zero":                         tooSlow,
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s, told := sh("DIR='"+dir+"'; "+script), result.Series{}
			if strings.HasPrefix(want, tooLong) {
				told = lone(t, watched(t, s, 1200*time.Millisecond))
			} else {
				told = lone(t, unhurried(t, s))
			}
			if told.Problem != want {
				t.Errorf("%+v, want %s", told, want)
			}
			if pid, err := os.ReadFile(dir + "/child"); err == nil && running(strings.TrimSpace(string(pid))) {
				t.Errorf("its child %s goes on", pid)
			} else if strings.Contains(script, "child") && err != nil {
				t.Error(err)
			}
		})
	}
	told := lone(t, watched(t, &Settings{Command: []string{"no-such-program"}}, 300*time.Millisecond))
	if !strings.Contains(told.Problem, "executable file not found") || !strings.HasSuffix(told.Problem, "; it was not asked again") {
		t.Errorf("%+v", told)
	}
}

// running tells whether there is a process that has not ended.
func running(pid string) bool {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(text), ") Z ")
}

func TestNamesOfSeries(t *testing.T) {
	for name, want := range map[string]bool{"depth": true, "a.b": true, "a/b:c-d_e": true, "": false, "a b": false, "a.": false, ".a": false, "ä": false, strings.Repeat("x", 101): false} {
		if IsSeries(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

func FuzzPrinted(f *testing.F) {
	for _, text := range []string{"12", "depth=3\nx=4", "a=1=2", "NaN", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		readings, err := printed(text)
		if err == nil && len(readings) == 0 {
			t.Fatalf("%q: neither a reading nor an error", text)
		}
		for i, r := range readings {
			if slices.ContainsFunc(readings[:i], func(o reading) bool { return o.series == r.series }) {
				t.Fatalf("%q: the series %q twice", text, r.series)
			}
			if !IsSeries(r.series) {
				t.Fatalf("%q: a series %q", text, r.series)
			}
		}
	})
}

// A trial that is over at the very end of what it measures is looked at then, whether
// the bell or its end comes first.
func TestTheLookAtTheEnd(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "a 5\n") }))
	defer server.Close()
	for range 5 {
		w := Begin(t.Context(), []*Settings{{Name: "m", Prometheus: server.URL, Show: show(t, "a"), Interval: time.Minute}}, 0, 100*time.Millisecond)
		time.Sleep(100*time.Millisecond - time.Since(w.began))
		if s := lone(t, w.End()()); len(s.Points) != 2 || s.Points[1][0] < 0.1 || s.Mean != 5 {
			t.Errorf("%+v", s)
		}
	}
}

// Times of looks: each multiple of the interval, when the warm-up is over, when what
// is measured is.
func TestWhenItLooks(t *testing.T) {
	l := &lookout{settings: &Settings{Interval: time.Second}, watch: &Watch{until: 2500 * time.Millisecond}}
	var times []time.Duration
	for at := -1500 * time.Millisecond; at < 4*time.Second; {
		at = l.after(at)
		times = append(times, at)
	}
	if got, want := fmt.Sprint(times), "[-1s 0s 1s 2s 2.5s 3s 4s]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	l.settings.Interval = 700 * time.Millisecond
	if at := l.after(-50 * time.Millisecond); at != 0 {
		t.Errorf("%v, want the end of the warm-up", at)
	}
}
