package resp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// outcome is what a parser makes of bytes.
type outcome struct {
	done   bool
	err    error
	text   string
	over   bool
	failed string
	rest   int
	size   int64
}

// read has bytes parsed in pieces; cut says how long the next one is.
func read(data []byte, keep int, cut func(left int) int) (o outcome) {
	var p Parser
	p.Reset(keep)
	rest := data
	for !o.done && o.err == nil && len(rest) > 0 {
		var n int
		n, o.done, o.err = p.Feed(rest[:cut(len(rest))])
		rest = rest[n:]
	}
	if o.err != nil {
		return outcome{err: o.err}
	}
	text, over := p.Text()
	failure, _ := p.Failure()
	o.text, o.over, o.failed, o.rest, o.size = string(text), over, string(failure), len(rest), p.Size
	return o
}

func whole(left int) int { return left }
func single(int) int     { return 1 }

// reply draws a reply: its bytes, and what it says as JSON would.
func reply(t *rapid.T, depth int) (raw string, says any, failure string) {
	kinds := []string{"+", "-", ":", "$", "$-1", "*-1", "*"}
	if depth > 3 {
		kinds = kinds[:5]
	}
	line := rapid.StringMatching(`[ -~é]{0,20}`).Draw(t, "line")
	switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
	case "+":
		return "+" + line + "\r\n", line, ""
	case "-":
		line = "ERR " + line
		return "-" + line + "\r\n", line, line
	case ":":
		n := rapid.Int64().Draw(t, "number")
		return fmt.Sprintf(":%d\r\n", n), json.Number(strconv.FormatInt(n, 10)), ""
	case "$":
		s := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "string")
		return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s), string(s), ""
	case "*":
		n := rapid.IntRange(0, 4).Draw(t, "elements")
		raw = fmt.Sprintf("*%d\r\n", n)
		all := []any{}
		for range n {
			r, s, f := reply(t, depth+1)
			raw, all = raw+r, append(all, s)
			if failure == "" {
				failure = f
			}
		}
		return raw, all, failure
	default:
		return kind + "\r\n", nil, ""
	}
}

// Replies mean what they say, in whatever pieces they come, and no byte behind
// them is taken.
func TestRepliesMeanWhatTheySay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw, says, failure := reply(t, 0)
		want, _ := json.Marshal(says)
		switch s := says.(type) {
		case string:
			want = []byte(s)
		case nil:
			want = nil
		}
		for _, cut := range []func(int) int{whole, single, func(left int) int { return rapid.IntRange(0, left).Draw(t, "piece") }} {
			got := read([]byte(raw+"+next\r\n"), 1<<20, cut)
			if !got.done || got.err != nil || got.rest != len("+next\r\n") || got.failed != failure || got.size != int64(len(raw)) || got.over {
				t.Fatalf("%q: %+v; want failure %q", raw, got, failure)
			}
			if _, isArray := says.([]any); isArray {
				var parsed, wanted any
				if err := json.Unmarshal([]byte(got.text), &parsed); err != nil {
					t.Fatalf("%q: %s: %v", raw, got.text, err)
				}
				_ = json.Unmarshal(want, &wanted)
				if fmt.Sprint(parsed) != fmt.Sprint(wanted) {
					t.Fatalf("%q: %s; want %s", raw, got.text, want)
				}
			} else if got.text != string(want) {
				t.Fatalf("%q: %q; want %q", raw, got.text, want)
			}
		}
	})
}

// What is kept has bounds, and where there was more that is known.
func TestOnlyWhatFitsIsKept(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, raw := range []string{
		"+" + long + "\r\n", "$1000\r\n" + long + "\r\n", "*2\r\n$1000\r\n" + long + "\r\n:1\r\n",
		"*500\r\n" + strings.Repeat(":1\r\n", 500), strings.Repeat("*1\r\n", 30) + "$1000\r\n" + long + "\r\n",
	} {
		got := read([]byte(raw), 100, single)
		if !got.done || !got.over || len(got.text) > 200 {
			t.Errorf("%.20q: %d bytes are kept, over %v, done %v", raw, len(got.text), got.over, got.done)
		}
		if got := read([]byte(raw), 0, whole); !got.done || got.text != "" {
			t.Errorf("%.20q: %q is kept though nobody asks", raw, got.text)
		}
	}
}

