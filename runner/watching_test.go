package runner_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner"
	"plimsoll/runner/latency"
	"plimsoll/runner/result"
)

// seenCall is a line of --calls.
type seenCall struct {
	intended, start, end, held time.Duration
	outcome, step              string
	// began and over are when its iteration did and was, which may think between calls;
	// of a call without one, its own times.
	began, over time.Duration
}

func (c *seenCall) ok() bool { return c.outcome == "ok" }

// within tells whether the call ended in (from, to]; one that took no time is where
// it started.
func (c *seenCall) within(from, to time.Duration) bool {
	if c.end == c.start {
		return from <= c.end && c.end < to
	}
	return from < c.end && c.end <= to
}

// withCalls carries a file out and returns its calls, too.
func withCalls(t testing.TB, text string) (*result.Run, []seenCall) {
	t.Helper()
	var out bytes.Buffer
	run := carryOut(t, text, func(o *runner.Options) { o.Calls = &out })
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var calls []seenCall
	iterations := map[string][]int{}
	for i, l := range lines[1:] {
		at := func(column int) time.Duration {
			v, err := strconv.ParseFloat(l[column], 64)
			if err != nil {
				t.Fatal(err)
			}
			return time.Duration(math.Round(v * 1e9))
		}
		c := seenCall{intended: at(5), start: at(6), end: at(7), held: at(8), outcome: l[11]}
		c.began, c.over = c.start, c.end
		if len(l) > 17 {
			c.step = l[17]
			iterations[l[16]] = append(iterations[l[16]], i)
		}
		calls = append(calls, c)
	}
	for _, of := range iterations {
		began, over := calls[of[0]].start, calls[of[0]].end
		for _, i := range of {
			began, over = min(began, calls[i].start), max(over, calls[i].end)
		}
		for _, i := range of {
			calls[i].began, calls[i].over = began, over
		}
	}
	return run, calls
}

// byHand is a rule as the test understands it.
type byHand struct {
	metric, op  string
	limit       string
	value       float64 // of limit
	over, after int     // seconds
	step        string
	// figure is that of the calls of a window, of so many seconds; none: it has none.
	figure func(w handWindow) (low, high float64, state handState)
}

type handState int

const (
	figured handState = iota
	none
	onlyFailures
)

// handWindow are the calls that ended in a window.
type handWindow struct {
	calls    []seenCall
	seconds  float64
	dropped  int
	underWay bool
}

func (w handWindow) failed() (n int) {
	for _, c := range w.calls {
		if !c.ok() {
			n++
		}
	}
	return n
}

// times are those of the calls for which there is one.
func (w handWindow) times(of func(c *seenCall) (time.Duration, bool)) *latency.Histogram {
	h := latency.New(latency.Fine)
	for i := range w.calls {
		if d, has := of(&w.calls[i]); has {
			h.Record(d)
		}
	}
	return h
}

func responseOf(c *seenCall) (time.Duration, bool) { return c.end - c.intended, c.ok() }
func serviceOf(c *seenCall) (time.Duration, bool)  { return c.end - c.start, c.ok() }
func allOf(c *seenCall) (time.Duration, bool)      { return c.end - c.intended, true }
func latenessOf(c *seenCall) (time.Duration, bool) { return c.start - c.intended - c.held, true }

// statByHand is a figure of times.
func statByHand(of func(c *seenCall) (time.Duration, bool), successes bool, percent float64) func(w handWindow) (float64, float64, handState) {
	return func(w handWindow) (float64, float64, handState) {
		h := w.times(of)
		switch {
		case h.Count() == 0 && successes && w.failed() > 0:
			return 0, 0, onlyFailures
		case h.Count() == 0:
			return 0, 0, none
		case percent < 0:
			return h.Mean() / 1e9, h.Mean() / 1e9, figured
		case percent == 0:
			return h.Max().Seconds(), h.Max().Seconds(), figured
		}
		low, high := h.Ranked(latency.Rank(percent, h.Count()))
		return low.Seconds(), high.Seconds(), figured
	}
}

func shareByHand(class string) func(w handWindow) (float64, float64, handState) {
	return func(w handWindow) (float64, float64, handState) {
		if len(w.calls) == 0 {
			return 0, 0, none
		}
		n := 0
		for _, c := range w.calls {
			if !c.ok() && (class == "" || c.outcome == class) {
				n++
			}
		}
		share := float64(n) / float64(len(w.calls))
		return share, share, figured
	}
}

