package drive_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/runner/drive"
	"plimsoll/runner/goodput"
	"plimsoll/runner/journey"
	"plimsoll/target"
)

// shapes are those of trials that make calls, and of trials of steps.
func shapes() []drive.Shape {
	return []drive.Shape{
		{Phases: 2, Promises: 1},
		{Phases: 2, Promises: 1, Rows: []journey.Row{
			{Path: "login", Kind: "http", Outside: true}, {Path: "buy"}, {Path: "buy/pay", Kind: "http", Records: []string{"queue", "cost"}},
		}},
	}
}

const recorded = 30 * time.Second

// watched is a recorder of a trial's, with a promise to be kept.
func watched(t interface{ Fatal(...any) }) *drive.Recorder {
	r := drive.NewRecorder(recorded, nil)
	promise, err := goodput.Parse("response < 500ms")
	if err != nil {
		t.Fatal(err)
	}
	r.Promises = drive.Promises{Whole: []goodput.Limits{promise}, Rows: [][]goodput.Limits{nil, nil, {promise}}}
	return r
}

// telling is a call of which its kind tells something.
func telling(t *rapid.T) drive.Call {
	c := call(t)
	c.Example, c.Trace = rapid.SampledFrom([]string{"", "reset by \xff peer", "no"}).Draw(t, "example"), rapid.StringN(0, 4, 8).Draw(t, "trace")
	if c.Class == target.Cancelled || rapid.Bool().Draw(t, "tells nothing") {
		return c
	}
	c.Parts = &target.Parts{Phases: []time.Duration{-1, time.Duration(rapid.IntRange(-1, 1e9).Draw(t, "phase"))}, Memory: rapid.Int64Range(0, 1e9).Draw(t, "memory")}
	if n := rapid.Int64Range(0, 4).Draw(t, "events"); n > 0 {
		c.Parts.Stream = &target.Stream{Events: n, Tokens: rapid.Int64Range(-1, 100).Draw(t, "tokens"), Gaps: []target.Gap{{Length: time.Millisecond, Count: n - 1}}}
	}
	return c
}

// record has recorders record a call, or an iteration of some.
func record(t *rapid.T, number int, steps bool, recorders ...*drive.Recorder) {
	c := telling(t)
	c.Number, c.Iteration = uint64(number), uint64(number/3)
	row := rapid.IntRange(0, 2).Draw(t, "row")
	value := journey.Recorded{Number: rapid.IntRange(0, 1).Draw(t, "record"), Value: float64(number)}
	drops := rapid.IntRange(0, 9).Draw(t, "drops") == 0
	for _, r := range recorders {
		one, outcome := c, *c.Outcome
		one.Outcome = &outcome
		switch {
		case !steps:
			r.Record(&one)
		case row == 1:
			one.Row = 2
			one.Parts, one.Attempts, one.BytesIn, one.BytesOut = nil, 0, 0, 0
			r.Block(1, one.Intended-time.Second, &one)
			r.Iteration(uint64(number), &one)
		default:
			one.Row = row
			var records []journey.Recorded
			if row == 2 && one.OK() {
				records = append(records, value)
			}
			r.Step(row, row == 0, one.Intended-time.Millisecond, &one, records)
		}
		if drops {
			r.Drop(c.End, c.End+time.Second)
		}
	}
}

// far is a sink whose intervals go to another machine, which merges them.
type far struct {
	t     *rapid.T
	shape drive.Shape
	whole *drive.Interval
	spare *drive.Interval
}

func (f *far) Take(full *drive.Interval) *drive.Interval {
	f.merge(full)
	full.Reset()
	full, f.spare = f.spare, full
	return full
}

func (f *far) merge(i *drive.Interval) {
	b := i.Append(nil, 7*time.Second)
	got, at, err := drive.ReadInterval(b, f.shape)
	if err != nil {
		f.t.Fatal(err)
	}
	if again := got.Append(nil, at); at != 7*time.Second || !bytes.Equal(again, b) {
		f.t.Fatalf("at %v %x\nwant %x", at, again, b)
	}
	f.whole.Merge(got)
}

