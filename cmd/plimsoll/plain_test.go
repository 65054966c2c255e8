package main

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// orders are what a terminal would obey.
const orders = "\x1b[2J\x1b]0;title\x07\u009b31m\u202eback\u2066\u200e\x7f\rx"

// obeyed finds what is left of them.
func obeyed(text string) string {
	for _, r := range text {
		switch {
		case r < ' ' && r != '\n' && r != '\t', r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f:
			return string(r)
		}
	}
	if !utf8.ValidString(text) {
		return "bytes that are no text"
	}
	return ""
}

// poisoned is a run.json whose every text gives orders, a list of them, each
// with another text poisoned alone, and all at once.
func poisoned(t *testing.T, text []byte) (all [][]byte) {
	t.Helper()
	var strings []*any
	var find func(v any) any
	find = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for key, e := range v {
				if key != "hdr" {
					v[key] = find(e)
				}
			}
		case []any:
			for i, e := range v {
				v[i] = find(e)
			}
		case string:
			held := any(v)
			strings = append(strings, &held)
			return &held
		}
		return v
	}
	var whole any
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	find(whole)
	was := make([]any, len(strings))
	poison := func(i int) { *strings[i] = was[i].(string) + orders + "=1+1" }
	for i, s := range strings {
		was[i] = *s
	}
	for i := range strings {
		poison(i)
		one, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
		*strings[i] = was[i]
	}
	return all
}

// Whatever a result says, and wherever it came from: nothing of it gives
// orders to a terminal, on stdout or stderr, in any format.
func TestForeignTextsGiveNoOrders(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "runner", "result", "testdata", "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	good := filepath.Join(dir, "good.json")
	if err := os.WriteFile(good, text, 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "run.json")
	variants := poisoned(t, text)
	if len(variants) < 50 {
		t.Fatalf("only %d texts are poisoned", len(variants))
	}
	for i, variant := range variants {
		if err := os.WriteFile(file, variant, 0o600); err != nil {
			t.Fatal(err)
		}
		every := []string{"report --format text", "report --format markdown", "report --format csv", "report --format json", "report --format benchstat",
			"compare --format text", "compare --format junit", "compare --format markdown"}
		for j, args := range every {
			if j != i%len(every) && i%7 != 0 {
				continue // each text in one format, some in all
			}
			words := append(strings.Fields(args), file)
			if words[0] == "compare" {
				words = append(words, good)
			}
			end := within(words...)
			if bad := obeyed(end.stdout); bad != "" {
				t.Errorf("%s: %q on stdout, poisoned text %d:\n%.300q", args, bad, i, end.stdout)
			}
			if bad := obeyed(end.stderr); bad != "" {
				t.Errorf("%s: %q on stderr, poisoned text %d:\n%.300q", args, bad, i, end.stderr)
			}
			switch {
			case end.code > 1:
			case strings.HasSuffix(args, "csv"):
				if _, err := csv.NewReader(strings.NewReader(end.stdout)).ReadAll(); err != nil {
					t.Errorf("%s: %v", args, err)
				}
			case strings.HasSuffix(args, "json"):
				if !json.Valid([]byte(end.stdout)) {
					t.Errorf("%s: no JSON", args)
				}
			case strings.HasSuffix(args, "junit"):
				for d := xml.NewDecoder(strings.NewReader(end.stdout)); ; {
					if _, err := d.Token(); err == io.EOF {
						break
					} else if err != nil {
						t.Errorf("%s: %v", args, err)
						break
					}
				}
			}
		}
	}
}

// Scenario files, their names and what they are called with are foreign, too.
func TestForeignNamesGiveNoOrders(t *testing.T) {
	dir := t.TempDir()
	name := "\"n\\e[2J\\u202e\\u009b31m" + "\""
	hostile := filepath.Join(dir, "h\x1b[2J\u202e.yaml")
	for _, c := range []struct{ file, args string }{
		{"targets: {t: {sim: {delay: 1ms}}}\nscenarios:\n  - {name: " + name + ", target: t, clock: virtual, requests: 1, modes: [sequential], before: \"exit 3\"}\n", "run FILE --out OUT"},
		{"targets: {t: {sim: {delay: 1ms}}}\nscenarios:\n  - {name: " + name + ", target: t, clock: virtual, requests: 1, modes: [sequential]}\n", "run FILE --dry-run"},
		{"targets: {t: {sim: {delay: 1ms}}}\nscenarios:\n  - {name: " + name + ", target: t, clock: virtual, requests: 1, modes: [sequential]}\n", "run FILE --out OUT --format markdown"},
		{"targets: {t: {sim: {delay: 1ms}}}\nscenarios:\n  - {name: " + name + ", target: t, clock: virtual, requests: 1, modes: [sequential]}\n", "run FILE --only \x1b[2J\u202e"},
		{"targets: {" + name + ": {sim: {delay: 1ms}}}\nscenarios:\n  - {name: a, target: \u202et, requests: 1, modes: [\u009bx]}\n", "validate FILE"},
		{"\u202e: \u009b", "validate FILE"},
		{"\xff\x1b", "validate FILE"},
		{"", "report \x1b[2J"},
		{"", "\x1b[2J\u202e"},
		{"", "run --\x1b[2J\u202e"},
	} {
		if err := os.WriteFile(hostile, []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		var args []string
		for _, word := range strings.Split(c.args, " ") {
			args = append(args, strings.NewReplacer("FILE", hostile, "OUT", dir).Replace(word))
		}
		end := within(args...)
		for where, text := range map[string]string{"stdout": end.stdout, "stderr": end.stderr} {
			if bad := obeyed(text); bad != "" {
				t.Errorf("%q: %q on %s:\n%.500q", c.args, bad, where, text)
			}
		}
	}
}