func perSecondByHand(counts func(c *seenCall) bool) func(w handWindow) (float64, float64, handState) {
	return func(w handWindow) (float64, float64, handState) {
		if len(w.calls) == 0 && !w.underWay && w.dropped == 0 {
			return 0, 0, none
		}
		n := 0
		for i := range w.calls {
			if c := &w.calls[i]; c.ok() && counts(c) {
				n++
			}
		}
		return float64(n) / w.seconds, float64(n) / w.seconds, figured
	}
}

func droppedByHand(w handWindow) (float64, float64, handState) {
	if all := len(w.calls) + w.dropped; all > 0 {
		share := float64(w.dropped) / float64(all)
		return share, share, figured
	}
	return 0, 0, none
}

// broken tells whether a figure between low and high does not keep the rule.
func (r *byHand) broken(low, high float64) bool {
	const hair = 1e-9
	switch r.op {
	case "<":
		return high >= r.value*(1-hair)
	case "<=":
		return low > r.value*(1+hair)
	case ">":
		return low <= r.value*(1+hair)
	}
	return high < r.value*(1-hair)
}

// foundByHand is the worst window of a rule, and the first that was broken.
type foundByHand struct {
	measured    float64
	at, first   int
	broken      bool
	onlyFailure bool
}

// slide looks at every window by itself.
func (r *byHand) slide(calls []seenCall, drops []time.Duration, seconds int) (worst foundByHand) {
	first := r.after
	if first == 0 {
		first = r.over
	}
	bad := math.Inf(-1)
	for k := max(1, first); k <= seconds; k++ {
		from, to := time.Duration(max(0, k-r.over))*time.Second, time.Duration(k)*time.Second
		if r.over == 0 {
			from = 0
		}
		w := handWindow{seconds: (to - from).Seconds()}
		for _, c := range calls {
			if c.began < to && c.over > to {
				w.underWay = true
			}
			if c.intended >= 0 && (r.step == "" || c.step == r.step) && c.within(from, to) {
				w.calls = append(w.calls, c)
			}
		}
		for _, d := range drops {
			if from <= d && d < to {
				w.dropped++
			}
		}
		low, high, state := r.figure(w)
		var badness float64
		switch {
		case state == none:
			continue
		case state == onlyFailures:
			badness = math.Inf(1)
		case strings.HasPrefix(r.op, "<"):
			badness = high
		default:
			badness = -low
		}
		broken := state == onlyFailures || r.broken(low, high)
		if broken && worst.first == 0 {
			worst.first = k
		}
		alike := !math.IsInf(bad, 0) && math.Abs(badness-bad) <= 1e-9*math.Abs(bad)
		if badness > bad && !alike || broken && !worst.broken {
			bad = badness
			worst.measured, worst.at, worst.broken, worst.onlyFailure = high, k, broken, state == onlyFailures
			if low <= r.value && r.value <= high && state == figured { // in its bucket: it is told as the limit
				worst.measured = r.value
			}
		}
	}
	return worst
}

// text is the rule as a file has it.
func (r *byHand) text(stop bool) string {
	text := fmt.Sprintf("{rule: %q", r.metric+" "+r.op+" "+r.limit)
	if r.over > 0 {
		text += fmt.Sprintf(", over: %ds", r.over)
	}
	if r.after > 0 {
		text += fmt.Sprintf(", after: %ds", r.after)
	}
	if stop {
		text += ", stop: true"
	}
	return text + "}"
}