// What goes to another machine, second by second and with its timelines, merges there
// into what one recorder keeps that was never asked: to the last bit.
func TestIntervalsAreSentExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.IntRange(0, 1).Draw(t, "steps")
		shape := shapes()[steps]
		one, cut := watched(t), watched(t)
		to := &far{t: t, shape: shape, whole: drive.NewRecorder(0, nil).Interval, spare: drive.NewInterval()}
		cut.Sink, cut.Entire = to, true
		for n := range rapid.IntRange(0, 60).Draw(t, "calls") {
			if rapid.IntRange(0, 4).Draw(t, "ask") == 0 {
				cut.Ask()
			}
			record(t, n, steps == 1, one, cut)
		}
		to.merge(cut.Interval)
		if got, want := to.whole.Append(nil, 0), one.Append(nil, 0); !bytes.Equal(got, want) {
			t.Fatalf("merged %+v\nwant %+v\n%x\n%x", to.whole, one.Interval, got, want)
		}
	})
}

// In whatever order pieces of several come, they merge into the same.
func TestIntervalsMergeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.IntRange(0, 1).Draw(t, "steps")
		var pieces [][]byte
		for k := range rapid.IntRange(1, 4).Draw(t, "pieces") {
			r := watched(t)
			for n := range rapid.IntRange(0, 20).Draw(t, "calls") {
				record(t, 100*k+n, steps == 1, r)
			}
			pieces = append(pieces, r.Append(nil, 0))
		}
		merge := func(pieces [][]byte) []byte {
			whole := drive.NewRecorder(0, nil).Interval
			for _, b := range pieces {
				i, _, err := drive.ReadInterval(b, shapes()[steps])
				if err != nil {
					t.Fatal(err)
				}
				whole.Merge(i)
			}
			return whole.Append(nil, 0)
		}
		if got, want := merge(rapid.Permutation(pieces).Draw(t, "order")), merge(pieces); !bytes.Equal(got, want) {
			t.Fatalf("%x\nwant %x", got, want)
		}
	})
}

