package plain

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// harmful finds what a terminal would take for an order.
func harmful(text string) string {
	if !utf8.ValidString(text) {
		return "bytes that are no text"
	}
	for _, r := range text {
		switch {
		case r < ' ' && r != '\n' && r != '\t', r >= 0x7f && r < 0xa0,
			r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x061c:
			return string(r)
		}
	}
	return ""
}

var hostile = []string{"", "plain text\n\twith a tab: é 日本 𝄞 👩‍💻 ✓ ━", "\x1b[2J", "\x1b]0;title\x07", "a\rb", "\u009b31m", "\x9b31m", "\u202eback\u202c",
	"\u2066\u2069", "\u200e\u200f\u061c", "\x7f", "\xff\xfe", "\u2028", "\ufeff", "\U000e0041", "\x1b[31mred\x1b[0m", "\x1b[31", "\xe6\x97"}

func FuzzWriter(f *testing.F) {
	for _, text := range hostile {
		f.Add([]byte(text), uint8(1))
		f.Add([]byte(text), uint8(100))
	}
	f.Fuzz(func(t *testing.T, text []byte, chunk uint8) {
		write := func(w *Writer, size int) string {
			var out bytes.Buffer
			w.To = &out
			for rest := text; len(rest) > 0; {
				n := min(size, len(rest))
				if wrote, err := w.Write(rest[:n]); err != nil || wrote != n {
					t.Fatalf("wrote %d of %d: %v", wrote, n, err)
				}
				rest = rest[n:]
			}
			_ = w.Flush()
			return out.String()
		}
		once := write(&Writer{}, len(text)+1)
		if bad := harmful(once); bad != "" {
			t.Errorf("%q is in %q", bad, once)
		}
		if again := Text(once); again != once {
			t.Errorf("%q is written as %q", once, again)
		}
		if pieces := write(&Writer{}, int(chunk)+1); pieces != once {
			t.Errorf("in pieces: %q, not %q", pieces, once)
		}
		coloured := write(&Writer{Colour: true}, int(chunk)+1)
		for _, code := range []string{"0", "1", "2", "31", "32", "33"} {
			coloured = strings.ReplaceAll(coloured, "\x1b["+code+"m", "")
		}
		if bad := harmful(coloured); bad != "" {
			t.Errorf("with colours, %q is in %q", bad, coloured)
		}
		// JSON means the same afterwards.
		want, err := json.Marshal(string(text))
		if err != nil {
			t.Fatal(err)
		}
		text = want
		shown := write(&Writer{JSON: true}, int(chunk)+1)
		var back, before string
		if json.Unmarshal([]byte(shown), &back) != nil || json.Unmarshal(want, &before) != nil || back != before || harmful(shown) != "" {
			t.Errorf("JSON %s is written as %q", want, shown)
		}
	})
}

// Texts that a spreadsheet would carry out are texts to it; numbers stay numbers.
func TestCellsAreNoFormulas(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "sequential": "sequential", "-5": "-5", "+1e3": "+1e3", "-0.25": "-0.25", "1=2": "1=2",
		"=1+1": "'=1+1", "-1+2": "'-1+2", "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0", "@SUM(A1)": "'@SUM(A1)",
		"\t=1": "'\t=1", " =1": "' =1", "＝1": "'＝1", "－x": "'－x", "-": "'-", "\x1b[2J": "\uFFFD[2J",
	} {
		if got := Cell(text); got != want {
			t.Errorf("%q is written as %q, not %q", text, got, want)
		}
	}
}

// Colours go through as they are, whole or in pieces, but only where they are
// wanted.
func TestColoursGoThrough(t *testing.T) {
	const text = "\x1b[31mred\x1b[0m \x1b[1mbold\x1b[0m"
	for _, colour := range []bool{true, false} {
		for size := 1; size <= len(text); size++ {
			var out bytes.Buffer
			w := &Writer{To: &out, Colour: colour}
			for rest := text; rest != ""; {
				n := min(size, len(rest))
				if _, err := w.Write([]byte(rest[:n])); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			if got := out.String(); (got == text) != colour || strings.Contains(got, "\x1b") != colour {
				t.Errorf("colour %v, in pieces of %d: %q", colour, size, got)
			}
		}
	}
}