// drawRule draws one whose limit may break.
func drawRule(t *rapid.T, seconds int, steps []string, warm bool) *byHand {
	r := &byHand{}
	time := func() {
		r.op = rapid.SampledFrom([]string{"<", "<=", ">", ">="}).Draw(t, "op")
		ms := rapid.IntRange(5, 400).Draw(t, "limit")
		r.limit, r.value = fmt.Sprintf("%dms", ms), float64(ms)/1000
	}
	share := func() {
		r.op = rapid.SampledFrom([]string{"<", "<="}).Draw(t, "op")
		percent := rapid.IntRange(0, 40).Draw(t, "limit")
		r.limit, r.value = fmt.Sprintf("%d%%", percent), float64(percent)/100
	}
	rate := func() {
		r.op = rapid.SampledFrom([]string{"<", ">", ">="}).Draw(t, "op")
		n := rapid.IntRange(1, 150).Draw(t, "limit")
		r.limit, r.value = fmt.Sprintf("%d/s", n), float64(n)
	}
	kinds := []string{"p99", "p50", "mean", "max", "service.p90", "all.p95", "lateness.max", "errors", "errors.status-500"}
	if len(steps) == 0 {
		kinds = append(kinds, "dropped")
	}
	if !warm { // the list does not tell of the warm-up's calls
		kinds = append(kinds, "rate", "goodput(50ms)", "goodput(response < 60ms, service <= 40ms)")
	}
	r.metric = rapid.SampledFrom(kinds).Draw(t, "metric")
	switch r.metric {
	case "p99":
		time()
		r.figure = statByHand(responseOf, true, 99)
	case "p50":
		time()
		r.figure = statByHand(responseOf, true, 50)
	case "mean":
		time()
		r.figure = statByHand(responseOf, true, -1)
	case "max":
		time()
		r.figure = statByHand(responseOf, true, 0)
	case "service.p90":
		time()
		r.figure = statByHand(serviceOf, true, 90)
	case "all.p95":
		time()
		r.figure = statByHand(allOf, false, 95)
	case "lateness.max":
		time()
		r.figure = statByHand(latenessOf, false, 0)
	case "errors":
		share()
		r.figure = shareByHand("")
	case "errors.status-500":
		share()
		r.figure = shareByHand("status-500")
	case "dropped":
		share()
		r.figure = droppedByHand
	case "rate":
		rate()
		r.figure = perSecondByHand(func(*seenCall) bool { return true })
	case "goodput(50ms)":
		rate()
		r.figure = func(w handWindow) (float64, float64, handState) {
			h := w.times(responseOf)
			v, _, state := perSecondByHand(func(*seenCall) bool { return true })(w)
			if n := h.Count(); n > 0 {
				v *= float64(h.CountAtMost(50*1e6)) / float64(n)
			}
			return v, v, state
		}
	default:
		rate()
		r.figure = perSecondByHand(func(c *seenCall) bool { return c.end-c.intended < 60*1e6 && c.end-c.start <= 40*1e6 })
	}
	r.over = rapid.IntRange(1, seconds).Draw(t, "over")
	if rapid.Bool().Draw(t, "with after") {
		r.after = rapid.IntRange(1, seconds).Draw(t, "after")
	}
	if len(steps) > 0 {
		r.step = rapid.SampledFrom(steps).Draw(t, "step")
	}
	return r
}

// drawLoad draws a file without its thresholds, and says which calls of a steady
// rate become due.
func drawLoad(t *rapid.T, seconds int) (text string, steps []string, rate int, warm bool) {
	delay := rapid.SampledFrom([]string{"20ms", "{exponential: 30ms}", "{lognormal: {median: 10ms, p99: 200ms}}"}).Draw(t, "delay")
	model := "delay: " + delay
	if rapid.Bool().Draw(t, "fails") {
		model += fmt.Sprintf(", errors: {rate: %d%%, kind: status-500}", rapid.IntRange(1, 60).Draw(t, "errors"))
	}
	if rapid.Bool().Draw(t, "stalls") {
		model += fmt.Sprintf(", stall: {for: %dms, every: 10s, at: %dms}", rapid.IntRange(1, 4000).Draw(t, "for"), rapid.IntRange(1, 5000).Draw(t, "stall"))
	}
	if rapid.Bool().Draw(t, "narrow") {
		model += fmt.Sprintf(", servers: %d", rapid.IntRange(1, 4).Draw(t, "servers"))
	}
	mode := fmt.Sprintf("{concurrent: %d, think_time: %dms}", rapid.IntRange(1, 5).Draw(t, "users"), rapid.IntRange(0, 1500).Draw(t, "think"))
	if rapid.Bool().Draw(t, "open") {
		rate = rapid.SampledFrom([]int{1, 5, 50, 100}).Draw(t, "rate")
		mode = fmt.Sprintf("{rate-limited: %d/s, max_in_flight: %d, overflow: drop}", rate, rapid.IntRange(1, 20).Draw(t, "places"))
	}
	text = fmt.Sprintf("seed: %d\ntargets:\n  model: {sim: {%s}}\nscenarios:\n  - name: load\n    target: model\n    clock: virtual\n    duration: %ds\n    modes: [%s]\n",
		rapid.IntRange(1, 1e6).Draw(t, "seed"), model, seconds, mode)
	if warm = rapid.Bool().Draw(t, "warm"); warm {
		text += "    warmup: 2s\n"
	}
	if rapid.Bool().Draw(t, "steps") {
		text += "    steps:\n      - {name: look, get: /look}\n      - {think_time: 700ms}\n      - {name: pay, post: /pay}\n"
		steps, rate = []string{"look", "pay"}, 0
	}
	return text, steps, rate, warm
}