func TestWhatIsNoReply(t *testing.T) {
	for raw, want := range map[string]Fault{
		"HTTP/1.1 400 Bad Request\r\n": BadType, "x": BadType, "%1\r\n": BadType, "\r\n": BadType,
		"+OK\n": BadLine, "+O\rK\r\n": BadLine, "+\n": BadLine, ":\n": BadLine,
		":x\r\n": BadNumber, ":\r\n": BadNumber, "$x\r\n": BadNumber, "$-2\r\n": BadNumber, "$+1\r\n": BadNumber, "$\r\n": BadNumber, "*99999999999999999999\r\n": BadNumber, ":99999999999999999999\r\n": BadNumber,
		"$1\r\nab\r\n": BadEnd, "$1\r\na\n\n": BadEnd, "$0\r\nab": BadEnd,
		"$536870913\r\n": LongString, "*2147483649\r\n": LongArray,
		"+" + strings.Repeat("x", mostLine): LongLine,
		strings.Repeat("*1\r\n", 33):        Deep,
	} {
		for _, cut := range []func(int) int{whole, single} {
			if got := read([]byte(raw), 100, cut); got.err != want {
				t.Errorf("%.30q: %v; want %v", raw, got.err, want)
			}
		}
		if want.Error() == "no fault" {
			t.Errorf("%d has no words", want)
		}
	}
}

// A command reads as an array of strings.
func TestCommandsAreReplies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-z"\\é ]{0,20}`), 1, 5).Draw(t, "words")
		want, _ := json.Marshal(words)
		if got := read(Command(words...), 1<<20, whole); !got.done || got.text != string(want) || got.rest != 0 {
			t.Fatalf("%q: %+v; want %s", words, got, want)
		}
	})
}

func TestAllocatesNothing(t *testing.T) {
	raw := []byte("*3\r\n$3\r\nabc\r\n:12\r\n*2\r\n$-1\r\n+OK\r\n")
	var p Parser
	if n := testing.AllocsPerRun(100, func() {
		p.Reset(1000)
		_, _, _ = p.Feed(raw[:10])
		_, _, _ = p.Feed(raw[10:])
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if text, _ := p.Text(); string(text) != `["abc",12,[null,"OK"]]` {
		t.Errorf("%s", text)
	}
}

// Any bytes mean the same in any pieces, and nothing takes more memory than it
// may.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"+OK\r\n", "-WRONGTYPE Operation\r\n", ":-12\r\n", "$3\r\nabc\r\n+", "$-1\r\n", "*2\r\n*1\r\n:1\r\n$1\r\n\"\r\n", "*-1\r\n", "*0\r\n", "$0\r\n\r\n", "+é\xff\r\n", "*1\r\n$2\r\n\xc3(\r\n"} {
		f.Add([]byte(seed), byte(3), byte(20))
	}
	f.Fuzz(func(t *testing.T, data []byte, piece, keep byte) {
		want := read(data, int(keep), whole)
		for _, size := range []int{1, int(piece) + 1} {
			got := read(data, int(keep), func(left int) int { return min(left, size) })
			if got != want {
				t.Errorf("%q in pieces of %d: %+v; whole %+v", data, size, got, want)
			}
		}
		if len(want.text) > 10*(int(keep)+10) {
			t.Errorf("%q: %d bytes are kept of %d", data, len(want.text), keep)
		}
		if bytes.HasPrefix(data, []byte("*")) && want.done && !want.over && keep > 0 && want.text != "" && !json.Valid([]byte(want.text)) {
			t.Errorf("%q: %q is no JSON", data, want.text)
		}
	})
}

func BenchmarkParser(b *testing.B) {
	for name, raw := range map[string]string{"OK": "+OK\r\n", "128 bytes": "$128\r\n" + strings.Repeat("x", 128) + "\r\n", "100 strings": "*100\r\n" + strings.Repeat("$3\r\nabc\r\n", 100)} {
		b.Run(name, func(b *testing.B) {
			var p Parser
			text := []byte(raw)
			b.ReportAllocs()
			for b.Loop() {
				p.Reset(0)
				if _, done, err := p.Feed(text); !done || err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
