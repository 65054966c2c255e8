package stream

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plimsoll/target"
	"plimsoll/target/look"
)

var lineEnd = regexp.MustCompile("\r\n|\n|\r")

// told is what a text says as its format has it, read whole and without haste: the
// oracle.
func told(format Format, text string) (all []string) {
	if format == NDJSON {
		for line := range strings.SplitSeq(text, "\n") {
			if strings.TrimSpace(line) != "" {
				all = append(all, line)
			}
		}
		return all
	}
	var data []string
	lines := lineEnd.Split(strings.TrimPrefix(text, "\uFEFF"), -1)
	for _, line := range lines[:len(lines)-1] { // what follows the last end is no line
		name, value, _ := strings.Cut(line, ":")
		switch {
		case line == "" && len(data) > 0:
			if event := strings.Join(data, "\n"); event != "[DONE]" {
				all = append(all, event)
			}
			data = nil
		case name == "data":
			data = append(data, strings.TrimPrefix(value, " "))
		}
	}
	return all
}

// heard is what comes of a text in pieces.
func heard(format Format, pieces []string, looks bool) (all []string) {
	r := &Reading{Format: format}
	if looks {
		body, _ := look.Parse("body")
		r.Tokens = &body
	}
	e := events{reading: r}
	e.reset()
	event := func(text []byte) { all = append(all, string(text)) }
	for _, piece := range pieces {
		e.cut([]byte(piece), event)
	}
	e.finish(event)
	return all
}

// pieces cuts a text up.
func pieces(text string, sizes []int) (all []string) {
	for i := 0; len(text) > 0; i++ {
		n := len(text)
		if len(sizes) > 0 {
			n = min(len(text), 1+sizes[i%len(sizes)]%len(text))
		}
		all, text = append(all, text[:n]), text[n:]
	}
	return all
}

// Events are found wherever the pieces of an answer are cut, whether somebody
// looks into them or not.
func TestEvents(t *testing.T) {
	parts := []string{"data: {\"a\":1}", "data:x", "data", "data: ", "data: [DONE]", "data:[DONE]", ": ping", "event: y", "id: 7", "dataset: no", "\uFEFF", "\r", "\n", "\r\n", "\n\n", "\r\n\r\n", "\r\r", " ", "{}", "[DONE]", "x"}
	rapid.Check(t, func(r *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom(parts)).Draw(r, "parts"), "")
		sizes := rapid.SliceOf(rapid.IntRange(0, 9)).Draw(r, "sizes")
		for _, format := range []Format{SSE, NDJSON} {
			want := told(format, text)
			if got := heard(format, pieces(text, sizes), true); !slices.Equal(got, want) {
				r.Fatalf("%s: %q in pieces %v: %q, want %q", format, text, sizes, got, want)
			}
			if got := heard(format, pieces(text, sizes), false); len(got) != len(want) {
				r.Fatalf("%s: %q in pieces %v, unseen: %d events, want %d", format, text, sizes, len(got), len(want))
			}
		}
	})
}

// Any bytes are the same events in whatever pieces they come.
func FuzzEvents(f *testing.F) {
	f.Add([]byte("data: a\r\n\r\ndata: [DONE]\n\n: x\ndata:b\rdata:c\r\r"), uint8(3))
	f.Add([]byte("\xEF\xBB\xBFdata\n\n{\"n\":1}\n \n2"), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, size uint8) {
		for _, format := range []Format{SSE, NDJSON} {
			want := told(format, string(text))
			if got := heard(format, pieces(string(text), []int{int(size)}), true); !slices.Equal(got, want) {
				t.Errorf("%s: %q: %q, want %q", format, text, got, want)
			}
		}
	})
}

// clock shows what it is set to.
type clock struct{ at time.Duration }

func (c *clock) now() time.Duration { return c.at }

func operandOf(text string) *look.Operand {
	o, err := look.Parse(text)
	if err != nil {
		panic(err)
	}
	return &o
}