// drops are the calls of a steady rate that the list does not have.
func drops(calls []seenCall, rate, seconds int) (all []time.Duration) {
	made := map[time.Duration]bool{}
	for _, c := range calls {
		made[c.intended] = true
	}
	for i := range rate * seconds {
		if due := time.Duration(i) * time.Second / time.Duration(rate); !made[due] {
			all = append(all, due)
		}
	}
	return all
}

// Windows are judged, to the digit, as somebody judges them who slides over the
// list of calls; and a trial that stops does so at the first look at which its
// rule is broken: what was sent is what was sent before, without it.
func TestWindowsByHand(t *testing.T) {
	checks := 0
	rapid.Check(t, func(rt *rapid.T) {
		if checks++; checks > 30 && !*long { // they are whole runs
			return
		}
		seconds := rapid.IntRange(3, 14).Draw(rt, "seconds")
		text, steps, rate, warm := drawLoad(rt, seconds)
		var rules []*byHand
		thresholds := "    thresholds:\n"
		for range rapid.IntRange(1, 6).Draw(rt, "rules") {
			r := drawRule(rt, seconds, steps, warm)
			rules = append(rules, r)
			thresholds += "      - " + under(r.step, r.text(false)) + "\n"
		}
		run, calls := withCalls(t, text+thresholds)
		dropped := drops(calls, rate, seconds)
		for i, r := range rules {
			want, got := r.slide(calls, dropped, seconds), run.Trials[0].Watched[i]
			if got.WorstAtS != float64(want.at) || got.Broken != want.broken || math.Abs(got.Measured-want.measured) > 1e-9*want.measured || (got.Reason != "") != want.onlyFailure {
				rt.Fatalf("%s%s%s\nsays %+v\nwant %+v", text, thresholds, r.text(false), got, want)
			}
			v := run.Verdicts[i]
			if v.WorstAtS != got.WorstAtS || v.Measured != got.Measured || v.Pass != (!want.broken && want.at > 0) || v.OverS != float64(r.over) || v.AfterS != float64(r.after) || v.Stop {
				rt.Fatalf("%s%s\nthe verdict is %+v of %+v", text, thresholds, v, got)
			}
		}
		stopsWhereItBreaks(t, rt, text, rules[0], calls, dropped, seconds)
	})
}

func under(step, rule string) string {
	if step == "" {
		return rule
	}
	return step + ": " + rule
}

// stopsWhereItBreaks compares a trial that a rule stops with its calls without that.
func stopsWhereItBreaks(t *testing.T, rt *rapid.T, text string, r *byHand, calls []seenCall, dropped []time.Duration, seconds int) {
	if rapid.Bool().Draw(rt, "all so far") {
		r.over = 0
	}
	text += "    thresholds: [" + under(r.step, r.text(true)) + "]\n"
	want := r.slide(calls, dropped, seconds).first
	run, stopped := withCalls(t, text)
	trial, v := &run.Trials[0], run.Verdicts[0]
	if want == 0 || want >= seconds {
		if trial.Ended != result.Complete || len(stopped) != len(calls) || want > 0 && v.Pass {
			rt.Fatalf("%s\nended %s (%s), %d of %d calls: want %d; %+v", text, trial.Ended, trial.Reason, len(stopped), len(calls), want, v)
		}
		return
	}
	end := time.Duration(want) * time.Second
	if !slices.ContainsFunc(calls, func(c seenCall) bool { return c.end > end }) {
		return // all was over by then
	}
	before := 0
	for _, c := range calls {
		if c.start < end || r.step != "" && c.start == end { // an iteration goes on with what ended just then
			before++
		}
	}
	late := slices.ContainsFunc(stopped, func(c seenCall) bool { return c.start > end })
	reason := fmt.Sprintf("stop: %s was broken at %d s", v.Promise(), want)
	if trial.Ended != result.Stopped || trial.Reason != reason || late || r.step == "" && len(stopped) != before || len(stopped) > before || v.Pass || v.WorstAtS > float64(want) {
		rt.Fatalf("%s\nended %s (%s), %d calls, late %t; want %s, %d calls; %+v", text, trial.Ended, trial.Reason, len(stopped), late, reason, before, v)
	}
	if sent := trial.Started; r.step == "" && sent != int64(before)-warmCalls(stopped) {
		rt.Fatalf("%s\n%d started, %d in the list", text, sent, before)
	}
}