// What an agent lies about is found out, before it is merged into a trial.
func TestIntervalsThatCannotBeAreRefused(t *testing.T) {
	honest := func() *drive.Interval {
		r := watched(t)
		for n := range 4 {
			c := drive.Call{Number: uint64(n), Intended: time.Second, Ready: time.Second, Start: time.Second, End: 1200 * time.Millisecond, Outcome: &target.Outcome{}}
			if n == 3 {
				c.Class = target.Timeout
			}
			r.Record(&c)
		}
		return r.Interval
	}
	if _, _, err := drive.ReadInterval(honest().Append(nil, 0), shapes()[0]); err != nil {
		t.Fatal(err)
	}
	for name, lie := range map[string]func(*drive.Interval){
		"more successes":         func(i *drive.Interval) { i.OK++ },
		"fewer":                  func(i *drive.Interval) { i.OK-- },
		"below zero":             func(i *drive.Interval) { i.Cancelled = -1 },
		"beyond counting":        func(i *drive.Interval) { i.Attempts = 1 << 62 },
		"more held than started": func(i *drive.Interval) { i.HeldCalls = 5 },
		"more sent again":        func(i *drive.Interval) { i.Resent = 100 },
		"drops in no window":     func(i *drive.Interval) { i.Dropped++ },
		"no timeline":            func(i *drive.Interval) { i.Timeline = nil },
		"a class renamed": func(i *drive.Interval) {
			i.Errors["no"], i.Errors[target.Timeout] = i.Errors[target.Timeout], nil
			delete(i.Errors, target.Timeout)
		},
		"a class without a name":   func(i *drive.Interval) { i.Errors[""] = i.Errors[target.Timeout] },
		"failures nobody tells of": func(i *drive.Interval) { i.Errors[target.Timeout].Calls = nil },
		"one more failure":         func(i *drive.Interval) { i.Errors[target.Timeout].Count++ },
		"a last that was before":   func(i *drive.Interval) { i.Errors[target.Timeout].Last = time.Second },
		"a promise kept by more":   func(i *drive.Interval) { i.Kept[0].All = 9 },
		"promises nobody made":     func(i *drive.Interval) { i.Kept = append(i.Kept, i.Kept[0]) },
		"a slower call":            func(i *drive.Interval) { i.Response.Record(time.Minute); i.OK++ },
		"other response times": func(i *drive.Interval) {
			i.Response.Reset()
			i.Response.RecordN(300*time.Millisecond, 3)
		},
		"rows of no step":       func(i *drive.Interval) { i.Rows = append(i.Rows, honest()) },
		"records of no step":    func(i *drive.Interval) { i.Records = append(i.Records, i.Held) },
		"time before the clock": func(i *drive.Interval) { i.LastEnd = -1 },
	} {
		i := honest()
		lie(i)
		if _, _, err := drive.ReadInterval(i.Append(nil, 0), shapes()[0]); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
}

// Of steps, too: no more is taken of a row than its step has.
func TestRowsThatCannotBeAreRefused(t *testing.T) {
	shape := shapes()[1]
	honest := func() *drive.Interval {
		r := watched(t)
		c := drive.Call{Row: 2, Intended: time.Second, Ready: time.Second, Start: time.Second, End: 1200 * time.Millisecond, Outcome: &target.Outcome{BytesIn: 5}}
		r.Step(2, false, time.Second, &c, []journey.Recorded{{Number: 1, Value: 3}})
		r.Iteration(0, &c)
		return r.Interval
	}
	if _, _, err := drive.ReadInterval(honest().Append(nil, 0), shape); err != nil {
		t.Fatal(err)
	}
	for name, lie := range map[string]func(*drive.Interval){
		"more records":      func(i *drive.Interval) { i.Rows[2].Records = append(i.Rows[2].Records, i.Rows[2].Records[1]) },
		"more bytes":        func(i *drive.Interval) { i.BytesIn++ },
		"more attempts":     func(i *drive.Interval) { i.Rows[2].Attempts++ },
		"no begin":          func(i *drive.Interval) { i.Rows[2].Begin.Reset() },
		"a call's elapsed":  func(i *drive.Interval) { i.Rows[2].Elapsed.Record(1) },
		"no elapsed":        func(i *drive.Interval) { i.Elapsed.Reset() },
		"a row of no step":  func(i *drive.Interval) { i.Rows = append(i.Rows, i.Rows[2]) },
		"no row's timeline": func(i *drive.Interval) { i.RowTimelines = nil },
	} {
		i := honest()
		lie(i)
		if _, _, err := drive.ReadInterval(i.Append(nil, 0), shape); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
}

// Of calls that started last together the latest counts, whoever comes first.
func TestOfTheLastStartsTheLatestCounts(t *testing.T) {
	recorder := func(late ...time.Duration) *drive.Interval {
		r := watched(t)
		for _, l := range late {
			r.Record(&drive.Call{Intended: time.Second - l, Ready: time.Second - l, Start: time.Second, End: 2 * time.Second, Outcome: &target.Outcome{}})
		}
		return r.Interval
	}
	merged := func(a, b *drive.Interval) *drive.Interval { a.Merge(b); return a }
	for name, i := range map[string]*drive.Interval{
		"recorded":             recorder(5, 9, 7),
		"merged":               merged(recorder(5), recorder(9)),
		"merged the other way": merged(recorder(9), recorder(5)),
	} {
		if i.LastLateness != 9 {
			t.Errorf("%s: %v", name, i.LastLateness)
		}
	}
}

// Whatever bytes come, they make an interval that keeps the laws, or none; they take no
// more memory than they are worth, and nothing panics, then or when it is merged.
func FuzzInterval(f *testing.F) {
	for k, shape := range shapes() {
		for seed := range 4 {
			b := rapid.Custom(func(t *rapid.T) []byte {
				r := watched(t)
				for n := range 3*seed + 1 {
					record(t, n, shape.Rows != nil, r)
				}
				return r.Append(nil, time.Second)
			}).Example(seed)
			f.Add(k == 1, b)
		}
	}
	f.Fuzz(func(t *testing.T, steps bool, b []byte) {
		shape := shapes()[0]
		if steps {
			shape = shapes()[1]
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		i, at, err := drive.ReadInterval(b, shape)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20+200*uint64(len(b)) {
			t.Fatalf("%d bytes took %d", len(b), took)
		}
		if err != nil {
			return
		}
		again := i.Append(nil, at)
		other, _, err := drive.ReadInterval(again, shape)
		if err != nil || !bytes.Equal(other.Append(nil, at), again) {
			t.Fatalf("%v: %x is another one when it is sent on", err, b)
		}
		whole := drive.NewRecorder(0, nil).Interval
		for range 3 {
			more, _, _ := drive.ReadInterval(b, shape)
			whole.Merge(more)
		}
		fmt.Fprint(io.Discard, whole.Timeline.InFlight(), whole.Timeline.Waiting(), whole.Response.Stddev(), whole.Slowest.Calls())
		if _, _, err := drive.ReadInterval(whole.Append(nil, at), shape); err != nil {
			t.Fatalf("merged with itself it breaks a law: %v", err)
		}
	})
}