// A meter tells when events with content came, how many tokens the last one told,
// and the gaps between.
func TestMeter(t *testing.T) {
	var at clock
	var m Meter
	m.Begin(&Reading{Format: SSE, Content: operandOf("json.delta"), Tokens: operandOf("json.usage.n")}, at.now)
	for range 2 { // the second answer is measured as the first was
		m.Reset()
		send := func(after time.Duration, text string) bool {
			at.at += after
			return m.Take([]byte(text))
		}
		began := at.at
		came := []bool{
			send(5, "data: {\"delta\":\"\"}\n\n"), // its content is empty
			send(5, "data: {\"delta\":\"a\"}\n"),  // it is not whole
			send(3, "\n"),
			send(7, "data: {\"delta\":\"b\",\"usage\":{\"n\":3}}\n\n"),
			send(7, "data: {\"delta\":\"c\"}\n\ndata: {\"delta\":\"d\"}\n\n"),
			send(9, "data: {\"usage\":{\"n\":12}}\n\ndata: [DONE]\n\n"),
		}
		if want := []bool{false, false, true, true, true, false}; !slices.Equal(came, want) {
			t.Errorf("events came: %v, want %v", came, want)
		}
		if err := m.End(at.at); err != nil {
			t.Error(err)
		}
		got := m.Told(began + 40)
		want := target.Stream{Events: 4, Rest: 27, Tokens: 12, Gaps: []target.Gap{{Length: 7, Count: 2}, {Length: 0, Count: 1}}}
		if fmt.Sprint(*got) != fmt.Sprint(want) {
			t.Errorf("told %+v, want %+v", *got, want)
		}
		if mean := got.MeanGap(); mean != 4 {
			t.Errorf("the mean gap is %v, want 4ns", mean)
		}
	}
}

// What is no stream says so: nothing has come, or nothing of what counts.
func TestNoEvents(t *testing.T) {
	for text, want := range map[string]string{
		"OK\n":                           "there is no event in it",
		"data: {\"x\":1}\n\ndata: 2\n\n": "none of its 2 events has json.delta",
		"":                               "there is no event in it",
	} {
		var at clock
		var m Meter
		m.Begin(&Reading{Format: SSE, Content: operandOf("json.delta")}, at.now)
		m.Take([]byte(text))
		if err := m.End(at.at); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// Chunks are events as the transfer coding cuts them, and not as they are read.
func TestChunks(t *testing.T) {
	var at clock
	var m Meter
	m.Begin(&Reading{Format: Chunks}, at.now)
	came := []bool{m.Take([]byte("ab")), m.Take([]byte("c")), m.Chunk(), m.Chunk(), m.Take([]byte("d")), m.Chunk()}
	if want := []bool{false, false, true, false, false, true}; !slices.Equal(came, want) || m.Told(0).Events != 2 {
		t.Errorf("events came: %v and %d, want %v", came, m.Told(0).Events, want)
	}
}

// However long a stream is, it takes little memory: its gaps are as many, they add
// up to a millionth, the shortest and the longest are what they were, and each is where it was to
// three digits.
func TestManyGaps(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var at clock
	var m Meter
	m.Begin(&Reading{Format: NDJSON}, at.now)
	const n = 200_000
	var gaps []time.Duration
	for i := range n {
		d := time.Duration(random.ExpFloat64() * float64(20*time.Millisecond))
		if at.at += d; i > 0 {
			gaps = append(gaps, d)
		}
		m.Take([]byte("{}\n"))
	}
	slices.Sort(gaps)
	got := m.Told(at.at)
	if len(got.Gaps) > 8*many {
		t.Errorf("%d gaps are kept of %d", len(got.Gaps), n)
	}
	all := slices.Clone(got.Gaps)
	slices.SortFunc(all, func(a, b target.Gap) int { return int(a.Length - b.Length) })
	count, sum, off := int64(0), time.Duration(0), 0.0
	for _, g := range all {
		for range g.Count {
			off = max(off, (gaps[count]-g.Length).Abs().Seconds()/max(gaps[count].Seconds(), 1e-9))
			count++
		}
		sum += g.Length * time.Duration(g.Count)
	}
	want := time.Duration(0)
	for _, d := range gaps {
		want += d
	}
	if count != n-1 || (want-sum).Abs() > want/1e6 || all[0].Length != gaps[0] || all[len(all)-1].Length != gaps[n-2] {
		t.Errorf("%d gaps of %v from %v to %v, want %d of %v from %v to %v", count, sum, all[0], all[len(all)-1], n-1, want, gaps[0], gaps[n-2])
	}
	if off > 0.002 {
		t.Errorf("gaps are off by up to %.2f %%", 100*off)
	}
}

// An event is measured in less than a microsecond, and without garbage where
// nobody looks into it.
func BenchmarkMeter(b *testing.B) {
	event := []byte("data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word \"},\"finish_reason\":null}]}\n\n")
	for name, r := range map[string]*Reading{
		"unseen":  {Format: SSE},
		"content": {Format: SSE, Content: operandOf("json.choices.0.delta.content")},
		"both":    {Format: SSE, Content: operandOf("json.choices.0.delta.content"), Tokens: operandOf("json.usage.completion_tokens")},
	} {
		b.Run(name, func(b *testing.B) {
			var at clock
			var m Meter
			m.Begin(r, at.now)
			b.ReportAllocs()
			for b.Loop() {
				at.at += time.Millisecond
				m.Take(event)
			}
		})
	}
}