func warmCalls(calls []seenCall) (n int64) {
	for _, c := range calls {
		if c.intended < 0 {
			n++
		}
	}
	return n
}

// A window as long as the trial has the very figure of the trial, whatever the rule
// is about.
func TestAWindowOfTheWholeTrial(t *testing.T) {
	const streams = `
targets:
  chat: {sim: {stream: {first: 100ms, gap: 10ms, events: 11}}}
scenarios:
  - name: calls
    target: chat
    clock: virtual
    duration: 10s
    warmup: 1s
    modes: [{concurrent: 3, name: users}]
    thresholds: [RULES]
`
	const steps = `
targets:
  shop: {sim: {delay: 50ms, errors: {rate: 10%, kind: timeout}, answer: {json: {cost: 7}}}}
scenarios:
  - name: visits
    target: shop
    clock: virtual
    duration: 10s
    modes: [{concurrent: 4, name: users}]
    steps:
      - {name: look, get: /look, record: {cost: json.cost}, on_error: continue}
      - {think_time: 400ms}
      - name: buy
        steps: [{name: pay, post: /pay}]
    thresholds: [RULES]
`
	for file, rules := range map[string][]string{
		streams: {"p90 < 1s", "mean < 1s", "min > 1s", "all.max < 1s", "service.p50 < 1s", "lateness.p99 < 1s", "errors < 1%", "errors.status-503 < 1%", "errors.timeout < 1%",
			"rate > 10/s", "goodput(1s) > 10/s", "'goodput(first_event < 500ms, gap <= 10ms) > 10/s'", "first_event.p99 < 90ms", "service.first_event.mean < 90ms", "gap.mean < 9ms", "phase.gap.max < 9ms", "cancelled < 1%", "dropped < 1%"},
		steps: {"p99 < 1s", "errors < 1%", "elapsed.p95 < 1s", "calls.errors < 1%", "calls.rate > 10/s", "look: p99 < 1s", "look: rate > 1/s", "look: errors.timeout < 1%", "pay: {rule: service.max < 1s}",
			"buy: p50 < 1s", "buy: errors < 1%", "record.cost.max < 3", "look: goodput(60ms) > 1/s", "look: 'goodput(response < 60ms, service < 60ms) > 1/s'"},
	} {
		var both []string
		for _, rule := range rules {
			step, text := "", strings.Replace(rule, "{rule: service.max < 1s}", "service.max < 1s", 1)
			if name, of, named := strings.Cut(text, ": "); named {
				step, text = name+": ", of
			}
			both = append(both, step+text, step+"{rule: "+text+", over: 10s}")
		}
		var list []string
		for _, b := range both {
			if strings.Contains(b, ": ") && !strings.HasPrefix(b, "{") && !strings.HasPrefix(b, "'") {
				b = "{" + b + "}"
			}
			list = append(list, b)
		}
		run := carryOut(t, strings.Replace(file, "RULES", strings.Join(list, ", "), 1))
		for i := range rules {
			whole, window := run.Verdicts[2*i], run.Verdicts[2*i+1]
			if window.WorstAtS != 10 && window.Reason == "" || whole.WorstAtS != 0 || whole.Rule != window.Rule {
				t.Errorf("%s: %+v and %+v", rules[i], whole, window)
			}
			window.OverS, window.WorstAtS = 0, 0
			if whole != window && !(whole.Reason != "" && window.Reason != "") {
				t.Errorf("%s: the whole is\n%#v\nand its window\n%#v", rules[i], whole, window)
			}
		}
	}
}
