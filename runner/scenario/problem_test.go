package scenario

import (
	"strings"
	"testing"
)

func TestCaretStandsUnderThePlace(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		name    string
		problem Problem
		want    string
	}{
		{"plain", Problem{"a.yaml", 7, 3, "wrong", "  key: 1"}, "a.yaml:7:3: wrong\n    7 |   key: 1\n      |   ^\n"},
		{"tabs stay tabs", Problem{"a.yaml", 7, 4, "wrong", "\ta\tkey"}, "a.yaml:7:4: wrong\n    7 | \ta\tkey\n      | \t \t^\n"},
		{"wide characters", Problem{"a.yaml", 7, 3, "wrong", "同時x"}, "a.yaml:7:3: wrong\n    7 | 同時x\n      |     ^\n"},
		{"combining characters", Problem{"a.yaml", 7, 3, "wrong", "e\u0301x"}, "a.yaml:7:3: wrong\n    7 | e\u0301x\n      |  ^\n"},
		{"behind the end", Problem{"a.yaml", 7, 4, "wrong", "abc"}, "a.yaml:7:4: wrong\n    7 | abc\n      |    ^\n"},
		{"terminal escapes", Problem{"a.yaml", 7, 2, "wrong \x1b[2J", "\x1b[2Jabc"}, "a.yaml:7:2: wrong �[2J\n    7 | �[2Jabc\n      |  ^\n"},
		{"a high line number", Problem{"a.yaml", 123456, 1, "wrong", "abc"}, "a.yaml:123456:1: wrong\n123456 | abc\n       | ^\n"},
		{"a long line", Problem{"a.yaml", 7, 150, "wrong", long}, "a.yaml:7:150: wrong\n    7 | …" + strings.Repeat("x", 160) + "…\n      | " + strings.Repeat(" ", 81) + "^\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.problem.String(); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// All mistakes come out at once, in the order of the file.
func TestProblemsComeInOrder(t *testing.T) {
	text := "scenarios:\n  - {name: 1/2, target: nobody, requests: 0, modes: [sequential]}\ntargets:\n  model: {sim: {delay: -1s}}\nseed: x\n"
	_, problems := Parse("f", []byte(text), environment, ".")
	var lines []int
	for _, p := range problems {
		lines = append(lines, p.Line)
	}
	if want := []int{2, 2, 2, 4, 5}; len(lines) != len(want) {
		t.Fatalf("problems in the lines %v, want %v:\n%v", lines, want, problems)
	} else {
		for i := range want {
			if lines[i] != want[i] {
				t.Errorf("problems in the lines %v, want %v", lines, want)
			}
		}
	}
}
