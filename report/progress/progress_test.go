package progress

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/vbauerster/cupwriter"
	"github.com/vbauerster/mpb/v8"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// buffer is what a terminal or a file would have been written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// waitFor gives a display ample time to show something.
func waitFor(t *testing.T, b *buffer, want string) {
	t.Helper()
	for range 1000 {
		if strings.Contains(b.String(), want) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	got := b.String()
	t.Fatalf("%q never came up; at last there was\n%q", want, got[max(0, len(got)-500):])
}

// screen is what is left on a terminal: end of line, carriage return and "up
// n lines, in the same column, and clear from there on" are all the control
// that the bars use.
func screen(output string) string {
	rows, row, column := [][]rune{nil}, 0, 0
	up := regexp.MustCompile(`^\x1b\[([0-9]+)A\x1b\[J`)
	for output != "" {
		if m := up.FindStringSubmatch(output); m != nil {
			n := 0
			fmt.Sscan(m[1], &n)
			row = max(0, row-n)
			rows = rows[:row+1]
			rows[row] = rows[row][:min(column, len(rows[row]))]
			output = output[len(m[0]):]
			continue
		}
		r, size := utf8.DecodeRuneInString(output)
		output = output[size:]
		switch r {
		case '\n':
			if row, column = row+1, 0; row == len(rows) {
				rows = append(rows, nil)
			}
		case '\r':
			column = 0
		default:
			for len(rows[row]) <= column {
				rows[row] = append(rows[row], ' ')
			}
			rows[row][column] = r
			column++
		}
	}
	var lines []string
	for _, r := range rows {
		lines = append(lines, string(r))
	}
	return strings.Join(lines, "\n")
}

// onScreen is a progress whose bars are drawn though nobody looks.
func onScreen(b *buffer, total int) *Progress {
	p := &Progress{state: state{total: total}}
	p.show = newBars(b, p.read, mpb.WithConsoleWriter(cupwriter.New(leftEdge{b}, true)), mpb.WithAutoRefresh(), mpb.WithRefreshRate(5*time.Millisecond))
	return p
}

func TestATrialThatLastsHasABar(t *testing.T) {
	var b buffer
	p := onScreen(&b, 4)
	p.Trial("steady-load", 1000, 0)
	for range 2 {
		p.Sample(Sample{Done: 250, Errors: 3, RatePerS: 125, P99: 12345 * time.Microsecond, Elapsed: 2 * time.Second})
	}
	waitFor(t, &b, "steady-load")
	waitFor(t, &b, "250/1000  125/s  p99 12.3ms  3 failed  6s left")
	waitFor(t, &b, "0/4 trials")
	p.EndTrial("the generator fell behind")
	waitFor(t, &b, "1/4 trials")
	p.Note("and now for something else")
	p.Close()
	want := "steady-load: the generator fell behind\nand now for something else\n"
	if got := screen(b.String()); got != want {
		t.Errorf("what is left on the screen:\n%q, want\n%q", got, want)
	}
}

// The terminal shows a ^C where the cursor is, and leaves the cursor behind it.
func TestWhatIsTypedLeavesNoRemnants(t *testing.T) {
	var b buffer
	p := onScreen(&b, 4)
	waitFor(t, &b, "0/4 trials")
	fmt.Fprint(&b, "^C")
	p.Note("interrupted: waiting")
	waitFor(t, &b, "waiting")
	p.Close()
	if got := screen(b.String()); got != "interrupted: waiting\n" {
		t.Errorf("what is left on the screen: %q", got)
	}
}

func TestLongNamesAreCutInTheMiddle(t *testing.T) {
	const name = "steady-load rate-limited-with-a-long-name rate_per_s 380 (1 of 3)"
	for longest, want := range map[int]string{100: name, 30: "steady-load ra…_s 380 (1 of 3)"} {
		if got := cut(name, longest); got != want {
			t.Errorf("in %d columns: %q, want %q", longest, got, want)
		}
	}
	figures := "250/1000  125/s  p99 12.3ms  3 failed  6s left"
	for _, width := range []int{80, 120, 200} {
		room := roomForName(width, figures)
		if room < 16 || width >= 120 && room+1+10+len(figures) > width {
			t.Errorf("%d columns leave %d for the name", width, room)
		}
		if room < roomForName(width, figures+"9") {
			t.Errorf("a name grows while its figures do")
		}
	}
	if room := roomForName(160, figures); room < len(name) {
		t.Errorf("a wide terminal has no room for %d characters", len(name))
	}

	var b buffer
	p := onScreen(&b, 4)
	p.Trial(name, 1000, 0)
	p.Sample(Sample{})
	p.Sample(Sample{Done: 7})
	waitFor(t, &b, "380 (1 of 3)")
	p.Close()
}

// The bars stay in their column when a shorter name follows, and when there
// is no trial to name.
func TestBarsStayWhereTheyAre(t *testing.T) {
	var b buffer
	p := onScreen(&b, 4)
	trial := func(name string) {
		p.Trial(name, 0, time.Second)
		p.Sample(Sample{})
		p.Sample(Sample{Elapsed: time.Second / 2})
		waitFor(t, &b, name+" ")
	}
	trial("a-rather-long-name")
	waitFor(t, &b, "run                ")
	trial("short")
	p.EndTrial("")
	after := strings.Index(b.String(), "a-rather-long-name ")
	for _, trials := range []string{"1/4", "2/4"} {
		waitFor(t, &b, trials+" trials")
		trial("brief") // of which nothing is seen
		p.EndTrial("")
	}
	p.Close()
	columns := map[string]int{}
	for line := range strings.Lines(b.String()[after:]) {
		for _, name := range []string{"a-rather-long-name ", "run ", "short ", "brief "} {
			if at := strings.Index(line, name); at >= 0 {
				columns[name] = strings.IndexAny(line[at:], "━─")
				if columns[name] != columns["a-rather-long-name "] {
					t.Errorf("in %q the bar begins in column %d", line[at:], columns[name])
				}
			}
		}
	}
	if len(columns) < 3 {
		t.Errorf("hardly anything was drawn: %v", columns)
	}
}

// Under the virtual clock there may be thousands of trials a second: they move
// the run's bar, and that is all.
func TestTrialsThatDoNotLastHaveNone(t *testing.T) {
	var b buffer
	const trials = 20_000
	p := onScreen(&b, trials)
	p.Trial("long one", 0, time.Second)
	p.Sample(Sample{})
	p.Sample(Sample{})
	waitFor(t, &b, "long one")
	p.EndTrial("")
	start := time.Now()
	for range trials - 1 {
		p.Trial("blink", 100, 0)
		p.Sample(Sample{Done: 100})
		p.EndTrial("")
	}
	if each := time.Since(start) / trials; each > time.Millisecond {
		t.Errorf("showing a trial takes %v", each)
	}
	waitFor(t, &b, fmt.Sprintf("%d/%d trials", trials, trials))
	after := len(b.String())
	waitFor(t, &b, "trials") // one more redrawing
	time.Sleep(50 * time.Millisecond)
	if redrawn := b.String()[after:]; strings.Contains(redrawn, "blink") || strings.Contains(redrawn, "long one") {
		t.Errorf("a bar of a trial that is over: %q", redrawn)
	}
	p.Close()
	if got := screen(b.String()); got != "" {
		t.Errorf("left on the screen: %q", got)
	}
}

func TestClosingInTheMiddle(t *testing.T) {
	for _, begun := range []bool{false, true} {
		var b buffer
		p := onScreen(&b, 3)
		if begun {
			p.Trial("unfinished", 10, 0)
			p.Sample(Sample{})
			p.Sample(Sample{})
		}
		p.Close()
		p.Sample(Sample{})
		p.EndTrial("too late")
		p.Trial("later still", 1, 0)
		p.Sample(Sample{})
		p.Sample(Sample{})
		if got := screen(b.String()); got != "" {
			t.Errorf("begun %v: left on the screen: %q", begun, got)
		}
	}
}

func TestLinesElsewhere(t *testing.T) {
	var b buffer
	tick := make(chan time.Time)
	p := &Progress{state: state{total: 12}}
	p.show = newLines(&b, p.read, tick, func() {})
	tick <- time.Time{}
	waitFor(t, &b, "trial 1 of 12\n") // before the next moves on
	p.Trial("fetch-urls concurrent", 0, 10*time.Second)
	tick <- time.Time{}
	waitFor(t, &b, "concurrent\n")
	p.Sample(Sample{Done: 42, RatePerS: 7, Elapsed: 3500 * time.Millisecond})
	tick <- time.Time{}
	waitFor(t, &b, "42 done")
	p.EndTrial("")
	tick <- time.Time{}
	waitFor(t, &b, "ended")
	p.Trial("next", 3, 0)
	p.EndTrial("stopped")
	p.Note("done")
	p.Close()
	want := "trial 1 of 12\n" +
		"trial 1 of 12: fetch-urls concurrent\n" +
		"trial 1 of 12: fetch-urls concurrent: 42 done  7.00/s  7s left\n" +
		"1 of 12 trials have ended\n" +
		"next: stopped\ndone\n"
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestQuietIsQuiet(t *testing.T) {
	for _, terminal := range []bool{true, false} {
		var b buffer
		p := New(&b, terminal, true, 1)
		p.Trial("a", 1, 0)
		p.Sample(Sample{})
		p.EndTrial("note")
		p.Note("another")
		p.Close()
		if b.String() != "" {
			t.Errorf("quiet says %q", b.String())
		}
	}
}

// Where there is no terminal, there is not one byte of control.
func TestPlainOutputIsPlain(t *testing.T) {
	var b buffer
	p := New(&b, false, false, 1)
	p.Trial("a", 1, 0)
	p.EndTrial("ended")
	p.Close()
	if b.String() != "a: ended\n" {
		t.Errorf("got %q", b.String())
	}
}

func TestHowMuchIsLeft(t *testing.T) {
	for _, c := range []struct {
		s     state
		share float64
		left  time.Duration
		known bool
	}{
		{state{calls: 100, sample: Sample{Done: 25, RatePerS: 5}}, 0.25, 15 * time.Second, true},
		{state{length: 10 * time.Second, calls: 100, sample: Sample{Done: 99, Elapsed: 4 * time.Second}}, 0.4, 6 * time.Second, true},
		{state{length: time.Second, sample: Sample{Elapsed: time.Minute}}, 1, 0, true}, // draining
		{state{calls: 100}, 0, 0, false},
		{state{}, 0, 0, false},
		{state{calls: 20, sample: Sample{Done: 10, RatePerS: 1e-9}}, 0.5, 1e6 * time.Second, true},
		{state{calls: 10, sample: Sample{Done: 1, RatePerS: 1}}, 0.1, 0, false}, // of three at a time
		{state{calls: 10, sample: Sample{Done: 6, RatePerS: 3}}, 0.6, 4 * time.Second / 3, true},
		{state{calls: 1000, sample: Sample{Done: 10, RatePerS: 10}}, 0.01, 99 * time.Second, true},
	} {
		share, _ := c.s.share()
		left, known := c.s.left()
		if share != c.share || left != c.left || known != c.known {
			t.Errorf("%+v: share %v, left %v %v", c.s, share, left, known)
		}
	}
	s := state{total: 4, ended: 2, calls: 10, sample: Sample{Done: 5}}
	if all, _ := s.overall(); all != 0.625 {
		t.Errorf("two and a half of four trials are %v", all)
	}
	s.over = true
	if all, _ := s.overall(); all != 0.5 {
		t.Errorf("two of four trials, and none under way, are %v", all)
	}
}

func TestDurationsHaveThreeDigits(t *testing.T) {
	for d, want := range map[time.Duration]string{12345 * time.Microsecond: "12.3ms", 999: "999ns", 1234: "1.23µs", 123456 * time.Microsecond: "123ms", 98765 * time.Millisecond: "1m38.8s"} {
		if got := short(d); got != want {
			t.Errorf("%d ns: %s, want %s", d, got, want)
		}
	}
}
